"""The few rolling tools that features share, on 1-D float64 arrays."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import talib

FloatArray = npt.NDArray[np.float64]

SESSIONS_PER_YEAR = 252
ROOT_YEAR = math.sqrt(SESSIONS_PER_YEAR)
YEAR_WINDOW = 252
YEAR_VALUES = 240  # so many must be known: an index misses a session now and then


def lag(values: FloatArray, sessions: int) -> FloatArray:
    """The value `sessions` rows earlier; NaN in the first rows."""
    earlier = np.full(len(values), np.nan)
    if len(values) > sessions:
        earlier[sessions:] = values[:-sessions]
    return earlier


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Numerator / denominator; NaN where the denominator is 0."""
    answer = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=answer, where=denominator != 0.0)
    return answer


def log_ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Natural logarithm of numerator / denominator, both positive."""
    return np.log(ratio(numerator, denominator))


def root(values: FloatArray) -> FloatArray:
    """Square root; NaN where negative, which only inconsistent bars (close above the high) produce."""
    return np.sqrt(values, out=np.full(len(values), np.nan), where=values >= 0)


def flag(condition: npt.NDArray[np.bool_], *inputs: FloatArray) -> FloatArray:
    """1.0 where the condition holds, 0.0 where not, NaN where one of the inputs it was made from is NaN."""
    answer = condition.astype(np.float64)
    for values in inputs:
        answer[np.isnan(values)] = np.nan
    return answer


def change(values: FloatArray, sessions: int) -> FloatArray:
    """Difference to the value `sessions` rows earlier, in the unit of the values."""
    return values - lag(values, sessions)


def relative_change(values: FloatArray, sessions: int) -> FloatArray:
    """Change since the value `sessions` rows earlier as a decimal of it (0.01 = 1 %)."""
    return ratio(values, lag(values, sessions)) - 1.0


def rolling_sum(values: FloatArray, window: int) -> FloatArray:
    """Sum of the last `window` values; NaN where one of them is."""
    return _windowed(np.add, values, window)


def rolling_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean of the last `window` values; NaN where one of them is."""
    return rolling_sum(values, window) / window


def rolling_max(values: FloatArray, window: int) -> FloatArray:
    """Largest of the last `window` values; NaN where one of them is."""
    return _windowed(np.maximum, values, window)


def year_max(values: FloatArray) -> FloatArray:
    """Largest of the last 252 values; NaN unless 240 of them and today's are known."""
    return _over_a_year(values, np.fmax)


def year_min(values: FloatArray) -> FloatArray:
    """Smallest of the last 252 values; NaN unless 240 of them and today's are known."""
    return _over_a_year(values, np.fmin)


def year_percentile(values: FloatArray) -> FloatArray:
    """Share of the known values among the last 252 (today's among them) strictly below today's, 0 to 100."""
    padded = np.concatenate([np.full(YEAR_WINDOW - 1, np.nan), values])
    earlier = np.lib.stride_tricks.sliding_window_view(padded, len(values))[:-1]  # one row per age of the value
    below = np.add.reduce(earlier < values, axis=0, dtype=np.int16)
    return 100.0 * ratio(below.astype(np.float64), _known_in_a_year(values))


def rolling_std(values: FloatArray, window: int) -> FloatArray:
    """Sample standard deviation (ddof 1) of the last `window` values; NaN where one of them is."""
    first, second = _power_sums(values, window, 2)
    squares = np.maximum(second - first**2 / window, 0.0)
    return np.sqrt(squares / (window - 1))


def rolling_zscore(values: FloatArray, window: int) -> FloatArray:
    """Distance of today's value from the mean of the last `window`, in their sample standard deviations."""
    return ratio(values - rolling_mean(values, window), rolling_std(values, window))


def rolling_skew(values: FloatArray, window: int) -> FloatArray:
    """Skewness of the last `window` values: third central moment over the 1.5th power of the second."""
    mean, second, third = (total / window for total in _power_sums(values, window, 3))
    square = mean * mean
    variance = np.maximum(second - square, 0.0)
    return ratio(third - mean * (3.0 * second - 2.0 * square), variance * np.sqrt(variance))


def rolling_kurtosis(values: FloatArray, window: int) -> FloatArray:
    """Excess kurtosis of the last `window` values: fourth central moment over the squared second, less 3."""
    mean, second, third, fourth = (total / window for total in _power_sums(values, window, 4))
    square = mean * mean
    variance = second - square
    central = fourth - 4.0 * mean * third + 3.0 * square * (2.0 * second - square)
    return ratio(central, variance * variance) - 3.0


def indicator(function: Callable[..., Any], *inputs: FloatArray, **settings: float) -> FloatArray:
    """A TA-Lib indicator with one output, which sees complete rows only; see `indicators`."""
    return indicators(function, *inputs, **settings)[0]


def indicators(function: Callable[..., Any], *inputs: FloatArray, **settings: float) -> tuple[FloatArray, ...]:
    """The outputs of a TA-Lib indicator, which sees complete rows only.

    One NaN inside its input makes TA-Lib answer NaN, or 0.0, for ever after. Rows in which any input is NaN are
    therefore taken out, the indicator runs over the rest as if they were neighbours, and its answers return to
    their places; the rows taken out answer NaN.
    """
    complete = ~np.isnan(sum(inputs))
    if complete.all():
        return _as_tuple(function(*inputs, **settings))
    dense = _as_tuple(function(*(values[complete] for values in inputs), **settings))
    return tuple(_put_back(values, complete) for values in dense)


def unless_flat(values: FloatArray, high: FloatArray, low: FloatArray, window: int) -> FloatArray:
    """The values, but NaN where the price did not move at all for `window` sessions.

    An oscillator of a price that stands still is unknown; TA-Lib answers 0, which would read as oversold.
    """
    if (high > low).all():
        return values  # no session stood still, so no window did
    moved = indicator(talib.MAX, high, timeperiod=window) > indicator(talib.MIN, low, timeperiod=window)
    return np.where(moved, values, np.nan)


def _as_tuple(answer: Any) -> tuple[FloatArray, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def _put_back(values: FloatArray, complete: npt.NDArray[np.bool_]) -> FloatArray:
    answer = np.full(len(complete), np.nan)
    answer[complete] = values
    return answer


def _in_blocks(values: FloatArray, window: int) -> FloatArray:
    padded = np.full(-(-len(values) // window) * window, np.nan)
    padded[: len(values)] = values
    return padded.reshape(-1, window)


def _windowed(operation: np.ufunc, values: FloatArray, window: int) -> FloatArray:
    """The operation over each trailing window, in linear time and from the window's own values only.

    The series is cut into blocks as long as the window. Every window is the tail of one block and the head of the
    next, so it is one operation on two running results. Unlike a difference of cumulative sums, a NaN or a huge
    value outside the window leaves no trace. Source: van Herk 1992, Gil and Werman 1993 (for maxima).
    """
    answer = np.full(len(values), np.nan)
    if len(values) < window:
        return answer
    blocks = _in_blocks(values, window)
    heads = operation.accumulate(blocks, axis=1).ravel()[window - 1 : len(values)]
    tails = operation.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].ravel()[: len(heads)]
    answer[window - 1 :] = operation(tails, heads)
    answer[window - 1 :: window] = tails[::window]  # these windows are one whole block
    return answer


def _power_sums(values: FloatArray, window: int, highest: int) -> list[FloatArray]:
    """Sums of (value - reference)**k over each trailing window, for k = 1 ... highest.

    As in `_windowed`, with the first value of the window's second block as reference. It lies inside every window
    that uses it, so its distance from the window's mean is at most sqrt(window - 1) standard deviations: moments
    lose no more digits than that, and equal values give exactly 0.
    """
    blocks = _in_blocks(values, window)
    reference = blocks[:, :1]
    parts = np.zeros((2, *blocks.shape))  # heads left to right, tails of the block before right to left
    parts[0] = blocks - reference
    parts[1, 1:, 1:] = blocks[:-1, :0:-1] - reference[1:]
    parts[1, :1, 1:] = np.nan  # before the first block there is nothing, and no window ends inside it
    powers = itertools.accumulate(itertools.repeat(parts, highest), np.multiply)  # 50 times as fast as parts**3
    sums = (power.cumsum(axis=2) for power in powers)
    return [(heads + tails[:, ::-1]).ravel()[: len(values)] for heads, tails in sums]


def _over_a_year(values: FloatArray, operation: np.ufunc) -> FloatArray:
    padded = np.concatenate([np.full(YEAR_WINDOW - 1, np.nan), values])
    extreme = _windowed(operation, padded, YEAR_WINDOW)[YEAR_WINDOW - 1 :]
    return np.where(np.isnan(_known_in_a_year(values)), np.nan, extreme)


def _known_in_a_year(values: FloatArray) -> FloatArray:
    """How many of the last 252 values are known; NaN where fewer than 240 or today's is not."""
    known = ~np.isnan(values)
    total = known.cumsum(dtype=np.float64)
    count = total.copy()
    count[YEAR_WINDOW:] -= total[:-YEAR_WINDOW]
    return np.where(known & (count >= YEAR_VALUES), count, np.nan)
