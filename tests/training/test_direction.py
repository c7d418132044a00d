import numpy as np
import numpy.typing as npt
import pytest
from options_signals.models.calibrate import calibrate, sigmoid
from options_signals.models.card import Calibrator
from scipy.optimize import minimize

from tests.training.worlds import direction_world
from training.bootstrap import FloatArray, IntArray
from training.direction import DirectionCore, DirectionLearner, DirectionModel, best_threshold, fit_sigmoid, informative
from training.learners import labelled

FEATURES = tuple(f"f{number}" for number in range(8))


@pytest.mark.parametrize(
    ("p_up", "came", "expected"),
    [
        ([0.9, 0.9, 0.1], [1, 1, 0], 0.50),  # every threshold is perfect: the middle one
        ([0.62, 0.61, 0.58], [1, 1, 0], 0.58),  # perfect from 0.58 to 0.60: the nearest to the middle
        ([0.42, 0.41, 0.38], [1, 1, 0], 0.40),  # perfect from 0.38 to 0.40
        ([0.9, 0.9, 0.9], [1, 1, 0], 0.50),  # nothing to gain anywhere
    ],
)
def test_of_thresholds_with_the_same_f1_the_nearest_to_one_half_is_taken(
    p_up: list[float], came: list[int], expected: float
) -> None:
    assert best_threshold(np.array(p_up), np.array(came)) == expected


def test_of_two_equally_near_thresholds_the_lower_is_taken() -> None:
    p_up = np.array([0.8, 0.8, 0.52, 0.52, 0.49, 0.1])
    came = np.array([1, 1, 0, 0, 1, 1])

    # 0.48 calls five, three of the four UPs among them; 0.50 calls four with two, 0.52 two with two.
    assert [_f1(p_up > threshold, came) for threshold in (0.48, 0.50, 0.52)] == pytest.approx([2 / 3, 1 / 2, 2 / 3])
    assert best_threshold(p_up, came) == 0.48


def test_up_is_called_above_the_threshold_and_not_at_it() -> None:
    model = DirectionModel(_core(), Calibrator(), threshold=0.6)

    assert model.choices(np.array([[0.4, 0.6], [0.39, 0.61]])).tolist() == [0, 1]


def test_a_threshold_at_the_end_of_its_grid_is_said_on_the_card() -> None:
    inside, at_the_end = (DirectionModel(_core(), Calibrator(), threshold=value) for value in (0.31, 0.30))

    assert inside.card_parts["notes"] == []
    assert at_the_end.card_parts["notes"] == ["the best threshold lies at the end of its grid, 0.30"]
    assert "end of the grid" in at_the_end.choice_made


def test_the_sigmoid_is_the_one_of_highest_likelihood() -> None:
    generator = np.random.default_rng(3)
    log_odds = generator.normal(0.0, 2.0, 800)
    came = (generator.random(800) < sigmoid(0.4 * log_odds + 0.3)).astype(int)
    p_up = sigmoid(log_odds)

    found = fit_sigmoid(p_up, came)

    second_road = minimize(_surprise, x0=[1.0, 0.0], args=(log_odds, came)).x
    assert [found.slope, found.intercept] == pytest.approx(second_road, abs=1e-3)
    assert found.slope == pytest.approx(0.4, abs=0.1)


def test_forecasts_that_point_the_wrong_way_become_the_share_of_ups_and_are_not_turned_around() -> None:
    p_up = np.array([0.9, 0.8, 0.3, 0.2])
    came = np.array([0, 0, 1, 0])

    calibrator = fit_sigmoid(p_up, came)

    assert calibrator.slope == 0.0
    np.testing.assert_allclose(calibrate(calibrator, p_up), 0.25)


def test_where_every_outcome_was_the_same_nothing_is_stretched() -> None:
    assert fit_sigmoid(np.array([0.4, 0.6]), np.array([1, 1])).slope == 0.0


def test_the_forty_most_informative_features_are_selected_in_their_own_order() -> None:
    rows = labelled(direction_world(seed=1, features=60, truth=2.0))
    names = [f"f{number}" for number in range(60)]

    selected = informative(rows, names[::-1])

    assert len(selected) == 40
    assert "f0" in selected  # the one that knows
    assert list(selected) == [name for name in names[::-1] if name in selected]


def test_the_same_rows_select_the_same_features() -> None:
    rows = labelled(direction_world(seed=1, features=60))
    names = [f"f{number}" for number in range(60)]

    assert informative(rows, names) == informative(rows.copy(), names)


@pytest.mark.parametrize("values", [np.nan, 7.0])
def test_a_feature_that_is_mostly_unknown_or_always_the_same_is_not_selected(values: float) -> None:
    rows = labelled(direction_world(seed=1))
    useless = rows.assign(f3=rows["f3"].where(np.arange(len(rows)) < 0.4 * len(rows)) if np.isnan(values) else values)

    assert "f3" in informative(rows, FEATURES)
    assert "f3" not in informative(useless, FEATURES)


def test_unknown_values_are_replaced_by_the_medians_of_the_training_rows() -> None:
    rows = direction_world(seed=2)
    core = DirectionLearner(FEATURES).core(rows)
    unknown = rows.head(1).assign(**dict.fromkeys(FEATURES, np.nan))
    at_the_median = rows.head(1).assign(**dict(zip(core.features, core.medians, strict=True)))

    np.testing.assert_array_equal(core.medians, labelled(rows)[list(core.features)].median())
    np.testing.assert_array_equal(
        core.forecasts(unknown)["uncalibrated"], core.forecasts(at_the_median)["uncalibrated"]
    )


def test_unlabelled_rows_teach_nothing() -> None:
    rows = direction_world(seed=2)
    other = rows.assign(f0=rows["f0"].where(rows["label"].notna(), 1e3))

    core, same = (DirectionLearner(FEATURES).core(frame) for frame in (rows, other))

    assert rows["label"].isna().sum() > 300
    np.testing.assert_array_equal(core.pipeline[-1].coef_, same.pipeline[-1].coef_)


def _core() -> DirectionCore:
    return DirectionLearner(FEATURES).core(direction_world(seed=2, sessions=300))


def _f1(called: npt.NDArray[np.bool_], came: IntArray) -> float:
    return float(2 * (called & (came == 1)).sum() / (called.sum() + (came == 1).sum()))


def _surprise(parameters: FloatArray, log_odds: FloatArray, came: IntArray) -> float:
    p = sigmoid(parameters[0] * log_odds + parameters[1])
    return float(-np.mean(np.where(came == 1, np.log(p), np.log(1.0 - p))))
