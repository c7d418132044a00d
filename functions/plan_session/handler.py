"""Which session is it, and is there anything to do."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from options_signals.jobs.deps import Deps
from options_signals.jobs.messages import RunRequest
from options_signals.jobs.plan_session import plan_session

logger = Logger()


@cache
def _deps() -> Deps:
    """Built at the first call and kept while warm; importing this module needs no AWS."""
    return Deps.from_env()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """The scheduler's event in, a Plan out."""
    deps = _deps()
    plan = plan_session(
        RunRequest.model_validate(event),
        settings=deps.settings,
        namespace=deps.sources.namespace,
        world=deps.sources.world,
        store=deps.store,
        table=deps.table,
        now=deps.clock.now(),
    )
    logger.info("planned", proceed=plan.proceed, reason=plan.reason)
    return plan.model_dump(mode="json")
