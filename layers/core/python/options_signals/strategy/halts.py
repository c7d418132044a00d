"""When the account itself says stop: the loss of a session, and the fall from the peak until it is made good."""

import datetime as dt
from typing import NamedTuple

import numpy as np

from options_signals.features.arrays import FloatArray
from options_signals.settings import Portfolio
from options_signals.strategy.metrics import Performance, performance
from options_signals.strategy.portfolio import EquityPoint, returns_of

type Equity = tuple[EquityPoint, ...]


class Drawdown(NamedTuple):
    """How far the account is below its peak (0.12 = 12 %), and whether new trades are stopped for it."""

    depth: float
    halted: bool


def daily_loss_of(equity: Equity, session: dt.date) -> float | None:
    """What the account lost in that session (0.03 = 3 %; a gain is negative); None where its equity is unknown."""
    if len(equity) < 2 or equity[-1].session != session:
        return None
    return round(-float(returns_of(equity)[-1]), 10)


def drawdown_of(equity: Equity, *, stop: float, resume: float) -> Drawdown:
    """Where the account stands after its last session; without a history it is at its peak."""
    depths = _depths(returns_of(equity))
    return Drawdown(depth=float(depths[-1]), halted=bool(_halted(depths, stop=stop, resume=resume)[-1]))


def before_and_after(equity: Equity, limits: Portfolio) -> tuple[Performance, Performance]:
    """The figures of the account as it was, and had these halts kept it out of the market.

    A session that follows the close at which a halt holds counts with a return of 0: what the halt knew is over when
    the return begins. That overstates a halt, which stops new trades and leaves open ones alone.
    """
    returns = returns_of(equity)
    depths = _depths(returns)
    stopped = _halted(depths, stop=limits.max_drawdown, resume=limits.resume_drawdown)
    stopped[1:] |= np.round(-returns, 10) >= limits.max_daily_loss
    return performance(returns), performance(np.where(stopped[:-1], 0.0, returns))


def _depths(returns: FloatArray) -> FloatArray:
    """Loss from the peak after each session, the start first; to 10 decimals, so that 1 - 0.9 is 0.1."""
    worth = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    return np.round(1.0 - worth / np.maximum.accumulate(worth), 10)


def _halted(depths: FloatArray, *, stop: float, resume: float) -> np.ndarray:
    """Whether new trades are stopped after each session: from `stop` on, until the loss is `resume` or less."""
    halted = np.zeros(len(depths), dtype=bool)
    for at, depth in enumerate(depths):
        halted[at] = depth >= stop or (at > 0 and halted[at - 1] and depth > resume)
    return halted
