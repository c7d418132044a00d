"""Volatility from prices: decimals per year (0.20 = 20 %) unless a docstring says otherwise."""

import math

import numpy as np
import talib

from options_signals.features.arrays import (
    ROOT_YEAR,
    SESSIONS_PER_YEAR,
    FloatArray,
    indicator,
    indicators,
    lag,
    log_ratio,
    ratio,
    relative_change,
    rolling_kurtosis,
    rolling_mean,
    rolling_skew,
    rolling_std,
    root,
)

ESTIMATOR_WINDOW = 20


def hv_5(log_returns_1d: FloatArray) -> FloatArray:
    """Historical volatility of 5 sessions: sample deviation of log returns times sqrt(252). Source: Hull."""
    return _historical_volatility(log_returns_1d, 5)


def hv_10(log_returns_1d: FloatArray) -> FloatArray:
    """Historical volatility of 10 sessions; as hv_5."""
    return _historical_volatility(log_returns_1d, 10)


def hv_20(log_returns_1d: FloatArray) -> FloatArray:
    """Historical volatility of 20 sessions; as hv_5."""
    return _historical_volatility(log_returns_1d, 20)


def hv_60(log_returns_1d: FloatArray) -> FloatArray:
    """Historical volatility of 60 sessions; as hv_5."""
    return _historical_volatility(log_returns_1d, 60)


def hv_120(log_returns_1d: FloatArray) -> FloatArray:
    """Historical volatility of 120 sessions; as hv_5."""
    return _historical_volatility(log_returns_1d, 120)


def hv_ratio_5_20(hv_5: FloatArray, hv_20: FloatArray) -> FloatArray:
    """hv_5 / hv_20; above 1 the market has become livelier this week."""
    return ratio(hv_5, hv_20)


def hv_ratio_20_60(hv_20: FloatArray, hv_60: FloatArray) -> FloatArray:
    """hv_20 / hv_60; above 1 the market has become livelier this month."""
    return ratio(hv_20, hv_60)


def hv_trend(hv_20: FloatArray) -> FloatArray:
    """Relative change of hv_20 over 20 sessions, between two windows that share no return."""
    return relative_change(hv_20, 20)


def parkinson_hv(high: FloatArray, low: FloatArray) -> FloatArray:
    """Volatility of 20 sessions from daily ranges: mean of ln(H/L)^2 / (4 ln 2). Source: Parkinson 1980."""
    return _annual_volatility(log_ratio(high, low) ** 2 / (4.0 * math.log(2.0)))


def garman_klass_hv(open: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:  # noqa: A002
    """Volatility of 20 sessions: mean of ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2. Source: Garman and Klass 1980."""
    body = log_ratio(close, open) ** 2
    return _annual_volatility(0.5 * log_ratio(high, low) ** 2 - (2.0 * math.log(2.0) - 1.0) * body)


def rogers_satchell_hv(open: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:  # noqa: A002
    """Volatility of 20 sessions, unmoved by drift: mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O).

    Source: Rogers and Satchell 1991.
    """
    return _annual_volatility(_rogers_satchell(*np.log((open, high, low, close))))


def yang_zhang_hv(open: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:  # noqa: A002
    """Volatility of 20 sessions with overnight jumps: Var(overnight) + k Var(open to close) + (1 - k) Rogers-Satchell.

    k = 0.34 / (1.34 + 21 / 19), variances with ddof 1. Source: Yang and Zhang 2000.
    """
    k = 0.34 / (1.34 + (ESTIMATOR_WINDOW + 1) / (ESTIMATOR_WINDOW - 1))
    log_open, log_high, log_low, log_close = np.log((open, high, low, close))
    overnight = rolling_std(log_open - lag(log_close, 1), ESTIMATOR_WINDOW) ** 2
    daytime = rolling_std(log_close - log_open, ESTIMATOR_WINDOW) ** 2
    inside = rolling_mean(_rogers_satchell(log_open, log_high, log_low, log_close), ESTIMATOR_WINDOW)
    return root((overnight + k * daytime + (1.0 - k) * inside) * SESSIONS_PER_YEAR)


def downside_semivol_20(log_returns_1d: FloatArray) -> FloatArray:
    """Volatility of the losses: root of the 20-session mean of min(log return, 0)^2. Source: Sortino 1991."""
    return _annual_volatility(np.minimum(log_returns_1d, 0.0) ** 2)


def realised_skew_60(log_returns_1d: FloatArray) -> FloatArray:
    """Skewness of the last 60 log returns (population moments); negative: the left tail is longer."""
    return rolling_skew(log_returns_1d, 60)


def realised_kurtosis_60(log_returns_1d: FloatArray) -> FloatArray:
    """Excess kurtosis of the last 60 log returns (population moments); 0 for a normal distribution."""
    return rolling_kurtosis(log_returns_1d, 60)


def bb_upper(traded_close: FloatArray) -> FloatArray:
    """Upper Bollinger band, USD: 20-session mean plus 2 population deviations. Source: Bollinger 2001."""
    return _bollinger(traded_close)[0]


def bb_middle(traded_close: FloatArray) -> FloatArray:
    """Middle Bollinger band, USD: the 20-session mean."""
    return _bollinger(traded_close)[1]


def bb_lower(traded_close: FloatArray) -> FloatArray:
    """Lower Bollinger band, USD: 20-session mean less 2 population deviations."""
    return _bollinger(traded_close)[2]


def bb_width(close: FloatArray) -> FloatArray:
    """Distance between the bands as a decimal of the middle one."""
    upper, middle, lower = _bollinger(close)
    return ratio(upper - lower, middle)


def bb_position(close: FloatArray) -> FloatArray:
    """Place of the close between the bands: 0 at the lower, 1 at the upper, beyond outside (Bollinger's %b)."""
    upper, _, lower = _bollinger(close)
    return ratio(close - lower, upper - lower)


def bb_distance(close: FloatArray) -> FloatArray:
    """Room to the nearer band as a decimal of the close; negative once the close is outside."""
    upper, _, lower = _bollinger(close)
    return ratio(np.minimum(upper - close, close - lower), close)


def atr_14(traded_high: FloatArray, traded_low: FloatArray, traded_close: FloatArray) -> FloatArray:
    """Average true range of 14 sessions, USD, Wilder's smoothing. Source: Wilder 1978."""
    return indicator(talib.ATR, traded_high, traded_low, traded_close, timeperiod=14)


def atr_pct(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Average true range of 14 sessions in percent of the close (1.5 = 1.5 %)."""
    return indicator(talib.NATR, high, low, close, timeperiod=14)


def gap_atr(open: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:  # noqa: A002
    """Opening gap in average true ranges: (open - last close) / ATR(14) of the last session.

    1.5 means that the price opened one and a half usual daily ranges above the last close.
    """
    return ratio(open - lag(close, 1), lag(indicator(talib.ATR, high, low, close, timeperiod=14), 1))


def _historical_volatility(log_returns: FloatArray, sessions: int) -> FloatArray:
    return rolling_std(log_returns, sessions) * ROOT_YEAR


def _annual_volatility(daily_variance: FloatArray) -> FloatArray:
    return root(rolling_mean(daily_variance, ESTIMATOR_WINDOW) * SESSIONS_PER_YEAR)


def _rogers_satchell(
    log_open: FloatArray, log_high: FloatArray, log_low: FloatArray, log_close: FloatArray
) -> FloatArray:
    return (log_high - log_close) * (log_high - log_open) + (log_low - log_close) * (log_low - log_open)


def _bollinger(close: FloatArray) -> tuple[FloatArray, ...]:
    return indicators(talib.BBANDS, close, timeperiod=20, nbdevup=2.0, nbdevdn=2.0)
