"""Decisions for a chunk's tickers."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from options_signals.jobs.deps import Deps
from options_signals.jobs.messages import Chunk
from options_signals.jobs.select_strategies import select_strategies

logger = Logger()


@cache
def _deps() -> Deps:
    return Deps.from_env()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A Chunk in, the same Chunk with one more reference out."""
    chunk = select_strategies(Chunk.model_validate(event), store=_deps().store)
    logger.info("decided", tickers=len(chunk.tickers))
    return chunk.model_dump(mode="json")
