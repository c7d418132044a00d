import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from options_signals.errors import InvalidValueError
from options_signals.features.arrays import FloatArray
from options_signals.models.card import BucketRule
from options_signals.models.rule import bucket_rule
from options_signals.signals import IvRegime, bucket

RULE = BucketRule(
    lower_distance="iv_distance_to_30",
    upper_distance="iv_distance_to_60",
    bucket_of="iv_rank",
    bounds=(30.0, 60.0),
    changes=((0.3, -0.1, 0.0, 0.1), (-0.2, 0.0), (-0.5,)),
)


def answer(lower: float, upper: float, rank: float) -> FloatArray:
    rows = bucket_rule(
        RULE, lower_distance=np.array([lower]), upper_distance=np.array([upper]), iv_rank=np.array([rank])
    )
    one: FloatArray = rows[0]
    return one


def test_each_change_seen_before_is_one_equally_likely_future_and_each_bucket_gets_one_more() -> None:
    # from 5 % below the lower bound: -10 % and 0 % stay LOW, +10 % is NORMAL, +30 % is HIGH
    assert_allclose(answer(0.05, 0.2, rank=20.0), [3 / 7, 2 / 7, 2 / 7])


def test_a_change_onto_a_bound_is_above_it_as_the_buckets_are() -> None:
    assert_allclose(answer(0.0, 0.3, rank=20.0), [2 / 7, 3 / 7, 2 / 7])


@pytest.mark.parametrize(
    ("rank", "expected"), [(29.9, [2 / 7, 4 / 7, 1 / 7]), (30.0, [2 / 5, 2 / 5, 1 / 5]), (60.0, [2 / 4, 1 / 4, 1 / 4])]
)
def test_the_changes_are_those_of_todays_bucket(rank: float, expected: list[float]) -> None:
    assert_allclose(answer(0.0, 0.4, rank=rank), expected)


def test_a_row_with_an_unknown_input_is_unknown_and_its_neighbour_is_not() -> None:
    rows = bucket_rule(
        RULE,
        lower_distance=np.array([np.nan, 0.0, 0.0, 0.0]),
        upper_distance=np.array([0.1, np.nan, 0.1, 0.1]),
        iv_rank=np.array([20.0, 20.0, np.nan, 20.0]),
    )

    assert_array_equal(np.isnan(rows).all(axis=1), [True, True, True, False])
    assert_allclose(rows[3], [2 / 7, 2 / 7, 3 / 7])


def test_swapped_distances_are_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"^distance to the lower bound in row 0 is 0\.2; allowed: at most "):
        answer(0.2, 0.1, rank=20.0)


@given(bounds=st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)).map(sorted), rank=st.floats(0.0, 100.0))
def test_the_three_shares_sum_to_one_and_agree_with_counting(bounds: list[float], rank: float) -> None:
    lower, upper = bounds
    low, normal, high = answer(lower, upper, rank)

    changes = RULE.changes[list(IvRegime).index(bucket(rank))]
    assert low + normal + high == pytest.approx(1.0)
    assert low == pytest.approx((1 + sum(change < lower for change in changes)) / (len(changes) + 3))
    assert high == pytest.approx((1 + sum(change >= upper for change in changes)) / (len(changes) + 3))
