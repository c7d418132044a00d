"""What a model says of itself: `card.json`, beside `model.onnx`.

The card pins the graph by its digest and carries everything else that makes a probability: the names and order of
the inputs, their imputation, the calibrator, the rule it may be mixed with, and golden rows that serving recomputes
before it trusts the bundle.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Calibrator(_Record):
    """Maps the graph's probability of the last class to the calibrated one.

    `identity`; `sigmoid` (Platt 1999): 1 / (1 + exp(-(slope * logit(p) + intercept))); `table`: linear between points,
    flat outside, as isotonic regression gives it.
    """

    kind: Literal["identity", "sigmoid", "table"] = "identity"
    slope: float = 1.0
    intercept: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()


class Linear(_Record):
    """The linear part of a logistic model, to explain a probability: log-odds = intercept + sum of terms.

    A feature's term is `coefficient * (value - mean) / scale`, in the order of the card's features.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float


class BucketRule(_Record):
    """The model-free rule for the regime: simulate from the distance to the bucket bounds.

    `changes[b]` are equally likely log changes of the index over the horizon, seen in training when the index
    stood in bucket b; P(LOW) is the share of them below the distance to the lower bound, P(HIGH) the share at or
    above the distance to the upper one.
    """

    lower_distance: str  # the feature that holds log(level at the lower bound / today's level)
    upper_distance: str
    bucket_of: str  # the feature that says today's bucket: the IV rank, 0..100
    bounds: tuple[float, float]
    changes: tuple[tuple[float, ...], ...]


class Metric(_Record):
    """A figure with its 95 % block-bootstrap interval, and what simple rules reach on the same rows."""

    value: float
    low: float
    high: float
    baselines: Mapping[str, float] = Field(default_factory=dict)


class ReliabilityBin(_Record):
    """When we said between `low` and `high`, it happened in the share `observed` of `count` cases."""

    low: float
    high: float
    mean_forecast: float
    observed: float
    count: int


class GoldenRows(_Record):
    """Inputs (None = unknown) and the probabilities the whole bundle must give for them."""

    inputs: tuple[tuple[float | None, ...], ...]
    probabilities: tuple[tuple[float, ...], ...]


class ModelCard(_Record):
    """Everything a bundle promises. `features` is the order of the graph's inputs."""

    format: Literal[1] = 1
    name: Literal["direction", "iv_regime"]
    version: str
    scope: str  # a ticker, or "pooled"
    world: Literal["market", "simulated"]
    source: str
    price_basis: Literal["total_return", "traded"]
    horizon: int = Field(ge=1, description="sessions")
    features: tuple[str, ...]
    catalog_hash: str
    classes: tuple[str, ...]
    impute: tuple[float, ...]
    threshold: float | None = None
    calibrator: Calibrator = Calibrator()
    linear: Linear | None = None
    served: Literal["model", "rule", "average"] = "model"
    rule: BucketRule | None = None
    trained_from: dt.date
    trained_through: dt.date
    trained_at: dt.datetime
    rows: int
    data_digest: str
    base_rates: tuple[float, ...]
    metrics: Mapping[str, Metric]
    reliability: tuple[ReliabilityBin, ...] = ()
    notes: tuple[str, ...] = ()
    libraries: Mapping[str, str]
    graph_sha256: str
    golden: GoldenRows

    @property
    def rule_features(self) -> tuple[str, ...]:
        """The inputs of the rule; () without one."""
        return () if self.rule is None else (self.rule.lower_distance, self.rule.upper_distance, self.rule.bucket_of)
