"""The registry of all features, and what runs them.

```text
compute(["rsi_14", "iv_rank"], columns)   {name: float64 array}, each feature computed once
names(Group.IV)                           the columns of a group, in the order of the registry
safe_features()                           what models may use by default: no levels, and none of NAMED_ONLY's groups
computable(columns)                       those of which every input is there
catalog_hash(["rsi_14"])                  changes when one of these features is defined anew
```
"""

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from graphlib import TopologicalSorter

import numpy as np

from options_signals.errors import InvalidValueError, MissingColumnError
from options_signals.features import (
    earnings,
    earnings_moves,
    events,
    iv,
    levels,
    macro,
    momentum,
    regime,
    returns,
    sentiment,
    trend,
    volatility,
    volume,
)
from options_signals.features.arrays import FloatArray


class Group(StrEnum):
    """What a feature is made from."""

    TECHNICAL = "technical"
    IV = "iv"
    IV_MODEL = "iv_model"
    MACRO = "macro"
    REGIME = "regime"
    SENTIMENT = "sentiment"
    EARNINGS = "earnings"
    EARNINGS_MOVES = "earnings_moves"
    EVENTS = "events"


# They enter a model only where it asks for them by name: there is no history of sentiment to learn from, index funds
# report no earnings, and no model has been tested with the timing of events.
NAMED_ONLY = frozenset({Group.SENTIMENT, Group.EARNINGS, Group.EARNINGS_MOVES, Group.EVENTS})


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: the function that computes it and has its name.

    `level` marks values in dollars, shares or index points, which drift over the years. `version` goes up whenever
    the definition changes, so that a model trained on the old one is refused.
    """

    function: Callable[..., FloatArray]
    group: Group
    level: bool = False
    version: int = 1

    @property
    def name(self) -> str:
        """The column."""
        return self.function.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The input columns and features it is made from."""
        return tuple(inspect.signature(self.function).parameters)


FEATURES: tuple[Feature, ...] = (
    Feature(returns.returns_1d, Group.TECHNICAL),
    Feature(returns.returns_5d, Group.TECHNICAL),
    Feature(returns.returns_10d, Group.TECHNICAL),
    Feature(returns.returns_20d, Group.TECHNICAL),
    Feature(returns.returns_60d, Group.TECHNICAL),
    Feature(returns.returns_252d, Group.TECHNICAL),
    Feature(returns.log_returns_1d, Group.TECHNICAL),
    Feature(returns.overnight_return, Group.TECHNICAL),
    Feature(returns.intraday_return, Group.TECHNICAL),
    Feature(trend.sma_20, Group.TECHNICAL, level=True),
    Feature(trend.sma_50, Group.TECHNICAL, level=True),
    Feature(trend.sma_200, Group.TECHNICAL, level=True),
    Feature(trend.ema_12, Group.TECHNICAL, level=True),
    Feature(trend.ema_26, Group.TECHNICAL, level=True),
    Feature(trend.price_vs_sma20, Group.TECHNICAL),
    Feature(trend.price_vs_sma50, Group.TECHNICAL),
    Feature(trend.price_vs_sma200, Group.TECHNICAL),
    Feature(trend.sma_cross_20_50, Group.TECHNICAL),
    Feature(trend.sma_cross_50_200, Group.TECHNICAL),
    Feature(trend.price_above_sma20, Group.TECHNICAL),
    Feature(trend.price_above_sma50, Group.TECHNICAL),
    Feature(trend.price_above_sma200, Group.TECHNICAL),
    Feature(trend.adx_14, Group.TECHNICAL),
    Feature(trend.plus_di_14, Group.TECHNICAL),
    Feature(trend.minus_di_14, Group.TECHNICAL),
    Feature(trend.di_diff_14, Group.TECHNICAL),
    Feature(trend.adx_strong_trend, Group.TECHNICAL),
    Feature(trend.adx_weak_trend, Group.TECHNICAL),
    Feature(trend.trend_bullish, Group.TECHNICAL),
    Feature(trend.trend_bearish, Group.TECHNICAL),
    Feature(trend.aroon_up_25, Group.TECHNICAL),
    Feature(trend.aroon_down_25, Group.TECHNICAL),
    Feature(trend.aroon_oscillator_25, Group.TECHNICAL),
    Feature(trend.efficiency_ratio_10, Group.TECHNICAL),
    Feature(momentum.rsi_14, Group.TECHNICAL),
    Feature(momentum.rsi_28, Group.TECHNICAL),
    Feature(momentum.macd, Group.TECHNICAL, level=True),
    Feature(momentum.macd_signal, Group.TECHNICAL, level=True),
    Feature(momentum.macd_histogram, Group.TECHNICAL, level=True),
    Feature(momentum.macd_pct, Group.TECHNICAL),
    Feature(momentum.stoch_k, Group.TECHNICAL),
    Feature(momentum.stoch_d, Group.TECHNICAL),
    Feature(momentum.roc_5, Group.TECHNICAL),
    Feature(momentum.roc_10, Group.TECHNICAL),
    Feature(momentum.roc_20, Group.TECHNICAL),
    Feature(momentum.mfi, Group.TECHNICAL),
    Feature(momentum.cci_20, Group.TECHNICAL),
    Feature(momentum.williams_r_14, Group.TECHNICAL),
    Feature(volatility.hv_5, Group.TECHNICAL),
    Feature(volatility.hv_10, Group.TECHNICAL),
    Feature(volatility.hv_20, Group.TECHNICAL),
    Feature(volatility.hv_60, Group.TECHNICAL),
    Feature(volatility.hv_120, Group.TECHNICAL),
    Feature(volatility.hv_ratio_5_20, Group.TECHNICAL),
    Feature(volatility.hv_ratio_20_60, Group.TECHNICAL),
    Feature(volatility.hv_trend, Group.TECHNICAL),
    Feature(volatility.parkinson_hv, Group.TECHNICAL),
    Feature(volatility.garman_klass_hv, Group.TECHNICAL),
    Feature(volatility.rogers_satchell_hv, Group.TECHNICAL),
    Feature(volatility.yang_zhang_hv, Group.TECHNICAL),
    Feature(volatility.downside_semivol_20, Group.TECHNICAL),
    Feature(volatility.realised_skew_60, Group.TECHNICAL),
    Feature(volatility.realised_kurtosis_60, Group.TECHNICAL),
    Feature(volatility.bb_upper, Group.TECHNICAL, level=True),
    Feature(volatility.bb_middle, Group.TECHNICAL, level=True),
    Feature(volatility.bb_lower, Group.TECHNICAL, level=True),
    Feature(volatility.bb_width, Group.TECHNICAL),
    Feature(volatility.bb_position, Group.TECHNICAL),
    Feature(volatility.bb_distance, Group.TECHNICAL),
    Feature(volatility.atr_14, Group.TECHNICAL, level=True),
    Feature(volatility.atr_pct, Group.TECHNICAL),
    Feature(volatility.gap_atr, Group.TECHNICAL),
    Feature(volume.volume_sma_10, Group.TECHNICAL, level=True),
    Feature(volume.volume_sma_20, Group.TECHNICAL, level=True),
    Feature(volume.volume_ratio, Group.TECHNICAL),
    Feature(volume.volume_surge, Group.TECHNICAL),
    Feature(volume.log_volume, Group.TECHNICAL, level=True),
    Feature(volume.volume_zscore_20, Group.TECHNICAL),
    Feature(volume.obv, Group.TECHNICAL, level=True),
    Feature(volume.obv_sma, Group.TECHNICAL, level=True),
    Feature(volume.dollar_volume_20, Group.TECHNICAL, level=True),
    Feature(volume.amihud_illiquidity_20, Group.TECHNICAL, level=True),
    Feature(volume.corwin_schultz_spread, Group.TECHNICAL),
    Feature(levels.high_52w, Group.TECHNICAL, level=True),
    Feature(levels.low_52w, Group.TECHNICAL, level=True),
    Feature(levels.dist_from_high_52w, Group.TECHNICAL),
    Feature(levels.dist_from_low_52w, Group.TECHNICAL),
    Feature(levels.near_52w_high, Group.TECHNICAL),
    Feature(levels.near_52w_low, Group.TECHNICAL),
    Feature(levels.drawdown_60d, Group.TECHNICAL),
    Feature(iv.vix_close, Group.IV, level=True),
    Feature(iv.vix_high, Group.IV, level=True),
    Feature(iv.vix_low, Group.IV, level=True),
    Feature(iv.iv_rank, Group.IV),
    Feature(iv.iv_percentile, Group.IV),
    Feature(iv.iv_hv_spread, Group.IV),
    Feature(iv.iv_premium, Group.IV),
    Feature(iv.vix_sma_10, Group.IV, level=True),
    Feature(iv.vix_sma_20, Group.IV, level=True),
    Feature(iv.vix_change_1d, Group.IV),
    Feature(iv.vix_change_5d, Group.IV),
    Feature(iv.vix_zscore, Group.IV),
    Feature(iv.vix_trend, Group.IV),
    Feature(iv.vix_term_slope, Group.IV),
    Feature(iv.vix_contango, Group.IV),
    Feature(iv.iv_regime_low, Group.IV),
    Feature(iv.iv_regime_elevated, Group.IV),
    Feature(iv.iv_regime_high, Group.IV),
    Feature(iv.iv_rank_lag_5, Group.IV_MODEL),
    Feature(iv.iv_rank_lag_10, Group.IV_MODEL),
    Feature(iv.iv_rank_lag_20, Group.IV_MODEL),
    Feature(iv.iv_rank_change_5d, Group.IV_MODEL),
    Feature(iv.iv_rank_change_10d, Group.IV_MODEL),
    Feature(iv.iv_distance_to_30, Group.IV_MODEL),
    Feature(iv.iv_distance_to_60, Group.IV_MODEL),
    Feature(macro.fed_funds_effective, Group.MACRO),
    Feature(macro.yield_2y, Group.MACRO),
    Feature(macro.yield_10y, Group.MACRO),
    Feature(macro.yield_3m, Group.MACRO),
    Feature(macro.yield_spread_10y_2y, Group.MACRO),
    Feature(macro.breakeven_inflation_10y, Group.MACRO),
    Feature(macro.real_rate_10y, Group.MACRO),
    Feature(macro.vix_macro, Group.MACRO),
    Feature(macro.unemployment_rate, Group.MACRO),
    Feature(macro.cpi_yoy, Group.MACRO),
    Feature(macro.yield_curve_inverted, Group.MACRO),
    Feature(macro.yield_curve_slope_3m_10y, Group.MACRO),
    Feature(macro.yield_curve_3m_10y_inverted, Group.MACRO),
    Feature(macro.yield_curve_steepening_20d, Group.MACRO),
    Feature(macro.yield_10y_change_5d, Group.MACRO),
    Feature(macro.yield_10y_change_20d, Group.MACRO),
    Feature(macro.yield_10y_change_60d, Group.MACRO),
    Feature(macro.yield_2y_change_5d, Group.MACRO),
    Feature(macro.yield_2y_change_20d, Group.MACRO),
    Feature(macro.yield_2y_change_60d, Group.MACRO),
    Feature(macro.fed_funds_effective_change_5d, Group.MACRO),
    Feature(macro.fed_funds_effective_change_20d, Group.MACRO),
    Feature(macro.fed_funds_effective_change_60d, Group.MACRO),
    Feature(macro.yield_spread_change_20d, Group.MACRO),
    Feature(macro.real_rate_change_20d, Group.MACRO),
    Feature(macro.breakeven_change_20d, Group.MACRO),
    Feature(macro.inflation_expectations_rising, Group.MACRO),
    Feature(macro.cpi_yoy_change_3m, Group.MACRO),
    Feature(macro.unemployment_change_3m, Group.MACRO),
    Feature(macro.vix_macro_momentum_20d, Group.MACRO),
    Feature(macro.vix_macro_regime, Group.MACRO),
    Feature(macro.monetary_policy_regime, Group.MACRO),
    Feature(macro.fed_pivot, Group.MACRO),
    Feature(macro.days_since_policy_change, Group.MACRO),
    Feature(regime.trend_60d, Group.REGIME),
    Feature(regime.trend_zscore_60d, Group.REGIME),
    Feature(regime.bull_market, Group.REGIME),
    Feature(regime.bear_market, Group.REGIME),
    Feature(regime.correction, Group.REGIME),
    Feature(regime.rolling_vol_10, Group.REGIME),
    Feature(regime.rolling_vol_20, Group.REGIME),
    Feature(regime.hv_percentile, Group.REGIME),
    Feature(regime.high_volatility, Group.REGIME),
    Feature(regime.liquidity, Group.REGIME),
    Feature(regime.up_day_share_20, Group.REGIME),
    Feature(regime.variance_ratio_5d, Group.REGIME),
    Feature(regime.hv_iv_ratio, Group.REGIME),
    Feature(regime.vol_of_vol_20, Group.REGIME),
    Feature(regime.spot_vol_correlation_60, Group.REGIME),
    Feature(regime.backwardation_share_20, Group.REGIME),
    Feature(regime.volatility_regime, Group.REGIME),
    Feature(regime.vol_regime_low, Group.REGIME),
    Feature(regime.vol_regime_high, Group.REGIME),
    Feature(regime.vol_regime_expansion, Group.REGIME),
    Feature(regime.vol_regime_contraction, Group.REGIME),
    Feature(regime.vol_regime_neutral, Group.REGIME),
    Feature(sentiment.sentiment_score, Group.SENTIMENT),
    Feature(sentiment.sentiment_vs_sector, Group.SENTIMENT),
    Feature(sentiment.news_buzz_score, Group.SENTIMENT),
    Feature(sentiment.news_article_count, Group.SENTIMENT),
    Feature(sentiment.reddit_mentions, Group.SENTIMENT),
    Feature(sentiment.reddit_momentum, Group.SENTIMENT),
    Feature(sentiment.sentiment_bullish, Group.SENTIMENT),
    Feature(sentiment.sentiment_bearish, Group.SENTIMENT),
    Feature(sentiment.sentiment_neutral, Group.SENTIMENT),
    Feature(sentiment.sentiment_extreme_bullish, Group.SENTIMENT),
    Feature(sentiment.sentiment_extreme_bearish, Group.SENTIMENT),
    Feature(sentiment.high_social_attention, Group.SENTIMENT),
    Feature(sentiment.sentiment_bullish_high_iv, Group.SENTIMENT),
    Feature(sentiment.sentiment_bearish_low_iv, Group.SENTIMENT),
    Feature(sentiment.sentiment_iv_divergence, Group.SENTIMENT),
    Feature(earnings.days_to_earnings, Group.EARNINGS),
    Feature(earnings.days_since_earnings, Group.EARNINGS),
    Feature(earnings.earnings_proximity, Group.EARNINGS),
    Feature(earnings.earnings_week, Group.EARNINGS),
    Feature(earnings.earnings_approaching, Group.EARNINGS),
    Feature(earnings.post_earnings, Group.EARNINGS),
    Feature(earnings.earnings_safe, Group.EARNINGS),
    Feature(earnings.last_earnings_surprise, Group.EARNINGS),
    Feature(earnings.earnings_beat, Group.EARNINGS),
    Feature(earnings.earnings_miss, Group.EARNINGS),
    Feature(earnings.earnings_today, Group.EARNINGS),
    Feature(earnings.earnings_iv_crush_setup, Group.EARNINGS),
    Feature(earnings.earnings_straddle_setup, Group.EARNINGS),
    *(Feature(function, Group.EARNINGS_MOVES) for function in earnings_moves.OVER_QUARTERS),
    Feature(earnings_moves.earnings_move_trend, Group.EARNINGS_MOVES),
    Feature(earnings_moves.earnings_move_vol_of_vol, Group.EARNINGS_MOVES),
    Feature(earnings_moves.earnings_move_data_quality, Group.EARNINGS_MOVES),
    Feature(earnings_moves.atr_pct_10, Group.EARNINGS_MOVES),
    Feature(earnings_moves.atr_pct_20, Group.EARNINGS_MOVES),
    Feature(earnings_moves.atr_pct_50, Group.EARNINGS_MOVES),
    Feature(earnings_moves.bb_width_10, Group.EARNINGS_MOVES),
    Feature(earnings_moves.bb_width_50, Group.EARNINGS_MOVES),
    Feature(earnings_moves.hv_50, Group.EARNINGS_MOVES),
    Feature(earnings_moves.hv_10_percentile, Group.EARNINGS_MOVES),
    Feature(earnings_moves.hv_50_percentile, Group.EARNINGS_MOVES),
    Feature(events.days_to_fomc, Group.EVENTS),
    Feature(events.days_since_fomc, Group.EVENTS),
    Feature(events.fomc_week, Group.EVENTS),
    Feature(events.days_to_cpi, Group.EVENTS),
    Feature(events.days_since_cpi, Group.EVENTS),
    Feature(events.cpi_week, Group.EVENTS),
    Feature(events.days_to_payrolls, Group.EVENTS),
    Feature(events.days_since_payrolls, Group.EVENTS),
    Feature(events.payrolls_week, Group.EVENTS),
)

IV_REGIME_INPUTS: tuple[str, ...] = (
    *(feature.name for feature in FEATURES if feature.group is Group.IV),
    "iv_rank_lag_5",
    "iv_rank_lag_10",
    "iv_rank_lag_20",
    "iv_rank_change_5d",
    "iv_rank_change_10d",
    "hv_20",
    "hv_ratio_5_20",
    "returns_5d",
    "drawdown_60d",
)

_BY_NAME = {feature.name: feature for feature in FEATURES}


def names(group: Group | None = None) -> tuple[str, ...]:
    """The names of a group, or of all features, in the order of the registry."""
    return tuple(feature.name for feature in FEATURES if group in (None, feature.group))


def safe_features() -> tuple[str, ...]:
    """All features but the levels and those of the groups in NAMED_ONLY."""
    return tuple(feature.name for feature in FEATURES if not feature.level and feature.group not in NAMED_ONLY)


def compute(wanted: Iterable[str], columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Compute features from input columns.

    Parameters
    ----------
    wanted
        Names of features, such as ``["rsi_14", "iv_rank"]``.
    columns
        float64 arrays of one ticker and of one length, ascending by session; see `inputs.columns_for`.

    Returns
    -------
    dict
        One float64 array of that length for each wanted name, in that order. The inputs are left as they are.

    Raises
    ------
    InvalidValueError
        For a name that is no feature, and for columns that are not float64 arrays of one length.
    MissingColumnError
        When a feature needs a column that is not there.
    """
    wanted = tuple(wanted)
    plan = _plan(wanted)
    known = _inputs(plan, columns)
    for step, parameters in plan.steps.items():
        known[step.name] = step.function(*(known[name] for name in parameters))
    return {name: known[name] for name in wanted}


def computable(columns: Iterable[str]) -> tuple[str, ...]:
    """The features of which every input is among these columns, in the order of the registry."""
    return _computable(frozenset(columns))


@cache
def _computable(columns: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in names() if columns.issuperset(inputs_of([name])))


def inputs_of(wanted: Iterable[str]) -> tuple[str, ...]:
    """The input columns that these features need, sorted, through the features they are made from."""
    return tuple(sorted(_plan(tuple(wanted)).needed_by))


def catalog_hash(wanted: Iterable[str]) -> str:
    """Sixteen hex digits over name and version of these features and of all they are made from."""
    lines = sorted(f"{step.name} {step.version}" for step in _plan(tuple(wanted)).steps)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Features in the order in which they can be computed, each with its parameters; which input is needed by whom."""

    steps: Mapping[Feature, tuple[str, ...]]
    needed_by: Mapping[str, str]


@cache
def _plan(wanted: tuple[str, ...]) -> _Plan:
    parameters: dict[str, tuple[str, ...]] = {}
    pending = [_feature(name) for name in wanted]
    while pending:
        feature = pending.pop()
        parameters[feature.name] = feature.parameters
        pending += [_BY_NAME[name] for name in feature.parameters if name in _BY_NAME and name not in parameters]
    order = [name for name in TopologicalSorter(parameters).static_order() if name in _BY_NAME]
    needed_by = {name: step for step in reversed(order) for name in parameters[step] if name not in _BY_NAME}
    return _Plan({_BY_NAME[name]: parameters[name] for name in order}, needed_by)


def _feature(name: str) -> Feature:
    if name not in _BY_NAME:
        raise InvalidValueError(
            name="feature", value=name, allowed="a name of features.catalog.names()", remedy="Correct the spelling."
        )
    return _BY_NAME[name]


def _inputs(plan: _Plan, columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    for missing in sorted(plan.needed_by.keys() - columns.keys()):
        raise MissingColumnError(column=missing, needed_by=plan.needed_by[missing], present=tuple(columns))
    inputs = {name: columns[name] for name in plan.needed_by}
    shapes = {(values.dtype, values.shape) for values in inputs.values()}
    if len(shapes) > 1 or any(dtype != np.float64 or len(shape) != 1 for dtype, shape in shapes):
        found = {name: f"{values.dtype}{list(values.shape)}" for name, values in inputs.items()}
        raise InvalidValueError(name="columns", value=found, allowed="1-D float64 arrays of one length")
    return inputs
