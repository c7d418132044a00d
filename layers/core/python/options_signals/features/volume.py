"""Volume and what trading costs: shares, dollars, and the traces that thin markets leave in prices."""

import numpy as np
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
    rolling_mean,
    rolling_sum,
    rolling_zscore,
)

PER_MILLION = 1e6


def volume_sma_10(volume: FloatArray) -> FloatArray:
    """Mean volume of 10 sessions, shares."""
    return indicator(talib.SMA, volume, timeperiod=10)


def volume_sma_20(volume: FloatArray) -> FloatArray:
    """Mean volume of 20 sessions, shares."""
    return indicator(talib.SMA, volume, timeperiod=20)


def volume_ratio(volume: FloatArray, volume_sma_20: FloatArray) -> FloatArray:
    """Today's volume over the mean of 20 sessions, today's among them; 1 is usual."""
    return ratio(volume, volume_sma_20)


def volume_surge(volume_ratio: FloatArray) -> FloatArray:
    """Flag: more than twice the usual volume."""
    return flag(volume_ratio > 2.0, volume_ratio)


def log_volume(volume: FloatArray) -> FloatArray:
    """Natural logarithm of 1 + shares."""
    return np.log1p(volume)


def volume_zscore_20(volume: FloatArray) -> FloatArray:
    """Today's volume less the mean of 20 sessions, in their sample standard deviations."""
    return rolling_zscore(volume, 20)


def obv(traded_close: FloatArray, volume: FloatArray) -> FloatArray:
    """On-balance volume of 60 sessions: shares traded on rising closes less those on falling ones.

    Granville's running total since the first bar (1963) has no finite memory, so the total is over a window.
    """
    return rolling_sum(np.sign(change(traded_close, 1)) * volume, 60)


def obv_sma(obv: FloatArray) -> FloatArray:
    """Mean of the last 60 values of obv, shares."""
    return rolling_mean(obv, 60)


def dollar_volume_20(traded_close: FloatArray, volume: FloatArray) -> FloatArray:
    """Mean dollar volume of 20 sessions: close times shares, USD per session."""
    return rolling_mean(traded_close * volume, 20)


def amihud_illiquidity_20(close: FloatArray, traded_close: FloatArray, volume: FloatArray) -> FloatArray:
    """Mean of |return| per million dollars traded, 20 sessions. Source: Amihud 2002.

    0.001 means that a million dollars moved the price by 0.1 %. NaN while a session without trades is in the window.
    """
    dollars = traded_close * volume
    return rolling_mean(ratio(PER_MILLION * abs(relative_change(close, 1)), dollars), 20)


def corwin_schultz_spread(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Bid-ask spread estimated from daily ranges, decimal of the price (0.001 = 0.1 %), mean of 20 sessions.

    High and low of two sessions mix spread, which does not grow with time, and variance, which does. Overnight gaps
    are taken out of the second session's range; negative estimates count as 0. Source: Corwin and Schultz 2012,
    equations 14 and 18 and section III.
    """
    last_close = lag(close, 1)
    gap = np.maximum(low - last_close, 0.0) + np.minimum(high - last_close, 0.0)
    high_now, low_now = high - gap, low - gap
    single = log_ratio(high_now, low_now) ** 2 + log_ratio(lag(high, 1), lag(low, 1)) ** 2
    double = log_ratio(np.maximum(high_now, lag(high, 1)), np.minimum(low_now, lag(low, 1))) ** 2
    root_two = np.sqrt(2.0)
    alpha = np.sqrt(single) * (root_two - 1.0) / (3.0 - 2.0 * root_two) - np.sqrt(double / (3.0 - 2.0 * root_two))
    return rolling_mean(np.maximum(2.0 * np.expm1(alpha) / (2.0 + np.expm1(alpha)), 0.0), 20)
