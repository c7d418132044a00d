"""The trading calendar: which session is it, which comes next, when does it close.

A session is a `datetime.date`, the New York date of a trading day of the New York Stock Exchange.
An instant is a timezone-aware `datetime`. Only handlers and the command line ask what time it is now.
"""

import datetime as dt
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import exchange_calendars
import numpy as np
import numpy.typing as npt

from options_signals.errors import InvalidValueError

NEW_YORK = ZoneInfo("America/New_York")
FULL_DAY_CLOSE = dt.time(16, 0)
FIRST_DAY = dt.date(1990, 1, 1)
# Later years follow the exchange's standing holiday rules; closings nobody foresaw come with library updates.
LAST_DAY = dt.date(2035, 12, 31)


@cache
def _calendar() -> Any:
    return exchange_calendars.get_calendar("XNYS", start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat())


@cache
def _days() -> npt.NDArray[np.datetime64]:
    days = np.asarray(_calendar().sessions.values.astype("datetime64[D]"))
    days.flags.writeable = False  # everybody shares it
    return days


def all_sessions() -> npt.NDArray[np.datetime64]:
    """Every known session as read-only datetime64[D], ascending, from 1990 through 2035."""
    return _days()


def is_session(day: dt.date) -> bool:
    """Whether the exchange trades on that New York date."""
    at = _position(day)
    return bool(at < len(_days()) and _days()[at] == np.datetime64(day))


def close_of(session: dt.date) -> dt.datetime:
    """The closing time in New York: 16:00, or 13:00 on half days (14:00 until 1992)."""
    close = _calendar().session_close(_known(session).isoformat())
    return dt.datetime.fromisoformat(close.isoformat()).astimezone(NEW_YORK)


def is_half_day(session: dt.date) -> bool:
    """Whether the session closes early, as on the day after Thanksgiving."""
    return close_of(session).time() < FULL_DAY_CLOSE


def session_of(instant: dt.datetime) -> dt.date | None:
    """The session whose data an instant may speak of: today's if it has closed, else None.

    Parameters
    ----------
    instant
        Timezone-aware, for example the scheduler's UTC time. `2022-11-23T21:45Z` is 16:45 in New York,
        so the answer is the session of 2022-11-23; `2022-11-23T20:45Z` is before the close: None.
        A weekend or a holiday: None.

    Raises
    ------
    InvalidValueError
        For a naive datetime, which could mean any time zone.
    """
    if instant.tzinfo is None:
        raise InvalidValueError(
            name="instant",
            value=instant.isoformat(),
            allowed="a time with a zone, such as 2022-11-23T21:45:00+00:00",
        )
    day = instant.astimezone(NEW_YORK).date()
    return day if is_session(day) and instant >= close_of(day) else None


def newest_closed(instant: dt.datetime) -> dt.date:
    """The last session that had closed at that instant; what a person means by "the latest".

    Raises
    ------
    InvalidValueError
        For a naive datetime.
    """
    return session_of(instant) or shift(instant.astimezone(NEW_YORK).date(), -1)


def shift(day: dt.date, sessions: int) -> dt.date:
    """The session `sessions` trading days after (or, negative, before) a day.

    From a day without trading, +1 is the next session and -1 the last one before it. 0 asks for the day
    itself, which must then be a session.

    Raises
    ------
    InvalidValueError
        Where the day, or the session it leads to, lies outside the known calendar.
    """
    if sessions == 0:
        return _known(day)
    at = _position(day) + sessions
    if sessions > 0 and not is_session(day):
        at -= 1
    if not 0 <= at < len(_days()):
        raise _outside(f"{day} {sessions:+d} sessions")
    return _days()[at].astype(object)  # type: ignore[no-any-return]  # datetime64[D] becomes a date


def between(first: dt.date, last: dt.date) -> list[dt.date]:
    """All sessions from `first` to `last`, both included; none where `last` is the earlier day."""
    end = _position(last) + is_session(last)
    return list(_days()[_position(first) : end].astype(object))


def _position(day: dt.date) -> int:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise _outside(day.isoformat())
    return int(np.searchsorted(_days(), np.datetime64(day)))


def _known(day: dt.date) -> dt.date:
    if not is_session(day):
        raise InvalidValueError(
            name="session",
            value=day.isoformat(),
            allowed="a trading day of the New York Stock Exchange",
            remedy=f"The sessions around it are {shift(day, -1)} and {shift(day, 1)}.",
        )
    return day


def _outside(day: str) -> InvalidValueError:
    return InvalidValueError(
        name="day",
        value=day,
        allowed=f"{FIRST_DAY} to {LAST_DAY}, the span of the known calendar",
        remedy="Update exchange_calendars and LAST_DAY in sessions.py for later years.",
    )
