"""How an account fared: Sharpe, Sortino, Calmar, value at risk and its tail.

All take returns of successive sessions, decimal (0.01 = 1 %), 1-D; to compare with a riskless rate, give excess
returns. None where a figure is not defined. InvalidValueError for NaN, infinity, or a loss of more than everything.
"""

from dataclasses import dataclass
from math import floor

import numpy as np

from options_signals.errors import InvalidValueError
from options_signals.features.arrays import ROOT_YEAR, SESSIONS_PER_YEAR, FloatArray

TAIL = 0.05  # VaR and CVaR are of the worst 5 % of sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """The figures of one series of returns; VaR and CVaR are losses, decimal per session (0.02 = 2 % lost)."""

    sessions: int
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    var: float | None
    cvar: float | None


def performance(returns: FloatArray) -> Performance:
    """All of them at once."""
    return Performance(
        sessions=len(returns),
        sharpe=sharpe(returns),
        sortino=sortino(returns),
        calmar=calmar(returns),
        var=value_at_risk(returns),
        cvar=tail_loss(returns),
    )


def sharpe(returns: FloatArray) -> float | None:
    """Mean over sample standard deviation (ddof=1), times sqrt(252). None without variation.

    Source: Sharpe, The Sharpe Ratio, Journal of Portfolio Management 1994.
    """
    checked = _checked(returns)
    if len(checked) < 2 or np.ptp(checked) == 0.0:
        return None
    return float(checked.mean() / checked.std(ddof=1) * ROOT_YEAR)


def sortino(returns: FloatArray) -> float | None:
    """Mean over downside deviation, times sqrt(252); None where no session lost.

    The downside deviation is the root of the mean over *all* sessions of the squared losses (gains count as 0).
    Source: Sortino and Price, Performance Measurement in a Downside Risk Framework, 1994.
    """
    checked = _checked(returns)
    losses = np.minimum(checked, 0.0)
    if not losses.any():
        return None
    return float(checked.mean() / np.sqrt(np.mean(losses**2)) * ROOT_YEAR)


def max_drawdown(returns: FloatArray) -> float:
    """Largest loss from a peak, of the peak (0.2 = 20 %); the start counts as a peak."""
    worth = np.concatenate([[1.0], np.cumprod(1.0 + _checked(returns))])
    return float(np.max(1.0 - worth / np.maximum.accumulate(worth)))


def calmar(returns: FloatArray) -> float | None:
    """Compound return per year of 252 sessions over the largest drawdown; None without one.

    Over the whole series, where its author took 36 months. Source: Young, Calmar Ratio, Futures 1991.
    """
    deepest = max_drawdown(returns)
    if deepest == 0.0:
        return None
    yearly = np.prod(1.0 + returns) ** (SESSIONS_PER_YEAR / len(returns)) - 1.0
    return float(yearly / deepest)


def value_at_risk(returns: FloatArray) -> float | None:
    """Loss that the worst 5 % of sessions reach: minus the lower empirical quantile; negative where even they gain.

    The quantile is the smallest return whose share of sessions at or below it is at least 5 %; no interpolation.
    None without sessions. Source: Jorion, Value at Risk, on historical simulation.
    """
    checked = _checked(returns)
    return float(-np.quantile(checked, TAIL, method="inverted_cdf")) if len(checked) else None


def tail_loss(returns: FloatArray) -> float | None:
    """CVaR, the mean loss in the worst 5 % of sessions; the session at the edge counts with the part inside.

    None without sessions. Source: Acerbi and Tasche, On the coherence of expected shortfall, 2002.
    """
    worst = np.sort(_checked(returns))
    if not len(worst):
        return None
    wide = TAIL * len(worst)
    whole = floor(round(wide, 9))  # 0.05 x 60 is 3, not a hair less
    edge = (wide - whole) * worst[whole]
    return float(-(worst[:whole].sum() + edge) / wide)


def _checked(returns: FloatArray) -> FloatArray:
    if not (np.isfinite(returns).all() and (returns > -1.0).all()):
        strange = returns[~(returns > -1.0) | ~np.isfinite(returns)][0]
        raise InvalidValueError(name="a return", value=float(strange), allowed="finite numbers above -1")
    return returns
