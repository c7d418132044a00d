"""The model-free rule for the IV regime: which of the changes seen before would cross a bound."""

import numpy as np

from options_signals.errors import InvalidValueError
from options_signals.features.arrays import FloatArray
from options_signals.models.card import BucketRule


def bucket_rule(
    rule: BucketRule, *, lower_distance: FloatArray, upper_distance: FloatArray, iv_rank: FloatArray
) -> FloatArray:
    """P(LOW), P(NORMAL), P(HIGH) of the index after the rule's horizon.

    Parameters
    ----------
    rule
        Holds the log changes seen in training, by bucket of the IV rank.
    lower_distance, upper_distance : float64 arrays, one value per row
        log(level at the bound / today's level): 0.10 = the index must rise by about 10 % to stand at the bound.
    iv_rank : float64 array
        Today's, 0..100.

    Returns
    -------
    float64 array, shape (n, 3)
        Rows sum to 1; NaN where one of the three inputs is.

    Raises
    ------
    InvalidValueError
        Where the lower bound stands above the upper one: the columns are swapped.

    Notes
    -----
    Historical simulation as for value at risk (Hull, "Options, Futures, and Other Derivatives"): every change seen
    before is equally likely. One is added to each of the three counts (Laplace's rule of succession), so that what
    400 changes never did is unlikely and not impossible; a forecast of 0 that comes true costs without limit.
    """
    _refuse_swapped(lower_distance, upper_distance)
    buckets = np.digitize(iv_rank, rule.bounds)
    answer = np.full((len(iv_rank), 3), np.nan)
    known = ~np.isnan(lower_distance + upper_distance + iv_rank)
    for bucket, changes in enumerate(rule.changes):
        rows = known & (buckets == bucket)
        answer[rows] = _shares(np.sort(changes), lower_distance[rows], upper_distance[rows])
    return answer


def _shares(changes: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    below = np.searchsorted(changes, lower, side="left")
    reached = len(changes) - np.searchsorted(changes, upper, side="left")
    counts = np.column_stack([below, len(changes) - below - reached, reached])
    return (counts + 1.0) / (len(changes) + 3.0)


def _refuse_swapped(lower: FloatArray, upper: FloatArray) -> None:
    for row in np.flatnonzero(lower > upper)[:1]:
        raise InvalidValueError(
            name=f"distance to the lower bound in row {row}",
            value=float(lower[row]),
            allowed=f"at most the distance to the upper bound, {upper[row]:g}",
            remedy="The two columns are swapped, or were computed from different sessions.",
        )
