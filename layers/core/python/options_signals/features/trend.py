"""Trend: moving averages and Wilder's directional movement."""

from collections.abc import Callable
from typing import Any

import talib

from options_signals.features.arrays import (
    FloatArray,
    change,
    flag,
    indicator,
    indicators,
    ratio,
    rolling_sum,
    unless_flat,
)


def sma_20(traded_close: FloatArray) -> FloatArray:
    """Mean of the last 20 closes, USD."""
    return _mean(traded_close, 20)


def sma_50(traded_close: FloatArray) -> FloatArray:
    """Mean of the last 50 closes, USD."""
    return _mean(traded_close, 50)


def sma_200(traded_close: FloatArray) -> FloatArray:
    """Mean of the last 200 closes, USD."""
    return _mean(traded_close, 200)


def ema_12(traded_close: FloatArray) -> FloatArray:
    """Exponential mean of closes, USD; weight of today 2/13."""
    return indicator(talib.EMA, traded_close, timeperiod=12)


def ema_26(traded_close: FloatArray) -> FloatArray:
    """Exponential mean of closes, USD; weight of today 2/27."""
    return indicator(talib.EMA, traded_close, timeperiod=26)


def price_vs_sma20(close: FloatArray) -> FloatArray:
    """Close over its 20-session mean, less 1; 0.02 = 2 % above."""
    return ratio(close, _mean(close, 20)) - 1.0


def price_vs_sma50(close: FloatArray) -> FloatArray:
    """Close over its 50-session mean, less 1."""
    return ratio(close, _mean(close, 50)) - 1.0


def price_vs_sma200(close: FloatArray) -> FloatArray:
    """Close over its 200-session mean, less 1."""
    return ratio(close, _mean(close, 200)) - 1.0


def sma_cross_20_50(close: FloatArray) -> FloatArray:
    """20-session mean over the 50-session mean, less 1; its sign changes on the day they cross."""
    return ratio(_mean(close, 20), _mean(close, 50)) - 1.0


def sma_cross_50_200(close: FloatArray) -> FloatArray:
    """50-session mean over the 200-session mean, less 1; positive after a "golden cross"."""
    return ratio(_mean(close, 50), _mean(close, 200)) - 1.0


def price_above_sma20(price_vs_sma20: FloatArray) -> FloatArray:
    """Flag: the close is above its 20-session mean."""
    return flag(price_vs_sma20 > 0.0, price_vs_sma20)


def price_above_sma50(price_vs_sma50: FloatArray) -> FloatArray:
    """Flag: the close is above its 50-session mean."""
    return flag(price_vs_sma50 > 0.0, price_vs_sma50)


def price_above_sma200(price_vs_sma200: FloatArray) -> FloatArray:
    """Flag: the close is above its 200-session mean."""
    return flag(price_vs_sma200 > 0.0, price_vs_sma200)


def adx_14(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Average directional index, 0 to 100: how strong a trend is, whichever way. Source: Wilder 1978."""
    return _directional(talib.ADX, high, low, close)


def plus_di_14(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Positive directional indicator, 0 to 100: share of the true range that new highs made. Source: Wilder 1978."""
    return _directional(talib.PLUS_DI, high, low, close)


def minus_di_14(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Negative directional indicator, 0 to 100: share of the true range that new lows made. Source: Wilder 1978."""
    return _directional(talib.MINUS_DI, high, low, close)


def di_diff_14(plus_di_14: FloatArray, minus_di_14: FloatArray) -> FloatArray:
    """Positive less negative directional indicator, -100 to 100."""
    return plus_di_14 - minus_di_14


def adx_strong_trend(adx_14: FloatArray) -> FloatArray:
    """Flag: ADX above 25."""
    return flag(adx_14 > 25.0, adx_14)


def adx_weak_trend(adx_14: FloatArray) -> FloatArray:
    """Flag: ADX below 20."""
    return flag(adx_14 < 20.0, adx_14)


def trend_bullish(price_vs_sma20: FloatArray, sma_cross_20_50: FloatArray) -> FloatArray:
    """Flag: close above its 20-session mean, and that above the 50-session mean."""
    return flag((price_vs_sma20 > 0.0) & (sma_cross_20_50 > 0.0), price_vs_sma20, sma_cross_20_50)


def trend_bearish(price_vs_sma20: FloatArray, sma_cross_20_50: FloatArray) -> FloatArray:
    """Flag: close below its 20-session mean, and that below the 50-session mean."""
    return flag((price_vs_sma20 < 0.0) & (sma_cross_20_50 < 0.0), price_vs_sma20, sma_cross_20_50)


def aroon_up_25(high: FloatArray, low: FloatArray) -> FloatArray:
    """100 when today is the highest high of 25 sessions, 4 less for each session since. Source: Chande 1995."""
    return unless_flat(indicators(talib.AROON, high, low, timeperiod=25)[1], high, low, 25)


def aroon_down_25(high: FloatArray, low: FloatArray) -> FloatArray:
    """100 when today is the lowest low of 25 sessions, 4 less for each session since. Source: Chande 1995."""
    return unless_flat(indicators(talib.AROON, high, low, timeperiod=25)[0], high, low, 25)


def aroon_oscillator_25(aroon_up_25: FloatArray, aroon_down_25: FloatArray) -> FloatArray:
    """Aroon up less Aroon down, -100 to 100."""
    return aroon_up_25 - aroon_down_25


def efficiency_ratio_10(close: FloatArray) -> FloatArray:
    """Way from start to end over the way walked, 10 sessions: 1 on a straight line, near 0 in noise.

    Source: Kaufman 1995.
    """
    return ratio(abs(change(close, 10)), rolling_sum(abs(change(close, 1)), 10))


def _mean(close: FloatArray, sessions: int) -> FloatArray:
    return indicator(talib.SMA, close, timeperiod=sessions)


def _directional(index: Callable[..., Any], high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    return unless_flat(indicator(index, high, low, close, timeperiod=14), high, low, 14)
