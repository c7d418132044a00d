"""From the probability a graph gives to the one its past forecasts justify."""

import numpy as np

from options_signals.features.arrays import FloatArray
from options_signals.models.card import Calibrator

# float32 tells probabilities apart down to 6e-8 below 1; nearer to the ends their log-odds are noise.
CLIP = 1e-6


def logit(probability: FloatArray) -> FloatArray:
    """Log-odds of a probability, clipped to 1e-6 from either end; NaN stays NaN."""
    inside = np.clip(probability, CLIP, 1.0 - CLIP)
    return np.log(inside / (1.0 - inside))


def sigmoid(log_odds: FloatArray) -> FloatArray:
    """Probability of log-odds, without overflow at either end."""
    decay = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0.0, 1.0, decay) / (1.0 + decay)


def calibrate(calibrator: Calibrator, probability: FloatArray) -> FloatArray:
    """Calibrated probabilities, 0..1, in the order of the given ones; NaN stays NaN.

    Parameters
    ----------
    calibrator
        Learned from out-of-fold predictions; training and serving both apply it here.
    probability : float64 array, any shape
        The graph's probability of the last of two classes (0.62 = 62 % UP).

    Notes
    -----
    Sigmoid: Platt, "Probabilistic outputs for support vector machines" (1999), on log-odds. Table: the points of an
    isotonic regression (Zadrozny and Elkan 2002), kept here because in a float32 graph its steps move.
    """
    match calibrator.kind:
        case "identity":
            return probability
        case "sigmoid":
            return sigmoid(calibrator.slope * logit(probability) + calibrator.intercept)
        case "table":
            return np.interp(probability, calibrator.x, calibrator.y)
