"""Was today's digest sent? If not, its owner hears so instead of nothing."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from options_signals.jobs.deps import Deps
from options_signals.jobs.watchdog import WatchRequest, watchdog

logger = Logger()


@cache
def _deps() -> Deps:
    return Deps.from_env()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """The scheduler's event in, whether all is well and why out."""
    deps = _deps()
    watch = watchdog(
        WatchRequest.model_validate(event),
        namespace=deps.sources.namespace,
        table=deps.table,
        operator=deps.operator,
    )
    logger.info("watched", well=watch.well, reason=watch.reason)
    return watch.model_dump(mode="json")
