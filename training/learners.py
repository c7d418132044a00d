"""What both learners share: walk forward inside the rows given, then learn from all of them.

A *core* is what one part of the history teaches: imputation, scaling, selection, coefficients, transition counts.
A *model* is a core finished with what out-of-fold forecasts teach: calibrator, threshold, which forecast is served.
Everything learned comes from the rows given, and from nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from options_signals.models.chain import complete
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # scikit-learn's own, without stubs

from training.bootstrap import FloatArray, IntArray
from training.labels import HORIZON
from training.splits import Split, walk_forward

STRENGTH = 0.1  # C, the inverse of the L2 penalty
SPLITS, INNER_SPLITS = 5, 3
LEAST_TRAINING = 756  # sessions, three years: with less, forty inputs are learned by heart

Forecasts = Mapping[str, FloatArray]
"""By name of the forecaster: (rows x classes) probabilities."""


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Forecasts for rows that their makers had not seen, and the number of the class that came."""

    forecasts: Forecasts
    outcomes: IntArray


class Core(Protocol):
    """What one train part teaches."""

    def forecasts(self, frame: pd.DataFrame) -> Forecasts:
        """Forecasts of the unfinished model and of the baselines."""
        ...


class Model(Protocol):
    """A finished core."""

    def forecasts(self, frame: pd.DataFrame) -> Forecasts:
        """Those of the core, and `served`: what serving would say."""
        ...

    def choices(self, probabilities: FloatArray) -> IntArray:
        """The class decided for each row of served probabilities."""
        ...

    @property
    def choice_made(self) -> str:
        """What was learned out of fold, in a few words."""
        ...


class Learner[C: Core, M: Model](Protocol):
    """How a core is learned, and how it is finished."""

    def core(self, frame: pd.DataFrame) -> C:
        """Learn from the labelled rows of a frame."""
        ...

    def finish(self, core: C, seen: OutOfFold) -> M:
        """Add what out-of-fold forecasts teach."""
        ...


@dataclass(frozen=True, slots=True)
class Fold[M: Model]:
    """One test part of the outer walk-forward, forecast by a model that saw only what came before."""

    number: int
    test: pd.DataFrame
    model: M
    forecasts: Forecasts


def fit[C: Core, M: Model](learner: Learner[C, M], frame: pd.DataFrame) -> M:
    """A model from these rows alone; an inner walk-forward gives the out-of-fold forecasts that finish it.

    The inner walk-forward starts in the middle: a core that learned from a few months is wilder than the one to be
    finished, and would teach it a calibration too timid by far.

    Parameters
    ----------
    learner
        A `DirectionLearner` or a `RegimeLearner`.
    frame
        One row per ticker and session: `position` (number of the session), `label` (class, NaN = unlabelled) and
        the learner's columns.
    """
    positions = frame["position"].to_numpy()
    middle = len(np.unique(positions)) // 2
    splits = walk_forward(positions, splits=INNER_SPLITS, horizon=HORIZON, first=middle)
    return learner.finish(learner.core(frame), pooled([_seen(learner, frame, split) for split in splits]))


def outer_folds[C: Core, M: Model](learner: Learner[C, M], frame: pd.DataFrame) -> Iterator[Fold[M]]:
    """Yield the folds of the evaluation: a model from each train part, its forecasts for all rows of the test.

    The first train part is a sixth of the sessions, or three years where that is more.
    """
    positions = frame["position"].to_numpy()
    first = max(LEAST_TRAINING, len(np.unique(positions)) // (SPLITS + 1))
    splits = walk_forward(positions, splits=SPLITS, horizon=HORIZON, first=first)
    for number, split in enumerate(splits, start=1):
        model, test = fit(learner, frame.iloc[split.train]), frame.iloc[split.test]
        yield Fold(number, test, model, model.forecasts(test))


def _seen[C: Core, M: Model](learner: Learner[C, M], frame: pd.DataFrame, split: Split) -> OutOfFold:
    test = labelled(frame.iloc[split.test])
    return OutOfFold(learner.core(frame.iloc[split.train]).forecasts(test), outcomes_of(test))


def labelled_part[M: Model](fold: Fold[M]) -> OutOfFold:
    """The forecasts of a fold for its labelled rows."""
    known = fold.test["label"].notna().to_numpy()
    return OutOfFold({name: p[known] for name, p in fold.forecasts.items()}, outcomes_of(fold.test[known]))


def pooled(parts: Sequence[OutOfFold]) -> OutOfFold:
    """Several parts, one below the other."""
    names = parts[0].forecasts
    return OutOfFold(
        {name: np.concatenate([part.forecasts[name] for part in parts]) for name in names},
        np.concatenate([part.outcomes for part in parts]),
    )


def labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose label is known."""
    return frame[frame["label"].notna()]


def outcomes_of(rows: pd.DataFrame) -> IntArray:
    """The labels of labelled rows as class numbers."""
    return rows["label"].to_numpy().astype(np.int64)


def logistic(matrix: FloatArray, outcomes: IntArray) -> Pipeline:
    """Standardisation and logistic regression with an L2 penalty, C = 0.1, as both models use it, fitted.

    A part of the history in which one class only occurred teaches to expect that class.
    """
    one_class = (outcomes == outcomes[0]).all()
    model = DummyClassifier() if one_class else LogisticRegression(C=STRENGTH, max_iter=1000)
    # A matrix this small is solved ten times faster by one thread than by several that wait for each other.
    with threadpool_limits(limits=1):
        return make_pipeline(StandardScaler(), model).fit(matrix, outcomes)


def inputs(frame: pd.DataFrame, features: Sequence[str], medians: tuple[float, ...]) -> FloatArray:
    """The features as a matrix, unknown values replaced by the medians, as serving does it."""
    return complete(frame[list(features)].to_numpy(dtype=np.float64), medians)


def class_probabilities(pipeline: Pipeline, matrix: FloatArray, *, classes: int) -> FloatArray:
    """What a pipeline says of complete rows, one column per class; one that it never saw keeps 0."""
    probabilities = np.zeros((len(matrix), classes))
    probabilities[:, pipeline.classes_] = pipeline.predict_proba(matrix)
    return probabilities
