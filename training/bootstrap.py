"""Intervals for figures on dependent rows: the circular block bootstrap over sessions.

Labels over 5 sessions overlap, and tickers move together, so single rows are not independent. Whole blocks of
neighbouring sessions are drawn instead, each with all its rows. A drawn sample is a weight per row (how often its
session was drawn), so every figure is a weighted one, computed for many samples at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Statistic = Callable[[FloatArray], FloatArray]
"""Weights (samples x rows) to one figure per sample; NaN where a sample cannot give it."""

CONFIDENCE = 0.95
AT_ONCE = 50  # samples held in memory together


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the 95 % interval of its resampled values."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """How to resample: block length in sessions, number of samples, seed."""

    length: int
    resamples: int = 1000
    seed: int = 0

    def weights(self, positions: IntArray) -> Iterator[FloatArray]:
        """Yield weights (up to 50 samples x rows) until all samples are drawn; the same seed gives the same ones.

        Blocks are runs of `length` sessions of the calendar from the first to the last position, wrapped around at
        the end, so that every session is equally likely. Sessions without rows count as time that passed.

        References
        ----------
        Politis and Romano, "A circular block-resampling procedure for stationary data" (1992).
        """
        since_first = positions - positions.min()
        sessions = int(since_first.max()) + 1
        generator = np.random.default_rng(self.seed)
        for done in range(0, self.resamples, AT_ONCE):
            samples = min(AT_ONCE, self.resamples - done)
            yield self._draws(generator, samples, sessions)[:, since_first]

    def _draws(self, generator: np.random.Generator, samples: int, sessions: int) -> FloatArray:
        starts = generator.integers(sessions, size=(samples, max(1, round(sessions / self.length)), 1))
        drawn = (starts + np.arange(self.length)) % sessions
        cells = drawn.reshape(samples, -1) + sessions * np.arange(samples)[:, None]
        counts = np.bincount(cells.ravel(), minlength=samples * sessions)
        return counts.reshape(samples, sessions).astype(np.float64)


def resampled(statistics: Mapping[str, Statistic], positions: IntArray, blocks: Blocks) -> dict[str, FloatArray]:
    """Every statistic on every drawn sample. All see the same samples, so their differences are comparable.

    Parameters
    ----------
    statistics
        By name; each maps weights (samples x rows) to one figure per sample.
    positions
        Session number of each row, as in `splits.walk_forward`.
    """
    drawn: dict[str, list[FloatArray]] = {name: [] for name in statistics}
    for weights in blocks.weights(positions):
        for name, statistic in statistics.items():
            drawn[name].append(statistic(weights))
    return {name: np.concatenate(parts) for name, parts in drawn.items()}


def interval(value: float, drawn: FloatArray) -> Interval:
    """A figure with the 2.5 % and 97.5 % quantiles of its resampled values."""
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.nanquantile(drawn, [tail, 1.0 - tail])
    return Interval(value, float(low), float(high))


def plain(statistic: Statistic, rows: int) -> float:
    """The statistic on the rows as they are."""
    return float(statistic(np.ones((1, rows)))[0])
