"""Features again, written in pandas from their definitions: another road to the same number."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from options_signals.features import catalog
from options_signals.features.catalog import Group

from tests.features.market import Columns, simulated_columns

LN2 = math.log(2.0)
Formula = Callable[[pd.DataFrame], pd.Series]


def log(values: pd.Series) -> pd.Series:
    return pd.Series(np.log(values))


def log_return(prices: pd.Series) -> pd.Series:
    return log(prices).diff()


def hv(prices: pd.Series, sessions: int) -> pd.Series:
    return log_return(prices).rolling(sessions).std() * math.sqrt(252)


def wilder(values: pd.Series) -> pd.Series:
    return values.ewm(alpha=1 / 14, adjust=False).mean()


def rsi(close: pd.Series, sessions: int) -> pd.Series:
    move = close.diff().iloc[1:]
    gain = move.clip(lower=0.0).ewm(alpha=1 / sessions, adjust=False).mean()
    loss = (-move).clip(lower=0.0).ewm(alpha=1 / sessions, adjust=False).mean()
    return 100.0 - 100.0 / (1.0 + gain / loss)


def ema(values: pd.Series, sessions: int) -> pd.Series:
    return values.ewm(span=sessions, adjust=False).mean()


def macd(close: pd.Series) -> pd.Series:
    return ema(close, 12) - ema(close, 26)


def true_range(high: pd.Series, low: pd.Series, close: pd.Series) -> pd.Series:
    last = close.shift()
    return pd.concat([high - low, (high - last).abs(), (low - last).abs()], axis=1).max(axis=1).iloc[1:]


def plus_di(b: pd.DataFrame) -> pd.Series:
    up, down = b.high.diff(), -b.low.diff()
    return 100.0 * wilder(up.where((up > down) & (up > 0.0), 0.0)) / wilder(true_range(b.high, b.low, b.close))


def minus_di(b: pd.DataFrame) -> pd.Series:
    up, down = b.high.diff(), -b.low.diff()
    return 100.0 * wilder(down.where((down > up) & (down > 0.0), 0.0)) / wilder(true_range(b.high, b.low, b.close))


def adx(b: pd.DataFrame) -> pd.Series:
    plus, minus = plus_di(b).iloc[1:], minus_di(b).iloc[1:]
    return wilder(100.0 * (plus - minus).abs() / (plus + minus))


def fast_k(b: pd.DataFrame) -> pd.Series:
    lowest, highest = b.low.rolling(14).min(), b.high.rolling(14).max()
    return 100.0 * (b.close - lowest) / (highest - lowest)


def money_flow(b: pd.DataFrame) -> pd.Series:
    typical = (b.high + b.low + b.close) / 3.0
    flow = typical * b.volume
    rising = flow.where(typical.diff() > 0.0, 0.0).rolling(14).sum()
    falling = flow.where(typical.diff() < 0.0, 0.0).rolling(14).sum()
    return 100.0 * rising / (rising + falling)


def cci(b: pd.DataFrame) -> pd.Series:
    typical = (b.high + b.low + b.close) / 3.0
    deviation = typical.rolling(20).apply(lambda window: np.abs(window - window.mean()).mean(), raw=True)
    return (typical - typical.rolling(20).mean()) / (0.015 * deviation)


def estimator(daily_variance: pd.Series) -> pd.Series:
    return (daily_variance.rolling(20).mean() * 252.0) ** 0.5


def rogers_satchell(b: pd.DataFrame) -> pd.Series:
    o, h, lo, c = log(b.open), log(b.high), log(b.low), log(b.close)
    return (h - c) * (h - o) + (lo - c) * (lo - o)


def yang_zhang(b: pd.DataFrame) -> pd.Series:
    k = 0.34 / (1.34 + 21.0 / 19.0)
    overnight = log(b.open / b.close.shift()).rolling(20).var()
    daytime = log(b.close / b.open).rolling(20).var()
    return ((overnight + k * daytime + (1.0 - k) * rogers_satchell(b).rolling(20).mean()) * 252.0) ** 0.5


def corwin_schultz(b: pd.DataFrame) -> pd.Series:
    last = b.close.shift()
    gap = (b.low - last).clip(lower=0.0) + (b.high - last).clip(upper=0.0)
    high, low = b.high - gap, b.low - gap
    beta = log(high / low) ** 2 + log(b.high.shift() / b.low.shift()) ** 2
    gamma = log(high.combine(b.high.shift(), max) / low.combine(b.low.shift(), min)) ** 2
    scale = 3.0 - 2.0 * 2.0**0.5
    alpha = ((2.0 * beta) ** 0.5 - beta**0.5) / scale - (gamma / scale) ** 0.5
    spread = 2.0 * (np.exp(alpha) - 1.0) / (1.0 + np.exp(alpha))
    return pd.Series(spread).clip(lower=0.0).rolling(20).mean()


def aroon(values: pd.Series, last_extreme: Callable[[np.ndarray], int]) -> pd.Series:
    return values.rolling(26).apply(lambda window: 4.0 * last_extreme(window), raw=True)


def below_today(values: pd.Series) -> pd.Series:
    return values.rolling(252).apply(lambda window: 100.0 * (window < window[-1]).mean(), raw=True)


def iv_rank(level: pd.Series) -> pd.Series:
    lowest, highest = level.rolling(252).min(), level.rolling(252).max()
    return 100.0 * (level - lowest) / (highest - lowest)


def distance(level: pd.Series, rank: float) -> pd.Series:
    lowest, highest = level.rolling(252).min(), level.rolling(252).max()
    return log((lowest + rank * (highest - lowest)) / level)


def variance_ratio(close: pd.Series) -> pd.Series:
    weekly = log(close).diff(5).rolling(60).var()
    return weekly / (5.0 * log_return(close).rolling(60).var())


def bands(close: pd.Series) -> tuple[pd.Series, pd.Series]:
    return close.rolling(20).mean(), 2.0 * close.rolling(20).std(ddof=0)


TECHNICAL: dict[str, Formula] = {
    "returns_1d": lambda b: b.close.pct_change(1),
    "returns_5d": lambda b: b.close.pct_change(5),
    "returns_10d": lambda b: b.close.pct_change(10),
    "returns_20d": lambda b: b.close.pct_change(20),
    "returns_60d": lambda b: b.close.pct_change(60),
    "returns_252d": lambda b: b.close.pct_change(252),
    "log_returns_1d": lambda b: log_return(b.close),
    "overnight_return": lambda b: b.open / b.close.shift() - 1.0,
    "intraday_return": lambda b: b.close / b.open - 1.0,
    "sma_20": lambda b: b.traded_close.rolling(20).mean(),
    "sma_50": lambda b: b.traded_close.rolling(50).mean(),
    "sma_200": lambda b: b.traded_close.rolling(200).mean(),
    "ema_12": lambda b: ema(b.traded_close, 12),
    "ema_26": lambda b: ema(b.traded_close, 26),
    "price_vs_sma20": lambda b: b.close / b.close.rolling(20).mean() - 1.0,
    "price_vs_sma50": lambda b: b.close / b.close.rolling(50).mean() - 1.0,
    "price_vs_sma200": lambda b: b.close / b.close.rolling(200).mean() - 1.0,
    "sma_cross_20_50": lambda b: b.close.rolling(20).mean() / b.close.rolling(50).mean() - 1.0,
    "sma_cross_50_200": lambda b: b.close.rolling(50).mean() / b.close.rolling(200).mean() - 1.0,
    "price_above_sma20": lambda b: b.close > b.close.rolling(20).mean(),
    "price_above_sma50": lambda b: b.close > b.close.rolling(50).mean(),
    "price_above_sma200": lambda b: b.close > b.close.rolling(200).mean(),
    "adx_14": adx,
    "plus_di_14": plus_di,
    "minus_di_14": minus_di,
    "di_diff_14": lambda b: plus_di(b) - minus_di(b),
    "adx_strong_trend": lambda b: adx(b) > 25.0,
    "adx_weak_trend": lambda b: adx(b) < 20.0,
    "trend_bullish": lambda b: (
        (b.close > b.close.rolling(20).mean()) & (b.close.rolling(20).mean() > b.close.rolling(50).mean())
    ),
    "trend_bearish": lambda b: (
        (b.close < b.close.rolling(20).mean()) & (b.close.rolling(20).mean() < b.close.rolling(50).mean())
    ),
    "aroon_up_25": lambda b: aroon(b.high, lambda w: int(w.argmax())),
    "aroon_down_25": lambda b: aroon(b.low, lambda w: int(w.argmin())),
    "aroon_oscillator_25": lambda b: aroon(b.high, lambda w: int(w.argmax())) - aroon(b.low, lambda w: int(w.argmin())),
    "efficiency_ratio_10": lambda b: b.close.diff(10).abs() / b.close.diff().abs().rolling(10).sum(),
    "rsi_14": lambda b: rsi(b.close, 14),
    "rsi_28": lambda b: rsi(b.close, 28),
    "macd": lambda b: macd(b.traded_close),
    "macd_signal": lambda b: ema(macd(b.traded_close), 9),
    "macd_histogram": lambda b: macd(b.traded_close) - ema(macd(b.traded_close), 9),
    "macd_pct": lambda b: 100.0 * macd(b.close) / b.close,
    "stoch_k": lambda b: fast_k(b).rolling(3).mean(),
    "stoch_d": lambda b: fast_k(b).rolling(3).mean().rolling(3).mean(),
    "roc_5": lambda b: 100.0 * b.close.pct_change(5),
    "roc_10": lambda b: 100.0 * b.close.pct_change(10),
    "roc_20": lambda b: 100.0 * b.close.pct_change(20),
    "mfi": money_flow,
    "cci_20": cci,
    "williams_r_14": lambda b: fast_k(b) - 100.0,
    "hv_5": lambda b: hv(b.close, 5),
    "hv_10": lambda b: hv(b.close, 10),
    "hv_20": lambda b: hv(b.close, 20),
    "hv_60": lambda b: hv(b.close, 60),
    "hv_120": lambda b: hv(b.close, 120),
    "hv_ratio_5_20": lambda b: hv(b.close, 5) / hv(b.close, 20),
    "hv_ratio_20_60": lambda b: hv(b.close, 20) / hv(b.close, 60),
    "hv_trend": lambda b: hv(b.close, 20).pct_change(20),
    "parkinson_hv": lambda b: estimator(log(b.high / b.low) ** 2 / (4.0 * LN2)),
    "garman_klass_hv": lambda b: estimator(
        log(b.high / b.low) ** 2 / 2.0 - (2.0 * LN2 - 1.0) * log(b.close / b.open) ** 2
    ),
    "rogers_satchell_hv": lambda b: estimator(rogers_satchell(b)),
    "yang_zhang_hv": yang_zhang,
    "downside_semivol_20": lambda b: estimator(log_return(b.close).clip(upper=0.0) ** 2),
    "realised_skew_60": lambda b: log_return(b.close).rolling(60).skew() * 58.0 / (60.0 * 59.0) ** 0.5,
    "realised_kurtosis_60": lambda b: (log_return(b.close).rolling(60).kurt() * 58.0 * 57.0 / 59.0 - 6.0) / 61.0,
    "bb_upper": lambda b: bands(b.traded_close)[0] + bands(b.traded_close)[1],
    "bb_middle": lambda b: bands(b.traded_close)[0],
    "bb_lower": lambda b: bands(b.traded_close)[0] - bands(b.traded_close)[1],
    "bb_width": lambda b: 2.0 * bands(b.close)[1] / bands(b.close)[0],
    "bb_position": lambda b: 0.5 + (b.close - bands(b.close)[0]) / (2.0 * bands(b.close)[1]),
    "bb_distance": lambda b: (bands(b.close)[1] - (b.close - bands(b.close)[0]).abs()) / b.close,
    "atr_14": lambda b: wilder(true_range(b.traded_high, b.traded_low, b.traded_close)),
    "atr_pct": lambda b: 100.0 * wilder(true_range(b.high, b.low, b.close)) / b.close,
    "gap_atr": lambda b: (b.open - b.close.shift()) / wilder(true_range(b.high, b.low, b.close)).shift(),
    "volume_sma_10": lambda b: b.volume.rolling(10).mean(),
    "volume_sma_20": lambda b: b.volume.rolling(20).mean(),
    "volume_ratio": lambda b: b.volume / b.volume.rolling(20).mean(),
    "volume_surge": lambda b: b.volume > 2.0 * b.volume.rolling(20).mean(),
    "log_volume": lambda b: log(1.0 + b.volume),
    "volume_zscore_20": lambda b: (b.volume - b.volume.rolling(20).mean()) / b.volume.rolling(20).std(),
    "obv": lambda b: (np.sign(b.traded_close.diff()) * b.volume).rolling(60).sum(),
    "obv_sma": lambda b: (np.sign(b.traded_close.diff()) * b.volume).rolling(60).sum().rolling(60).mean(),
    "dollar_volume_20": lambda b: (b.traded_close * b.volume).rolling(20).mean(),
    "amihud_illiquidity_20": lambda b: (
        (1e6 * b.close.pct_change().abs() / (b.traded_close * b.volume)).rolling(20).mean()
    ),
    "corwin_schultz_spread": corwin_schultz,
    "high_52w": lambda b: b.traded_high.rolling(252).max(),
    "low_52w": lambda b: b.traded_low.rolling(252).min(),
    "dist_from_high_52w": lambda b: b.close / b.high.rolling(252).max() - 1.0,
    "dist_from_low_52w": lambda b: b.close / b.low.rolling(252).min() - 1.0,
    "near_52w_high": lambda b: b.close > 0.95 * b.high.rolling(252).max(),
    "near_52w_low": lambda b: b.close < 1.10 * b.low.rolling(252).min(),
    "drawdown_60d": lambda b: b.close / b.close.rolling(60).max() - 1.0,
}

IV: dict[str, Formula] = {
    "vix_close": lambda b: b.index_close,
    "vix_high": lambda b: b.index_high,
    "vix_low": lambda b: b.index_low,
    "iv_rank": lambda b: iv_rank(b.index_close),
    "iv_percentile": lambda b: below_today(b.index_close),
    "iv_hv_spread": lambda b: b.index_close - 100.0 * hv(b.index_underlying_close, 20),
    "iv_premium": lambda b: b.index_close > 100.0 * hv(b.index_underlying_close, 20),
    "vix_sma_10": lambda b: b.index_close.rolling(10).mean(),
    "vix_sma_20": lambda b: b.index_close.rolling(20).mean(),
    "vix_change_1d": lambda b: 100.0 * b.index_close.pct_change(1),
    "vix_change_5d": lambda b: 100.0 * b.index_close.pct_change(5),
    "vix_zscore": lambda b: (b.index_close - b.index_close.rolling(60).mean()) / b.index_close.rolling(60).std(),
    "vix_trend": lambda b: b.index_close.rolling(10).mean() / b.index_close.rolling(20).mean() - 1.0,
    "vix_term_slope": lambda b: b.vix3m - b.vix,
    "vix_contango": lambda b: b.vix3m > b.vix,
    "iv_regime_low": lambda b: iv_rank(b.index_close) < 25.0,
    "iv_regime_elevated": lambda b: iv_rank(b.index_close).between(50.0, 75.0),
    "iv_regime_high": lambda b: iv_rank(b.index_close) > 75.0,
    "iv_rank_lag_5": lambda b: iv_rank(b.index_close).shift(5),
    "iv_rank_lag_10": lambda b: iv_rank(b.index_close).shift(10),
    "iv_rank_lag_20": lambda b: iv_rank(b.index_close).shift(20),
    "iv_rank_change_5d": lambda b: iv_rank(b.index_close).diff(5),
    "iv_rank_change_10d": lambda b: iv_rank(b.index_close).diff(10),
    "iv_distance_to_30": lambda b: distance(b.index_close, 0.30),
    "iv_distance_to_60": lambda b: distance(b.index_close, 0.60),
}

MACRO: dict[str, Formula] = {
    "fed_funds_effective": lambda b: b.dff,
    "yield_2y": lambda b: b.dgs2,
    "yield_10y": lambda b: b.dgs10,
    "yield_3m": lambda b: b.dgs3mo,
    "yield_spread_10y_2y": lambda b: b.t10y2y,
    "breakeven_inflation_10y": lambda b: b.t10yie,
    "real_rate_10y": lambda b: b.dfii10,
    "vix_macro": lambda b: b.vixcls,
    "unemployment_rate": lambda b: b.unrate,
    "cpi_yoy": lambda b: b.cpi_yoy_known,
    "yield_curve_inverted": lambda b: b.t10y2y < 0.0,
    "yield_curve_slope_3m_10y": lambda b: b.dgs10 - b.dgs3mo,
    "yield_curve_3m_10y_inverted": lambda b: b.dgs10 < b.dgs3mo,
    "yield_curve_steepening_20d": lambda b: (b.dgs10 - b.dgs3mo).diff(20),
    "yield_10y_change_5d": lambda b: b.dgs10.diff(5),
    "yield_10y_change_20d": lambda b: b.dgs10.diff(20),
    "yield_10y_change_60d": lambda b: b.dgs10.diff(60),
    "yield_2y_change_5d": lambda b: b.dgs2.diff(5),
    "yield_2y_change_20d": lambda b: b.dgs2.diff(20),
    "yield_2y_change_60d": lambda b: b.dgs2.diff(60),
    "fed_funds_effective_change_5d": lambda b: b.dff.diff(5),
    "fed_funds_effective_change_20d": lambda b: b.dff.diff(20),
    "fed_funds_effective_change_60d": lambda b: b.dff.diff(60),
    "yield_spread_change_20d": lambda b: b.t10y2y.diff(20),
    "real_rate_change_20d": lambda b: b.dfii10.diff(20),
    "breakeven_change_20d": lambda b: b.t10yie.diff(20),
    "inflation_expectations_rising": lambda b: b.t10yie.diff(20) > 0.0,
    "cpi_yoy_change_3m": lambda b: b.cpi_yoy_change_3m_known,
    "unemployment_change_3m": lambda b: b.unrate_change_3m_known,
    "vix_macro_momentum_20d": lambda b: 100.0 * b.vixcls.pct_change(20),
    "vix_macro_regime": lambda b: pd.cut(b.vixcls, [0.0, 15.0, 25.0, 999.0], right=True, labels=False),
    "monetary_policy_regime": lambda b: (
        1.0 + np.sign(b.policy_change).where(b.policy_change_age.between(0.0, 126.0), 0.0)
    ),
    "fed_pivot": lambda b: b.policy_reversal_age.between(0.0, 63.0),
    "days_since_policy_change": lambda b: b.policy_change_age.clip(upper=252.0),
}

REGIME: dict[str, Formula] = {
    "trend_60d": lambda b: 252.0 / 60.0 * log(b.close).diff(60),
    "trend_zscore_60d": lambda b: log_return(b.close).rolling(60).mean() / log_return(b.close).rolling(60).sem(),
    "bull_market": lambda b: (b.close > b.close.rolling(200).mean()) & (b.close.rolling(200).mean().diff(20) > 0.0),
    "bear_market": lambda b: (b.close < b.close.rolling(200).mean()) & (b.close.rolling(200).mean().diff(20) < 0.0),
    "correction": lambda b: b.close <= 0.9 * b.close.rolling(252).max(),
    "rolling_vol_10": lambda b: log_return(b.close).rolling(10).std(),
    "rolling_vol_20": lambda b: log_return(b.close).rolling(20).std(),
    "hv_percentile": lambda b: below_today(hv(b.close, 20)),
    "high_volatility": lambda b: below_today(hv(b.close, 20)) > 80.0,
    "liquidity": lambda b: (
        (log(b.traded_close * b.volume) - log(b.traded_close * b.volume).rolling(60).mean())
        / log(b.traded_close * b.volume).rolling(60).std()
    ),
    "up_day_share_20": lambda b: (b.close.diff() > 0.0).rolling(20).mean(),
    "variance_ratio_5d": lambda b: variance_ratio(b.close),
    "hv_iv_ratio": lambda b: 100.0 * hv(b.index_underlying_close, 20) / b.index_close,
    "vol_of_vol_20": lambda b: hv(b.index_close, 20),
    "spot_vol_correlation_60": lambda b: (
        b.index_underlying_close.pct_change().rolling(60).corr(b.index_close.pct_change())
    ),
    "backwardation_share_20": lambda b: (b.vix3m < b.vix).rolling(20).mean(),
}


def score(b: pd.DataFrame) -> pd.Series:
    return b.bullish_share - b.bearish_share


SENTIMENT: dict[str, Formula] = {
    "sentiment_score": score,
    "sentiment_vs_sector": lambda b: b.bullish_share.sub(b.sector_bullish_share),
    "news_buzz_score": lambda b: b.buzz,
    "news_article_count": lambda b: b.articles,
    "reddit_mentions": lambda b: b.mentions_24h,
    "reddit_momentum": lambda b: (b.mentions_24h - b.mentions_24h_before) / b.mentions_24h_before,
    "sentiment_bullish": lambda b: score(b).gt(0.15),
    "sentiment_bearish": lambda b: score(b).lt(-0.15),
    "sentiment_neutral": lambda b: score(b).between(-0.15, 0.15),
    "sentiment_extreme_bullish": lambda b: score(b).gt(0.35),
    "sentiment_extreme_bearish": lambda b: score(b).lt(-0.35),
    "high_social_attention": lambda b: b.mentions_24h.gt(50),
    "sentiment_bullish_high_iv": lambda b: score(b).gt(0.15) & iv_rank(b.index_close).ge(60),
    "sentiment_bearish_low_iv": lambda b: score(b).lt(-0.15) & iv_rank(b.index_close).lt(30),
    "sentiment_iv_divergence": lambda b: score(b) * (iv_rank(b.index_close) / 50 - 1),
}
EARNINGS: dict[str, Formula] = {
    "days_to_earnings": lambda b: b.earnings_next_days,
    "days_since_earnings": lambda b: b.earnings_last_days,
    "earnings_proximity": lambda b: (b.earnings_next_days + 1) ** -1,
    "earnings_week": lambda b: b.earnings_next_days.lt(7),
    "earnings_approaching": lambda b: b.earnings_next_days.between(7, 14),
    "post_earnings": lambda b: b.earnings_last_days.between(0, 7),
    "earnings_safe": lambda b: b.earnings_next_days.gt(30),
    "last_earnings_surprise": lambda b: (b.last_eps_actual / b.last_eps_estimate - 1) * 100,  # estimates are positive
    "earnings_beat": lambda b: b.last_eps_actual.gt(b.last_eps_estimate),
    "earnings_miss": lambda b: b.last_eps_actual.lt(b.last_eps_estimate),
    "earnings_today": lambda b: b.earnings_on_the_day,
    "earnings_iv_crush_setup": lambda b: b.earnings_next_days.lt(7) & iv_rank(b.index_close).ge(60),
    "earnings_straddle_setup": lambda b: b.earnings_next_days.between(7, 14) & iv_rank(b.index_close).lt(30),
}


AROUND_EARNINGS: dict[str, Formula] = {
    "atr_pct_10": lambda b: true_range(b.high, b.low, b.close).rolling(10).mean() / b.close,
    "atr_pct_20": lambda b: true_range(b.high, b.low, b.close).rolling(20).mean() / b.close,
    "atr_pct_50": lambda b: true_range(b.high, b.low, b.close).rolling(50).mean() / b.close,
    "bb_width_10": lambda b: 4 * b.close.rolling(10).std(ddof=0) / b.close.rolling(10).mean(),
    "bb_width_50": lambda b: 4 * b.close.rolling(50).std(ddof=0) / b.close.rolling(50).mean(),
    "hv_50": lambda b: hv(b.close, 50),
    "hv_10_percentile": lambda b: below_today(hv(b.close, 10)),
    "hv_50_percentile": lambda b: below_today(hv(b.close, 50)),
}
EVENTS: dict[str, Formula] = {
    "days_to_fomc": lambda b: b.fomc_next_days,
    "days_since_fomc": lambda b: b.fomc_last_days,
    "fomc_week": lambda b: b.fomc_this_week,
    "days_to_cpi": lambda b: b.cpi_next_days,
    "days_since_cpi": lambda b: b.cpi_last_days,
    "cpi_week": lambda b: b.cpi_this_week,
    "days_to_payrolls": lambda b: b.payrolls_next_days,
    "days_since_payrolls": lambda b: b.payrolls_last_days,
    "payrolls_week": lambda b: b.payrolls_this_week,
}

FORMULAS = TECHNICAL | IV | MACRO | REGIME | SENTIMENT | EARNINGS | AROUND_EARNINGS | EVENTS


@pytest.fixture(scope="module")
def columns() -> Columns:
    return simulated_columns()


@pytest.mark.parametrize("name", FORMULAS)
def test_a_feature_equals_its_definition_written_in_pandas(name: str, columns: Columns) -> None:
    feature = catalog.compute([name], columns)[name][600:]
    again = FORMULAS[name](pd.DataFrame(columns)).astype(float).to_numpy()[-len(feature) :]

    assert np.ptp(again) > 0.0
    assert_allclose(feature, again, rtol=1e-7, atol=1e-9 * np.abs(again).max())


def test_only_the_volatility_regimes_and_the_past_moves_have_no_formula_here() -> None:
    past_moves = {name for name in catalog.names(Group.EARNINGS_MOVES) if name.startswith("earnings_move_")}
    assert set(catalog.names()) - set(FORMULAS) - past_moves == {
        "volatility_regime",
        "vol_regime_low",
        "vol_regime_high",
        "vol_regime_expansion",
        "vol_regime_contraction",
        "vol_regime_neutral",
    }
