import datetime as dt
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_signals import sessions
from options_signals.errors import InvalidValueError

DAYS = st.dates(date(1991, 1, 1), date(2034, 12, 31))
SESSIONS = DAYS.filter(sessions.is_session)
# The exchange's own list for 2022; half days are sessions.
HOLIDAYS_2022 = [
    "2022-01-17",
    "2022-02-21",
    "2022-04-15",
    "2022-05-30",
    "2022-06-20",
    "2022-07-04",
    "2022-09-05",
    "2022-11-24",
    "2022-12-26",
]


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_sessions_of_2022_are_its_weekdays_without_the_holidays() -> None:
    days = np.arange("2022-01-01", "2023-01-01", dtype="datetime64[D]")
    weekdays_at_work = days[np.is_busday(days, holidays=HOLIDAYS_2022)]

    found = sessions.between(date(2022, 1, 1), date(2022, 12, 31))

    assert len(found) == 251
    assert found == weekdays_at_work.astype(object).tolist()


@pytest.mark.parametrize(
    "closed",
    [
        date(2022, 11, 26),  # a Saturday
        date(2022, 11, 24),  # Thanksgiving
        date(2022, 4, 15),  # Good Friday, no federal holiday
        date(2001, 9, 11),
        date(2012, 10, 29),  # Hurricane Sandy
        date(2012, 10, 30),
        date(2018, 12, 5),  # mourning for George H. W. Bush
        date(2025, 1, 9),  # mourning for Jimmy Carter
        date(2021, 12, 24),  # Christmas Day was a Saturday
        date(2022, 6, 20),  # Juneteenth was a Sunday
    ],
)
def test_exchange_was_closed(closed: date) -> None:
    assert not sessions.is_session(closed)


@pytest.mark.parametrize(
    "opened",
    [
        date(2022, 11, 23),
        date(2022, 11, 11),  # Veterans Day is a federal holiday only
        date(2022, 10, 10),  # so is Columbus Day
        date(2021, 6, 18),  # Juneteenth was no holiday of the exchange yet
        date(2021, 12, 31),  # New Year's Day was a Saturday: no Friday off
    ],
)
def test_exchange_was_open(opened: date) -> None:
    assert sessions.is_session(opened)


@pytest.mark.parametrize(
    "half_day",
    [
        date(2022, 11, 25),  # after Thanksgiving
        date(2023, 7, 3),  # before Independence Day
        date(2024, 12, 24),  # Christmas Eve
    ],
)
def test_half_day_closes_at_one_in_new_york(half_day: date) -> None:
    assert sessions.is_half_day(half_day)
    assert sessions.close_of(half_day).time() == dt.time(13)


@pytest.mark.parametrize("full_day", [date(2022, 11, 23), date(2022, 7, 1), date(2022, 12, 23)])
def test_full_day_closes_at_four_in_new_york(full_day: date) -> None:
    assert not sessions.is_half_day(full_day)
    assert sessions.close_of(full_day).time() == dt.time(16)


@pytest.mark.parametrize(
    ("session", "close"),
    [
        (date(2022, 3, 11), "2022-03-11T21:00"),  # clocks went forward on the 13th
        (date(2022, 3, 14), "2022-03-14T20:00"),
        (date(2022, 11, 4), "2022-11-04T20:00"),  # clocks went back on the 6th
        (date(2022, 11, 7), "2022-11-07T21:00"),
        (date(2022, 11, 25), "2022-11-25T18:00"),
    ],
)
def test_session_counts_from_the_instant_of_its_close_and_not_before(session: date, close: str) -> None:
    closed_at = utc(close)

    assert sessions.close_of(session) == closed_at
    assert sessions.session_of(closed_at) == session
    assert sessions.session_of(closed_at - dt.timedelta(seconds=1)) is None


def test_session_lasts_in_new_york_until_midnight_there() -> None:
    assert sessions.session_of(utc("2022-11-24T04:59:59")) == date(2022, 11, 23)
    assert sessions.session_of(utc("2022-11-24T05:00")) is None


@pytest.mark.parametrize("instant", ["2022-11-24T21:45", "2022-11-26T21:45", "2025-01-09T21:45"])
def test_closed_day_has_no_session(instant: str) -> None:
    assert sessions.session_of(utc(instant)) is None


def test_every_zone_names_the_same_session() -> None:
    in_tokyo = dt.datetime(2022, 11, 24, 6, 45, tzinfo=ZoneInfo("Asia/Tokyo"))

    assert sessions.session_of(in_tokyo) == date(2022, 11, 23)


@pytest.mark.parametrize(
    ("instant", "newest"),
    [
        ("2022-11-23T21:00", date(2022, 11, 23)),
        ("2022-11-23T20:59", date(2022, 11, 22)),
        ("2022-11-25T17:59", date(2022, 11, 23)),  # before a half day's close, after a holiday
        ("2022-11-25T18:00", date(2022, 11, 25)),
        ("2022-11-27T12:00", date(2022, 11, 25)),
        ("2022-11-28T04:00", date(2022, 11, 25)),  # already Monday in London, still Sunday in New York
    ],
)
def test_newest_closed_session(instant: str, newest: date) -> None:
    assert sessions.newest_closed(utc(instant)) == newest


@pytest.mark.parametrize("question", [sessions.session_of, sessions.newest_closed])
def test_instant_without_a_zone_is_refused(question: object) -> None:
    with pytest.raises(InvalidValueError, match=r"instant is '2022-11-23T21:45:00'; allowed: a time with a zone"):
        question(dt.datetime(2022, 11, 23, 21, 45))  # type: ignore[operator]  # noqa: DTZ001 - the point of it


@pytest.mark.parametrize(
    ("day", "steps", "session"),
    [
        (date(2022, 11, 23), 1, date(2022, 11, 25)),  # over Thanksgiving
        (date(2022, 11, 25), 1, date(2022, 11, 28)),  # over a weekend
        (date(2022, 11, 28), -3, date(2022, 11, 22)),
        (date(2022, 11, 24), 1, date(2022, 11, 25)),  # from a holiday
        (date(2022, 11, 24), -1, date(2022, 11, 23)),
        (date(2022, 11, 26), 2, date(2022, 11, 29)),
        (date(2022, 11, 26), -2, date(2022, 11, 23)),
        (date(2012, 10, 26), 1, date(2012, 10, 31)),  # over a storm
        (date(2022, 11, 23), 0, date(2022, 11, 23)),
    ],
)
def test_shift_counts_trading_days(day: date, steps: int, session: date) -> None:
    assert sessions.shift(day, steps) == session


@given(SESSIONS, st.integers(-200, 200))
def test_shift_there_and_back_is_the_same_session(session: date, steps: int) -> None:
    assert sessions.shift(sessions.shift(session, steps), -steps) == session


@given(DAYS, st.integers(1, 50), st.integers(1, 50))
def test_two_shifts_are_one(day: date, first: int, second: int) -> None:
    assert sessions.shift(sessions.shift(day, first), second) == sessions.shift(day, first + second)


@given(DAYS)
def test_no_session_lies_between_a_day_and_its_neighbours(day: date) -> None:
    before, after = sessions.shift(day, -1), sessions.shift(day, 1)

    assert before < day < after
    assert sessions.between(before, after) == [before, *([day] if sessions.is_session(day) else []), after]


@given(SESSIONS, st.integers(1, 100))
def test_between_holds_as_many_sessions_as_shift_counts(session: date, steps: int) -> None:
    assert len(sessions.between(session, sessions.shift(session, steps))) == steps + 1


@given(DAYS, st.times())
def test_newest_closed_session_had_closed_and_the_next_had_not(day: date, time: dt.time) -> None:
    instant = dt.datetime.combine(day, time, dt.UTC)

    newest = sessions.newest_closed(instant)

    assert sessions.close_of(newest) <= instant < sessions.close_of(sessions.shift(newest, 1))


def test_day_asked_for_as_a_session_must_be_one() -> None:
    with pytest.raises(InvalidValueError, match="The sessions around it are 2022-11-23 and 2022-11-25"):
        sessions.close_of(date(2022, 11, 24))


def test_nothing_lies_between_days_in_the_wrong_order() -> None:
    assert sessions.between(date(2022, 11, 25), date(2022, 11, 22)) == []


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(1989, 12, 31), date(2022, 1, 3)), (date(2022, 1, 3), date(2036, 1, 1))],
)
def test_span_that_the_calendar_does_not_know_is_refused_rather_than_cut(first: date, last: date) -> None:
    with pytest.raises(InvalidValueError, match="allowed: 1990-01-01 to 2035-12-31"):
        sessions.between(first, last)


@pytest.mark.parametrize(
    ("day", "steps", "told"),
    [(date(2035, 12, 28), 2, "2035-12-28 \\+2 sessions"), (date(1990, 1, 3), -2, "1990-01-03 -2 sessions")],
)
def test_shift_out_of_the_calendar_is_refused(day: date, steps: int, told: str) -> None:
    assert sessions.is_session(day)
    with pytest.raises(InvalidValueError, match=told):
        sessions.shift(day, steps)


def test_instant_is_not_taken_for_a_day() -> None:
    with pytest.raises(TypeError):
        sessions.is_session(utc("2022-11-23T21:45"))


def test_nobody_can_change_the_shared_calendar() -> None:
    with pytest.raises(ValueError, match="read-only"):
        sessions.all_sessions()[0] = np.datetime64("2022-11-24")
