"""Figures of probability forecasts, each as a function of row weights.

A builder takes what is fixed (forecasts, outcomes) and returns a statistic: weights (samples x rows) in, one figure
per sample out. With weights of 1 it is the plain figure; with the bootstrap's weights it is a thousand of them.

Forecasts are (rows x classes) probabilities, outcomes the number of the class that came, choices the class decided.
"""

import numpy as np
import numpy.typing as npt

from training.bootstrap import FloatArray, IntArray, Statistic

LEAST_PROBABILITY = 1e-6  # log loss would be infinite at 0; scored as this for every forecast alike
BINS = 10


def mean_of(values: FloatArray) -> Statistic:
    """The weighted mean of one value per row."""
    return lambda weights: (weights @ values) / weights.sum(axis=1)


def squared_errors(probabilities: FloatArray, outcomes: IntArray) -> FloatArray:
    """Brier's score of each row: squared distance to the class that came, summed over the classes (0 to 2).

    References
    ----------
    Brier, "Verification of forecasts expressed in terms of probability" (1950).
    """
    came = np.eye(probabilities.shape[1])[outcomes]
    return np.asarray(((probabilities - came) ** 2).sum(axis=1))


def surprises(probabilities: FloatArray, outcomes: IntArray) -> FloatArray:
    """Log loss of each row in nats: minus the log of the probability given to what came."""
    given = np.take_along_axis(probabilities, outcomes[:, None], axis=1)[:, 0]
    return -np.log(np.maximum(given, LEAST_PROBABILITY))


def skill(errors: FloatArray, reference: FloatArray) -> Statistic:
    """1 - mean error / mean error of the reference: 0 is as good as the reference, 1 perfect, below 0 worse."""
    return lambda weights: 1.0 - (weights @ errors) / (weights @ reference)


def auc(scores: FloatArray, positive: npt.NDArray[np.bool_]) -> Statistic:
    """Probability that a positive row has a higher score than a negative one, ties counting half.

    References
    ----------
    Hanley and McNeil, "The meaning and use of the area under a ROC curve" (1982).
    """
    order = np.argsort(scores, kind="stable")
    ascending = scores[order]
    groups = np.flatnonzero(np.diff(ascending, prepend=ascending[0] - 1.0))

    def statistic(weights: FloatArray) -> FloatArray:
        sorted_weights = weights[:, order]
        positives = np.add.reduceat(sorted_weights * positive[order], groups, axis=1)
        negatives = np.add.reduceat(sorted_weights, groups, axis=1) - positives
        beaten = negatives.cumsum(axis=1) - negatives / 2.0
        pairs = positives.sum(axis=1) * negatives.sum(axis=1)
        return divided((positives * beaten).sum(axis=1), pairs)

    return statistic


def mean_auc(probabilities: FloatArray, outcomes: IntArray) -> Statistic:
    """The AUC of the last of two classes; of more classes the mean of each that came against the rest."""
    classes = [1] if probabilities.shape[1] == 2 else np.unique(outcomes)
    single = [auc(probabilities[:, number], outcomes == number) for number in classes]
    return lambda weights: np.mean([statistic(weights) for statistic in single], axis=0)


def f1(choices: IntArray, outcomes: IntArray, classes: tuple[int, ...]) -> Statistic:
    """Harmonic mean of precision and recall, averaged over the classes named; 0 for a class never seen or chosen."""
    hits = [((choices == c) & (outcomes == c)).astype(float) for c in classes]
    sides = [(choices == c).astype(float) + (outcomes == c) for c in classes]

    def statistic(weights: FloatArray) -> FloatArray:
        single = [divided(2.0 * (weights @ hit), weights @ side, 0.0) for hit, side in zip(hits, sides, strict=True)]
        return np.asarray(np.mean(single, axis=0))

    return statistic


def bin_edges(forecasts: FloatArray) -> FloatArray:
    """Edges of up to ten bins that hold equally many forecasts, from 0 to 1; equal forecasts share a bin."""
    inner = np.quantile(forecasts, np.arange(1, BINS) / BINS, method="higher")
    return np.concatenate([[0.0], np.unique(inner[(inner > forecasts.min()) & (inner < 1.0)]), [1.0]])


def bin_of(forecasts: FloatArray, edges: FloatArray) -> IntArray:
    """The bin of each forecast: from its low edge to below its high one; the last holds 1."""
    return np.clip(np.searchsorted(edges, forecasts, side="right") - 1, 0, len(edges) - 2).astype(np.int64)


def calibration_error(forecasts: FloatArray, happened: FloatArray) -> Statistic:
    """Expected calibration error: mean distance of forecast and frequency over bins of equal count.

    The figure is never negative and noise pushes it up, in a resample more so than in the data.

    References
    ----------
    Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning" (2015);
    equal counts per bin after Nixon et al., "Measuring calibration in deep learning" (2019).
    """
    number = bin_of(forecasts, bin_edges(forecasts))
    gaps = np.eye(int(number.max()) + 1)[number] * (forecasts - happened)[:, None]
    return lambda weights: np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)


def divided(numerator: FloatArray, denominator: FloatArray, otherwise: float = np.nan) -> FloatArray:
    """Numerator / denominator; `otherwise` where the denominator is 0."""
    answer = np.full(len(numerator), otherwise)
    np.divide(numerator, denominator, out=answer, where=denominator > 0)
    return answer
