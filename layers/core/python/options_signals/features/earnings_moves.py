"""How far the price moved when the company reported before, and how far it moves on usual days.

Moves are absolute, decimals (0.05 = 5 %), of the reaction session: `earnings_move_1` is the newest. Statistics are over
the announcements of the last 1, 2, 4 or 8 quarters. They accept fewer moves than announcements, with the count beside
them: a move is missing where the time of the release was not known. NaN without any.
"""

import inspect
from collections.abc import Callable

import numpy as np
import talib

from options_signals.features.announcements import MOVES, QUARTERS
from options_signals.features.arrays import (
    ROOT_YEAR,
    FloatArray,
    indicators,
    lag,
    ratio,
    rolling_mean,
    rolling_std,
    root,
    year_percentile,
)

WINDOWS = (1, 2, 4, 8)

Feature = Callable[..., FloatArray]
Statistic = Callable[[FloatArray], FloatArray]


def _count(moves: FloatArray) -> FloatArray:
    """How many of the moves are known."""
    known = (~np.isnan(moves)).sum(axis=0).astype(np.float64)
    return np.where(known > 0.0, known, np.nan)


def _mean(moves: FloatArray) -> FloatArray:
    """Mean of the absolute moves, decimal."""
    return np.where(np.isnan(moves), 0.0, moves).sum(axis=0) / _count(moves)


def _std(moves: FloatArray) -> FloatArray:
    """Spread of the absolute moves around their mean, decimal (population deviation: 0 for a single move)."""
    return root(_mean((moves - _mean(moves)) ** 2))


def _smallest(moves: FloatArray) -> FloatArray:
    """Smallest absolute move, decimal."""
    smallest: FloatArray = np.fmin.reduce(moves, axis=0)
    return smallest


def _largest(moves: FloatArray) -> FloatArray:
    """Largest absolute move, decimal."""
    largest: FloatArray = np.fmax.reduce(moves, axis=0)
    return largest


def _median(moves: FloatArray) -> FloatArray:
    """Median of the absolute moves, decimal."""
    ascending = np.sort(moves, axis=0)  # NaN last
    known = np.nan_to_num(_count(moves), nan=1.0).astype(np.intp)
    lower, upper = (np.take_along_axis(ascending, at[None, :], axis=0)[0] for at in ((known - 1) // 2, known // 2))
    middle: FloatArray = (lower + upper) / 2.0
    return middle


STATISTICS: dict[str, Statistic] = {
    "mean": _mean,
    "std": _std,
    "min": _smallest,
    "max": _largest,
    "median": _median,
    "count": _count,
}


def _over(name: str, statistic: Statistic, quarters: int) -> Feature:
    """The feature `earnings_move_<name>_<quarters>q`: all 24 differ in nothing but statistic and window."""

    def feature(*moves: FloatArray) -> FloatArray:
        return statistic(np.stack(moves))

    inputs = [inspect.Parameter(move, inspect.Parameter.POSITIONAL_ONLY) for move in MOVES[:quarters]]
    feature.__name__ = f"earnings_move_{name}_{quarters}q"
    feature.__doc__ = f"{statistic.__doc__} Over the announcements of the last {quarters} quarters."
    feature.__signature__ = inspect.Signature(inputs)  # type: ignore[attr-defined]  # what inspect.signature answers
    return feature


OVER_QUARTERS: tuple[Feature, ...] = tuple(
    _over(name, statistic, quarters) for quarters in WINDOWS for name, statistic in STATISTICS.items()
)


def earnings_move_trend(earnings_move_mean_4q: FloatArray, earnings_move_mean_8q: FloatArray) -> FloatArray:
    """Mean move of the last four announcements over that of the last eight, less 1; positive: they grow."""
    return ratio(earnings_move_mean_4q, earnings_move_mean_8q) - 1.0


def earnings_move_vol_of_vol(earnings_move_std_8q: FloatArray, earnings_move_mean_8q: FloatArray) -> FloatArray:
    """Spread of the last eight moves over their mean: how little one of them says of the next."""
    return ratio(earnings_move_std_8q, earnings_move_mean_8q)


def earnings_move_data_quality(earnings_move_count_8q: FloatArray) -> FloatArray:
    """Share of the last eight announcements whose move is known, 0 to 1."""
    return earnings_move_count_8q / QUARTERS


def atr_pct_10(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Mean true range of 10 sessions as a decimal of the close.

    A plain mean: Wilder's smoothing over 50 sessions would remember more than the serving window.
    """
    return _mean_true_range(high, low, close, 10)


def atr_pct_20(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Mean true range of 20 sessions as a decimal of the close."""
    return _mean_true_range(high, low, close, 20)


def atr_pct_50(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Mean true range of 50 sessions as a decimal of the close."""
    return _mean_true_range(high, low, close, 50)


def bb_width_10(close: FloatArray) -> FloatArray:
    """Distance between the Bollinger bands of 10 sessions as a decimal of the middle one."""
    return _band_width(close, 10)


def bb_width_50(close: FloatArray) -> FloatArray:
    """Distance between the Bollinger bands of 50 sessions as a decimal of the middle one."""
    return _band_width(close, 50)


def hv_50(log_returns_1d: FloatArray) -> FloatArray:
    """Historical volatility of 50 sessions, decimal per year; as hv_5."""
    return rolling_std(log_returns_1d, 50) * ROOT_YEAR


def hv_10_percentile(hv_10: FloatArray) -> FloatArray:
    """Share of the last 252 values of hv_10 strictly below today's, 0 to 100."""
    return year_percentile(hv_10)


def hv_50_percentile(hv_50: FloatArray) -> FloatArray:
    """Share of the last 252 values of hv_50 strictly below today's, 0 to 100."""
    return year_percentile(hv_50)


def _mean_true_range(high: FloatArray, low: FloatArray, close: FloatArray, sessions: int) -> FloatArray:
    before = lag(close, 1)
    true_range = np.maximum(high, before) - np.minimum(low, before)
    return ratio(rolling_mean(true_range, sessions), close)


def _band_width(close: FloatArray, sessions: int) -> FloatArray:
    upper, middle, lower = indicators(talib.BBANDS, close, timeperiod=sessions, nbdevup=2.0, nbdevdn=2.0)
    return ratio(upper - lower, middle)
