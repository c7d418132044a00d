"""How good a model is: out-of-fold figures with intervals, beside what simple rules reach on the same rows.

Folds are pooled: every row after the first part of the history is forecast once, by a model that saw only what came
before. The served forecast is judged, with the calibrator, threshold and mixture that its own train part chose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from options_signals.errors import InvalidValueError
from sklearn.metrics import roc_curve

from training import metrics
from training.bootstrap import Blocks, FloatArray, IntArray, Interval, Statistic, interval, plain, resampled
from training.learners import Fold, Forecasts, Model, labelled_part, pooled

LOWER_IS_BETTER = ("log_loss", "ece")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the served forecast, beside the same figure of the baselines.

    `gain` is the distance to the best baseline in the better direction: above 0 the model is better.
    """

    measured: Interval
    baselines: Mapping[str, float]
    best_baseline: str
    gain: Interval

    @property
    def verdict(self) -> str:
        """Who wins: the model, a baseline by name, or nobody that the data can tell."""
        if self.gain.low > 0.0:
            return "model"
        return self.best_baseline if self.gain.high < 0.0 else "open"


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts between `low` and `high`: how many, their mean, how often it happened and how sure that is."""

    low: float
    high: float
    count: int
    mean_forecast: float
    observed: Interval


@dataclass(frozen=True, slots=True)
class FoldFigures:
    """One fold by itself."""

    number: int
    first: str  # session of the test part
    last: str
    rows: int
    figures: Mapping[str, float]
    choice_made: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A ROC curve: share of false alarms and of hits, as the bar is lowered."""

    label: str
    false_alarms: tuple[float, ...]
    hits: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything measured out of fold of one model."""

    rows: int
    sessions: int
    first: str
    last: str
    block_sessions: int
    resamples: int
    figures: Mapping[str, Figure]
    variants: Mapping[str, Mapping[str, float]]  # forecasts that were not served -> the same figures
    folds: tuple[FoldFigures, ...]
    reliability: tuple[Bin, ...]
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How one kind of model is judged.

    Attributes
    ----------
    classes
        Their names, in order.
    baselines, variants
        Forecasters to stand beside the served one: simple rules, and forms of the model that were not served.
    positive
        Classes over which F1 is averaged.
    block_sessions
        Length of the bootstrap's blocks.
    silent
        Figures that a baseline cannot have: it names one class for certain, or cannot rank.
    """

    classes: tuple[str, ...]
    baselines: tuple[str, ...]
    variants: tuple[str, ...]
    positive: tuple[int, ...]
    block_sessions: int
    silent: Mapping[str, tuple[str, ...]]


DIRECTION = Judged(
    classes=("DOWN", "UP"),
    baselines=("base rate", "always UP"),
    variants=("uncalibrated",),
    positive=(1,),
    block_sessions=10,
    silent={"base rate": ("auc",), "always UP": ("auc", "log_loss")},
)
IV_REGIME = Judged(
    classes=("LOW", "NORMAL", "HIGH"),
    baselines=("same bucket", "transition table", "rule", "base rate"),
    variants=("model", "average"),
    positive=(0, 1, 2),
    block_sessions=20,
    silent={"base rate": ("auc",)},
)


def evaluate[M: Model](folds: Sequence[Fold[M]], judged: Judged, *, resamples: int = 1000, seed: int = 0) -> Evaluation:
    """Judge the pooled forecasts of the folds.

    Parameters
    ----------
    folds
        From `learners.outer_folds`.
    judged
        `DIRECTION` or `IV_REGIME`.
    resamples
        Samples of the bootstrap; intervals of a few hundred are already useful.

    Raises
    ------
    InvalidValueError
        Where all tests together hold one class only: nothing can be told apart.
    """
    seen = pooled([labelled_part(fold) for fold in folds])
    _refuse_one_class(seen.outcomes)
    rows = pd.concat([fold.test[fold.test["label"].notna()] for fold in folds])
    choices = np.concatenate([_choices(fold) for fold in folds])
    blocks = Blocks(length=judged.block_sessions, resamples=resamples, seed=seed)
    statistics = _all_statistics(seen.forecasts, choices, seen.outcomes, judged)
    positions = rows["position"].to_numpy()
    figures = _figures(statistics, positions, blocks, judged)
    if "entered_return" in rows:
        figures["sign_accuracy"] = sign_accuracy(folds, blocks)
    sessions = rows["session"].dt.strftime("%Y-%m-%d")
    return Evaluation(
        rows=len(rows),
        sessions=rows["position"].nunique(),
        first=sessions.min(),
        last=sessions.max(),
        block_sessions=judged.block_sessions,
        resamples=resamples,
        figures=figures,
        variants={name: _values(statistics[name], len(rows)) for name in judged.variants},
        folds=tuple(_fold_figures(fold, judged) for fold in folds),
        reliability=reliability(*confidences(seen.forecasts["served"], choices, seen.outcomes), positions, blocks),
        curves=_curves(seen.forecasts["served"], seen.outcomes, judged),
    )


def sign_accuracy[M: Model](folds: Sequence[Fold[M]], blocks: Blocks) -> Figure:
    """Share of all sessions on which the called side was right, entered at the next open; beside always long.

    All sessions of the test parts count, those without a move of 1 % included. Right means: UP was called and the
    close 5 sessions after t stood above the next session's open, or DOWN was called and it did not.
    """
    rows = pd.concat([fold.test for fold in folds])
    called_up = np.concatenate([fold.model.choices(fold.forecasts["served"]) for fold in folds]) == 1
    known = rows["entered_return"].notna().to_numpy()
    rose = rows["entered_return"].to_numpy()[known] > 0.0
    statistics = {
        "served": metrics.mean_of((called_up[known] == rose).astype(float)),
        "always long": metrics.mean_of(rose.astype(float)),
    }
    return _figure("sign_accuracy", statistics, rows["position"].to_numpy()[known], blocks)


def confidences(probabilities: FloatArray, choices: IntArray, outcomes: IntArray) -> tuple[FloatArray, FloatArray]:
    """What is checked for calibration: P(UP) and whether it came; of more classes the likeliest and whether it did."""
    if probabilities.shape[1] == 2:
        return probabilities[:, 1], outcomes.astype(np.float64)
    return probabilities.max(axis=1), (choices == outcomes).astype(np.float64)


def reliability(forecasts: FloatArray, happened: FloatArray, positions: IntArray, blocks: Blocks) -> tuple[Bin, ...]:
    """Forecast against frequency in up to ten bins of equal count."""
    edges = metrics.bin_edges(forecasts)
    inside = metrics.bin_of(forecasts, edges) == np.arange(len(edges) - 1)[:, None]
    shares = {str(number): _share_in(rows, happened) for number, rows in enumerate(inside)}
    drawn = resampled(shares, positions, blocks)
    return tuple(
        Bin(
            low=float(edges[number]),
            high=float(edges[number + 1]),
            count=int(rows.sum()),
            mean_forecast=float(forecasts[rows].mean()),
            observed=interval(float(happened[rows].mean()), drawn[str(number)]),
        )
        for number, rows in enumerate(inside)
    )


def _share_in(rows: FloatArray, happened: FloatArray) -> Statistic:
    return lambda weights: metrics.divided(weights @ (rows * happened), weights @ rows.astype(float))


def _refuse_one_class(outcomes: IntArray) -> None:
    classes = np.unique(outcomes)
    if len(classes) < 2:
        raise InvalidValueError(
            name="classes that came out of fold",
            value=classes.tolist(),
            allowed=f"at least two, over {len(outcomes)} rows",
            remedy="Train on a longer history.",
        )


def _choices[M: Model](fold: Fold[M]) -> IntArray:
    return fold.model.choices(labelled_part(fold).forecasts["served"])


def _all_statistics(
    forecasts: Forecasts, choices: IntArray, outcomes: IntArray, judged: Judged
) -> dict[str, dict[str, Statistic]]:
    """Statistics by forecaster and figure; the Brier skill of each is against the base rate of its train part."""
    reference = metrics.squared_errors(forecasts["base rate"], outcomes)
    names = ("served", *judged.baselines, *judged.variants)
    decided = {name: choices if name == "served" else forecasts[name].argmax(axis=1) for name in names}
    return {name: _statistics(forecasts[name], decided[name], outcomes, reference, judged) for name in names}


def _statistics(
    probabilities: FloatArray, choices: IntArray, outcomes: IntArray, reference: FloatArray, judged: Judged
) -> dict[str, Statistic]:
    return {
        "auc": metrics.mean_auc(probabilities, outcomes),
        "accuracy": metrics.mean_of((choices == outcomes).astype(float)),
        "f1": metrics.f1(choices, outcomes, judged.positive),
        "brier_skill": metrics.skill(metrics.squared_errors(probabilities, outcomes), reference),
        "log_loss": metrics.mean_of(metrics.surprises(probabilities, outcomes)),
        "ece": metrics.calibration_error(*confidences(probabilities, choices, outcomes)),
    }


def _figures(
    statistics: Mapping[str, Mapping[str, Statistic]], positions: IntArray, blocks: Blocks, judged: Judged
) -> dict[str, Figure]:
    figures = {}
    for name in statistics["served"]:
        beside = {who: statistics[who][name] for who in judged.baselines if name not in judged.silent.get(who, ())}
        coin = {"coin": _coin} if name == "auc" else {}
        figures[name] = _figure(name, {"served": statistics["served"][name], **coin, **beside}, positions, blocks)
    return figures


def _coin(weights: FloatArray) -> FloatArray:
    return np.full(len(weights), 0.5)


def _figure(name: str, statistics: Mapping[str, Statistic], positions: IntArray, blocks: Blocks) -> Figure:
    values = _values(statistics, len(positions))
    served = values.pop("served")
    sign = -1.0 if name in LOWER_IS_BETTER else 1.0
    best = max(values, key=lambda who: sign * values[who])
    drawn = resampled({who: statistics[who] for who in ("served", best)}, positions, blocks)
    return Figure(
        measured=interval(served, drawn["served"]),
        baselines=values,
        best_baseline=best,
        gain=interval(sign * (served - values[best]) + 0.0, sign * (drawn["served"] - drawn[best]) + 0.0),  # no -0.0
    )


def _values(statistics: Mapping[str, Statistic], rows: int) -> dict[str, float]:
    return {name: plain(statistic, rows) for name, statistic in statistics.items()}


def _fold_figures[M: Model](fold: Fold[M], judged: Judged) -> FoldFigures:
    seen = labelled_part(fold)
    statistics = _all_statistics(seen.forecasts, _choices(fold), seen.outcomes, judged)
    sessions = fold.test["session"].dt.strftime("%Y-%m-%d")
    return FoldFigures(
        number=fold.number,
        first=sessions.min(),
        last=sessions.max(),
        rows=len(seen.outcomes),
        figures=_values(statistics["served"], len(seen.outcomes)),
        choice_made=fold.model.choice_made,
    )


def _curves(probabilities: FloatArray, outcomes: IntArray, judged: Judged) -> tuple[Curve, ...]:
    numbers = (1,) if len(judged.classes) == 2 else np.unique(outcomes).tolist()
    return tuple(_curve(judged.classes[c], probabilities[:, c], outcomes == c) for c in numbers)


def _curve(label: str, scores: FloatArray, positive: npt.NDArray[np.bool_]) -> Curve:
    false_alarms, hits, _ = roc_curve(positive, scores)
    return Curve(label, tuple(false_alarms.tolist()), tuple(hits.tolist()))
