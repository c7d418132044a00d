"""What the models forecast, known only after the fact: labels are NaN where their future is.

A horizon is counted in sessions of the exchange: if the bar of that session is missing, the label is unknown, never
that of the next bar. Arrays are 1-D float64, one value per session of the exchange, ascending, without holes.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

HORIZON = 5  # sessions
LEAST_MOVE = 0.01  # a decimal: smaller moves have no direction
BOUNDS = (30.0, 60.0)  # of the IV rank
DOWN, UP = 0.0, 1.0


def ahead(values: FloatArray, sessions: int) -> FloatArray:
    """The value `sessions` rows later; NaN in the last rows."""
    later = np.full(len(values), np.nan)
    if len(values) > sessions:
        later[: len(values) - sessions] = values[sessions:]
    return later


def direction_label(close: FloatArray) -> FloatArray:
    """1 (UP) where the close 5 sessions later is more than 1 % higher, 0 (DOWN) where more than 1 % lower.

    A smaller move, or one that is not known yet, is NaN. `close` is on the model's price basis.
    """
    change = ahead(close, HORIZON) / close - 1.0
    label = np.full(len(close), np.nan)
    label[change > LEAST_MOVE] = UP
    label[change < -LEAST_MOVE] = DOWN
    return label


def entered_return(open_: FloatArray, close: FloatArray) -> FloatArray:
    """Return from the next session's open to the close 5 sessions after t, as a decimal.

    What somebody gets who reads the forecast after the close of t and buys at the first price there is.
    """
    return ahead(close, HORIZON) / ahead(open_, 1) - 1.0


def bucket(iv_rank: FloatArray) -> FloatArray:
    """0 (LOW) below 30, 1 (NORMAL) below 60, else 2 (HIGH); NaN where the rank is."""
    number = np.searchsorted(BOUNDS, iv_rank, side="right").astype(np.float64)
    return np.where(np.isnan(iv_rank), np.nan, number)


def iv_regime_label(iv_rank: FloatArray) -> FloatArray:
    """The bucket of the IV rank 5 sessions later."""
    return bucket(ahead(iv_rank, HORIZON))


def iv_change(level: FloatArray) -> FloatArray:
    """Log change of the volatility index over the next 5 sessions: what the model-free rule learns from."""
    return np.log(ahead(level, HORIZON) / level)
