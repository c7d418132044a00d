"""When the FOMC decides, and when consumer prices and the employment report are published: dated tables.

Dates are those of the public: the second day of a meeting, the morning of a release. Schedules come out about a year
ahead, so a planned day counts as always known; one that was moved or came unannounced, from when it was told.

Sources: Federal Reserve Board, "Meeting calendars and information" and historical materials by year; Bureau of Labor
Statistics, archives and schedules of "Consumer Price Index" and "The Employment Situation", and "Revised news release
dates following the 2025 and 2026 lapses in appropriations". Checked up to October 2026; days after that are as
scheduled, those of 2027 tentative. Before KNOWN_FROM and from the last day of a table on the answer is NaN.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from options_signals.features.arrays import FloatArray

Days = npt.NDArray[np.datetime64]

KNOWN_FROM = np.datetime64("2008-01-01")

FOMC = """
2007 12-11
2008 01-22 01-30 03-18 04-30 06-25 08-05 09-16 10-08 10-29 12-16
2009 01-28 03-18 04-29 06-24 08-12 09-23 11-04 12-16
2010 01-27 03-16 04-28 06-23 08-10 09-21 11-03 12-14
2011 01-26 03-15 04-27 06-22 08-09 09-21 11-02 12-13
2012 01-25 03-13 04-25 06-20 08-01 09-13 10-24 12-12
2013 01-30 03-20 05-01 06-19 07-31 09-18 10-30 12-18
2014 01-29 03-19 04-30 06-18 07-30 09-17 10-29 12-17
2015 01-28 03-18 04-29 06-17 07-29 09-17 10-28 12-16
2016 01-27 03-16 04-27 06-15 07-27 09-21 11-02 12-14
2017 02-01 03-15 05-03 06-14 07-26 09-20 11-01 12-13
2018 01-31 03-21 05-02 06-13 08-01 09-26 11-08 12-19
2019 01-30 03-20 05-01 06-19 07-31 09-18 10-30 12-11
2020 01-29 03-03 03-15 04-29 06-10 07-29 09-16 11-05 12-16
2021 01-27 03-17 04-28 06-16 07-28 09-22 11-03 12-15
2022 01-26 03-16 05-04 06-15 07-27 09-21 11-02 12-14
2023 02-01 03-22 05-03 06-14 07-26 09-20 11-01 12-13
2024 01-31 03-20 05-01 06-12 07-31 09-18 11-07 12-18
2025 01-29 03-19 05-07 06-18 07-30 09-17 10-29 12-10
2026 01-28 03-18 04-29 06-17 07-29 09-16 10-28 12-09
2027 01-27 03-17 04-28 06-09 07-28 09-15 10-27 12-08
"""
CPI = """
2007 12-14
2008 01-16 02-20 03-14 04-16 05-14 06-13 07-16 08-14 09-16 10-16 11-19 12-16
2009 01-16 02-20 03-18 04-15 05-15 06-17 07-15 08-14 09-16 10-15 11-18 12-16
2010 01-15 02-19 03-18 04-14 05-19 06-17 07-16 08-13 09-17 10-15 11-17 12-15
2011 01-14 02-17 03-17 04-15 05-13 06-15 07-15 08-18 09-15 10-19 11-16 12-16
2012 01-19 02-17 03-16 04-13 05-15 06-14 07-17 08-15 09-14 10-16 11-15 12-14
2013 01-16 02-21 03-15 04-16 05-16 06-18 07-16 08-15 09-17 10-30 11-20 12-17
2014 01-16 02-20 03-18 04-15 05-15 06-17 07-22 08-19 09-17 10-22 11-20 12-17
2015 01-16 02-26 03-24 04-17 05-22 06-18 07-17 08-19 09-16 10-15 11-17 12-15
2016 01-20 02-19 03-16 04-14 05-17 06-16 07-15 08-16 09-16 10-18 11-17 12-15
2017 01-18 02-15 03-15 04-14 05-12 06-14 07-14 08-11 09-14 10-13 11-15 12-13
2018 01-12 02-14 03-13 04-11 05-10 06-12 07-12 08-10 09-13 10-11 11-14 12-12
2019 01-11 02-13 03-12 04-10 05-10 06-12 07-11 08-13 09-12 10-10 11-13 12-11
2020 01-14 02-13 03-11 04-10 05-12 06-10 07-14 08-12 09-11 10-13 11-12 12-10
2021 01-13 02-10 03-10 04-13 05-12 06-10 07-13 08-11 09-14 10-13 11-10 12-10
2022 01-12 02-10 03-10 04-12 05-11 06-10 07-13 08-10 09-13 10-13 11-10 12-13
2023 01-12 02-14 03-14 04-12 05-10 06-13 07-12 08-10 09-13 10-12 11-14 12-12
2024 01-11 02-13 03-12 04-10 05-15 06-12 07-11 08-14 09-11 10-10 11-13 12-11
2025 01-15 02-12 03-12 04-10 05-13 06-11 07-15 08-12 09-11 10-24 12-18
2026 01-13 02-13 03-11 04-10 05-12 06-10 07-14 08-12 09-11 10-14 11-10 12-10
"""
PAYROLLS = """
2007 12-07
2008 01-04 02-01 03-07 04-04 05-02 06-06 07-03 08-01 09-05 10-03 11-07 12-05
2009 01-09 02-06 03-06 04-03 05-08 06-05 07-02 08-07 09-04 10-02 11-06 12-04
2010 01-08 02-05 03-05 04-02 05-07 06-04 07-02 08-06 09-03 10-08 11-05 12-03
2011 01-07 02-04 03-04 04-01 05-06 06-03 07-08 08-05 09-02 10-07 11-04 12-02
2012 01-06 02-03 03-09 04-06 05-04 06-01 07-06 08-03 09-07 10-05 11-02 12-07
2013 01-04 02-01 03-08 04-05 05-03 06-07 07-05 08-02 09-06 10-22 11-08 12-06
2014 01-10 02-07 03-07 04-04 05-02 06-06 07-03 08-01 09-05 10-03 11-07 12-05
2015 01-09 02-06 03-06 04-03 05-08 06-05 07-02 08-07 09-04 10-02 11-06 12-04
2016 01-08 02-05 03-04 04-01 05-06 06-03 07-08 08-05 09-02 10-07 11-04 12-02
2017 01-06 02-03 03-10 04-07 05-05 06-02 07-07 08-04 09-01 10-06 11-03 12-08
2018 01-05 02-02 03-09 04-06 05-04 06-01 07-06 08-03 09-07 10-05 11-02 12-07
2019 01-04 02-01 03-08 04-05 05-03 06-07 07-05 08-02 09-06 10-04 11-01 12-06
2020 01-10 02-07 03-06 04-03 05-08 06-05 07-02 08-07 09-04 10-02 11-06 12-04
2021 01-08 02-05 03-05 04-02 05-07 06-04 07-02 08-06 09-03 10-08 11-05 12-03
2022 01-07 02-04 03-04 04-01 05-06 06-03 07-08 08-05 09-02 10-07 11-04 12-02
2023 01-06 02-03 03-10 04-07 05-05 06-02 07-07 08-04 09-01 10-06 11-03 12-08
2024 01-05 02-02 03-08 04-05 05-03 06-07 07-05 08-02 09-06 10-04 11-01 12-06
2025 01-10 02-07 03-07 04-04 05-02 06-06 07-03 08-01 09-05 11-20 12-16
2026 01-09 02-11 03-06 04-03 05-08 06-05 07-02 08-07 09-04 10-02 11-06 12-04
"""
# (planned for, became, told on); what was cancelled became nothing, what nobody had planned was told on its day.
FOMC_CHANGES = (
    ("", "2008-01-22", "2008-01-22"),
    ("", "2008-10-08", "2008-10-08"),
    ("", "2020-03-03", "2020-03-03"),
    ("2020-03-18", "2020-03-15", "2020-03-15"),
)
CPI_CHANGES = (
    ("2013-10-16", "2013-10-30", "2013-10-18"),
    ("2013-11-15", "2013-11-20", "2013-10-18"),
    ("2025-10-15", "2025-10-24", "2025-10-10"),
    ("2025-11-13", "", "2025-11-21"),
    ("2025-12-10", "2025-12-18", "2025-11-21"),
    ("2026-02-11", "2026-02-13", "2026-02-04"),
)
PAYROLLS_CHANGES = (
    ("2013-10-04", "2013-10-22", "2013-10-18"),
    ("2013-11-01", "2013-11-08", "2013-10-18"),
    ("2025-10-03", "2025-11-20", "2025-11-14"),
    ("2025-11-07", "", "2025-11-19"),
    ("2025-12-05", "2025-12-16", "2025-11-19"),
    ("2026-02-06", "2026-02-11", "2026-02-04"),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The days of one kind of event, ascending: those that came or are planned, and those that were planned once.

    A day counts as one to come from `told` on, and no longer from `dropped` on.
    """

    came: Days
    days: Days
    told: Days
    dropped: Days

    @property
    def known_through(self) -> np.datetime64:
        """The last day whose next event is known: the day before the last one of the table."""
        last: np.datetime64 = self.came[-1]
        return last - np.timedelta64(1, "D")


def _schedule(table: str, changes: tuple[tuple[str, str, str], ...]) -> Schedule:
    came = _days([f"{year}-{day}" for year, *days in map(str.split, table.split("\n")[1:-1]) for day in days])
    told = {new: when for _, new, when in changes if new}
    dropped = {planned: min(planned, when) for planned, _, when in changes if planned}
    days = np.union1d(came, _days(list(dropped)))
    return Schedule(
        came=came,
        days=days,
        told=_days([told.get(day, "1900-01-01") for day in days.astype(str)]),
        dropped=_days([dropped.get(day, "2262-01-01") for day in days.astype(str)]),
    )


def _days(texts: list[str]) -> Days:
    return np.array(texts, dtype="datetime64[D]")


SCHEDULES = {
    "fomc": _schedule(FOMC, FOMC_CHANGES),
    "cpi": _schedule(CPI, CPI_CHANGES),
    "payrolls": _schedule(PAYROLLS, PAYROLLS_CHANGES),
}


def event_columns(sessions: Days) -> dict[str, FloatArray]:
    """What was known at the close of each session of the events behind and ahead; NaN outside a table's span.

    Returns
    -------
    dict of float64 arrays
        For `fomc`, `cpi` and `payrolls`: `<event>_next_days`, calendar days to the next one after the session;
        `<event>_last_days`, days since the last one, 0 on its day; `<event>_this_week`, 1.0 when one of them falls
        into the session's calendar week, Monday to Sunday. Read-only: tickers of one calendar share them.
    """
    return dict(_event_columns(sessions.astype("datetime64[D]").tobytes()))


@lru_cache(maxsize=8)
def _event_columns(sessions: bytes) -> dict[str, FloatArray]:
    days = np.frombuffer(sessions, dtype="datetime64[D]")
    columns = {
        f"{event}_{name}": values
        for event, schedule in SCHEDULES.items()
        for name, values in _of_one_event(schedule, days).items()
    }
    for values in columns.values():
        values.flags.writeable = False
    return columns


def _of_one_event(schedule: Schedule, days: Days) -> dict[str, FloatArray]:
    covered = (days >= KNOWN_FROM) & (days <= schedule.known_through)
    inside = days[covered]
    following, before = _next_known(schedule, inside), schedule.came[_last(schedule.came, inside)]
    this_week = (_monday(following) == _monday(inside)) | (_monday(before) == _monday(inside))
    columns = {"next_days": following - inside, "last_days": inside - before, "this_week": this_week}
    return {name: _spread(values.astype(np.float64), covered) for name, values in columns.items()}


def _next_known(schedule: Schedule, days: Days) -> Days:
    """The first day after each of these that was then told and not yet dropped; one of the next few always is."""
    first = np.searchsorted(schedule.days, days, side="right")
    chosen = first
    for later in range(LONGEST_RUN_OF_CHANGES, -1, -1):
        at = np.minimum(first + later, len(schedule.days) - 1)
        expected = (schedule.told[at] <= days) & (days < schedule.dropped[at])
        chosen = np.where(expected, at, chosen)
    following: Days = schedule.days[chosen]
    return following


LONGEST_RUN_OF_CHANGES = 6  # planned days and their replacements that may follow each other in a table


def _last(days: Days, sessions: Days) -> npt.NDArray[np.intp]:
    return np.searchsorted(days, sessions, side="right") - 1


def _monday(days: Days) -> Days:
    number = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    monday: Days = days - number.astype("timedelta64[D]")
    return monday


def _spread(values: FloatArray, covered: npt.NDArray[np.bool_]) -> FloatArray:
    column = np.full(len(covered), np.nan)
    column[covered] = values
    return column
