"""The matrix: which structure fits which direction and volatility regime, and how it is built and left.

Volatility decides whether premium is bought or sold: bought where it is cheap (LOW), spread against itself where it
is neither (NORMAL), sold where it is dear (HIGH). Source of the pairing: Natenberg, Option Volatility and Pricing,
on choosing spreads by implied volatility. Every structure of the matrix has a defined risk.
"""

import datetime as dt
from dataclasses import dataclass

from options_signals.signals import Direction, IvRegime, Leg, Plan, Strategy

AT_THE_MONEY = 0.50


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the matrix.

    Attributes
    ----------
    days
        Least and most calendar days to expiry.
    risk_share
        Of the account, at full size: 0.02 = 2 %.
    underlying_stop
        Move of the underlying at which the trade is left, relative to spot: -0.02 = 2 % below. None: the stop is
        one of the structure's own.
    neutral
        Whether it bets on no direction; then only the volatility forecast counts, at half size at most.
    exit_on
        The session at whose close it is left; None: the time exit of the settings.
    soonest
        Whether the first expiry within `days` is taken, not the preferred kind nearest to the middle.
    """

    strategy: Strategy
    days: tuple[int, int]
    legs: tuple[Leg, ...]
    risk_share: float
    target: str
    stop: str
    underlying_stop: float | None = None
    neutral: bool = False
    exit_on: dt.date | None = None
    soonest: bool = False


def _buy_call(low: float, high: float | None = None) -> Leg:
    return Leg(action="buy", right="call", min_delta=low, max_delta=high or low)


def _buy_put(low: float, high: float | None = None) -> Leg:
    return Leg(action="buy", right="put", min_delta=low, max_delta=high or low)


def _sell_call(delta: float) -> Leg:
    return Leg(action="sell", right="call", min_delta=delta, max_delta=delta)


def _sell_put(delta: float) -> Leg:
    return Leg(action="sell", right="put", min_delta=delta, max_delta=delta)


BUY_CALLS = Cell(
    strategy=Strategy.BUY_CALLS,
    days=(14, 28),
    legs=(_buy_call(0.40, 0.50),),
    risk_share=0.02,
    target="take +50 % of the premium",
    stop="underlying 2 % lower",
    underlying_stop=-0.02,
)
BUY_PUTS = Cell(
    strategy=Strategy.BUY_PUTS,
    days=(14, 28),
    legs=(_buy_put(0.40, 0.50),),
    risk_share=0.02,
    target="take +50 % of the premium",
    stop="underlying 2 % higher",
    underlying_stop=+0.02,
)
BULL_CALL_SPREAD = Cell(
    strategy=Strategy.BULL_CALL_SPREAD,
    days=(14, 21),
    legs=(_buy_call(AT_THE_MONEY), _sell_call(0.30)),
    risk_share=0.015,
    target="take 75 % of the most it can win",
    stop="half the value lost",
)
BEAR_PUT_SPREAD = Cell(
    strategy=Strategy.BEAR_PUT_SPREAD,
    days=(14, 21),
    legs=(_buy_put(AT_THE_MONEY), _sell_put(0.30)),
    risk_share=0.015,
    target="take 75 % of the most it can win",
    stop="half the value lost",
)
BULL_PUT_SPREAD = Cell(
    strategy=Strategy.BULL_PUT_SPREAD,
    days=(14, 28),
    legs=(_sell_put(0.30), _buy_put(0.15)),
    risk_share=0.02,
    target="keep 50 % of the credit",
    stop="the spread costs twice the credit",
)
BEAR_CALL_SPREAD = Cell(
    strategy=Strategy.BEAR_CALL_SPREAD,
    days=(14, 28),
    legs=(_sell_call(0.30), _buy_call(0.15)),
    risk_share=0.02,
    target="keep 50 % of the credit",
    stop="the spread costs twice the credit",
)
IRON_CONDOR = Cell(
    strategy=Strategy.IRON_CONDOR,
    days=(21, 28),
    legs=(_sell_put(0.20), _buy_put(0.10), _sell_call(0.20), _buy_call(0.10)),
    risk_share=0.02,
    target="keep 25 % of the credit",
    stop="a short strike is touched",
    neutral=True,
)
LONG_STRADDLE = Cell(
    strategy=Strategy.LONG_STRADDLE,
    days=(21, 45),
    legs=(_buy_call(AT_THE_MONEY), _buy_put(AT_THE_MONEY)),
    risk_share=0.01,
    target="take +50 % of the premium",
    stop="half the value lost",
    neutral=True,
)
SHORT_STRANGLE = Cell(
    strategy=Strategy.SHORT_STRANGLE,
    days=(21, 45),
    legs=(_sell_put(0.20), _sell_call(0.20)),
    risk_share=0.01,
    target="keep 50 % of the credit",
    stop="the strangle costs twice the credit",
    neutral=True,
)

DIRECTIONAL = {
    (Direction.UP, IvRegime.LOW): BUY_CALLS,
    (Direction.UP, IvRegime.NORMAL): BULL_CALL_SPREAD,
    (Direction.UP, IvRegime.HIGH): BULL_PUT_SPREAD,
    (Direction.DOWN, IvRegime.LOW): BUY_PUTS,
    (Direction.DOWN, IvRegime.NORMAL): BEAR_PUT_SPREAD,
    (Direction.DOWN, IvRegime.HIGH): BEAR_CALL_SPREAD,
}
NEUTRAL = {IvRegime.HIGH: IRON_CONDOR}
CELLS = (*DIRECTIONAL.values(), *NEUTRAL.values(), LONG_STRADDLE, SHORT_STRANGLE)


def cell_for(direction: Direction, regime: IvRegime, *, trusted: bool) -> Cell:
    """The cell of a direction in a regime; without trust in the direction the neutral one, where the regime has it.

    Examples
    --------
    >>> cell_for(Direction.UP, IvRegime.HIGH, trusted=False).strategy.value
    'Iron Condor'
    >>> cell_for(Direction.UP, IvRegime.LOW, trusted=False).strategy.value
    'Buy Calls'
    """
    directional = DIRECTIONAL[direction, regime]
    return directional if trusted else NEUTRAL.get(regime, directional)


def defined_risk(legs: tuple[Leg, ...]) -> bool:
    """Whether every option sold has one of the same right bought beside it, so that the loss has a limit."""

    def count(action: str, right: str) -> int:
        return sum(leg.action == action and leg.right == right for leg in legs)

    return all(count("buy", right) >= count("sell", right) for right in ("call", "put"))


def plan_of(cell: Cell, *, spot: float) -> Plan:
    """The cell as a plan for an underlying at `spot` USD; a stop in the underlying becomes a price, to the cent."""
    at = None if cell.underlying_stop is None else round(spot * (1.0 + cell.underlying_stop), 2)
    return Plan(
        min_days=cell.days[0],
        max_days=cell.days[1],
        legs=cell.legs,
        risk_share=cell.risk_share,
        target=cell.target,
        stop=cell.stop,
        stop_underlying_usd=at,
        exit_on=cell.exit_on,
        soonest=cell.soonest,
    )
