import math

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from options_signals.features.arrays import (
    FloatArray,
    flag,
    indicator,
    lag,
    log_ratio,
    ratio,
    rolling_kurtosis,
    rolling_max,
    rolling_mean,
    rolling_skew,
    rolling_std,
    rolling_sum,
    rolling_zscore,
    root,
    unless_flat,
    year_max,
    year_min,
    year_percentile,
)
from scipy import stats

NAN = math.nan

values_with_gaps = st.lists(st.floats(-1e6, 1e6) | st.just(NAN), max_size=60).map(np.array)
windows = st.integers(2, 12)


def by_window(values: FloatArray, window: int, function: object) -> FloatArray:
    answer = np.full(len(values), NAN)
    for end in range(window, len(values) + 1):
        answer[end - 1] = function(values[end - window : end])  # type: ignore[operator]  # any reduction of an array
    return answer


@given(values_with_gaps, windows)
def test_rolling_sum_and_max_are_those_of_each_window(values: FloatArray, window: int) -> None:
    assert_allclose(rolling_sum(values, window), by_window(values, window, np.sum), rtol=1e-12, atol=1e-8)
    assert_array_equal(rolling_max(values, window), by_window(values, window, np.max))


@given(values_with_gaps, windows)
def test_rolling_std_is_that_of_each_window(values: FloatArray, window: int) -> None:
    expected = by_window(values, window, lambda inside: np.std(inside, ddof=1))

    assert_allclose(rolling_std(values, window), expected, rtol=1e-9, atol=1e-9 * 1e6)


def test_a_huge_value_leaves_no_trace_once_it_is_out_of_the_window() -> None:
    values = np.array([1e15, *[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]])

    assert rolling_sum(values, 3)[3:].tolist() == [6.0, 9.0, 12.0, 15.0, 18.0]
    assert rolling_std(values, 3)[3:].tolist() == [1.0] * 5


def test_equal_values_deviate_by_exactly_nothing_and_have_no_zscore() -> None:
    values = np.full(50, 0.1)

    assert rolling_std(values, 20)[-1] == 0.0
    assert np.isnan(rolling_zscore(values, 20)[-1])


def test_small_moves_on_a_high_level_keep_their_digits() -> None:
    values = 1e9 + np.tile([0.001, -0.001], 20)

    assert rolling_std(values, 20)[-1] == pytest.approx(np.std(values[-20:] - 1e9, ddof=1), rel=1e-9)


def test_skew_and_kurtosis_agree_with_scipy() -> None:
    values = np.random.default_rng(3).gamma(2.0, size=200) + 50.0

    assert rolling_skew(values, 60)[-1] == pytest.approx(stats.skew(values[-60:]), rel=1e-9)
    assert rolling_kurtosis(values, 60)[-1] == pytest.approx(stats.kurtosis(values[-60:]), rel=1e-9)


def test_lag_of_more_than_there_is_knows_nothing() -> None:
    assert_array_equal(lag(np.array([1.0, 2.0]), 5), [NAN, NAN])
    assert_array_equal(lag(np.array([1.0, 2.0, 3.0]), 2), [NAN, NAN, 1.0])


def test_a_ratio_to_zero_is_unknown() -> None:
    assert_array_equal(ratio(np.array([1.0, 0.0, 6.0]), np.array([0.0, 0.0, 3.0])), [NAN, NAN, 2.0])


def test_the_log_ratio_of_e_to_one_is_one() -> None:
    assert log_ratio(np.array([math.e]), np.array([1.0]))[0] == pytest.approx(1.0)


def test_the_root_of_a_negative_variance_is_unknown() -> None:
    assert_array_equal(root(np.array([4.0, -1.0, NAN])), [2.0, NAN, NAN])


def test_a_flag_of_something_unknown_is_unknown() -> None:
    values = np.array([1.0, -1.0, NAN])

    assert_array_equal(flag(values > 0.0, values), [1.0, 0.0, NAN])


def test_a_year_needs_240_values_and_todays() -> None:
    values = np.arange(300.0)
    values[100:112] = NAN  # a year with 12 gaps has 240 values
    values[280] = NAN  # and with 13 it has not

    assert year_max(values)[279] == 279.0
    assert year_min(values)[279] == 28.0
    assert np.isnan(year_max(values)[[238, 280, 281]]).all()


def test_a_year_of_240_sessions_is_enough() -> None:
    assert_array_equal(year_max(np.arange(240.0))[-2:], [NAN, 239.0])


def test_the_percentile_counts_strictly_lower_values_only() -> None:
    values = np.array([1.0] * 63 + [2.0] * 126 + [3.0] * 62 + [2.0])

    assert year_percentile(values)[-1] == 25.0


def test_talib_itself_never_recovers_from_an_inner_gap() -> None:
    close = np.random.default_rng(0).normal(100.0, 1.0, 300)
    close[150] = NAN

    bare = talib.RSI(close, 14)
    ours = indicator(talib.RSI, close, timeperiod=14)

    assert (np.nan_to_num(bare[151:]) == 0.0).all()
    assert np.isnan(ours[150])
    assert np.isfinite(ours[151:]).all()


def test_an_indicator_goes_on_over_a_gap_as_if_the_complete_rows_were_neighbours() -> None:
    close = np.array([1.0, 2.0, NAN, 3.0, 4.0])

    assert_array_equal(indicator(talib.SMA, close, timeperiod=2), [NAN, 1.5, NAN, 2.5, 3.5])


def test_an_indicator_of_nothing_known_knows_nothing() -> None:
    assert np.isnan(indicator(talib.RSI, np.full(30, NAN), timeperiod=14)).all()


def test_a_price_that_stands_still_has_no_oscillator() -> None:
    high = low = np.array([1.0, 2.0, 2.0, 2.0])

    assert_array_equal(unless_flat(np.full(4, 50.0), high, low, 2), [NAN, 50.0, NAN, NAN])


def test_a_mean_is_unknown_while_an_unknown_value_is_inside() -> None:
    assert_array_equal(rolling_mean(np.array([1.0, NAN, 3.0, 5.0, 7.0]), 2), [NAN, NAN, NAN, 4.0, 6.0])
