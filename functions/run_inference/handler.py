"""Forecasts for a chunk's tickers, by the pinned models."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from options_signals.jobs.deps import Deps
from options_signals.jobs.messages import Chunk
from options_signals.jobs.run_inference import run_inference

logger = Logger()


@cache
def _deps() -> Deps:
    return Deps.from_env()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A Chunk in, the same Chunk with one more reference out."""
    chunk = run_inference(Chunk.model_validate(event), store=_deps().store)
    logger.info("forecasts made", tickers=len(chunk.tickers))
    return chunk.model_dump(mode="json")
