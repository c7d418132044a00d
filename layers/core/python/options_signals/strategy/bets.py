"""What a structure bets on, read off its legs, and how well a bet did: what a backtest scores.

A trade is entered at the open after its session and left some sessions later at the close. Between the two the
outcomes below look at the underlying and at what options priced only: they score the opinion, not a fill.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi, sqrt
from typing import Literal, NamedTuple

from options_signals.errors import InvalidValueError
from options_signals.features.arrays import SESSIONS_PER_YEAR
from options_signals.signals import Leg, Strategy
from options_signals.strategy.matrix import CELLS, Cell

MEAN_MOVE = sqrt(2.0 / pi)  # of a normal variable, in standard deviations, either way

_CELL: Mapping[Strategy, Cell] = {cell.strategy: cell for cell in CELLS}


def side_of(strategy: Strategy) -> int:
    """+1 wins when the underlying rises, -1 when it falls, 0 bets on no direction: the sign of the legs' delta."""
    delta = round(
        sum(_sign(leg) * _delta(leg) * (1 if leg.right == "call" else -1) for leg in _CELL[strategy].legs), 10
    )
    return (delta > 0) - (delta < 0)


def sells_premium(strategy: Strategy) -> bool:
    """Whether the options sold are nearer to the money, and so dearer, than those bought."""
    return sum(_sign(leg) * _delta(leg) for leg in _CELL[strategy].legs) < 0


def _sign(leg: Leg) -> int:
    return 1 if leg.action == "buy" else -1


def _delta(leg: Leg) -> float:
    return (leg.min_delta + leg.max_delta) / 2


class Reaction(NamedTuple):
    """To earnings: the close-to-close return of the session, and one standard deviation of it as options priced it.

    Both are decimals (0.05 = 5 %).
    """

    happened: float
    implied: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What happened while a trade was held.

    Attributes
    ----------
    underlying_return
        From the entry to the exit, decimal (0.01 = 1 %).
    implied_vol
        At the entry, decimal per year (0.20 = 20 %), such as the index over 100.
    realised_vol
        Of the sessions held, decimal per year.
    sessions
        How many they were.
    reaction
        To the announcement of earnings among them; None without one.
    """

    underlying_return: float
    implied_vol: float
    realised_vol: float
    sessions: int = 5
    reaction: Reaction | None = None


type Outcome = Callable[[Strategy, Held], float]


def expected_moves(strategy: Strategy, held: Held) -> float:
    """What was won, in moves of the size that implied volatility expects; 0 is a fair bet on a driftless market.

    With a direction: the move with it. Without: what the move falls short of the mean move, where premium was sold;
    what it exceeds it, where it was bought.
    """
    size = held.implied_vol * sqrt(held.sessions / SESSIONS_PER_YEAR)
    return _in_moves(strategy, held.underlying_return / size)


def implied_reactions(strategy: Strategy, held: Held) -> float:
    """The same of the reaction to earnings alone, in standard deviations of it as options priced it at the entry.

    Raises
    ------
    InvalidValueError
        Where nothing was announced while it was held.
    """
    if held.reaction is None:
        raise InvalidValueError(name="reaction", value=None, allowed="one, of a trade held over earnings")
    return _in_moves(strategy, held.reaction.happened / held.reaction.implied)


def _in_moves(strategy: Strategy, move: float) -> float:
    side = side_of(strategy)
    if side:
        return side * move
    beyond = abs(move) - MEAN_MOVE
    return -beyond if sells_premium(strategy) else beyond


def volatility_edge(strategy: Strategy, held: Held) -> float:
    """Volatility sold less realised, or realised less bought: decimal per year, 0.02 = 2 points won."""
    sold = held.implied_vol - held.realised_vol
    return sold if sells_premium(strategy) else -sold


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestHook:
    """What to score of a strategy: every decision of it, a NoTrade by its lean."""

    outcome: Outcome
    unit: str
    entry: Literal["next open"] = "next open"
    exit: Literal["close"] = "close"
    hold_sessions: int = 5
