"""Features of a chunk's tickers, from the snapshot."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from options_signals.jobs.build_features import build_features
from options_signals.jobs.deps import Deps
from options_signals.jobs.messages import Chunk

logger = Logger()


@cache
def _deps() -> Deps:
    return Deps.from_env()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A Chunk in, the same Chunk with one more reference out."""
    chunk = build_features(Chunk.model_validate(event), store=_deps().store)
    logger.info("features built", tickers=len(chunk.tickers), refused=len(chunk.refused))
    return chunk.model_dump(mode="json")
