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


def walk_forward(positions: IntArray, *, splits: int = 5, horizon: int = 5) -> Iterator[Split]:
    """Yield expanding train parts, each followed by the next part of the sessions as its test.

    The sessions are cut into `splits + 1` parts of equal length; the first only trains. A label known after
    `horizon` sessions would reach into the test, so the last `horizon` sessions before it are purged from training.

    Parameters
    ----------
    positions
        Number of each row's session in the exchange calendar; several rows may share one.
    splits, horizon
        How many folds; how many sessions after its own a row's label is known.

    Raises
    ------
    InvalidValueError
        Where a part would be no longer than the horizon, so that purging could empty a train part.

    References
    ----------
    Lopez de Prado, "Advances in Financial Machine Learning" (2018), section 7.4.1, on purging.
    """
    sessions = np.unique(positions)
    parts = np.array_split(sessions, splits + 1)
    if len(parts[-1]) <= horizon:
        raise InvalidValueError(
            name="sessions to split",
            value=len(sessions),
            allowed=f"at least {(splits + 1) * (horizon + 1)} for {splits} splits with a gap of {horizon}",
            remedy="Train on a longer history.",
        )
    for part in parts[1:]:
        train = np.flatnonzero(positions + horizon < part[0])
        test = np.flatnonzero((positions >= part[0]) & (positions <= part[-1]))
        yield Split(train=train, test=test)
