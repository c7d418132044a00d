"""What a strategy is: something that picks a cell for a situation. All else every strategy shares.

The data's fitness, the floors of confidence, proven skill, defined risk and size are judged in `decide`, in one place
for all of them, so no strategy can trade what another must not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from options_signals.settings import Decision
from options_signals.signals import DirectionForecast, Forecast, IvForecast
from options_signals.strategy.bets import BacktestHook
from options_signals.strategy.matrix import Cell

Context = Literal["hv_iv_ratio", "volatility_regime"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a strategy sees. `trusted`: whether the direction is proven and sure enough to bet on."""

    forecast: Forecast
    direction: DirectionForecast
    iv: IvForecast
    trusted: bool
    decision: Decision


class Choice(NamedTuple):
    """The cell and, in plain English, why this one; without a cell, why none.

    `sure`: the probability that the bet is won, where the strategy has one of its own; None: the weighted confidence
    of direction and volatility. `cause`: of choosing nothing, "data" where that could not be weighed.
    """

    cell: Cell | None
    why: str
    sure: float | None = None
    cause: Literal["data", "rule"] = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRule:
    """One strategy.

    Attributes
    ----------
    name
        As in the setting `decision.strategy`.
    choose
        Pure: the same situation, the same choice. Without trust in the direction it may answer a directional cell
        as the lean; `decide` refuses it then.
    needs
        Fields of the forecast without which it cannot choose; where one is unknown the ticker is refused for its data.
    backtest
        What to score of it.
    bets_on_earnings
        Whether its trades are meant to be held over an announcement, whatever `decision.earnings` says of others.
    """

    name: str
    choose: Callable[[Situation], Choice]
    backtest: BacktestHook
    needs: tuple[Context, ...] = ()
    bets_on_earnings: bool = False
