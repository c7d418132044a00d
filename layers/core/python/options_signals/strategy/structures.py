"""The structures by their market names: which options, when they expire, and when the trade is left.

Deltas are absolute (0.30 for a put of -0.30). Those a decision may choose are built as their cells say; the
others stand beside them for `ticket_for`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from options_signals.errors import NotFoundError
from options_signals.signals import Leg, Plan, Strategy
from options_signals.strategy import matrix
from options_signals.strategy.matrix import Cell

SMALL_RISK = 0.01  # of the account, for what the matrix does not use


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When to leave.

    Attributes
    ----------
    target
        Profit to take, as a share of `target_of`: the premium (paid or received), or the most it can win.
    stop
        Loss at which to leave, as a share of the premium (1.0 for a credit: buying back costs twice of it), or None.
    underlying_stop
        Move of the underlying at which to leave (-0.02 = 2 % lower), or None.
    at_short_strike
        Whether to leave when the underlying touches a strike that was sold.
    """

    target: float
    target_of: Literal["premium", "max_profit"] = "premium"
    stop: float | None = None
    underlying_stop: float | None = None
    at_short_strike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What to look for in a chain.

    Attributes
    ----------
    days
        Least and most calendar days to expiry.
    risk_share
        Of the account, at full size.
    same_strike
        Whether all legs share the first one's strike.
    soonest
        Whether the first expiry of the window is taken, not the preferred kind nearest to its middle.
    """

    name: str
    days: tuple[int, int]
    legs: tuple[Leg, ...]
    risk_share: float
    rules: Rules
    same_strike: bool = False
    soonest: bool = False


def long_call() -> Structure:
    """A call bought."""
    return _of(matrix.BUY_CALLS, "long_call", Rules(target=0.5, underlying_stop=-0.02))


def long_put() -> Structure:
    """A put bought."""
    return _of(matrix.BUY_PUTS, "long_put", Rules(target=0.5, underlying_stop=+0.02))


def bull_call_spread() -> Structure:
    """A call bought, a higher one sold: a debit."""
    return _of(matrix.BULL_CALL_SPREAD, "bull_call_spread", DEBIT_SPREAD)


def bear_put_spread() -> Structure:
    """A put bought, a lower one sold: a debit."""
    return _of(matrix.BEAR_PUT_SPREAD, "bear_put_spread", DEBIT_SPREAD)


def bull_put_spread() -> Structure:
    """A put sold, a lower one bought: a credit."""
    return _of(matrix.BULL_PUT_SPREAD, "bull_put_spread", CREDIT)


def bear_call_spread() -> Structure:
    """A call sold, a higher one bought: a credit."""
    return _of(matrix.BEAR_CALL_SPREAD, "bear_call_spread", CREDIT)


def iron_condor() -> Structure:
    """A put spread and a call spread sold around the market: a credit."""
    return _of(matrix.IRON_CONDOR, "iron_condor", Rules(target=0.25, at_short_strike=True))


def long_straddle() -> Structure:
    """The call and the put at the money, both bought at one strike."""
    return _of(matrix.LONG_STRADDLE, "long_straddle", Rules(target=0.5, stop=0.5), same_strike=True)


def long_strangle() -> Structure:
    """A call above and a put below the market, both bought."""
    return _beside("long_strangle", (_leg("buy", "call", 0.25), _leg("buy", "put", 0.25)), Rules(target=0.5, stop=0.5))


def short_put() -> Structure:
    """A put sold without cover; refused unless `allow_undefined_risk` is on."""
    return _beside("short_put", (_leg("sell", "put", 0.20),), CREDIT)


def short_call() -> Structure:
    """A call sold without cover; refused unless `allow_undefined_risk` is on."""
    return _beside("short_call", (_leg("sell", "call", 0.20),), CREDIT)


def short_strangle() -> Structure:
    """A call above and a put below the market sold without cover; refused unless `allow_undefined_risk` is on."""
    return _of(matrix.SHORT_STRANGLE, "short_strangle", CREDIT)


DEBIT_SPREAD = Rules(target=0.75, target_of="max_profit", stop=0.5)
CREDIT = Rules(target=0.5, stop=1.0)

STRUCTURES: Mapping[str, Callable[[], Structure]] = {
    make.__name__: make
    for make in (
        long_call,
        long_put,
        bull_call_spread,
        bear_put_spread,
        bull_put_spread,
        bear_call_spread,
        iron_condor,
        long_straddle,
        long_strangle,
        short_put,
        short_call,
        short_strangle,
    )
}
_SMALLER: Mapping[str, Callable[[], Structure]] = {
    "long_call": bull_call_spread,
    "long_put": bear_put_spread,
    "long_straddle": long_strangle,
    "short_put": bull_put_spread,
    "short_call": bear_call_spread,
    "short_strangle": iron_condor,
}
OF_STRATEGY: Mapping[Strategy, Callable[[], Structure]] = {
    Strategy.BUY_CALLS: long_call,
    Strategy.BUY_PUTS: long_put,
    Strategy.BULL_CALL_SPREAD: bull_call_spread,
    Strategy.BEAR_PUT_SPREAD: bear_put_spread,
    Strategy.BULL_PUT_SPREAD: bull_put_spread,
    Strategy.BEAR_CALL_SPREAD: bear_call_spread,
    Strategy.IRON_CONDOR: iron_condor,
    Strategy.LONG_STRADDLE: long_straddle,
    Strategy.SHORT_STRANGLE: short_strangle,
}


def structure_named(name: str) -> Structure:
    """The structure of that name, as in `bull_call_spread`.

    Raises
    ------
    NotFoundError
        With the names there are.
    """
    if name not in STRUCTURES:
        raise NotFoundError(
            what=f"structure {name!r}", where="the known structures", remedy=f"There are {', '.join(STRUCTURES)}."
        )
    return STRUCTURES[name]()


def planned(strategy: Strategy, plan: Plan) -> Structure:
    """The structure of a signal, with the plan's own window, legs and risk."""
    days = (plan.min_days, plan.max_days)
    structure = OF_STRATEGY[strategy]()
    return replace(structure, days=days, legs=plan.legs, risk_share=plan.risk_share, soonest=plan.soonest)


def smaller(structure: Structure) -> Structure | None:
    """The nearest structure with less at stake: one that limits the loss, or strikes half as far apart.

    None where there is nothing of the kind.
    """
    if structure.name in _SMALLER:
        return replace(_SMALLER[structure.name](), days=structure.days, soonest=structure.soonest)
    legs = tuple(_drawn_in(leg, structure.legs) for leg in structure.legs)
    return replace(structure, legs=legs) if legs != structure.legs else None


def _drawn_in(leg: Leg, legs: tuple[Leg, ...]) -> Leg:
    """The outer leg of each pair, half-way to the inner one, whose delta is the larger."""
    inner = max(other.max_delta for other in legs if other.right == leg.right)
    middle = round((leg.max_delta + inner) / 2, 4)
    return leg.model_copy(update={"min_delta": middle, "max_delta": middle})


def _of(cell: Cell, name: str, rules: Rules, *, same_strike: bool = False) -> Structure:
    return Structure(
        name=name,
        days=cell.days,
        legs=cell.legs,
        risk_share=cell.risk_share,
        rules=rules,
        same_strike=same_strike,
    )


def _beside(name: str, legs: tuple[Leg, ...], rules: Rules, *, same_strike: bool = False) -> Structure:
    return Structure(name=name, days=(21, 45), legs=legs, risk_share=SMALL_RISK, rules=rules, same_strike=same_strike)


def _leg(action: Literal["buy", "sell"], right: Literal["call", "put"], delta: float) -> Leg:
    return Leg(action=action, right=right, min_delta=delta, max_delta=delta)
