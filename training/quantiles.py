"""Forecasts of a distribution by its quantiles: how far off they are, and how sizes become quantiles.

A forecast has one column per level of `LEVELS`, in the unit of what it forecasts.
"""

import numpy as np

from training.bootstrap import FloatArray

LEVELS = (0.1, 0.5, 0.9)


def pinball_losses(forecasts: FloatArray, outcomes: FloatArray) -> FloatArray:
    """Pinball loss of each row, the mean over the levels, in the unit of the outcomes; lowest for true quantiles.

    An outcome above the forecast of level q costs q times the distance, one below it 1 - q times the distance.

    References
    ----------
    Koenker and Bassett, "Regression quantiles" (1978).
    """
    above = outcomes[:, None] - forecasts
    levels = np.array(LEVELS)
    return np.asarray(np.maximum(levels * above, (levels - 1.0) * above).mean(axis=1))


def inside_band(forecasts: FloatArray, outcomes: FloatArray) -> FloatArray:
    """1.0 where the outcome lies between the lowest and the highest quantile, both included, else 0.0."""
    return ((forecasts[:, 0] <= outcomes) & (outcomes <= forecasts[:, -1])).astype(np.float64)


def factor(outcomes: FloatArray, sizes: FloatArray, level: float) -> float:
    """The k whose forecasts k x size have the lowest pinball loss: a quantile of outcome / size, weighted by size.

    Parameters
    ----------
    outcomes, sizes : float64 arrays, shape (n,)
        Of equal unit; the sizes positive.
    level
        Such as 0.9: k x size is then above nine tenths of the outcomes, by weight.
    """
    ratios = outcomes / sizes
    order = np.argsort(ratios)
    weight = np.cumsum(sizes[order])
    return float(ratios[order][np.searchsorted(weight, level * weight[-1])])
