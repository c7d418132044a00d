"""Returns on the model's price basis, decimals (0.01 = 1 %)."""

from options_signals.features.arrays import FloatArray, lag, log_ratio, ratio, relative_change


def returns_1d(close: FloatArray) -> FloatArray:
    """Simple return since the last session, close to close."""
    return relative_change(close, 1)


def returns_5d(close: FloatArray) -> FloatArray:
    """Simple return over 5 sessions."""
    return relative_change(close, 5)


def returns_10d(close: FloatArray) -> FloatArray:
    """Simple return over 10 sessions."""
    return relative_change(close, 10)


def returns_20d(close: FloatArray) -> FloatArray:
    """Simple return over 20 sessions."""
    return relative_change(close, 20)


def returns_60d(close: FloatArray) -> FloatArray:
    """Simple return over 60 sessions."""
    return relative_change(close, 60)


def returns_252d(close: FloatArray) -> FloatArray:
    """Simple return over 252 sessions, about a year."""
    return relative_change(close, 252)


def log_returns_1d(close: FloatArray) -> FloatArray:
    """Natural logarithm of today's close over the last one."""
    return log_ratio(close, lag(close, 1))


def overnight_return(open: FloatArray, close: FloatArray) -> FloatArray:  # noqa: A002 - the column's name
    """Return from the last close to today's open."""
    return ratio(open, lag(close, 1)) - 1.0


def intraday_return(open: FloatArray, close: FloatArray) -> FloatArray:  # noqa: A002 - the column's name
    """Return from today's open to today's close."""
    return ratio(close, open) - 1.0
