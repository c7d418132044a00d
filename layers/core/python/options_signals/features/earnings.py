"""Where a company stands between two announcements of earnings: calendar days, and what the last one brought.

Inputs are columns of `announcements.earnings_columns`. The market waits for an announcement until its reaction
session has closed, so days_to_earnings is 0 at the close before an announcement of the same evening.
"""

from options_signals.features.arrays import FloatArray, flag, ratio

WEEK = 7.0
FORTNIGHT = 14.0
SAFE = 30.0
LOW_IV_RANK, HIGH_IV_RANK = 30.0, 60.0  # the bounds of the volatility regimes


def days_to_earnings(earnings_next_days: FloatArray) -> FloatArray:
    """Calendar days to the next announcement; NaN while its date is not known."""
    return earnings_next_days.copy()


def days_since_earnings(earnings_last_days: FloatArray) -> FloatArray:
    """Calendar days since the last announcement the market has reacted to."""
    return earnings_last_days.copy()


def earnings_proximity(earnings_next_days: FloatArray) -> FloatArray:
    """1 on the day of the announcement, 1/2 on the day before, 1 / (1 + days) further away."""
    return 1.0 / (1.0 + earnings_next_days)


def earnings_week(earnings_next_days: FloatArray) -> FloatArray:
    """Flag: the next announcement is less than 7 days away."""
    return flag(earnings_next_days < WEEK, earnings_next_days)


def earnings_approaching(earnings_next_days: FloatArray) -> FloatArray:
    """Flag: the next announcement is 7 to 14 days away."""
    return flag((earnings_next_days >= WEEK) & (earnings_next_days <= FORTNIGHT), earnings_next_days)


def post_earnings(earnings_last_days: FloatArray) -> FloatArray:
    """Flag: the last announcement is at most 7 days ago."""
    return flag(earnings_last_days <= WEEK, earnings_last_days)


def earnings_safe(earnings_next_days: FloatArray) -> FloatArray:
    """Flag: the next announcement is more than 30 days away; NaN, not safe, while its date is not known."""
    return flag(earnings_next_days > SAFE, earnings_next_days)


def last_earnings_surprise(last_eps_actual: FloatArray, last_eps_estimate: FloatArray) -> FloatArray:
    """Earnings per share less the estimate, percent of the estimate's size, of the last announcement."""
    return 100.0 * ratio(last_eps_actual - last_eps_estimate, abs(last_eps_estimate))


def earnings_beat(last_eps_actual: FloatArray, last_eps_estimate: FloatArray) -> FloatArray:
    """Flag: the last earnings were above the estimate."""
    return flag(last_eps_actual > last_eps_estimate, last_eps_actual, last_eps_estimate)


def earnings_miss(last_eps_actual: FloatArray, last_eps_estimate: FloatArray) -> FloatArray:
    """Flag: the last earnings were below the estimate."""
    return flag(last_eps_actual < last_eps_estimate, last_eps_actual, last_eps_estimate)


def earnings_today(earnings_on_the_day: FloatArray) -> FloatArray:
    """Flag: the company announces on the session's date, before the open or after the close."""
    return earnings_on_the_day.copy()


def earnings_iv_crush_setup(earnings_week: FloatArray, iv_rank: FloatArray) -> FloatArray:
    """Flag: earnings within 7 days and dear options, IV rank 60 or above: what falls when the news is out."""
    return flag((earnings_week == 1.0) & (iv_rank >= HIGH_IV_RANK), earnings_week, iv_rank)


def earnings_straddle_setup(earnings_approaching: FloatArray, iv_rank: FloatArray) -> FloatArray:
    """Flag: earnings in 7 to 14 days and cheap options, IV rank below 30: before the price of waiting rises."""
    return flag((earnings_approaching == 1.0) & (iv_rank < LOW_IV_RANK), earnings_approaching, iv_rank)
