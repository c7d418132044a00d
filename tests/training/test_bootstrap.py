import numpy as np
import pytest

from tests.training.worlds import persistent
from training.bootstrap import Blocks, FloatArray, interval, plain, resampled
from training.metrics import auc, mean_of, skill


def test_blocks_keep_neighbours_together_and_draw_as_many_sessions_as_there_are() -> None:
    (weights,) = Blocks(length=10, resamples=20).weights(np.arange(100))

    assert (weights.sum(axis=1) == 100).all()
    steps = np.abs(np.diff(weights, axis=1, append=weights[:, :1])).sum(axis=1)
    assert (steps <= 2 * 10).all()  # ten blocks: the weight changes where one begins and where it ends


def test_rows_of_one_session_are_drawn_together() -> None:
    (weights,) = Blocks(length=5, resamples=20).weights(np.repeat(np.arange(50), 3))

    by_session = weights.reshape(20, 50, 3)
    assert (by_session.std(axis=2) == 0.0).all()
    assert by_session.std() > 0.0


def test_sessions_without_rows_count_as_time_that_passed() -> None:
    positions = np.array([0, 1, 50, 51])

    weights = np.concatenate(list(Blocks(length=10, resamples=200).weights(positions)))

    assert (weights[:, 0] == weights[:, 1]).mean() > 0.7
    assert (weights[:, 1] == weights[:, 2]).mean() < 0.6  # neighbours in the rows, far apart in time


def test_every_session_is_equally_likely_the_first_and_the_last_too() -> None:
    weights = np.concatenate(list(Blocks(length=10, resamples=4000).weights(np.arange(50))))

    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.06)


def test_the_same_seed_draws_the_same_and_another_draws_others() -> None:
    first, again, other = (
        np.concatenate(list(Blocks(length=5, resamples=7, seed=seed).weights(np.arange(40)))) for seed in (1, 1, 2)
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_all_statistics_see_the_same_samples_so_that_differences_are_comparable() -> None:
    values = np.random.default_rng(0).standard_normal(200)

    drawn = resampled(
        {"a": mean_of(values), "b": mean_of(values + 1.0)}, np.arange(200), Blocks(length=5, resamples=120)
    )

    assert drawn["a"].shape == (120,)
    np.testing.assert_allclose(drawn["b"] - drawn["a"], 1.0)


def test_on_independent_rows_blocks_of_one_give_the_textbook_error_of_a_mean() -> None:
    values = np.random.default_rng(5).standard_normal(2000)

    drawn = resampled({"mean": mean_of(values)}, np.arange(2000), Blocks(length=1, resamples=2000))["mean"]

    assert drawn.std() == pytest.approx(values.std() / np.sqrt(2000), rel=0.06)


def test_an_interval_holds_the_middle_95_percent_of_the_resampled_values() -> None:
    found = interval(0.5, np.linspace(0.0, 1.0, 1001))

    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.025, 0.975))


@pytest.mark.slow
def test_of_forecasts_that_know_nothing_the_auc_interval_misses_one_half_in_about_one_set_of_twenty() -> None:
    misses = [not _auc_interval_holds_one_half(seed) for seed in range(300)]

    assert 0.01 < np.mean(misses) < 0.10


@pytest.mark.slow
def test_a_forecast_no_better_than_its_reference_is_proven_better_in_at_most_one_set_of_twenty() -> None:
    proven = [_skill_interval_low(seed) > 0.0 for seed in range(300)]

    assert 0.0 < np.mean(proven) <= 0.06  # 4 % of 800 sets: overlapping labels make the interval a little short


def _overlapping_labels(generator: np.random.Generator, sessions: int) -> FloatArray:
    """1 where the sum of the next five returns is positive."""
    total = np.convolve(generator.standard_normal(sessions + 4), np.ones(5), mode="valid")
    return (total > 0.0).astype(np.float64)


def _auc_interval_holds_one_half(seed: int) -> bool:
    generator = np.random.default_rng(seed)
    scores, labels = persistent(generator, 1200, 1)[:, 0], _overlapping_labels(generator, 1200)
    statistic = auc(scores, labels == 1.0)
    drawn = resampled({"auc": statistic}, np.arange(1200), Blocks(length=10, resamples=300))["auc"]
    found = interval(plain(statistic, 1200), drawn)
    return found.low <= 0.5 <= found.high


def _skill_interval_low(seed: int) -> float:
    """Forecast 0.5 + d against 0.5 - d, d persistent: by symmetry the true skill is 0."""
    generator = np.random.default_rng(1000 + seed)
    lean, labels = 0.05 * persistent(generator, 1200, 1)[:, 0], _overlapping_labels(generator, 1200)
    statistic = skill((0.5 + lean - labels) ** 2, (0.5 - lean - labels) ** 2)
    drawn = resampled({"skill": statistic}, np.arange(1200), Blocks(length=10, resamples=300))["skill"]
    return interval(plain(statistic, 1200), drawn).low
