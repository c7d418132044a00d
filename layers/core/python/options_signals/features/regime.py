"""Market regimes: which weather the market is in."""

import math

import numpy as np
import talib

from options_signals.features.arrays import (
    ROOT_YEAR,
    SESSIONS_PER_YEAR,
    FloatArray,
    change,
    flag,
    indicator,
    ratio,
    relative_change,
    rolling_mean,
    rolling_std,
    rolling_sum,
    rolling_zscore,
    year_max,
    year_percentile,
)
from options_signals.features.iv import volatility_of

LOW_VOL, HIGH_VOL, IV_EXPANSION, IV_CONTRACTION, NEUTRAL = 0.0, 1.0, 2.0, 3.0, 4.0


def trend_60d(log_returns_1d: FloatArray) -> FloatArray:
    """Mean log return of 60 sessions, decimal per year (0.10 = 10 %)."""
    return SESSIONS_PER_YEAR * rolling_mean(log_returns_1d, 60)


def trend_zscore_60d(trend_60d: FloatArray, hv_60: FloatArray) -> FloatArray:
    """t-statistic of the mean log return of 60 sessions: the mean over its standard error."""
    return math.sqrt(60.0 / SESSIONS_PER_YEAR) * ratio(trend_60d, hv_60)


def bull_market(close: FloatArray) -> FloatArray:
    """Flag: close above its 200-session mean, and that higher than 20 sessions ago."""
    mean = indicator(talib.SMA, close, timeperiod=200)
    slope = change(mean, 20)
    return flag((close > mean) & (slope > 0.0), close, slope)


def bear_market(close: FloatArray) -> FloatArray:
    """Flag: close below its 200-session mean, and that lower than 20 sessions ago."""
    mean = indicator(talib.SMA, close, timeperiod=200)
    slope = change(mean, 20)
    return flag((close < mean) & (slope < 0.0), close, slope)


def correction(close: FloatArray) -> FloatArray:
    """Flag: the close is 10 % or more below the highest close of 252 sessions."""
    drawdown = ratio(close, year_max(close)) - 1.0
    return flag(drawdown <= -0.10, drawdown)


def rolling_vol_10(hv_10: FloatArray) -> FloatArray:
    """Sample standard deviation of 10 log returns, decimal per session (0.01 = 1 % a day)."""
    return hv_10 / ROOT_YEAR


def rolling_vol_20(hv_20: FloatArray) -> FloatArray:
    """Sample standard deviation of 20 log returns, decimal per session."""
    return hv_20 / ROOT_YEAR


def hv_percentile(hv_20: FloatArray) -> FloatArray:
    """Share of the last 252 values of hv_20, today's among them, strictly below today's, 0 to 100."""
    return year_percentile(hv_20)


def high_volatility(hv_percentile: FloatArray) -> FloatArray:
    """Flag: hv_20 is above four fifths of its last 252 values."""
    return flag(hv_percentile > 80.0, hv_percentile)


def liquidity(traded_close: FloatArray, volume: FloatArray) -> FloatArray:
    """Logarithm of today's dollar volume, as z-score within 60 sessions; NaN while one had no trades."""
    dollars = traded_close * volume
    return rolling_zscore(np.log(dollars, out=np.full(len(dollars), np.nan), where=dollars > 0.0), 60)


def up_day_share_20(returns_1d: FloatArray) -> FloatArray:
    """Share of the last 20 sessions that closed higher, 0 to 1."""
    return rolling_mean(flag(returns_1d > 0.0, returns_1d), 20)


def variance_ratio_5d(log_returns_1d: FloatArray, hv_60: FloatArray) -> FloatArray:
    """Variance of 5-session log returns over 5 times that of daily ones, last 60 of each.

    1 for a random walk, above for trends, below for reversals. Source: Lo and MacKinlay 1988.
    """
    weekly = rolling_std(rolling_sum(log_returns_1d, 5), 60) * ROOT_YEAR
    return ratio(weekly, hv_60) ** 2 / 5.0


def hv_iv_ratio(index_close: FloatArray, index_underlying_close: FloatArray) -> FloatArray:
    """Historical volatility of 20 sessions over implied volatility, of the index's own underlying; 1 is parity."""
    return ratio(100.0 * volatility_of(index_underlying_close), index_close)


def vol_of_vol_20(index_close: FloatArray) -> FloatArray:
    """Volatility of the index itself over 20 sessions: deviation of its log changes, decimal per year (0.90 = 90 %)."""
    return volatility_of(index_close)


def spot_vol_correlation_60(index_close: FloatArray, index_underlying_close: FloatArray) -> FloatArray:
    """Correlation of daily changes of the index and of its underlying over 60 sessions, -1 to 1."""
    return indicator(
        talib.CORREL, relative_change(index_underlying_close, 1), relative_change(index_close, 1), timeperiod=60
    )


def backwardation_share_20(vix_term_slope: FloatArray) -> FloatArray:
    """Share of the last 20 sessions with VIX above VIX3M, 0 to 1."""
    return rolling_mean(flag(vix_term_slope < 0.0, vix_term_slope), 20)


def volatility_regime(vix: FloatArray, iv_rank: FloatArray, hv_iv_ratio: FloatArray) -> FloatArray:
    """Which of five regimes, the first that fits.

    0 low: VIX < 15 and IV rank < 30; 1 high: VIX > 25 or IV rank > 80; 2 expansion: HV/IV > 0.9 and IV rank > 50;
    3 contraction: HV/IV < 0.6 and IV rank < 50; 4 neutral. VIX is VIX itself for every ticker; rank and HV/IV are
    those of the ticker's index.
    """
    regime = np.select(
        [
            (vix < 15.0) & (iv_rank < 30.0),
            (vix > 25.0) | (iv_rank > 80.0),
            (hv_iv_ratio > 0.9) & (iv_rank > 50.0),
            (hv_iv_ratio < 0.6) & (iv_rank < 50.0),
        ],
        [LOW_VOL, HIGH_VOL, IV_EXPANSION, IV_CONTRACTION],
        default=NEUTRAL,
    )
    return np.where(np.isnan(vix + iv_rank + hv_iv_ratio), np.nan, regime)


def vol_regime_low(volatility_regime: FloatArray) -> FloatArray:
    """Flag: volatility_regime is low."""
    return flag(volatility_regime == LOW_VOL, volatility_regime)


def vol_regime_high(volatility_regime: FloatArray) -> FloatArray:
    """Flag: volatility_regime is high."""
    return flag(volatility_regime == HIGH_VOL, volatility_regime)


def vol_regime_expansion(volatility_regime: FloatArray) -> FloatArray:
    """Flag: volatility_regime is expansion."""
    return flag(volatility_regime == IV_EXPANSION, volatility_regime)


def vol_regime_contraction(volatility_regime: FloatArray) -> FloatArray:
    """Flag: volatility_regime is contraction."""
    return flag(volatility_regime == IV_CONTRACTION, volatility_regime)


def vol_regime_neutral(volatility_regime: FloatArray) -> FloatArray:
    """Flag: volatility_regime is neutral."""
    return flag(volatility_regime == NEUTRAL, volatility_regime)
