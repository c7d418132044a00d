import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from options_signals.features.calendar_fomc import KNOWN_FROM, KNOWN_THROUGH, TARGETS, policy_columns

NAN = math.nan


def policy(name: str, *sessions: str) -> list[float]:
    return list(policy_columns(np.array(sessions, dtype="datetime64[s]"))[name])


def test_the_table_is_in_order_and_every_row_changes_the_target() -> None:
    days = [day for day, _, _ in TARGETS]
    uppers = np.array([upper for _, _, upper in TARGETS])

    assert days == sorted(set(days))
    assert (np.diff(uppers) != 0.0).all()


def test_a_target_is_one_number_or_a_quarter_point_wide_range_and_a_whole_number_of_eighths() -> None:
    assert {upper - lower for _, lower, upper in TARGETS} == {0.0, 0.25}
    assert all(upper * 8 == int(upper * 8) for _, _, upper in TARGETS)


def test_a_change_is_known_on_the_day_it_is_announced() -> None:
    assert policy("policy_change", "2022-06-14", "2022-06-15") == [0.5, 0.75]
    assert policy("policy_change_age", "2022-06-14", "2022-06-15", "2022-06-16") == [28.0, 0.0, 1.0]


def test_a_change_announced_on_a_sunday_is_known_on_monday() -> None:
    assert policy("policy_change", "2020-03-13", "2020-03-16") == [-0.5, -1.0]
    assert policy("policy_change_age", "2020-03-13", "2020-03-16") == [8.0, 0.0]


@pytest.mark.parametrize(
    "pivot", ["1995-07-06", "2007-09-18", "2015-12-16", "2019-07-31", "2022-03-16", "2024-09-18", "2026-09-16"]
)
def test_a_reversal_is_the_first_move_the_other_way(pivot: str) -> None:
    assert policy("policy_reversal_age", pivot) == [0.0]


def test_a_second_move_the_same_way_is_no_reversal() -> None:
    assert policy("policy_reversal_age", "2022-05-04") == [34.0]


@pytest.mark.parametrize("name", ["policy_change", "policy_change_age", "policy_reversal_age"])
def test_outside_the_span_of_the_table_nothing_is_known(name: str) -> None:
    day = np.timedelta64(1, "D")

    answer = policy_columns(np.array([KNOWN_FROM - day, KNOWN_FROM, KNOWN_THROUGH, KNOWN_THROUGH + day]))[name]

    assert_array_equal(np.isnan(answer), [True, False, False, True])
