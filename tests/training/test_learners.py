"""Nothing may be learned from the rows that judge it. Each test first shows that a leak would be seen."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from tests.training.worlds import direction_world, regime_world
from training.direction import DirectionLearner, DirectionModel
from training.evaluation import DIRECTION, Evaluation, evaluate
from training.iv_regime import RegimeLearner
from training.learners import Fold, fit, labelled, labelled_part, outer_folds, pooled

FEATURES = tuple(f"f{number}" for number in range(44))

type Folds = list[Fold[DirectionModel]]


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    """A market whose first feature gives away part of tomorrow's return; more features than are selected."""
    return direction_world(seed=1, truth=0.5, features=44)


@pytest.fixture(scope="module")
def folds(world: pd.DataFrame) -> Folds:
    return list(outer_folds(DirectionLearner(FEATURES), world))


def test_what_is_there_to_be_found_is_found_and_proven(folds: Folds) -> None:
    found = _judged(folds)

    assert found.figures["auc"].measured.low > 0.55
    assert found.figures["brier_skill"].measured.low > 0.0
    assert found.figures["brier_skill"].verdict == "model"


def test_labels_dealt_out_by_chance_leave_nothing_to_find(world: pd.DataFrame) -> None:
    shuffled = world.assign(label=np.random.default_rng(2).permutation(world["label"]))

    found = _judged(list(outer_folds(DirectionLearner(FEATURES), shuffled)))

    assert found.figures["brier_skill"].measured.low <= 0.0
    assert found.figures["auc"].measured.low < 0.5


def test_features_selected_with_the_test_rows_in_sight_show_skill_in_pure_noise_and_ours_do_not() -> None:
    noise = _wide_noise(seed=3, features=300)
    names = [f"f{number}" for number in range(300)]
    rows = labelled(noise)
    peeked = rows[names].corrwith(rows["label"]).abs().nlargest(40).index.astype(str)

    cheating = _judged(list(outer_folds(DirectionLearner(tuple(peeked)), noise)))
    honest = _judged(list(outer_folds(DirectionLearner(tuple(names[:60])), noise)))

    assert cheating.figures["auc"].measured.low > 0.55
    assert honest.figures["auc"].measured.low < 0.5
    assert honest.figures["brier_skill"].measured.low <= 0.0


@pytest.mark.parametrize("column", ["label", "f0"])
def test_what_stands_in_the_test_part_changes_nothing_that_was_fitted_before_it(
    world: pd.DataFrame, folds: Folds, column: str
) -> None:
    last = folds[-1].test.index
    changed = world.copy()
    changed.loc[last, column] = np.random.default_rng(4).permutation(changed.loc[last, column]) * 0.5 + 0.5

    again = list(outer_folds(DirectionLearner(FEATURES), changed.assign(label=changed["label"].round())))

    for before, after in zip(folds, again, strict=True):
        assert _learned(before.model) == _learned(after.model)


def test_the_label_of_a_train_row_does_change_what_is_fitted(world: pd.DataFrame, folds: Folds) -> None:
    first = world.head(700).index
    changed = world.copy()
    changed.loc[first, "label"] = np.random.default_rng(4).permutation(changed.loc[first, "label"])

    again = next(iter(outer_folds(DirectionLearner(FEATURES), changed)))

    assert _learned(folds[0].model) != _learned(again.model)


def test_labels_inside_the_gap_before_a_test_are_not_learned(world: pd.DataFrame, folds: Folds) -> None:
    begins = folds[0].test["position"].min()
    gap = world["position"].between(begins - 5, begins - 1)
    other = world.assign(label=world["label"].mask(gap, 1.0 - world["label"]))

    again = next(iter(outer_folds(DirectionLearner(FEATURES), other)))

    assert world.loc[gap, "label"].notna().any()
    assert _learned(folds[0].model) == _learned(again.model)


def test_a_model_of_the_rows_before_a_fold_is_the_model_of_that_fold(world: pd.DataFrame, folds: Folds) -> None:
    begins = folds[2].test["position"].min()

    alone = fit(DirectionLearner(FEATURES), world[world["position"] < begins - 5])

    assert _learned(alone) == _learned(folds[2].model)


def test_every_session_after_the_first_three_years_is_forecast_once(world: pd.DataFrame, folds: Folds) -> None:
    forecast = np.concatenate([fold.test["position"] for fold in folds])

    assert forecast.tolist() == world["position"].tolist()[756:]


def test_the_tickers_of_a_pool_are_cut_at_the_same_sessions() -> None:
    pool = pd.concat(
        [direction_world(seed=seed, sessions=900).assign(ticker=ticker) for seed, ticker in enumerate("ABC")]
    )
    rows = pool.sort_values(["position", "ticker"], ignore_index=True)

    for fold in outer_folds(DirectionLearner(FEATURES[:4]), rows):
        assert fold.test.groupby("position")["ticker"].nunique().eq(3).all()


def test_the_choice_of_the_served_regime_forecast_never_sees_its_test_part() -> None:
    rows = regime_world(seed=6)
    learner = RegimeLearner(("iv_rank", "iv_distance_to_30", "iv_distance_to_60"))
    folds = list(outer_folds(learner, rows))
    changed = rows.copy()
    changed.loc[folds[-1].test.index, "label"] = 2.0

    again = list(outer_folds(learner, changed))

    assert [fold.model.choice_made for fold in folds] == [fold.model.choice_made for fold in again]
    np.testing.assert_array_equal(folds[-1].forecasts["served"], again[-1].forecasts["served"])


def test_pooled_forecasts_lie_one_below_the_other_with_their_outcomes(folds: Folds) -> None:
    parts = [labelled_part(fold) for fold in folds]

    together = pooled(parts)

    assert len(together.outcomes) == sum(len(part.outcomes) for part in parts)
    np.testing.assert_array_equal(together.forecasts["served"][: len(parts[0].outcomes)], parts[0].forecasts["served"])


@pytest.mark.slow
def test_of_models_trained_on_pure_noise_at_most_one_in_twenty_is_called_proven() -> None:
    learner = DirectionLearner(FEATURES[:4])
    noises = (direction_world(seed=seed, features=4) for seed in range(100, 140))

    proven = [_judged(list(outer_folds(learner, noise))).figures["brier_skill"].measured.low > 0.0 for noise in noises]

    assert sum(proven) <= 2


def _judged(folds: Sequence[Fold[DirectionModel]]) -> Evaluation:
    return evaluate(folds, DIRECTION, resamples=200)


def _learned(model: DirectionModel) -> tuple[object, ...]:
    scaler, logistic = (step for _, step in model.core.pipeline.steps)
    arrays = (scaler.mean_, scaler.scale_, logistic.coef_, logistic.intercept_)
    return (
        model.core.features,
        model.core.medians,
        model.threshold,
        model.calibrator,
        *(array.tobytes() for array in arrays),
    )


def _wide_noise(seed: int, features: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    rows = direction_world(seed=seed, sessions=1200, features=1).drop(columns="f0")
    noise = {f"f{number}": generator.standard_normal(1200) for number in range(features)}
    return pd.concat([rows, pd.DataFrame(noise)], axis="columns")
