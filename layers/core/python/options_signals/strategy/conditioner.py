"""For larger universes: of all tickers of a date only the likeliest go long, and the likeliest down go short.

Ranks of probabilities hold better than their levels when the whole market's level shifts; so with many tickers a
trade has to be among the best of its own date and side, whatever the absolute floors say. Source of the idea: the
quantile portfolios of the cross-section, as in Jegadeesh and Titman 1993.
"""

from collections.abc import Sequence
from math import floor, inf, isfinite
from typing import NamedTuple

from options_signals.settings import Decision
from options_signals.signals import NoTrade, Signal
from options_signals.strategy.bets import side_of


def condition(decisions: Sequence[Signal | NoTrade], settings: Decision) -> tuple[Signal | NoTrade, ...]:
    """All decisions of one date; a signal outside its side's best becomes a NoTrade with the reason and its lean.

    The universe is every ticker with a direction forecast, traded or not. A long trade stays if its calibrated
    probability of up is among the `long_share` highest, a short one if among the `short_share` lowest (so many of the
    universe, rounded down; equal probabilities stay or go together). Trades without a direction pass, and so does
    everything while the universe is smaller than `min_universe`.
    """
    universe = sorted(p for one in decisions if (p := _p_up(one)) is not None)
    if len(universe) < settings.min_universe:
        return tuple(decisions)
    longs, shorts = (_count(share, universe) for share in (settings.long_share, settings.short_share))
    bounds = _Bounds(
        long=universe[-longs] if longs else inf,
        short=universe[shorts - 1] if shorts else -inf,
        universe=len(universe),
    )
    return tuple(_conditioned(one, bounds) for one in decisions)


class _Bounds(NamedTuple):
    long: float  # least probability of up
    short: float  # most
    universe: int


def _count(share: float, universe: Sequence[float]) -> int:
    return floor(round(share * len(universe), 9))  # 0.29 x 100 is 29, not a hair less


def _p_up(decision: Signal | NoTrade) -> float | None:
    forecast = decision.forecast
    return forecast.direction.p_up if forecast and forecast.direction else None


def _conditioned(decision: Signal | NoTrade, bounds: _Bounds) -> Signal | NoTrade:
    p_up = _p_up(decision)
    if isinstance(decision, NoTrade) or p_up is None:
        return decision
    side = side_of(decision.strategy)
    if (side > 0 and p_up < bounds.long) or (side < 0 and p_up > bounds.short):
        return NoTrade.instead_of(decision, reasons=(_reason(p_up, side, bounds),))
    return decision


def _reason(p_up: float, side: int, bounds: _Bounds) -> str:
    bound, word = (bounds.long, "from") if side > 0 else (bounds.short, "up to")
    kind = "long" if side > 0 else "short"
    where = f"{word} {bound:.3f} on this date" if isfinite(bound) else "never"
    return f"probability of up {p_up:.3f}; of {bounds.universe} tickers a {kind} trade is taken {where}"
