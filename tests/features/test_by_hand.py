"""Features on series so short or so regular that a reader can check the number without a computer."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from numpy.testing import assert_array_equal
from options_signals.features import catalog
from options_signals.features import regime as regimes

from tests.features.market import simulated_columns

NAN = math.nan
LINE = np.arange(1.0, 301.0)


def last(name: str, **columns: npt.ArrayLike) -> float:
    arrays = {key: np.asarray(values, dtype=np.float64) for key, values in columns.items()}
    return float(catalog.compute([name], arrays)[name][-1])


def test_returns_are_simple_and_log_returns_are_logarithms() -> None:
    assert last("returns_1d", close=[100.0, 110.0]) == pytest.approx(0.10)
    assert last("returns_5d", close=[100.0, 1.0, 1.0, 1.0, 1.0, 50.0]) == pytest.approx(-0.50)
    assert last("log_returns_1d", close=[1.0, math.e]) == pytest.approx(1.0)


def test_overnight_and_intraday_return_make_the_daily_return() -> None:
    day = {"open": [100.0, 102.0], "close": [100.0, 96.9]}

    assert last("overnight_return", **day) == pytest.approx(0.02)
    assert last("intraday_return", **day) == pytest.approx(-0.05)
    assert pytest.approx(last("returns_1d", close=day["close"])) == 1.02 * 0.95 - 1.0


def test_the_price_on_a_straight_line_is_half_a_window_above_its_mean() -> None:
    assert last("sma_20", traded_close=LINE) == 290.5
    assert last("price_vs_sma20", close=LINE) == pytest.approx(300.0 / 290.5 - 1.0)
    assert last("sma_cross_20_50", close=LINE) == pytest.approx(290.5 / 275.5 - 1.0)
    assert last("trend_bullish", close=LINE) == 1.0
    assert last("trend_bearish", close=LINE[::-1]) == 1.0


def test_a_price_that_only_rises_has_the_highest_oscillators() -> None:
    bars = {"high": LINE + 0.5, "low": LINE - 0.5, "close": LINE}

    assert last("rsi_14", close=LINE) == 100.0
    assert last("mfi", **bars, volume=np.ones(300)) == 100.0
    assert last("minus_di_14", **bars) == 0.0
    assert last("adx_14", **bars) == pytest.approx(100.0)
    assert last("aroon_up_25", high=bars["high"], low=bars["low"]) == 100.0
    assert last("efficiency_ratio_10", close=LINE) == 1.0


def test_the_close_in_the_middle_of_the_range_is_fifty_percent() -> None:
    bars = {"high": [110.0] * 20, "low": [90.0] * 20, "close": [100.0] * 20}

    assert last("stoch_k", **bars) == pytest.approx(50.0)
    assert last("williams_r_14", **bars) == pytest.approx(-50.0)
    assert last("atr_pct", **bars) == pytest.approx(20.0)


def test_the_volatility_of_returns_that_alternate_by_one_percent() -> None:
    close = 100.0 * np.exp(np.cumsum([0.01, -0.01] * 10 + [0.01]))

    assert last("hv_20", close=close) == pytest.approx(0.01 * math.sqrt(20 / 19) * math.sqrt(252))
    assert last("rolling_vol_20", close=close) == pytest.approx(0.01 * math.sqrt(20 / 19))
    assert last("downside_semivol_20", close=close) == pytest.approx(0.01 * math.sqrt(0.5 * 252))
    assert last("realised_skew_60", close=np.tile([100.0, 101.0], 40)) == pytest.approx(0.0, abs=1e-9)
    assert last("realised_kurtosis_60", close=np.tile([100.0, 101.0], 40)) == pytest.approx(-2.0)


def test_every_range_estimator_agrees_when_the_session_opens_and_closes_in_the_middle() -> None:
    wide = math.exp(0.02)
    bars = {"open": [100.0] * 25, "high": [100.0 * wide] * 25, "low": [100.0 / wide] * 25, "close": [100.0] * 25}

    assert last("parkinson_hv", high=bars["high"], low=bars["low"]) == pytest.approx(
        0.04 / math.sqrt(4 * math.log(2)) * math.sqrt(252)
    )
    assert last("garman_klass_hv", **bars) == pytest.approx(0.04 / math.sqrt(2) * math.sqrt(252))
    assert last("rogers_satchell_hv", **bars) == pytest.approx(0.02 * math.sqrt(2) * math.sqrt(252))


def test_a_constant_spread_around_a_price_that_does_not_move_is_found_whole() -> None:
    bars = {"high": [100.5] * 30, "low": [99.5] * 30, "close": [100.0] * 30}

    assert last("corwin_schultz_spread", **bars) == pytest.approx(0.01, rel=1e-4)


def test_volume_twice_the_usual_is_a_surge_only_when_more_than_twice() -> None:
    doubled = [100.0] * 19 + [2.0 * 100.0 * 19 / 18]  # exactly twice the mean it is part of

    assert last("volume_ratio", volume=doubled) == pytest.approx(2.0)
    assert last("volume_surge", volume=[*doubled[:-1], 212.0]) == 1.0
    assert last("volume_surge", volume=[*doubled[:-1], 210.0]) == 0.0


def test_on_balance_volume_counts_sixty_sessions_and_no_more() -> None:
    rising = {"traded_close": LINE[:100], "volume": np.full(100, 5.0)}

    assert last("obv", **rising) == 300.0
    assert last("dollar_volume_20", **rising) == 5.0 * 90.5


def test_a_million_dollars_that_move_the_price_by_one_percent_are_an_illiquidity_of_one_percent() -> None:
    prices = 100.0 * 1.01 ** np.arange(30)

    illiquidity = last("amihud_illiquidity_20", close=prices, traded_close=prices, volume=1e6 / prices)

    assert illiquidity == pytest.approx(0.01)


def test_near_the_high_is_within_five_percent_and_near_the_low_within_ten() -> None:
    bars = {"high": [100.0] * 252, "low": [80.0] * 252}

    assert last("near_52w_high", high=bars["high"], close=[96.0] * 252) == 1.0
    assert last("near_52w_high", high=bars["high"], close=[94.0] * 252) == 0.0
    assert last("near_52w_low", low=bars["low"], close=[87.0] * 252) == 1.0
    assert last("near_52w_low", low=bars["low"], close=[89.0] * 252) == 0.0


def test_drawdown_is_measured_from_the_highest_close_of_sixty_sessions() -> None:
    assert last("drawdown_60d", close=[500.0] + [100.0] * 59 + [75.0]) == pytest.approx(-0.25)


def test_iv_rank_is_the_place_in_the_range_and_percentile_the_share_below() -> None:
    year = np.array([10.0] * 126 + [30.0] * 125 + [20.0])

    assert last("iv_rank", index_close=year) == 50.0
    assert last("iv_percentile", index_close=year) == 50.0
    assert last("iv_regime_elevated", index_close=year) == 1.0
    assert last("iv_distance_to_60", index_close=year) == pytest.approx(math.log(22.0 / 20.0))
    assert last("iv_distance_to_30", index_close=year) == pytest.approx(math.log(16.0 / 20.0))


def test_iv_rank_of_an_index_that_never_moved_is_unknown() -> None:
    assert math.isnan(last("iv_rank", index_close=np.full(252, 20.0)))
    assert math.isnan(last("iv_regime_low", index_close=np.full(252, 20.0)))


def test_the_spread_of_implied_over_historical_volatility_is_in_points() -> None:
    underlying = 100.0 * np.exp(np.cumsum([0.01, -0.01] * 10 + [0.01]))

    spread = last("iv_hv_spread", index_close=np.full(21, 20.0), index_underlying_close=underlying)

    assert spread == pytest.approx(20.0 - math.sqrt(20 / 19) * math.sqrt(252))


def test_vix_under_vix3m_is_contango() -> None:
    assert last("vix_term_slope", vix=[18.0], vix3m=[20.5]) == 2.5
    assert last("vix_contango", vix=[18.0], vix3m=[20.5]) == 1.0
    assert last("vix_contango", vix=[25.0], vix3m=[20.5]) == 0.0


@pytest.mark.parametrize(
    ("change", "age", "regime"),
    [(0.25, 0.0, 2.0), (0.25, 126.0, 2.0), (0.25, 127.0, 1.0), (-0.5, 5.0, 0.0), (-0.5, 500.0, 1.0), (NAN, NAN, NAN)],
)
def test_policy_is_what_the_fed_did_within_half_a_year(change: float, age: float, regime: float) -> None:
    answer = last("monetary_policy_regime", policy_change=[change], policy_change_age=[age])

    assert answer == pytest.approx(regime, nan_ok=True)


def test_days_since_the_policy_change_end_at_252() -> None:
    ages = np.array([0.0, 251.0, 252.0, 1700.0, NAN])

    answer = catalog.compute(["days_since_policy_change"], {"policy_change_age": ages})["days_since_policy_change"]

    assert_array_equal(answer, [0.0, 251.0, 252.0, 252.0, NAN])


@pytest.mark.parametrize(
    ("vix", "iv_rank", "hv_iv_ratio", "regime"),
    [
        (14.0, 20.0, 1.0, "low"),
        (26.0, 50.0, 0.7, "high"),
        (18.0, 81.0, 0.7, "high"),
        (18.0, 60.0, 0.95, "expansion"),
        (18.0, 40.0, 0.5, "contraction"),
        (18.0, 40.0, 0.7, "neutral"),
    ],
)
def test_the_five_volatility_regimes(vix: float, iv_rank: float, hv_iv_ratio: float, regime: str) -> None:
    code = regimes.volatility_regime(np.array([vix]), np.array([iv_rank]), np.array([hv_iv_ratio]))
    flags = {name: getattr(regimes, f"vol_regime_{name}")(code)[0] for name in VOLATILITY_REGIMES}

    assert flags == {name: float(name == regime) for name in VOLATILITY_REGIMES}


VOLATILITY_REGIMES = ("low", "high", "expansion", "contraction", "neutral")


def test_a_regime_with_an_unknown_part_is_unknown_even_where_another_part_would_decide() -> None:
    unknown = np.array([NAN])

    assert np.isnan(regimes.volatility_regime(np.array([40.0]), unknown, unknown)[0])


@pytest.mark.parametrize(
    "name",
    [
        *("rsi_14", "rsi_28", "stoch_k", "stoch_d", "mfi", "cci_20", "williams_r_14", "bb_position"),
        *("adx_14", "plus_di_14", "minus_di_14", "aroon_up_25", "aroon_down_25", "efficiency_ratio_10"),
        *(
            "hv_ratio_5_20",
            "volume_ratio",
            "volume_zscore_20",
            "amihud_illiquidity_20",
            "liquidity",
            "trend_zscore_60d",
        ),
    ],
)
def test_a_halted_ticker_has_no_reading(name: str) -> None:
    columns = simulated_columns(sessions=400)
    halted = {key: values.copy() for key, values in columns.items()}
    for key in ("open", "high", "low", "close", "traded_close"):
        halted[key][-130:] = 50.0
    halted["volume"][-130:] = 0.0

    assert np.isfinite(catalog.compute([name], columns)[name][-1])
    assert np.isnan(catalog.compute([name], halted)[name][-1])
