"""From what a provider of macroeconomic series answers to the table `macro`."""

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from options_signals.errors import TableError
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, without_rows
from options_signals.sources.releases import available_on
from options_signals.tables import MACRO, validate

# A month is dated by its first day; the latest release on record came 80 days after that (releases.LATE).
LONGEST_DELAY = dt.timedelta(days=100)


def observed_since(first: dt.date) -> dt.date:
    """From when on observations may have become known on or after `first`."""
    return first - LONGEST_DELAY


def day_of(text: str) -> dt.date:
    """The date in `2022-11-23` or `2022-11-23T00:00:00`.

    Raises
    ------
    ValueError
        For a date with a time or a zone in it, which may mean the day before.
    """
    instant = dt.datetime.fromisoformat(text)
    if instant.tzinfo is not None or instant.time() != dt.time():
        raise ValueError(f"{text} is no plain date")
    return instant.date()


def weekday_of(text: str) -> dt.date:
    """The date, of a series that has none on weekends.

    Raises
    ------
    ValueError
        For a Saturday or Sunday too: Monday's value under Sunday's date is what a shift by a time zone looks like.
    """
    return require_weekday(day_of(text))


def require_weekday(day: dt.date) -> dt.date:
    """The same day, or ValueError on a weekend."""
    if day.weekday() >= 5:
        raise ValueError(f"{day} is no weekday; dates shifted by a time zone?")
    return day


def macro_answer(
    wanted: Sequence[str],
    observations: Mapping[str, pd.DataFrame],
    failures: Mapping[str, str],
    *,
    first: dt.date,
    last: dt.date,
    origin: Origin,
) -> Fetched:
    """The answer of a source of macroeconomic series.

    Parameters
    ----------
    wanted
        The series asked for.
    observations
        By series: `observed_on`, `value`, and `available_on` where the provider knows it; else it is as in
        `releases`. In any order; unknown values and exact repetitions are left out, contradictions cost the series.
    failures
        Why the others are not there.

    Returns
    -------
    Fetched
        Rows with first <= available_on <= last.
    """
    tables, wrong = [MACRO.empty()], {}
    for series, rows in observations.items():
        try:
            tables.append(validate(MACRO, _known(series, rows, first=first, last=last)))
        except TableError as error:
            wrong[series] = str(error)
    frame = validate(MACRO, pd.concat(tables, ignore_index=True))
    return Fetched(
        frame=frame,
        origin=origin,
        failures=without_rows(wanted, frame, first=first, last=last) | dict(failures) | wrong,
    )


def _known(series: str, rows: pd.DataFrame, *, first: dt.date, last: dt.date) -> pd.DataFrame:
    """The series' rows that became known in this span."""
    rows = rows.dropna(subset=["value"]).drop_duplicates().assign(series=series)
    days = {name: pd.to_datetime(rows[name]) for name in ("observed_on", "available_on") if name in rows}
    rows = rows.assign(**days)
    if "available_on" not in rows:
        rows = rows.assign(available_on=available_on(series, rows["observed_on"]))
    return rows[rows["available_on"].between(pd.Timestamp(first), pd.Timestamp(last))]
