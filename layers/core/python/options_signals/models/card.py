"""What a model says of itself: `card.json`, beside `model.onnx`.

The card pins the graph by its digest and carries everything else that makes a probability: the names and order of
the inputs, their imputation, the calibrator, the rule it may be mixed with, and golden rows that serving recomputes
before it trusts the bundle. Training fills in a `ModelDraft`; export adds what it proved and makes it a `ModelCard`.
"""

import datetime as dt
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

ModelName = Literal["direction", "iv_regime", "earnings_move"]
World = Literal["market", "simulated"]
PathPart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.\-]*$")]

CLASSES: Mapping[ModelName, tuple[str, ...]] = {
    "direction": ("DOWN", "UP"),
    "iv_regime": ("LOW", "NORMAL", "HIGH"),
    "earnings_move": ("p10", "p50", "p90"),  # quantiles in place of probabilities, decimals of the price
}
REQUIRED_METRICS: Mapping[ModelName, tuple[str, ...]] = {
    "direction": ("auc", "brier_skill"),
    "iv_regime": ("log_loss",),
    "earnings_move": ("pinball_loss", "behind_best_rule", "coverage"),
}
BESIDE_BASELINES = ("log_loss", "pinball_loss")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Calibrator(_Record):
    """Maps the graph's probability of the last of two classes to the calibrated one; it never turns the order round.

    `identity`; `sigmoid` (Platt 1999): 1 / (1 + exp(-(slope * logit(p) + intercept))); `table`: linear between points,
    flat outside, as isotonic regression gives it.
    """

    kind: Literal["identity", "sigmoid", "table"] = "identity"
    slope: float = Field(default=1.0, ge=0.0)
    intercept: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _is_a_rising_curve(self) -> Self:
        if len(self.x) != len(self.y) or bool(self.x) != (self.kind == "table"):
            raise ValueError("a table has as many x as y, at least one; the other kinds have none")
        if not all(left < right for left, right in pairwise(self.x)):
            raise ValueError("the x of a table must rise strictly")
        if not all(left <= right for left, right in pairwise((0.0, *self.y, 1.0))):
            raise ValueError("the y of a table must rise from 0 to 1")
        return self


class Linear(_Record):
    """The linear part of a logistic model, to explain a probability: log-odds = intercept + sum of terms.

    A feature's term is `coefficient * (value - mean) / scale`, in the order of the card's features. It speaks of the
    graph's probability, before calibration.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float


class BucketRule(_Record):
    """The model-free rule for the regime: simulate from the distance to the bucket bounds.

    `changes[b]` are equally likely log changes of the index over the horizon, seen in training when the index
    stood in bucket b; P(LOW) is the share of them below the distance to the lower bound, P(HIGH) the share at or
    above the distance to the upper one, with one added to the count of each bucket (see `rule.bucket_rule`).
    """

    lower_distance: str  # the feature that holds log(level at the lower bound / today's level)
    upper_distance: str
    bucket_of: str  # the feature that says today's bucket: the IV rank, 0..100
    bounds: tuple[float, float]
    changes: tuple[
        Annotated[tuple[float, ...], Field(min_length=1)],
        Annotated[tuple[float, ...], Field(min_length=1)],
        Annotated[tuple[float, ...], Field(min_length=1)],
    ]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The features it reads, in the order of `rule.bucket_rule`."""
        return self.lower_distance, self.upper_distance, self.bucket_of


class MoveRule(_Record):
    """A simple rule for the move on earnings: multiples of a size, here called by its name (see `moves`).

    Where the size is not known, and for the rule that looks at nothing, the quantiles of all moves are said.
    """

    name: Literal["quantiles of all moves", "median of last four", "k x ATR", "shrunk mean"]
    factors: tuple[float, float, float]
    all_moves: tuple[float, float, float]
    atr_multiple: float = 0.0  # the k of the shrunk mean: mean move over mean true range

    @property
    def inputs(self) -> tuple[str, ...]:
        """The features its size is made of."""
        return MOVE_RULE_INPUTS[self.name]


MOVE_RULE_INPUTS: Mapping[str, tuple[str, ...]] = {
    "quantiles of all moves": (),
    "median of last four": ("earnings_move_median_4q",),
    "k x ATR": ("atr_pct_20",),
    "shrunk mean": ("atr_pct_20", "earnings_move_mean_8q", "earnings_move_count_8q"),
}
RULES: Mapping[str, type[BucketRule | MoveRule]] = {"iv_regime": BucketRule, "earnings_move": MoveRule}


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
    """Inputs, in the order of `ModelDraft.inputs` (None = unknown), and what the bundle must answer to them."""

    inputs: tuple[tuple[float | None, ...], ...] = Field(min_length=1)
    probabilities: tuple[tuple[float, ...], ...] = Field(min_length=1)


class ModelDraft(_Record):
    """What training knows of a model. `features` is the order of the graph's inputs."""

    name: ModelName
    scope: PathPart  # a ticker, or "pooled"
    world: World
    source: str
    price_basis: Literal["total_return", "traded"]
    index: str | None = None  # the volatility index it was trained on; None where pooled tickers have several
    sentiment: str | None = None  # whose captures of what people say it was trained on; None: it reads none
    horizon: int = Field(ge=1, description="sessions")
    features: tuple[str, ...] = Field(min_length=1)
    classes: tuple[str, ...]
    impute: tuple[float, ...]
    threshold: float | None = Field(default=None, ge=0.0, le=1.0)
    calibrator: Calibrator = Calibrator()
    served: Literal["model", "rule", "average"] = "model"
    rule: BucketRule | MoveRule | None = None
    trained_from: dt.date
    trained_through: dt.date
    trained_at: AwareDatetime
    rows: int
    data_digest: str
    base_rates: tuple[float, ...]  # of the classes; for quantiles those of all moves
    metrics: Mapping[str, Metric]
    reliability: tuple[ReliabilityBin, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rule_features(self) -> tuple[str, ...]:
        """The inputs of the rule; () without one."""
        return () if self.rule is None else self.rule.inputs

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every feature a probability rests on, once: the graph's, then those that only the rule reads."""
        return tuple(dict.fromkeys(self.features + self.rule_features))

    @property
    def served_inputs(self) -> tuple[str, ...]:
        """Those of them that the served probability reads: the rule alone reads none of the graph's."""
        return self.rule_features if self.served == "rule" else self.inputs

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if len(set(self.features)) != len(self.features) or len(self.impute) != len(self.features):
            raise ValueError("features are named once, with one imputed value each")
        if self.classes != CLASSES[self.name] or len(self.base_rates) != len(self.classes):
            raise ValueError(f"{self.name} has the classes {CLASSES[self.name]}, in this order, with a base rate each")
        if len(self.classes) > 2 and self.calibrator.kind != "identity":
            raise ValueError("a calibrator speaks of two classes")
        if (self.rule is None) != (self.served == "model") or not self._rule_fits:
            raise ValueError("a rule is there if it is served: direction has none, and only iv_regime averages")
        return self

    @model_validator(mode="after")
    def _figures_are_there(self) -> Self:
        absent = [metric for metric in REQUIRED_METRICS[self.name] if metric not in self.metrics]
        if absent or (self.name == "direction") != (self.threshold is not None):
            raise ValueError(f"metrics not measured: {absent}; a threshold belongs to direction, and only there")
        for metric in BESIDE_BASELINES:
            if metric in REQUIRED_METRICS[self.name] and not self.metrics[metric].baselines:
                raise ValueError(f"{metric} stands beside its baselines")
        return self

    @property
    def _rule_fits(self) -> bool:
        """Whether the rule, if any, is one for this model, and was tested as it is served."""
        own = self.rule is None or isinstance(self.rule, RULES.get(self.name, ()))
        return own and (self.served != "average" or self.name == "iv_regime")


class ModelCard(ModelDraft):
    """Everything a bundle promises."""

    format: Literal[1] = 1
    version: PathPart
    catalog_hash: str
    linear: Linear | None = None
    libraries: Mapping[str, str]
    graph_sha256: str
    golden: GoldenRows

    @property
    def prefix(self) -> str:
        """The folder of the bundle in the lake, such as `models/market/direction/SPY/2022-11-23-1a2b3c4`."""
        return f"models/{self.world}/{self.name}/{self.scope}/{self.version}"

    @property
    def label(self) -> str:
        """The bundle as messages name it: `direction/SPY/2022-11-23-1a2b3c4`."""
        return f"{self.name}/{self.scope}/{self.version}"

    @model_validator(mode="after")
    def _proofs_fit(self) -> Self:
        widths = {len(row) for row in self.golden.inputs}, {len(row) for row in self.golden.probabilities}
        if widths != ({len(self.inputs)}, {len(self.classes)}):
            raise ValueError("golden rows hold every input and every class")
        if len(self.golden.inputs) != len(self.golden.probabilities):
            raise ValueError("golden rows have probabilities each")
        parts = () if self.linear is None else (self.linear.mean, self.linear.scale, self.linear.coefficients)
        if any(len(part) != len(self.features) for part in parts):
            raise ValueError("the linear part has a mean, a scale and a coefficient for each feature")
        return self
