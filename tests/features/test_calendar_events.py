import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from options_signals.features.calendar_events import KNOWN_FROM, SCHEDULES, event_columns
from options_signals.features.calendar_fomc import TARGETS
from options_signals.sessions import all_sessions

EVERY_EVENT = sorted(SCHEDULES)


def at(column: str, *sessions: str) -> list[float]:
    return list(event_columns(np.array(sessions, dtype="datetime64[s]"))[column])


@pytest.mark.parametrize("event", EVERY_EVENT)
def test_days_are_ascending_and_on_weekdays_but_for_the_sunday_of_march_2020(event: str) -> None:
    came = SCHEDULES[event].came
    weekend = came[~np.is_busday(came)]

    assert (np.diff(came) > np.timedelta64(0, "D")).all()
    assert weekend.astype(str).tolist() == (["2020-03-15"] if event == "fomc" else [])


@pytest.mark.parametrize(("event", "count"), [("fomc", 8), ("cpi", 12), ("payrolls", 12)])
def test_a_year_without_surprises_has_its_usual_number(event: str, count: int) -> None:
    years = SCHEDULES[event].came.astype("datetime64[Y]").astype(int) + 1970

    assert {year: int((years == year).sum()) for year in range(2009, 2020)} == dict.fromkeys(range(2009, 2020), count)


def test_every_change_of_the_target_fell_on_a_decision() -> None:
    changes = [day for day, _, _ in TARGETS if day >= "2008"]

    assert len(changes) > 30
    assert set(changes) <= set(SCHEDULES["fomc"].came.astype(str))


def test_employment_reports_come_on_fridays_or_the_day_before_a_holiday_but_for_lapses() -> None:
    came = SCHEDULES["payrolls"].came
    others = came[(came.astype(int) + 3) % 7 != 4].astype(str).tolist()

    assert [day for day in others if day[5:7] != "07"] == ["2013-10-22", "2025-11-20", "2025-12-16", "2026-02-11"]


def test_at_the_close_of_the_day_itself_the_news_is_out() -> None:
    assert at("cpi_last_days", "2022-06-09", "2022-06-10", "2022-06-13") == [29.0, 0.0, 3.0]
    assert at("cpi_next_days", "2022-06-09", "2022-06-10", "2022-06-13") == [1.0, 33.0, 30.0]


def test_the_week_of_an_event_is_the_calendar_week() -> None:
    assert at("fomc_this_week", "2022-06-10", "2022-06-13", "2022-06-15", "2022-06-17", "2022-06-21") == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("session", "days"),
    [("2020-03-02", 16.0), ("2020-03-03", 15.0), ("2020-03-13", 5.0), ("2020-03-16", 44.0)],
)
def test_an_unscheduled_decision_is_never_foreseen(session: str, days: float) -> None:
    assert at("fomc_next_days", session) == [days]


def test_an_unscheduled_decision_is_known_once_it_came() -> None:
    assert at("fomc_last_days", "2020-03-02", "2020-03-03", "2020-03-13", "2020-03-16") == [33.0, 0.0, 10.0, 1.0]


def test_a_moved_release_is_expected_on_its_old_day_until_the_new_one_is_told() -> None:
    assert at("payrolls_next_days", "2013-10-03", "2013-10-17", "2013-10-18", "2013-10-21") == [1.0, 15.0, 4.0, 1.0]


def test_a_cancelled_release_did_not_come() -> None:
    assert at("payrolls_last_days", "2025-11-07", "2025-11-19", "2025-11-20") == [63.0, 75.0, 0.0]


@pytest.mark.parametrize("event", EVERY_EVENT)
def test_outside_the_span_of_its_table_nothing_is_known(event: str) -> None:
    day = np.timedelta64(1, "D")
    through = SCHEDULES[event].known_through

    columns = event_columns(np.array([KNOWN_FROM - day, KNOWN_FROM, through, through + day]))

    for name in ("next_days", "last_days", "this_week"):
        assert_array_equal(np.isnan(columns[f"{event}_{name}"]), [True, False, False, True])


@pytest.mark.parametrize("event", EVERY_EVENT)
def test_the_next_event_always_lies_ahead_and_within_the_longest_pause(event: str) -> None:
    sessions = all_sessions()
    inside = sessions[(sessions >= KNOWN_FROM) & (sessions <= SCHEDULES[event].known_through)]

    ahead = event_columns(inside)[f"{event}_next_days"]

    assert ahead.min() == 1.0
    assert ahead.max() <= 60.0
    assert not math.isnan(ahead.sum())
