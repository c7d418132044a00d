"""Statistics over past announcements, against pandas, which skips what is unknown in its own way."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from options_signals.features import catalog

from tests.features.market import EARNINGS_MOVES, Columns

NAN = np.nan
OVER: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "mean": lambda moves: moves.mean(axis=1),
    "std": lambda moves: moves.std(axis=1, ddof=0),
    "min": lambda moves: moves.min(axis=1),
    "max": lambda moves: moves.max(axis=1),
    "median": lambda moves: moves.median(axis=1),
    "count": lambda moves: moves.count(axis=1).where(moves.notna().any(axis=1)),
}


@pytest.fixture
def columns() -> Columns:
    """Random moves of which two fifths are unknown, and a company that never reported."""
    rng = np.random.default_rng(3)
    moves = np.where(rng.uniform(size=(200, 8)) < 0.4, NAN, rng.exponential(0.05, (200, 8)))
    moves[17] = NAN
    return {name: np.ascontiguousarray(values) for name, values in zip(EARNINGS_MOVES, moves.T, strict=True)}


def move(columns: Columns, name: str) -> np.ndarray:
    return catalog.compute([f"earnings_move_{name}"], columns)[f"earnings_move_{name}"]


@pytest.mark.parametrize("quarters", [1, 2, 4, 8])
@pytest.mark.parametrize("name", OVER)
def test_a_statistic_equals_that_of_pandas(name: str, quarters: int, columns: Columns) -> None:
    again = OVER[name](pd.DataFrame(columns)[list(EARNINGS_MOVES[:quarters])])

    assert again.isna().any()
    assert_allclose(move(columns, f"{name}_{quarters}q"), again, rtol=1e-12, atol=1e-12)


def of(*moves: float) -> Columns:
    return {name: np.array([value]) for name, value in zip(EARNINGS_MOVES, moves, strict=True)}


def test_fewer_moves_are_accepted_and_counted() -> None:
    two = of(0.02, NAN, 0.06, NAN, NAN, NAN, NAN, NAN)

    assert move(two, "mean_4q") == pytest.approx(0.04)
    assert move(two, "count_4q") == 2.0
    assert move(two, "data_quality") == 0.25


def test_without_any_move_nothing_is_known_not_even_that_there_is_none() -> None:
    none = of(*[NAN] * 8)

    assert np.isnan(move(none, "count_8q"))
    assert np.isnan(move(none, "data_quality"))


def test_moves_that_grow_have_a_positive_trend() -> None:
    assert move(of(0.06, 0.06, 0.06, 0.06, 0.02, 0.02, 0.02, 0.02), "trend") == pytest.approx(0.5)


def test_equal_moves_have_no_spread() -> None:
    assert move(of(*[0.05] * 8), "vol_of_vol") == pytest.approx(0.0, abs=1e-9)
