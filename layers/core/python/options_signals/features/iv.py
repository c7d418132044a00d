"""Implied volatility, from the volatility index that matches the ticker: index points (20 = 20 % a year).

`index_*` are the bars of that index (SPY's is VIX, QQQ's VXN, IWM's RVX, DIA's VXD); the columns keep the familiar
prefix `vix_` for all of them. `vix` and `vix3m` are the closes of VIX and VIX3M themselves.
"""

import talib

from options_signals.features.arrays import (
    FloatArray,
    change,
    flag,
    indicator,
    lag,
    log_ratio,
    ratio,
    relative_change,
    rolling_zscore,
    year_max,
    year_min,
    year_percentile,
)
from options_signals.features.returns import log_returns_1d
from options_signals.features.volatility import hv_20


def vix_close(index_close: FloatArray) -> FloatArray:
    """Close of the index, points."""
    return index_close.copy()


def vix_high(index_high: FloatArray) -> FloatArray:
    """High of the index, points."""
    return index_high.copy()


def vix_low(index_low: FloatArray) -> FloatArray:
    """Low of the index, points."""
    return index_low.copy()


def iv_rank(index_close: FloatArray) -> FloatArray:
    """Place of today's close between the lowest (0) and the highest (100) close of 252 sessions.

    NaN unless 240 of the 252 closes and today's are known, and where all of them are equal.
    """
    lowest = year_min(index_close)
    return 100.0 * ratio(index_close - lowest, year_max(index_close) - lowest)


def iv_percentile(index_close: FloatArray) -> FloatArray:
    """Share of the last 252 closes, today's among them, strictly below today's, 0 to 100."""
    return year_percentile(index_close)


def iv_hv_spread(index_close: FloatArray, index_underlying_close: FloatArray) -> FloatArray:
    """Implied less historical volatility of 20 sessions, points.

    Both speak of the index's own underlying: the ticker itself, or that of its proxy.
    """
    return index_close - 100.0 * volatility_of(index_underlying_close)


def iv_premium(iv_hv_spread: FloatArray) -> FloatArray:
    """Flag: options cost more than the volatility that was."""
    return flag(iv_hv_spread > 0.0, iv_hv_spread)


def vix_sma_10(index_close: FloatArray) -> FloatArray:
    """Mean of the last 10 closes of the index, points."""
    return indicator(talib.SMA, index_close, timeperiod=10)


def vix_sma_20(index_close: FloatArray) -> FloatArray:
    """Mean of the last 20 closes of the index, points."""
    return indicator(talib.SMA, index_close, timeperiod=20)


def vix_change_1d(index_close: FloatArray) -> FloatArray:
    """Change of the index since the last session, percent of it."""
    return 100.0 * relative_change(index_close, 1)


def vix_change_5d(index_close: FloatArray) -> FloatArray:
    """Change of the index over 5 sessions, percent of it."""
    return 100.0 * relative_change(index_close, 5)


def vix_zscore(index_close: FloatArray) -> FloatArray:
    """Close of the index less its mean of 60 sessions, in their sample standard deviations."""
    return rolling_zscore(index_close, 60)


def vix_trend(vix_sma_10: FloatArray, vix_sma_20: FloatArray) -> FloatArray:
    """10-session mean of the index over its 20-session mean, less 1; positive: fear is growing."""
    return ratio(vix_sma_10, vix_sma_20) - 1.0


def vix_term_slope(vix: FloatArray, vix3m: FloatArray) -> FloatArray:
    """VIX3M less VIX, points, the same for every ticker: another index's slope would compare two markets."""
    return vix3m - vix


def vix_contango(vix_term_slope: FloatArray) -> FloatArray:
    """Flag: three-month volatility costs more than one-month volatility, as in calm markets."""
    return flag(vix_term_slope > 0.0, vix_term_slope)


def iv_regime_low(iv_rank: FloatArray) -> FloatArray:
    """Flag: IV rank below 25."""
    return flag(iv_rank < 25.0, iv_rank)


def iv_regime_elevated(iv_rank: FloatArray) -> FloatArray:
    """Flag: IV rank from 50 to 75, both included."""
    return flag((iv_rank >= 50.0) & (iv_rank <= 75.0), iv_rank)


def iv_regime_high(iv_rank: FloatArray) -> FloatArray:
    """Flag: IV rank above 75."""
    return flag(iv_rank > 75.0, iv_rank)


def iv_rank_lag_5(iv_rank: FloatArray) -> FloatArray:
    """IV rank 5 sessions ago."""
    return lag(iv_rank, 5)


def iv_rank_lag_10(iv_rank: FloatArray) -> FloatArray:
    """IV rank 10 sessions ago."""
    return lag(iv_rank, 10)


def iv_rank_lag_20(iv_rank: FloatArray) -> FloatArray:
    """IV rank 20 sessions ago."""
    return lag(iv_rank, 20)


def iv_rank_change_5d(iv_rank: FloatArray) -> FloatArray:
    """IV rank less that of 5 sessions ago, -100 to 100."""
    return change(iv_rank, 5)


def iv_rank_change_10d(iv_rank: FloatArray) -> FloatArray:
    """IV rank less that of 10 sessions ago, -100 to 100."""
    return change(iv_rank, 10)


def iv_distance_to_30(index_close: FloatArray) -> FloatArray:
    """Logarithm of the index level at IV rank 30 over today's close; negative: the rank is above 30.

    The level is the one between today's lowest and highest close of 252 sessions. 0.10 means that the index has to
    rise by about 10 % to reach it.
    """
    return _distance_to_rank(index_close, 30.0)


def iv_distance_to_60(index_close: FloatArray) -> FloatArray:
    """Logarithm of the index level at IV rank 60 over today's close; as iv_distance_to_30."""
    return _distance_to_rank(index_close, 60.0)


def volatility_of(level: FloatArray) -> FloatArray:
    """hv_20 of any price or index level: decimal per year."""
    return hv_20(log_returns_1d(level))


def _distance_to_rank(index_close: FloatArray, rank: float) -> FloatArray:
    lowest, highest = year_min(index_close), year_max(index_close)
    level = lowest + rank / 100.0 * (highest - lowest)
    return log_ratio(level, index_close)
