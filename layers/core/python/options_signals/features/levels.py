"""Where the price stands in the range of the last year and below its recent peak."""

from options_signals.features.arrays import FloatArray, flag, ratio, rolling_max, year_max, year_min


def high_52w(traded_high: FloatArray) -> FloatArray:
    """Highest high of 252 sessions, USD."""
    return year_max(traded_high)


def low_52w(traded_low: FloatArray) -> FloatArray:
    """Lowest low of 252 sessions, USD."""
    return year_min(traded_low)


def dist_from_high_52w(high: FloatArray, close: FloatArray) -> FloatArray:
    """Close over the highest high of 252 sessions, less 1: 0 or negative."""
    return ratio(close, year_max(high)) - 1.0


def dist_from_low_52w(low: FloatArray, close: FloatArray) -> FloatArray:
    """Close over the lowest low of 252 sessions, less 1: 0 or positive."""
    return ratio(close, year_min(low)) - 1.0


def near_52w_high(dist_from_high_52w: FloatArray) -> FloatArray:
    """Flag: less than 5 % below the highest high of 252 sessions."""
    return flag(dist_from_high_52w > -0.05, dist_from_high_52w)


def near_52w_low(dist_from_low_52w: FloatArray) -> FloatArray:
    """Flag: less than 10 % above the lowest low of 252 sessions."""
    return flag(dist_from_low_52w < 0.10, dist_from_low_52w)


def drawdown_60d(close: FloatArray) -> FloatArray:
    """Close over the highest close of 60 sessions, less 1: 0 or negative."""
    return ratio(close, rolling_max(close, 60)) - 1.0
