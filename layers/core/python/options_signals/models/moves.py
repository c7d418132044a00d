"""The simple rules for the move on earnings: quantiles as multiples of a size that a trader can compute by hand.

```text
quantiles of all moves   of every company; reads nothing
median of last four      of the ticker's last four moves, as many as are known
k x ATR                  the mean true range of 20 sessions
shrunk mean              the ticker's mean move over eight quarters, pulled towards k x ATR while it is of few moves
```

Training and serving both call these functions. Moves and sizes are decimals of the price (0.05 = 5 %).
"""

import numpy as np

from options_signals.features.arrays import FloatArray
from options_signals.models.card import MoveRule

INDEX = "VIX"  # beside every company, whatever volatility its other models read
REGRESSION = "quantile regression"  # what stands beside the rules, and in their place where it had the lower loss
PRIOR_MOVES = 4.0  # announcements of its own, a year of them, until a ticker's mean weighs as much as k x ATR


def move_rule(rule: MoveRule, inputs: FloatArray) -> FloatArray:
    """The 10, 50 and 90 % quantiles of the move that a rule says.

    Parameters
    ----------
    rule
        With what it learned in training.
    inputs : float64 array, shape (n, inputs of the rule)
        In the order of `rule.inputs`.

    Returns
    -------
    float64 array, shape (n, 3)
        Ascending, none below 0; the quantiles of all moves where the size is not known.
    """
    size = size_of(rule, inputs)[:, None]
    return in_order(np.where(np.isnan(size), rule.all_moves, size * np.array(rule.factors)))


def size_of(rule: MoveRule, inputs: FloatArray) -> FloatArray:
    """What the rule multiplies, one value a row; NaN where it is not known, and where the rule reads nothing.

    The shrunk mean is that of `PRIOR_MOVES` moves of `atr_multiple` x ATR and of those of the ticker itself: without
    one of its own it is k x ATR, and NaN only where the true range is.
    """
    match rule.name:
        case "quantiles of all moves":
            return np.full(len(inputs), np.nan)
        case "median of last four" | "k x ATR":
            return inputs[:, 0]
        case "shrunk mean":
            atr, mean, count = inputs[:, 0], np.nan_to_num(inputs[:, 1]), np.nan_to_num(inputs[:, 2])
            return (count * mean + PRIOR_MOVES * rule.atr_multiple * atr) / (count + PRIOR_MOVES)


def in_order(quantiles: FloatArray) -> FloatArray:
    """The quantiles of each row sorted, none below 0: quantiles fitted one by one may cross, those of a size may not.

    References
    ----------
    Chernozhukov, Fernandez-Val, Galichon, "Quantile and probability curves without crossing" (2010).
    """
    return np.sort(np.maximum(quantiles, 0.0), axis=1)
