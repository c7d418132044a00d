import numpy as np
import pytest
from sklearn import metrics as sk

from training import metrics
from training.bootstrap import FloatArray, IntArray, Statistic

ROWS = 400


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture
def weights(generator: np.random.Generator) -> FloatArray:
    """Whole numbers, some 0, as the bootstrap draws them."""
    return generator.integers(0, 4, (3, ROWS)).astype(float)


@pytest.fixture
def outcomes(generator: np.random.Generator) -> IntArray:
    return generator.integers(0, 3, ROWS)


@pytest.fixture
def probabilities(generator: np.random.Generator) -> FloatArray:
    """Two decimals, so that many are equal."""
    return generator.multinomial(100, [0.2, 0.5, 0.3], ROWS) / 100.0


def test_the_auc_is_that_of_scikit_learn_with_ties_and_weights(
    probabilities: FloatArray, outcomes: IntArray, weights: FloatArray
) -> None:
    positive = outcomes == 2

    found = metrics.auc(probabilities[:, 2], positive)(weights)

    expected = [sk.roc_auc_score(positive, probabilities[:, 2], sample_weight=row) for row in weights]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_auc_of_three_classes_is_the_mean_of_each_against_the_rest(
    probabilities: FloatArray, outcomes: IntArray
) -> None:
    found = metrics.mean_auc(probabilities, outcomes)(np.ones((1, ROWS)))

    expected = sk.roc_auc_score(outcomes, probabilities, multi_class="ovr", average="macro")
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_auc_is_unknown_where_only_one_class_was_drawn() -> None:
    statistic = metrics.auc(np.array([0.1, 0.9]), np.array([False, True]))

    assert statistic(np.array([[1.0, 1.0]]))[0] == 1.0
    assert np.isnan(statistic(np.array([[0.0, 2.0]]))[0])


@pytest.mark.parametrize("classes", [(2,), (0, 1, 2)])
def test_f1_is_that_of_scikit_learn_with_weights(
    generator: np.random.Generator, outcomes: IntArray, weights: FloatArray, classes: tuple[int, ...]
) -> None:
    choices = generator.integers(0, 3, ROWS)

    found = metrics.f1(choices, outcomes, classes)(weights)

    expected = [
        sk.f1_score(outcomes, choices, labels=list(classes), average="macro", sample_weight=row) for row in weights
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_log_loss_is_that_of_scikit_learn_with_weights(
    probabilities: FloatArray, outcomes: IntArray, weights: FloatArray
) -> None:
    sure = np.maximum(probabilities, 0.01)
    sure /= sure.sum(axis=1, keepdims=True)

    found = metrics.mean_of(metrics.surprises(sure, outcomes))(weights)

    expected = [sk.log_loss(outcomes, sure, sample_weight=row) for row in weights]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_forecast_of_zero_that_comes_true_costs_much_and_not_without_end() -> None:
    assert metrics.surprises(np.array([[1.0, 0.0]]), np.array([1]))[0] == pytest.approx(13.8155, abs=1e-4)


def test_the_brier_score_of_two_classes_is_twice_that_of_scikit_learn_which_counts_one(
    generator: np.random.Generator, weights: FloatArray
) -> None:
    up, came = generator.random(ROWS), generator.integers(0, 2, ROWS)

    found = metrics.mean_of(metrics.squared_errors(np.column_stack([1.0 - up, up]), came))(weights)

    expected = [2.0 * sk.brier_score_loss(came, up, sample_weight=row) for row in weights]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_skill_is_the_share_of_the_reference_error_that_is_taken_away() -> None:
    statistic = metrics.skill(np.array([0.1, 0.2]), np.array([0.2, 0.4]))

    np.testing.assert_allclose(statistic(np.array([[1.0, 1.0], [2.0, 0.0]])), [0.5, 0.5])


def test_ten_bins_hold_equally_many_forecasts_and_equal_ones_share_a_bin() -> None:
    forecasts = np.concatenate([np.full(50, 0.5), np.linspace(0.6, 0.9, 50)])

    edges = metrics.bin_edges(forecasts)
    counts = np.bincount(metrics.bin_of(forecasts, edges))

    assert edges[0] == 0.0
    assert edges[-1] == 1.0
    assert counts.tolist() == [50, 10, 10, 10, 10, 10]


def test_one_forecast_for_all_is_one_bin() -> None:
    assert metrics.bin_edges(np.full(30, 0.6)).tolist() == [0.0, 1.0]


def test_the_calibration_error_of_a_case_by_hand() -> None:
    forecasts = np.repeat([0.2, 0.6], [10, 30])
    happened = np.concatenate([np.repeat([1.0, 0.0], [4, 6]), np.repeat([1.0, 0.0], [15, 15])])

    statistic = metrics.calibration_error(forecasts, happened)

    # 10 of 40 said 0.2 and 0.4 came: off by 0.2; 30 said 0.6 and 0.5 came: off by 0.1.
    assert _plain(statistic, 40) == pytest.approx(0.25 * 0.2 + 0.75 * 0.1)


def _plain(statistic: Statistic, rows: int) -> float:
    return float(statistic(np.ones((1, rows)))[0])
