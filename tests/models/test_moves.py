import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from options_signals.models.card import MOVE_RULE_INPUTS, MoveRule
from options_signals.models.moves import in_order, move_rule

from tests.models.bundles import ALL_MOVES, SHRUNK

NAN = float("nan")


def rule(name: str) -> MoveRule:
    return MoveRule.model_validate({"name": name, "factors": (0.5, 1.0, 2.0), "all_moves": ALL_MOVES})


@pytest.mark.parametrize("name", ["median of last four", "k x ATR"])
def test_a_size_of_four_percent_is_two_four_and_eight_under_factors_of_a_half_one_and_two(name: str) -> None:
    assert_allclose(move_rule(rule(name), np.array([[0.04]])), [[0.02, 0.04, 0.08]])


@pytest.mark.parametrize(
    ("atr", "mean", "count", "size"),
    [
        (0.02, 0.10, 4.0, (4 * 0.10 + 4 * 2 * 0.02) / 8),  # its own year weighs as much as 2 x ATR
        (0.02, 0.10, 8.0, (8 * 0.10 + 4 * 2 * 0.02) / 12),
        (0.02, NAN, NAN, 2 * 0.02),  # none of its own
    ],
)
def test_the_own_mean_is_pulled_towards_a_multiple_of_the_true_range(
    atr: float, mean: float, count: float, size: float
) -> None:
    assert_allclose(move_rule(SHRUNK, np.array([[atr, mean, count]])), [[0.2 * size, 0.8 * size, 2.0 * size]])


@pytest.mark.parametrize("name", MOVE_RULE_INPUTS)
def test_a_rule_that_knows_nothing_of_a_row_says_the_quantiles_of_all_moves(name: str) -> None:
    nothing = np.full((2, len(MOVE_RULE_INPUTS[name])), NAN)

    assert_array_equal(move_rule(rule(name), nothing), [ALL_MOVES] * 2)


@given(hnp.arrays(np.float64, (4, 3), elements=st.floats(-1.0, 1.0)))
def test_quantiles_in_order_neither_cross_nor_fall_below_zero(quantiles: np.ndarray) -> None:
    ordered = in_order(quantiles)

    assert (np.diff(ordered, axis=1) >= 0.0).all()
    assert (ordered >= 0.0).all()
