"""The volatility-regime model: P(LOW, NORMAL, HIGH) in 5 sessions, and the simple rules that it must beat."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from options_signals.models.card import BucketRule
from options_signals.models.rule import bucket_rule
from sklearn.pipeline import Pipeline

from training.bootstrap import FloatArray, IntArray
from training.labels import BOUNDS, bucket
from training.learners import Forecasts, OutOfFold, class_probabilities, inputs, labelled, logistic, outcomes_of
from training.metrics import surprises

CLASSES = 3
SERVABLE = ("model", "rule", "average")
POINTS = 400  # of the rule's changes kept per bucket
BORROWED_BELOW = 40  # a bucket seen on fewer sessions takes the changes of all


@dataclass(frozen=True, slots=True)
class RegimeCore:
    """The model and the simple rules, all from one train part."""

    features: tuple[str, ...]
    medians: tuple[float, ...]
    pipeline: Pipeline
    rule: BucketRule
    transitions: FloatArray  # row: bucket today, column: bucket 5 sessions later
    staying: float  # share of sessions whose bucket was the same 5 sessions later
    base_rates: FloatArray

    def forecasts(self, frame: pd.DataFrame) -> Forecasts:
        """Model, rule, their average, and the baselines."""
        today = bucket_today(frame)
        model = self._of_model(frame)
        rule = self._of_rule(frame)
        return {
            "model": model,
            "rule": rule,
            "average": (model + rule) / 2.0,
            "same bucket": np.where(np.eye(CLASSES)[today] == 1.0, self.staying, (1.0 - self.staying) / 2.0),
            "transition table": self.transitions[today],
            "base rate": np.tile(self.base_rates, (len(frame), 1)),
        }

    def _of_model(self, frame: pd.DataFrame) -> FloatArray:
        return class_probabilities(self.pipeline, inputs(frame, self.features, self.medians), classes=CLASSES)

    def _of_rule(self, frame: pd.DataFrame) -> FloatArray:
        return bucket_rule(
            self.rule,
            lower_distance=frame[self.rule.lower_distance].to_numpy(),
            upper_distance=frame[self.rule.upper_distance].to_numpy(),
            iv_rank=frame[self.rule.bucket_of].to_numpy(),
        )


@dataclass(frozen=True, slots=True)
class RegimeModel:
    """A core, and which of its forecasts is served."""

    core: RegimeCore
    served: str

    def forecasts(self, frame: pd.DataFrame) -> Forecasts:
        """Those of the core, and `served`."""
        plain = self.core.forecasts(frame)
        return {"served": plain[self.served], **plain}

    def choices(self, probabilities: FloatArray) -> IntArray:
        """The likeliest bucket; of equal ones the calmer."""
        return probabilities.argmax(axis=1)

    @property
    def choice_made(self) -> str:
        """Which forecast is served."""
        return f"serves {self.served}"

    @property
    def card_parts(self) -> dict[str, Any]:
        """What the card says of this model and of no other."""
        return {"served": self.served, "rule": None if self.served == "model" else self.core.rule}


@dataclass(frozen=True, slots=True)
class RegimeLearner:
    """Learns from all of the features it is given, and `iv_change`, `iv_rank` and the distances to the bounds."""

    features: tuple[str, ...]

    def core(self, frame: pd.DataFrame) -> RegimeCore:
        """Multinomial logistic regression on imputed, standardised features; beside it the simple rules."""
        rows = labelled(frame)
        today, later = bucket_today(rows), outcomes_of(rows)
        # A feature that this part never knew is 0 in every row of it, so it earns no coefficient.
        medians = tuple(rows[list(self.features)].median().fillna(0.0))
        return RegimeCore(
            features=self.features,
            medians=medians,
            pipeline=logistic(inputs(rows, self.features, medians), later),
            rule=fit_rule(today, rows["iv_change"].to_numpy()),
            transitions=fit_transitions(today, later),
            staying=float((today == later).mean()),
            base_rates=np.bincount(later, minlength=CLASSES) / len(later),
        )

    def finish(self, core: RegimeCore, seen: OutOfFold) -> RegimeModel:
        """Serve whichever of model, rule and average had the lowest log loss out of fold; the first of equals."""
        loss = {name: float(surprises(seen.forecasts[name], seen.outcomes).mean()) for name in SERVABLE}
        return RegimeModel(core, min(SERVABLE, key=loss.__getitem__))


def bucket_today(frame: pd.DataFrame) -> IntArray:
    """The bucket of each row's IV rank, as a class number."""
    return bucket(frame["iv_rank"].to_numpy()).astype(np.int64)


def fit_transitions(today: IntArray, later: IntArray) -> FloatArray:
    """P(bucket later | bucket today) by counting, one added to each count so that nothing is impossible."""
    counts = 1.0 + np.bincount(CLASSES * today + later, minlength=CLASSES**2).reshape(CLASSES, CLASSES)
    return counts / counts.sum(axis=1, keepdims=True)


def fit_rule(today: IntArray, changes: FloatArray) -> BucketRule:
    """Keep, for each bucket of today, the log changes of the index that followed it in training."""
    low, normal, high = (equally_likely(changes, today == number) for number in range(CLASSES))
    return BucketRule(
        lower_distance="iv_distance_to_30",
        upper_distance="iv_distance_to_60",
        bucket_of="iv_rank",
        bounds=BOUNDS,
        changes=(low, normal, high),
    )


def equally_likely(changes: FloatArray, in_bucket: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    """At most 400 values that stand for the changes seen in a bucket: the middles of equally likely slices.

    A bucket seen on fewer than 40 sessions borrows the changes of all.
    """
    own = changes[in_bucket] if in_bucket.sum() >= BORROWED_BELOW else changes
    if len(own) <= POINTS:
        return tuple(np.sort(own).tolist())
    return tuple(np.quantile(own, (np.arange(POINTS) + 0.5) / POINTS).tolist())
