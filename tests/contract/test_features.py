"""What every feature of the catalog keeps, and proof that each guard catches what breaks it."""

from collections.abc import Callable

import numpy as np
import pytest
import talib
from numpy.testing import assert_allclose, assert_array_equal
from options_signals.features import catalog
from options_signals.features.arrays import FloatArray, lag
from options_signals.features.inputs import WINDOW

from tests.features.market import EARNINGS_MOVES, INDICES, PRICES, Columns, gap, simulated_columns

Run = Callable[[Columns], FloatArray]

FEATURES = catalog.names()
LEVELS = tuple(feature.name for feature in catalog.FEATURES if feature.level)
INPUTS_BY_FEATURE = [(name, column) for name in FEATURES for column in catalog.inputs_of([name])]
SCALE_FREE = tuple(name for name in FEATURES if name not in LEVELS)
GAP = 900

# These do not use the last value of that column, so its gap shows a session or more later.
FROM_EARLIER_SESSIONS = {
    ("overnight_return", "close"),
    ("gap_atr", "high"),
    ("gap_atr", "low"),
    ("gap_atr", "close"),
    ("corwin_schultz_spread", "close"),
    ("iv_rank_lag_5", "index_close"),
    ("iv_rank_lag_10", "index_close"),
    ("iv_rank_lag_20", "index_close"),
}
# Statistics over past announcements take the moves that are known, with their count beside them.
ACCEPT_FEWER = {
    (name, column)
    for name, column in INPUTS_BY_FEATURE
    if column in EARNINGS_MOVES and len(catalog.inputs_of([name])) > 1
}


@pytest.fixture(scope="module")
def columns() -> Columns:
    return simulated_columns()


def feature(name: str) -> Run:
    return lambda columns: catalog.compute([name], columns)[name]


# --- the guards ---


def refuse_the_future(run: Run, columns: Columns) -> None:
    everything = run(columns)
    until_then = run({name: values[:-10] for name, values in columns.items()})

    assert_array_equal(until_then, everything[:-10])


def refuse_endless_memory(run: Run, columns: Columns) -> None:
    everything = run(columns)[-20:]
    served = run({name: values[-WINDOW:] for name, values in columns.items()})[-20:]

    assert np.isfinite(everything).all()
    assert_close(served, everything, 1e-6)


def refuse_another_shape(run: Run, columns: Columns) -> None:
    before = {name: values.copy() for name, values in columns.items()}
    answer = run(columns)

    assert answer.dtype == np.float64
    assert answer.shape == columns["close"].shape
    assert_array_equal(list(columns.values()), list(before.values()))
    assert not any(np.shares_memory(answer, values) for values in columns.values())


def refuse_a_covered_gap(run: Run, columns: Columns, column: str, *, shows_at_once: bool = True) -> None:
    whole = run(columns)
    holed = run(gap(columns, column, GAP))

    assert_array_equal(holed[:GAP], whole[:GAP])
    assert np.isfinite(whole[GAP:]).all()
    assert np.isnan(holed[GAP : GAP + 1 if shows_at_once else None]).any()
    assert_close(holed[-100:], whole[-100:], 1e-6)


def refuse_a_hidden_level(run: Run, columns: Columns) -> None:
    dearer = columns | {name: 7.0 * columns[name] for name in PRICES} | {"volume": 3.0 * columns["volume"]}

    assert_close(run(dearer), run(columns), 1e-9)


def assert_close(actual: FloatArray, expected: FloatArray, relative: float) -> None:
    """Relative, except where a difference of large numbers happens to be near 0."""
    largest = float(np.nanmax(np.abs(expected), initial=0.0))
    assert_allclose(actual, expected, rtol=relative, atol=1e-9 * largest)


# --- every feature meets them ---


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_does_not_see_the_future(name: str, columns: Columns) -> None:
    refuse_the_future(feature(name), columns)


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_the_same_on_the_serving_window_as_on_the_full_history(name: str, columns: Columns) -> None:
    refuse_endless_memory(feature(name), columns)


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_float64_of_the_same_length_and_leaves_its_inputs_alone(name: str, columns: Columns) -> None:
    refuse_another_shape(feature(name), columns)


@pytest.mark.parametrize(("name", "column"), sorted(set(INPUTS_BY_FEATURE) - ACCEPT_FEWER))
def test_a_feature_says_nan_at_a_gap_and_recovers(name: str, column: str, columns: Columns) -> None:
    at_once = (name, column) not in FROM_EARLIER_SESSIONS
    refuse_a_covered_gap(feature(name), columns, column, shows_at_once=at_once)


@pytest.mark.parametrize("name", sorted({name for name, _ in ACCEPT_FEWER}))
def test_a_statistic_of_past_moves_is_that_of_the_known_ones_and_unknown_without_any(
    name: str, columns: Columns
) -> None:
    moves = [column for column in catalog.inputs_of([name]) if column in EARNINGS_MOVES]
    unknown = np.full(len(columns["close"]), np.nan)
    holed = feature(name)(gap(columns, moves[-1], GAP))

    assert np.isfinite(holed[GAP])
    assert_array_equal(np.delete(holed, GAP), np.delete(feature(name)(columns), GAP))
    assert np.isnan(feature(name)(columns | dict.fromkeys(moves, unknown))).all()


@pytest.mark.parametrize("name", SCALE_FREE)
def test_a_feature_that_is_no_level_does_not_know_the_price_scale(name: str, columns: Columns) -> None:
    refuse_a_hidden_level(feature(name), columns)


@pytest.mark.parametrize("name", LEVELS)
def test_a_level_moves_with_its_scale(name: str, columns: Columns) -> None:
    scaled = columns | {column: 7.0 * columns[column] for column in (*PRICES, *INDICES, "volume")}

    before, after = catalog.compute([name], columns)[name], catalog.compute([name], scaled)[name]

    assert np.nanmin(np.abs(after - before)) > 0.0


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_of_too_short_a_history_is_unknown_and_no_error(name: str, columns: Columns) -> None:
    short = catalog.compute([name], {column: values[:1] for column, values in columns.items()})[name]

    assert short.shape == (1,)


# --- and the guards catch what they are there for ---


def tomorrow(columns: Columns) -> FloatArray:
    return np.append(columns["close"][1:], np.nan)


def zscore_over_all_history(columns: Columns) -> FloatArray:
    close = columns["close"]
    return (close - close.mean()) / close.std()


def zscore_since_the_first_bar(columns: Columns) -> FloatArray:
    close, count = columns["close"], np.arange(1, len(columns["close"]) + 1)
    return close / (close.cumsum() / count)


def running_total(columns: Columns) -> FloatArray:
    return (np.sign(columns["close"] - lag(columns["close"], 1)) * columns["volume"])[1:].cumsum()


def bare_rsi(columns: Columns) -> FloatArray:
    return talib.RSI(columns["close"], 14)  # type: ignore[no-any-return]  # untyped library


def difference_of_cumulative_sums(columns: Columns) -> FloatArray:
    total = columns["close"].cumsum()
    return total - lag(total, 20)


def filled_with_zero(columns: Columns) -> FloatArray:
    return np.nan_to_num(columns["close"] / lag(columns["close"], 1) - 1.0)


def dollars(columns: Columns) -> FloatArray:
    return columns["close"] - lag(columns["close"], 1)


def in_place(columns: Columns) -> FloatArray:
    columns["close"] *= 1.0001
    return columns["close"].copy()


def the_input_itself(columns: Columns) -> FloatArray:
    return columns["close"]


def single_precision(columns: Columns) -> FloatArray:
    return columns["close"].astype(np.float32)


@pytest.mark.parametrize("cheat", [tomorrow, zscore_over_all_history])
def test_the_future_guard_catches(cheat: Run, columns: Columns) -> None:
    with pytest.raises(AssertionError):
        refuse_the_future(cheat, columns)


@pytest.mark.parametrize("cheat", [zscore_over_all_history, zscore_since_the_first_bar, running_total])
def test_the_memory_guard_catches(cheat: Run, columns: Columns) -> None:
    with pytest.raises(AssertionError):
        refuse_endless_memory(cheat, columns)


@pytest.mark.parametrize("cheat", [in_place, the_input_itself, single_precision, running_total])
def test_the_shape_guard_catches(cheat: Run) -> None:
    with pytest.raises(AssertionError):
        refuse_another_shape(cheat, simulated_columns(sessions=50))


@pytest.mark.parametrize("cheat", [bare_rsi, difference_of_cumulative_sums, filled_with_zero])
def test_the_gap_guard_catches(cheat: Run, columns: Columns) -> None:
    with pytest.raises(AssertionError):
        refuse_a_covered_gap(cheat, columns, "close")


def test_the_scale_guard_catches_dollars(columns: Columns) -> None:
    with pytest.raises(AssertionError):
        refuse_a_hidden_level(dollars, columns)
