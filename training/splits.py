"""Forward splits of time: train on what came before, leave a gap, test on what came after.

Rows are placed by session, not by row number, so that pooled tickers stay together and the gap is a span of time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from options_signals.errors import InvalidValueError

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of one fold: `train` lies wholly before `test`."""

    train: IntArray
    test: IntArray


def walk_forward(positions: IntArray, *, splits: int, horizon: int, first: int) -> Iterator[Split]:
    """Yield expanding train parts, each followed by the next part of the sessions as its test.

    A label known after `horizon` sessions would reach into the test, so the last `horizon` sessions before it are
    purged from training.

    Parameters
    ----------
    positions
        Number of each row's session in the exchange calendar; several rows may share one.
    splits
        How many folds: the sessions after the first part are cut into as many tests of equal length.
    horizon
        How many sessions after its own a row's label is known.
    first
        How many sessions only train, the purged ones included.

    Raises
    ------
    InvalidValueError
        Where there are too few sessions for a first part and tests longer than the horizon.

    References
    ----------
    Lopez de Prado, "Advances in Financial Machine Learning" (2018), section 7.4.1, on purging.
    """
    sessions = np.unique(positions)
    needed = max(first, horizon + 1) + splits * (horizon + 1)
    if len(sessions) < needed:
        raise InvalidValueError(
            name="sessions to learn from",
            value=len(sessions),
            allowed=f"at least {needed}: {first} to start with, then {splits} tests longer than {horizon} sessions",
            remedy="Train on a longer history.",
        )
    for part in np.array_split(sessions[first:], splits):
        train = np.flatnonzero(positions + horizon < part[0])
        test = np.flatnonzero((positions >= part[0]) & (positions <= part[-1]))
        yield Split(train=train, test=test)
