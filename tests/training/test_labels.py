import numpy as np
import pytest

from training.labels import ahead, bucket, direction_label, entered_return, iv_change, iv_regime_label

NAN = np.nan
RISING = np.cumprod(np.full(12, 1.01))  # one percent a session


def test_a_week_of_more_than_one_percent_has_a_direction_and_a_smaller_one_has_none() -> None:
    up, down, up_little, down_little = ([100.0, 1, 1, 1, 1, last] for last in (101.1, 98.9, 100.9, 99.1))

    labels = [direction_label(np.array(close))[0] for close in (up, down, up_little, down_little)]

    np.testing.assert_array_equal(labels, [1.0, 0.0, NAN, NAN])


def test_the_last_five_sessions_are_unlabelled_because_their_future_is_unknown() -> None:
    close = RISING.copy()

    known = ~np.isnan(direction_label(close))

    assert known.tolist() == [True] * 7 + [False] * 5


def test_a_missing_bar_five_sessions_later_leaves_the_label_unknown_and_is_not_replaced_by_its_neighbour() -> None:
    close = RISING.copy()
    close[6] = NAN

    label = direction_label(close)

    assert label[0] == 1.0
    assert np.isnan(label[1])
    assert label[2] == 1.0


def test_who_enters_at_the_next_open_gets_the_move_from_there_to_the_fifth_close() -> None:
    open_ = np.array([100.0, 104.0, 1, 1, 1, 1])
    close = np.array([100.0, 1, 1, 1, 1, 106.6])

    assert entered_return(open_, close)[0] == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("rank", "expected"), [(0.0, 0.0), (29.99, 0.0), (30.0, 1.0), (59.99, 1.0), (60.0, 2.0), (100.0, 2.0), (NAN, NAN)]
)
def test_the_buckets_begin_at_thirty_and_at_sixty(rank: float, expected: float) -> None:
    np.testing.assert_array_equal(bucket(np.array([rank])), [expected])


def test_the_regime_label_is_the_bucket_of_the_rank_five_sessions_later() -> None:
    rank = np.array([10.0, 10, 10, 10, 10, 45, 75, NAN])

    np.testing.assert_array_equal(iv_regime_label(rank)[:3], [1.0, 2.0, NAN])


def test_the_change_of_the_index_is_its_log_ratio_over_five_sessions() -> None:
    level = np.array([20.0, 1, 1, 1, 1, 22.0])

    assert iv_change(level)[0] == pytest.approx(0.0953101798)  # ln 1.1


@pytest.mark.parametrize("length", [0, 1, 5])
def test_of_a_series_no_longer_than_the_horizon_nothing_is_known(length: int) -> None:
    assert np.isnan(ahead(np.ones(length), 5)).all()
