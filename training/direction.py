"""The direction model: P(UP given a move of more than 1 %), logistic, on the 40 features that tell most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from options_signals.models.calibrate import calibrate, logit
from options_signals.models.card import Calibrator
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from training.bootstrap import FloatArray, IntArray
from training.learners import Forecasts, OutOfFold, class_probabilities, inputs, labelled, logistic, outcomes_of

SEED = 0
SELECTED = 40
LEAST_KNOWN = 0.5  # share of training rows in which a feature must be known to be selected
THRESHOLDS = np.arange(30, 71) / 100.0


@dataclass(frozen=True, slots=True)
class DirectionCore:
    """Imputation, selection, scaling and coefficients of one train part."""

    features: tuple[str, ...]
    medians: tuple[float, ...]
    pipeline: Pipeline
    base_rates: FloatArray

    def forecasts(self, frame: pd.DataFrame) -> Forecasts:
        """`uncalibrated`: the graph's (DOWN, UP); `base rate`: the shares of the train part; `always UP`."""
        return {
            "uncalibrated": class_probabilities(self.pipeline, inputs(frame, self.features, self.medians), classes=2),
            "base rate": np.tile(self.base_rates, (len(frame), 1)),
            "always UP": np.tile([0.0, 1.0], (len(frame), 1)),
        }


@dataclass(frozen=True, slots=True)
class DirectionModel:
    """A core with its calibrator and threshold."""

    core: DirectionCore
    calibrator: Calibrator
    threshold: float

    def forecasts(self, frame: pd.DataFrame) -> Forecasts:
        """Those of the core, and `served`: the calibrated probabilities."""
        plain = self.core.forecasts(frame)
        p_up = calibrate(self.calibrator, plain["uncalibrated"][:, 1])
        return {"served": np.column_stack([1.0 - p_up, p_up]), **plain}

    def choices(self, probabilities: FloatArray) -> IntArray:
        """1 (UP) above the threshold, else 0."""
        return (probabilities[:, 1] > self.threshold).astype(np.int64)

    @property
    def choice_made(self) -> str:
        """Threshold and slope of the calibrator."""
        end = " (end of the grid)" if self.at_grid_end else ""
        return f"threshold {self.threshold:.2f}{end}, calibration slope {self.calibrator.slope:.2f}"

    @property
    def at_grid_end(self) -> bool:
        """Whether the best threshold may lie outside the grid."""
        return self.threshold in (THRESHOLDS[0], THRESHOLDS[-1])

    @property
    def card_parts(self) -> dict[str, Any]:
        """What the card says of this model and of no other."""
        notes = [f"the best threshold lies at the end of its grid, {self.threshold:.2f}"] if self.at_grid_end else []
        if self.calibrator.slope == 0.0:
            notes.append("higher forecasts did not come with more UPs out of fold: every forecast is the base rate")
        return {"threshold": self.threshold, "calibrator": self.calibrator, "notes": notes}


@dataclass(frozen=True, slots=True)
class DirectionLearner:
    """Learns from the features that may be selected."""

    candidates: tuple[str, ...]

    def core(self, frame: pd.DataFrame) -> DirectionCore:
        """Median imputation, selection by mutual information, standardisation, logistic regression."""
        rows = labelled(frame)
        outcomes = outcomes_of(rows)
        features = informative(rows, self.candidates)
        medians = tuple(rows[list(features)].median())
        pipeline = logistic(inputs(rows, features, medians), outcomes)
        up = float(outcomes.mean())
        return DirectionCore(features, medians, pipeline, np.array([1.0 - up, up]))

    def finish(self, core: DirectionCore, seen: OutOfFold) -> DirectionModel:
        """Add the calibrator and the threshold."""
        uncalibrated = seen.forecasts["uncalibrated"][:, 1]
        calibrator = fit_sigmoid(uncalibrated, seen.outcomes)
        return DirectionModel(core, calibrator, best_threshold(calibrate(calibrator, uncalibrated), seen.outcomes))


def informative(rows: pd.DataFrame, candidates: Sequence[str]) -> tuple[str, ...]:
    """The 40 candidates with the highest mutual information with the label, or all of fewer, in their own order.

    Only those that are known in at least half of the rows and not always the same. The estimate adds noise
    to break ties, with a fixed seed, so the same rows give the same features.

    References
    ----------
    Ross, "Mutual information between discrete and continuous data sets" (2014), as in scikit-learn.
    """
    values = rows[list(candidates)]
    usable = values.columns[(values.notna().mean() >= LEAST_KNOWN) & (values.max() > values.min())]
    if len(usable) <= SELECTED:
        return tuple(usable)
    filled = values[usable].fillna(values[usable].median())
    information = mutual_info_classif(filled.to_numpy(), outcomes_of(rows), random_state=SEED)
    chosen = np.sort(np.argsort(-information, kind="stable")[:SELECTED])
    return tuple(usable[chosen])


def fit_sigmoid(p_up: FloatArray, outcomes: IntArray) -> Calibrator:
    """Platt's sigmoid over the log-odds of the forecasts, never one that turns their order around.

    Where higher forecasts did not come with more UPs there is nothing to stretch: the slope is 0 and every forecast
    becomes the share of UPs.

    References
    ----------
    Platt, "Probabilistic outputs for support vector machines" (1999).
    """
    flat = Calibrator(kind="sigmoid", slope=0.0, intercept=float(logit(outcomes.mean(keepdims=True))[0]))
    if (outcomes == outcomes[0]).all():
        return flat
    fitted = LogisticRegression(C=np.inf).fit(logit(p_up)[:, None], outcomes)
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return Calibrator(kind="sigmoid", slope=slope, intercept=intercept) if slope > 0.0 else flat


def best_threshold(p_up: FloatArray, outcomes: IntArray) -> float:
    """The threshold from 0.30 to 0.70 with the highest F1 of UP; of equal ones the nearest to 0.50, then the lower."""
    called = p_up[:, None] > THRESHOLDS
    hits = called[outcomes == 1].sum(axis=0)
    score = 2 * hits / (called.sum(axis=0) + (outcomes == 1).sum())
    best = np.flatnonzero(score >= score.max() - 1e-12)
    nearest = min(best, key=lambda at: (abs(int(at) - 20), at))  # the twentieth is 0.50
    return float(THRESHOLDS[nearest])
