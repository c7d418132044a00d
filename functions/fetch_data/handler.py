"""Market data of the session into an immutable snapshot."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from options_signals.jobs import ledger
from options_signals.jobs.deps import Deps
from options_signals.jobs.fetch_data import fetch_data
from options_signals.jobs.messages import Plan, told
from options_signals.jobs.portfolio import holdings_of
from options_signals.strategy.portfolio import Holdings

logger = Logger()


@cache
def _deps() -> Deps:
    return Deps.from_env()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A Plan in, a Fetch out. `gave_up` is Lambda's own error text where the retries ended without an answer."""
    deps = _deps()
    plan = Plan.model_validate({key: event["plan"][key] for key in Plan.model_fields if key in event["plan"]})
    gave_up = told(event["gave_up"], with_type=False) if "gave_up" in event else None
    fetched = fetch_data(
        plan,
        sources=deps.sources,
        store=deps.store,
        settings=deps.settings,
        previous=ledger.said_before(deps.table, plan.run.namespace, plan.run.session) if plan.run else {},
        holdings=holdings_of(plan.run, store=deps.store, table=deps.table, settings=deps.settings)
        if plan.run
        else Holdings(),
        now=deps.clock.now(),
        code_version=deps.code_version,
        gave_up=gave_up,
    )
    logger.info("fetched", committed=fetched.committed, reason=fetched.reason)
    return fetched.model_dump(mode="json")
