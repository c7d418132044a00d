"""When the public could first know a macroeconomic value, or the date of an announcement.

Files of macro series are dated by what a value speaks of, not by when it was published. Joined by that date they
look ahead: the inflation of October is printed in November. These rules err on the late side.
"""

import datetime as dt
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.holiday import USFederalHolidayCalendar

from options_signals import sessions

Days = npt.NDArray[np.datetime64]

# Day of the following month by which the Bureau of Labor Statistics has published.
MONTHLY = {"UNRATE": 12, "CPIAUCSL": 23}

# Months published later than that, because the government was shut: (series, month) -> day of publication.
# Bureau of Labor Statistics, news release archives and the revised schedules after each lapse in appropriations.
# Nothing was ever published for October 2025.
LATE = {
    ("UNRATE", "1995-12"): dt.date(1996, 1, 19),
    ("CPIAUCSL", "1995-12"): dt.date(1996, 2, 1),
    ("CPIAUCSL", "1996-01"): dt.date(1996, 2, 28),
    ("UNRATE", "2013-09"): dt.date(2013, 10, 22),
    ("CPIAUCSL", "2013-09"): dt.date(2013, 10, 30),
    ("UNRATE", "2025-09"): dt.date(2025, 11, 20),
    ("CPIAUCSL", "2025-09"): dt.date(2025, 10, 24),
    ("UNRATE", "2025-11"): dt.date(2025, 12, 16),
}


def available_on(series: str, observed_on: pd.Series) -> pd.Series:
    """First date on which each value could be known.

    Parameters
    ----------
    series
        FRED's name, such as `DGS10` or `CPIAUCSL`.
    observed_on
        The day, or the first day of the month, that each value speaks of.

    Returns
    -------
    pandas.Series
        Dates, same index. A daily value is known on the next business day of the federal government; monthly
        ones as in `MONTHLY`, with the dated exceptions in `LATE`.
    """
    observed = observed_on.to_numpy().astype("datetime64[D]")
    known = _after_the_month(series, observed) if series in MONTHLY else _next_business_day(observed)
    return pd.Series(known.astype("datetime64[s]"), index=observed_on.index)


def _next_business_day(observed: Days) -> Days:
    return np.busday_offset(observed, 1, roll="backward", holidays=_federal_holidays())


def _after_the_month(series: str, observed: Days) -> Days:
    months = observed.astype("datetime64[M]")
    following = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    known: Days = np.asarray(following + np.timedelta64(MONTHLY[series] - 1, "D"), dtype="datetime64[D]")
    for (name, month), published in LATE.items():
        if name == series:
            known[months == np.datetime64(month)] = np.datetime64(published)
    return known


@cache
def _federal_holidays() -> Days:
    days = USFederalHolidayCalendar().holidays("1950-01-01", "2040-12-31")
    return days.to_numpy().astype("datetime64[D]")


EARNINGS_AHEAD = 10  # sessions


def earnings_known_on(announced_on: dt.date, captured_on: dt.date) -> dt.date:
    """From when on the date of an announcement counts as known.

    Companies name the date weeks ahead, and calendars do not say when they learned of it: it counts as known ten
    sessions before, and a calendar that shows it earlier has known it since that capture.
    """
    return min(captured_on, sessions.shift(announced_on, -EARNINGS_AHEAD))


def earnings_expected_from(announced_on: pd.Series) -> pd.Series:
    """The same for a table of which nobody knows when it was captured: ten sessions before each date; same index."""
    days = sessions.all_sessions()
    at = np.searchsorted(days, announced_on.to_numpy().astype("datetime64[D]")) - EARNINGS_AHEAD
    return pd.Series(days[np.maximum(at, 0)].astype("datetime64[s]"), index=announced_on.index)
