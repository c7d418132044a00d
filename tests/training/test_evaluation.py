import dataclasses
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from options_signals.errors import InvalidValueError

from tests.training.worlds import calendar
from training.bootstrap import Blocks, FloatArray, IntArray, Interval
from training.evaluation import DIRECTION, IV_REGIME, Evaluation, Figure, confidences, evaluate, reliability
from training.learners import Fold, Forecasts

ROWS = 400


@dataclasses.dataclass(frozen=True)
class FixedModel:
    """Calls UP above a threshold, or the likeliest class."""

    threshold: float | None
    choice_made: str = "nothing"

    def forecasts(self, frame: pd.DataFrame) -> Forecasts:
        return {"served": np.full((len(frame), 2), 0.5)}

    def choices(self, probabilities: FloatArray) -> IntArray:
        if self.threshold is None:
            return probabilities.argmax(axis=1)
        return (probabilities[:, 1] > self.threshold).astype(np.int64)


@pytest.fixture(scope="module")
def direction() -> Evaluation:
    """Half of the rows unlabelled; the served forecast knows much, the base rate is 0.6."""
    generator = np.random.default_rng(1)
    p_up = generator.uniform(0.1, 0.9, ROWS)
    label = np.where(generator.random(ROWS) < 0.5, (generator.random(ROWS) < p_up).astype(float), np.nan)
    rows = pd.DataFrame({**calendar(ROWS), "label": label, "entered_return": generator.normal(0.001, 0.01, ROWS)})
    forecasts = {
        "served": _two(p_up),
        "uncalibrated": _two(np.clip(p_up * 1.1, 0, 1)),
        "base rate": _two(np.full(ROWS, 0.6)),
        "always UP": _two(np.ones(ROWS)),
    }
    return evaluate(_folds(rows, forecasts, FixedModel(0.5)), DIRECTION, resamples=200)


def test_the_figures_are_all_there_with_their_baselines(direction: Evaluation) -> None:
    beside = {name: set(figure.baselines) for name, figure in direction.figures.items()}

    assert beside == {
        "auc": {"coin"},
        "accuracy": {"base rate", "always UP"},
        "f1": {"base rate", "always UP"},
        "brier_skill": {"base rate", "always UP"},
        "log_loss": {"base rate"},
        "ece": {"base rate", "always UP"},
        "sign_accuracy": {"always long"},
    }


def test_only_labelled_rows_are_judged_but_the_sign_on_all_sessions(direction: Evaluation) -> None:
    assert 170 < direction.rows < 230
    assert direction.figures["sign_accuracy"].measured.value == pytest.approx(0.5, abs=0.08)
    assert sum(fold.rows for fold in direction.folds) == direction.rows


def test_a_forecast_that_knows_wins_and_one_equal_to_the_baseline_does_not(direction: Evaluation) -> None:
    assert direction.figures["brier_skill"].verdict == "model"
    assert direction.figures["brier_skill"].best_baseline == "base rate"
    assert direction.figures["brier_skill"].baselines["base rate"] == 0.0
    assert direction.figures["sign_accuracy"].verdict == "open"


@pytest.mark.parametrize(
    ("low", "high", "winner"),
    [(0.01, 0.03, "model"), (-0.01, 0.02, "open"), (-0.03, -0.01, "rule"), (0.0, 0.0, "open")],
)
def test_who_wins_is_said_only_beyond_the_interval(low: float, high: float, winner: str) -> None:
    figure = Figure(Interval(0.5, 0.4, 0.6), {"rule": 0.5}, "rule", Interval((low + high) / 2, low, high))

    assert figure.verdict == winner


def test_where_lower_is_better_the_gain_counts_downwards(direction: Evaluation) -> None:
    loss = direction.figures["log_loss"]

    assert loss.measured.value < loss.baselines["base rate"]
    assert loss.gain.value == pytest.approx(loss.baselines["base rate"] - loss.measured.value)


def test_the_value_lies_in_its_interval(direction: Evaluation) -> None:
    for name in ("auc", "accuracy", "f1", "brier_skill", "log_loss", "sign_accuracy"):
        measured = direction.figures[name].measured
        assert measured.low < measured.value < measured.high


def test_each_fold_is_told_by_itself(direction: Evaluation) -> None:
    assert [fold.number for fold in direction.folds] == [1, 2]
    assert direction.folds[0].last < direction.folds[1].first
    assert direction.folds[0].figures["auc"] != direction.folds[1].figures["auc"]


def test_the_reliability_of_p_up_covers_all_forecasts_once(direction: Evaluation) -> None:
    bins = direction.reliability

    assert (bins[0].low, bins[-1].high) == (0.0, 1.0)
    assert all(left.high == right.low for left, right in pairwise(bins))
    assert sum(one.count for one in bins) == direction.rows
    assert all(one.low <= one.mean_forecast <= one.high for one in bins)


def test_observed_shares_of_a_case_by_hand() -> None:
    forecasts, happened = np.repeat([0.2, 0.8], 50), np.tile([1.0, 0.0, 0.0, 0.0, 0.0], 20)
    happened[50:] = 1.0 - happened[50:]

    low, high = reliability(forecasts, happened, np.arange(100), Blocks(length=5, resamples=50))

    assert (low.count, low.mean_forecast, low.observed.value) == pytest.approx((50, 0.2, 0.2))
    assert (high.count, high.mean_forecast, high.observed.value) == pytest.approx((50, 0.8, 0.8))


def test_of_three_classes_the_likeliest_is_checked_for_calibration() -> None:
    probabilities = np.array([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]])

    said, came = confidences(probabilities, np.array([1, 0]), np.array([1, 2]))

    assert said.tolist() == [0.7, 0.5]
    assert came.tolist() == [1.0, 0.0]


def test_the_regime_stands_beside_bucket_table_and_rule() -> None:
    generator = np.random.default_rng(2)
    rows = pd.DataFrame({**calendar(ROWS), "label": generator.integers(0, 3, ROWS).astype(float)})
    names = ("served", "model", "rule", "average", "same bucket", "transition table", "base rate")
    forecasts = {name: generator.dirichlet([4, 4, 4], ROWS) for name in names}

    found = evaluate(_folds(rows, forecasts, FixedModel(None)), IV_REGIME, resamples=50)

    assert set(found.figures["log_loss"].baselines) == {"same bucket", "transition table", "rule", "base rate"}
    assert set(found.variants) == {"model", "average"}
    assert "sign_accuracy" not in found.figures
    assert [curve.label for curve in found.curves] == ["LOW", "NORMAL", "HIGH"]
    assert found.block_sessions == 20


def test_tests_in_which_one_class_came_alone_are_refused() -> None:
    rows = pd.DataFrame({**calendar(ROWS), "label": 1.0})
    forecasts = {name: _two(np.full(ROWS, 0.6)) for name in ("served", "uncalibrated", "base rate", "always UP")}

    with pytest.raises(InvalidValueError, match=r"is \[1\]; allowed: at least two, over 400 rows"):
        evaluate(_folds(rows, forecasts, FixedModel(0.5)), DIRECTION, resamples=50)


def test_a_regime_that_never_came_is_left_out_of_the_mean_auc() -> None:
    generator = np.random.default_rng(2)
    rows = pd.DataFrame({**calendar(ROWS), "label": generator.integers(0, 2, ROWS).astype(float)})
    names = ("served", "model", "rule", "average", "same bucket", "transition table", "base rate")
    forecasts = {name: generator.dirichlet([4, 4, 4], ROWS) for name in names}

    found = evaluate(_folds(rows, forecasts, FixedModel(None)), IV_REGIME, resamples=50)

    assert found.figures["auc"].measured.value == pytest.approx(0.5, abs=0.1)
    assert [curve.label for curve in found.curves] == ["LOW", "NORMAL"]


def test_the_same_folds_give_the_same_intervals_every_time() -> None:
    generator = np.random.default_rng(3)
    rows = pd.DataFrame({**calendar(ROWS), "label": generator.integers(0, 2, ROWS).astype(float)})
    forecasts = {
        name: _two(generator.uniform(0.3, 0.7, ROWS)) for name in ("served", "uncalibrated", "base rate", "always UP")
    }
    folds = _folds(rows, forecasts, FixedModel(0.5))

    assert evaluate(folds, DIRECTION, resamples=50) == evaluate(folds, DIRECTION, resamples=50)


def _two(p_up: FloatArray) -> FloatArray:
    return np.column_stack([1.0 - p_up, p_up])


def _folds(rows: pd.DataFrame, forecasts: dict[str, FloatArray], model: FixedModel) -> list[Fold[FixedModel]]:
    halves = (slice(0, len(rows) // 2), slice(len(rows) // 2, None))
    return [
        Fold(number, rows.iloc[half], model, {name: p[half] for name, p in forecasts.items()})
        for number, half in enumerate(halves, start=1)
    ]
