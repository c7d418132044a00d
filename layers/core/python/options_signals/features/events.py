"""How far away the days are on which the whole market waits: calendar days, from dated tables.

Inputs are columns of `calendar_events.event_columns`. On the day itself days_since is 0 and days_to speaks of the
next one: at the close the news is out. NaN outside the span of the tables.
"""

from options_signals.features.arrays import FloatArray


def days_to_fomc(fomc_next_days: FloatArray) -> FloatArray:
    """Calendar days to the next scheduled decision of the FOMC."""
    return fomc_next_days.copy()


def days_since_fomc(fomc_last_days: FloatArray) -> FloatArray:
    """Calendar days since the last decision of the FOMC, scheduled or not."""
    return fomc_last_days.copy()


def fomc_week(fomc_this_week: FloatArray) -> FloatArray:
    """Flag: the FOMC decides in the session's calendar week."""
    return fomc_this_week.copy()


def days_to_cpi(cpi_next_days: FloatArray) -> FloatArray:
    """Calendar days to the next scheduled release of consumer prices."""
    return cpi_next_days.copy()


def days_since_cpi(cpi_last_days: FloatArray) -> FloatArray:
    """Calendar days since the last release of consumer prices."""
    return cpi_last_days.copy()


def cpi_week(cpi_this_week: FloatArray) -> FloatArray:
    """Flag: consumer prices are published in the session's calendar week."""
    return cpi_this_week.copy()


def days_to_payrolls(payrolls_next_days: FloatArray) -> FloatArray:
    """Calendar days to the next scheduled employment report."""
    return payrolls_next_days.copy()


def days_since_payrolls(payrolls_last_days: FloatArray) -> FloatArray:
    """Calendar days since the last employment report."""
    return payrolls_last_days.copy()


def payrolls_week(payrolls_this_week: FloatArray) -> FloatArray:
    """Flag: the employment report is published in the session's calendar week."""
    return payrolls_this_week.copy()
