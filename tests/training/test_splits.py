import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_signals.errors import InvalidValueError

from training.bootstrap import IntArray
from training.splits import Split, walk_forward

HORIZON = 5


@st.composite
def pooled_rows(draw: st.DrawFn) -> tuple[IntArray, int, int]:
    """Session numbers of several tickers with holes of their own, how many splits, and how many first sessions."""
    length = draw(st.integers(80, 200))
    tickers = draw(st.integers(1, 4))
    splits = draw(st.integers(2, 6))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kept = generator.random((tickers, length)) < 0.8
    kept[0] = True
    positions = np.concatenate([np.flatnonzero(own) for own in kept]) + 1000
    return generator.permutation(positions), splits, draw(st.integers(6, length - 6 * splits))


@given(pooled_rows())
def test_every_label_of_a_train_part_is_known_before_the_first_session_of_its_test(
    rows: tuple[IntArray, int, int],
) -> None:
    positions, splits, first = rows

    for split in walk_forward(positions, splits=splits, horizon=HORIZON, first=first):
        assert (positions[split.train] + HORIZON).max(initial=0) < positions[split.test].min()


@given(pooled_rows())
def test_rows_of_one_session_stay_together_and_every_later_session_is_tested_once(
    rows: tuple[IntArray, int, int],
) -> None:
    positions, splits, first = rows

    parts = [positions[split.test] for split in walk_forward(positions, splits=splits, horizon=HORIZON, first=first)]

    tested = np.concatenate(parts)
    sessions = np.unique(positions)
    assert np.array_equal(np.sort(tested), np.sort(positions[positions >= sessions[first]]))
    assert sum(len(np.unique(part)) for part in parts) == len(np.unique(tested))


@given(pooled_rows())
def test_only_the_sessions_of_the_gap_are_lost_to_training(rows: tuple[IntArray, int, int]) -> None:
    positions, splits, first = rows

    for split in walk_forward(positions, splits=splits, horizon=HORIZON, first=first):
        begins = positions[split.test].min()
        untrained = positions[positions < begins][~np.isin(positions[positions < begins], positions[split.train])]
        assert (untrained >= begins - HORIZON).all()


def test_train_parts_grow_and_tests_follow_each_other() -> None:
    splits = list(walk_forward(np.arange(60), splits=5, horizon=5, first=10))

    assert [(split.train[0], split.train[-1], split.test[0], split.test[-1]) for split in splits] == [
        (0, 4, 10, 19),
        (0, 14, 20, 29),
        (0, 24, 30, 39),
        (0, 34, 40, 49),
        (0, 44, 50, 59),
    ]


def test_holes_in_the_calendar_count_as_sessions_that_passed() -> None:
    positions = np.array([*range(20), *range(100, 120)])

    (split,) = walk_forward(positions, splits=1, horizon=5, first=20)

    assert split.train.tolist() == list(range(20))  # the hole is longer than the horizon: nothing needs purging


def test_too_few_sessions_are_refused_with_the_number_needed() -> None:
    with pytest.raises(InvalidValueError, match="is 39; allowed: at least 40: 10 to start with, then 5 tests"):
        _all(np.arange(39))

    assert len(_all(np.arange(40))) == 5


def _all(positions: IntArray) -> list[Split]:
    return list(walk_forward(positions, splits=5, horizon=5, first=10))
