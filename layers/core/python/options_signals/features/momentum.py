"""Momentum: oscillators of speed and of place in the range."""

import numpy as np
import talib

from options_signals.features.arrays import FloatArray, indicator, indicators, ratio, unless_flat


def rsi_14(close: FloatArray) -> FloatArray:
    """Relative strength index of 14 sessions, 0 to 100, Wilder's smoothing. Source: Wilder 1978."""
    return _relative_strength(close, 14)


def rsi_28(close: FloatArray) -> FloatArray:
    """Relative strength index of 28 sessions, 0 to 100, Wilder's smoothing. Source: Wilder 1978."""
    return _relative_strength(close, 28)


def macd(traded_close: FloatArray) -> FloatArray:
    """Exponential mean of 12 less that of 26 sessions, USD. Source: Appel 1979."""
    return _macd(traded_close)[0]


def macd_signal(traded_close: FloatArray) -> FloatArray:
    """Exponential mean of 9 sessions of the MACD, USD."""
    return _macd(traded_close)[1]


def macd_histogram(traded_close: FloatArray) -> FloatArray:
    """MACD less its signal line, USD."""
    return _macd(traded_close)[2]


def macd_pct(close: FloatArray) -> FloatArray:
    """MACD in percent of the close (0.5 = 0.5 %)."""
    return 100.0 * ratio(_macd(close)[0], close)


def stoch_k(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Slow %K, 0 to 100: place of the close in the range of 14 sessions, mean of 3. Source: Lane 1984."""
    fast = indicators(talib.STOCHF, high, low, close, fastk_period=14, fastd_period=1)[0]
    return indicator(talib.SMA, unless_flat(fast, high, low, 14), timeperiod=3)


def stoch_d(stoch_k: FloatArray) -> FloatArray:
    """Slow %D, 0 to 100: 3-session mean of the slow %K."""
    return indicator(talib.SMA, stoch_k, timeperiod=3)


def roc_5(close: FloatArray) -> FloatArray:
    """Rate of change over 5 sessions, percent."""
    return indicator(talib.ROC, close, timeperiod=5)


def roc_10(close: FloatArray) -> FloatArray:
    """Rate of change over 10 sessions, percent."""
    return indicator(talib.ROC, close, timeperiod=10)


def roc_20(close: FloatArray) -> FloatArray:
    """Rate of change over 20 sessions, percent."""
    return indicator(talib.ROC, close, timeperiod=20)


def mfi(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    """Money flow index of 14 sessions, 0 to 100: RSI of typical price times volume. Source: Quong and Soudack 1989.

    NaN where nothing was traded for 14 sessions.
    """
    index = indicator(talib.MFI, high, low, close, volume, timeperiod=14)
    traded = indicator(talib.MAX, volume, timeperiod=14)
    return np.where(traded > 0.0, index, np.nan)


def cci_20(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Commodity channel index of 20 sessions: typical price from its mean, in 0.015 mean deviations.

    Mostly between -100 and 100. Source: Lambert 1980.
    """
    return unless_flat(indicator(talib.CCI, high, low, close, timeperiod=20), high, low, 20)


def williams_r_14(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Williams %R of 14 sessions: -100 at the lowest low, 0 at the highest high. Source: Williams 1973."""
    return unless_flat(indicator(talib.WILLR, high, low, close, timeperiod=14), high, low, 14)


def _relative_strength(close: FloatArray, sessions: int) -> FloatArray:
    return unless_flat(indicator(talib.RSI, close, timeperiod=sessions), close, close, sessions)


def _macd(close: FloatArray) -> tuple[FloatArray, ...]:
    return indicators(talib.MACD, close, fastperiod=12, slowperiod=26, signalperiod=9)
