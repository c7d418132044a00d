"""Fifth step: a Signal or a NoTrade with reasons for every ticker of a chunk."""

from options_signals import snapshot
from options_signals.jobs import documents
from options_signals.jobs.messages import Chunk
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.signals import Forecast, NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.strategy.decide import decide, refuse


def select_strategies(chunk: Chunk, *, store: ObjectStore) -> Chunk:
    """Store one decision per ticker of the chunk; the chunk comes back with the reference."""
    run = chunk.run
    manifest = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    settings = Settings.model_validate(manifest.settings)
    forecasts: dict[str, Forecast] = {}
    if chunk.forecasts is not None:
        forecasts = {forecast.ticker: forecast for forecast in documents.read(store, chunk.forecasts, Forecast)}
    decisions = [_decision(ticker, forecasts.get(ticker), chunk, manifest, settings) for ticker in chunk.tickers]
    return chunk.model_copy(update={"decisions": documents.write(store, run, "decisions", decisions)})


def _decision(
    ticker: str, forecast: Forecast | None, chunk: Chunk, manifest: Manifest, settings: Settings
) -> Signal | NoTrade:
    if forecast is not None:
        return decide(forecast, manifest.verdicts[ticker], settings)
    verdict = manifest.verdicts[ticker]
    reasons = verdict.reasons if verdict.status == "refused" else (chunk.refused.get(ticker, "no forecast was made"),)
    return refuse(ticker=ticker, session=manifest.session, reasons=reasons)
