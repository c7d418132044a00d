"""What is said below the tickers: what changed, the portfolio, where data came from, and what the models are worth."""

import datetime as dt
from collections.abc import Iterable, Sequence

from options_signals.digest.portfolio import portfolio_notes
from options_signals.digest.words import MOST_CHANGES, captured, clean, clock, day, listed, plural, weekday
from options_signals.sessions import close_of, is_half_day
from options_signals.settings import Settings
from options_signals.signals import DirectionForecast, Forecast, IvForecast, MoveForecast, NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.strategy.portfolio import Holdings
from options_signals.tables import IV_HISTORY

MOST_MODELS = 6
TABLES = {"bars": "bars", "vol_indices": "volatility indices", "macro": "macro", "chain": "option chains"}
SELDOM = ("dividends",)  # of which nothing new for weeks is no sign of age
USUAL_AGE = dt.timedelta(days=5)  # a weekend, a holiday, and the day it takes to publish


def notes(
    manifest: Manifest, decisions: Sequence[Signal | NoTrade], holdings: Holdings, settings: Settings
) -> Iterable[str]:
    """One statement each, in the order of the email."""
    yield _changes(manifest, decisions)
    yield from _moved(manifest)
    yield from portfolio_notes(manifest, holdings, settings)
    yield _data(manifest)
    yield from _models([decision.forecast for decision in decisions if decision.forecast])
    yield "not investment advice · options can lose all you put in"
    yield f"replay: signals replay {manifest.session}"


def _moved(manifest: Manifest) -> Iterable[str]:
    if manifest.moved:
        moved = [f"{clean(ticker)} {clean(how)}" for ticker, how in manifest.moved.items()]
        yield f"earnings moved: {listed(moved, MOST_CHANGES)}; what is open may now be held over them"


def _changes(manifest: Manifest, decisions: Sequence[Signal | NoTrade]) -> str:
    since = weekday(manifest.previous_session)
    if not manifest.previous:
        return f"changed: there is no digest of {since} to compare with"
    changed = [
        f"{clean(decision.ticker)} {f'was {clean(before)}' if before else 'is new'}"
        for decision in decisions
        if (before := manifest.previous.get(decision.ticker)) != decision.in_brief
    ]
    return f"changed since {since}: {listed(changed, MOST_CHANGES) or 'nothing'}"


def _data(manifest: Manifest) -> str:
    half = " (half day)" if is_half_day(manifest.session) else ""
    close = f"{day(manifest.session)} {clock(close_of(manifest.session))} ET{half}"
    good = sum(verdict.status != "refused" for verdict in manifest.verdicts.values())
    complete = f"data: {good} of {plural(len(manifest.verdicts), 'ticker')} complete to {close}"
    return "; ".join([complete, *_origins(manifest), *(f"no {clean(name)}" for name in manifest.absent)])


def _origins(manifest: Manifest) -> Iterable[str]:
    known = [name for name in TABLES if name in manifest.tables]
    others = sorted(set(manifest.tables) - {*TABLES, IV_HISTORY.name})  # which is made of the chains
    for name in (*known, *others):
        origin = manifest.tables[name].origin
        when = captured(origin.captured_at, manifest.session)
        yield f"{TABLES.get(name, name)} from {clean(origin.source)} {when}{_age(name, manifest)}"


def _age(table: str, manifest: Manifest) -> str:
    """Which day the table's newest row speaks of, where that is long before the session."""
    days = [newest for name, newest in manifest.newest.items() if name.split()[0] == table]
    old = bool(days) and table not in SELDOM and manifest.session - max(days) > USUAL_AGE
    return f", newest of {day(max(days))}" if old else ""


def _models(forecasts: Sequence[Forecast]) -> Iterable[str]:
    """One statement per model; models of single tickers are told apart by the ticker."""
    figures: dict[str, list[str]] = {}
    for forecast in sorted(forecasts, key=lambda one: one.ticker):
        for model in (forecast.direction, forecast.iv, forecast.move):
            if model:
                figures.setdefault(_figures(model), []).append(clean(forecast.ticker))
    lines = sorted(
        f"model {said}" if len(tickers) == len(forecasts) else f"model of {listed(tickers, 3)}: {said}"
        for said, tickers in figures.items()
    )
    yield from lines[:MOST_MODELS]
    if len(lines) > MOST_MODELS:
        yield f"and {plural(len(lines) - MOST_MODELS, 'more model')}: signals models list"


def _figures(model: DirectionForecast | IvForecast | MoveForecast) -> str:
    if isinstance(model, MoveForecast):
        loss, best = 100 * model.loss, 100 * model.baseline_loss
        return (
            f"earnings_move {clean(model.version)} (served: {clean(model.served)}; "
            f"pinball loss {loss:.2f} %, best rule {best:.2f} %; in its band {100 * model.coverage:.0f} %)"
        )
    if isinstance(model, IvForecast):
        return (
            f"iv_regime {clean(model.version)} (served: {clean(model.served)}; "
            f"log loss {model.log_loss:.2f}, baseline {model.baseline_log_loss:.2f})"
        )
    low, high = 100 * model.brier_skill_low, 100 * model.brier_skill_high
    return (
        f"direction {clean(model.version)} (AUC {model.auc:.2f} [{model.auc_low:.2f}, {model.auc_high:.2f}], "
        f"Brier skill {100 * model.brier_skill:.1f} % [{low:.1f}, {high:.1f}])"
    )
