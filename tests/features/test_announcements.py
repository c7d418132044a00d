import datetime as dt
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from options_signals import sessions
from options_signals.errors import InvalidValueError
from options_signals.features.announcements import (
    MOVES,
    SESSIONS_BEFORE_WINDOW,
    Ahead,
    earnings_columns,
    next_announcement,
    reaction_session,
    under_todays_names,
)
from options_signals.features.arrays import FloatArray
from options_signals.features.inputs import WINDOW

NAN = math.nan
Row = tuple[str, str | None, str]  # announced on, release time, known on


def table(*rows: Row, ticker: str = "NVDA", **more: Sequence[float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["announced_on", "release_time", "known_on"])
    dates = {name: pd.to_datetime(frame[name]) for name in ("announced_on", "known_on")}
    return frame.assign(**dates, **({"eps_estimate": NAN, "eps_actual": NAN} | more)).assign(ticker=ticker)


def columns(
    first: str, last: str, earnings: pd.DataFrame, *, ticker: str = "NVDA", close: FloatArray | None = None
) -> pd.DataFrame:
    """The columns by session; the close goes up by one dollar a session from 100.00."""
    days = pd.DatetimeIndex(sessions.between(dt.date.fromisoformat(first), dt.date.fromisoformat(last)))
    closes = 100.0 + np.arange(len(days), dtype=np.float64) if close is None else close
    return pd.DataFrame(earnings_columns(ticker, days, closes, earnings), index=days)


# --- which session reacts ---


def test_the_session_after_an_evening_announcement_reacts_to_it() -> None:
    assert reaction_session(dt.date(2021, 5, 26), "post") == dt.date(2021, 5, 27)


def test_the_same_session_reacts_to_a_morning_announcement() -> None:
    assert reaction_session(dt.date(2021, 5, 26), "pre") == dt.date(2021, 5, 26)


@pytest.mark.parametrize("release_time", ["pre", "post"])
def test_monday_reacts_to_what_was_said_on_a_saturday(release_time: str) -> None:
    assert reaction_session(dt.date(2021, 5, 1), release_time) == dt.date(2021, 5, 3)


def test_the_next_session_is_the_exchanges_and_not_the_next_weekday() -> None:
    assert reaction_session(dt.date(2022, 11, 23), "post") == dt.date(2022, 11, 25)  # Thanksgiving between


def test_of_an_unknown_time_no_session_is_said_to_react() -> None:
    assert reaction_session(dt.date(2021, 5, 26), None) is None


def test_another_time_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="release_time is 'dmh'; allowed: pre, post"):
        reaction_session(dt.date(2021, 5, 26), "dmh")


# --- whose they are ---


def test_whoever_has_the_name_fb_after_meta_left_it_is_another() -> None:
    spoke = table(("2022-06-08", "post", "2022-06-01"), ("2022-06-09", "post", "2022-06-01"), ticker="FB")

    assert list(under_todays_names(spoke)["ticker"]) == ["META", "FB"]


# --- the next one ---

WEDNESDAY, THURSDAY = dt.date(2021, 5, 26), dt.date(2021, 5, 27)


@pytest.mark.parametrize(
    ("release_time", "first", "last"),
    [("pre", WEDNESDAY, WEDNESDAY), ("post", THURSDAY, THURSDAY), (None, WEDNESDAY, THURSDAY)],
)
def test_the_next_announcement_names_the_sessions_that_may_react(
    release_time: str | None, first: dt.date, last: dt.date
) -> None:
    dated = table(("2021-02-24", "post", "2021-02-10"), ("2021-05-26", release_time, "2021-05-12"))

    found = next_announcement("NVDA", dated, session=dt.date(2021, 5, 20))

    assert found == Ahead(WEDNESDAY, release_time, first, last)


def test_an_announcement_is_ahead_until_its_reaction_is_over() -> None:
    morning, evening = (table(("2021-05-26", time, "2021-05-12")) for time in ("pre", "post"))

    assert next_announcement("NVDA", evening, session=WEDNESDAY) == Ahead(WEDNESDAY, "post", THURSDAY, THURSDAY)
    assert next_announcement("NVDA", evening, session=THURSDAY) is None
    assert next_announcement("NVDA", morning, session=WEDNESDAY) is None


def test_no_announcement_is_ahead_that_nobody_has_told_of() -> None:
    dated = table(("2021-05-26", "post", "2021-05-12"))

    assert next_announcement("NVDA", dated, session=dt.date(2021, 5, 11)) is None
    assert next_announcement("AMD", dated, session=dt.date(2021, 5, 20)) is None


# --- moves ---


def test_the_move_of_an_evening_announcement_is_that_of_the_next_session_and_known_at_its_close() -> None:
    answer = columns("2021-05-25", "2021-05-28", table(("2021-05-26", "post", "2021-05-12")))

    assert_array_equal(answer["earnings_move_1"], [NAN, NAN, 102.0 / 101.0 - 1.0, 102.0 / 101.0 - 1.0])


def test_the_move_of_a_morning_announcement_is_that_of_the_same_session() -> None:
    answer = columns("2021-05-25", "2021-05-28", table(("2021-05-26", "pre", "2021-05-12")))

    assert_array_equal(answer["earnings_move_1"], [NAN] + [101.0 / 100.0 - 1.0] * 3)


def test_a_fall_is_as_large_a_move_as_a_rise() -> None:
    fallen = np.array([100.0, 100.0, 90.0, 90.0])

    answer = columns("2021-05-25", "2021-05-28", table(("2021-05-26", "post", "2021-05-12")), close=fallen)

    assert answer["earnings_move_1"].iloc[-1] == pytest.approx(0.10)


def test_the_newest_move_comes_first() -> None:
    two = table(("2021-02-24", "post", "2021-02-10"), ("2021-05-26", "post", "2021-05-12"))
    answer = columns("2021-02-23", "2021-05-27", two)

    assert answer["earnings_move_1"].iloc[-2:].tolist() == pytest.approx([102 / 101 - 1, 166 / 165 - 1])
    assert_array_equal(answer["earnings_move_2"].iloc[-2:], [NAN, 102 / 101 - 1])


def test_an_unknown_release_time_takes_its_place_and_has_no_move() -> None:
    two = table(("2021-02-24", "post", "2021-02-10"), ("2021-05-26", None, "2021-05-12"))
    answer = columns("2021-02-23", "2021-05-27", two)

    assert math.isnan(answer["earnings_move_1"].iloc[-1])
    assert answer["earnings_move_2"].iloc[-1] == pytest.approx(102 / 101 - 1)


def test_a_reaction_without_a_price_has_no_move() -> None:
    holed = np.array([100.0, NAN, 102.0, 103.0])

    answer = columns("2021-05-25", "2021-05-28", table(("2021-05-26", "post", "2021-05-12")), close=holed)

    assert answer["earnings_move_1"].isna().all()


# --- days ---


def test_days_to_an_evening_announcement_are_zero_at_the_close_before_it() -> None:
    answer = columns("2021-05-25", "2021-05-28", table(("2021-05-26", "post", "2021-05-12")))

    assert_array_equal(answer["earnings_next_days"], [1.0, 0.0, NAN, NAN])
    assert_array_equal(answer["earnings_last_days"], [NAN, NAN, 1.0, 2.0])
    assert answer["earnings_on_the_day"].tolist() == [0.0, 1.0, 0.0, 0.0]


def test_a_morning_announcement_is_over_at_the_close_of_its_day() -> None:
    answer = columns("2021-05-25", "2021-05-27", table(("2021-05-26", "pre", "2021-05-12")))

    assert_array_equal(answer["earnings_next_days"], [1.0, NAN, NAN])
    assert_array_equal(answer["earnings_last_days"], [NAN, 0.0, 1.0])


def test_an_announcement_at_an_unknown_time_may_still_come_that_evening() -> None:
    answer = columns("2021-05-25", "2021-05-27", table(("2021-05-26", None, "2021-05-12")))

    assert_array_equal(answer["earnings_next_days"], [1.0, 0.0, NAN])


def test_a_date_is_not_known_before_it_was_told() -> None:
    answer = columns("2021-05-10", "2021-05-13", table(("2021-05-26", "post", "2021-05-12")))

    assert_array_equal(answer["earnings_next_days"], [NAN, NAN, 14.0, 13.0])


def test_a_date_moved_by_a_day_counts_as_moved_from_when_that_was_told() -> None:
    moved = table(("2021-05-26", "post", "2021-05-12"), ("2021-05-27", "post", "2021-05-25"))
    answer = columns("2021-05-24", "2021-05-28", moved)

    assert_array_equal(answer["earnings_next_days"], [2.0, 2.0, 1.0, 0.0, NAN])
    assert_array_equal(answer["earnings_move_1"], [NAN] * 4 + [104.0 / 103.0 - 1.0])
    assert answer["earnings_move_2"].isna().all()


def test_a_date_without_a_time_does_not_move_one_that_has_it() -> None:
    doubtful = table(("2019-02-14", "post", "2019-01-31"), ("2019-02-25", None, "2019-02-10"))
    answer = columns("2019-02-13", "2019-02-27", doubtful)

    assert answer["earnings_move_1"].iloc[-1] == pytest.approx(102.0 / 101.0 - 1.0)
    assert answer["earnings_move_2"].isna().all()
    assert answer["earnings_next_days"].iloc[2:].isna().all()


def test_a_table_that_lost_the_company_says_nothing_any_more() -> None:
    answer = columns("2021-05-25", "2021-10-20", table(("2021-05-26", "post", "2021-05-12")))
    stale_from = pd.Timestamp("2021-05-26") + pd.Timedelta(days=141)

    assert answer["earnings_move_1"][: stale_from - pd.Timedelta(days=1)].notna().iloc[-1]
    assert answer.loc[stale_from:].isna().all(axis=None)


def test_the_last_surprise_is_known_with_the_reaction() -> None:
    row = table(("2021-05-26", "post", "2021-05-12"), eps_estimate=[3.28], eps_actual=[3.66])
    answer = columns("2021-05-25", "2021-05-27", row)

    assert_array_equal(answer["last_eps_actual"], [NAN, NAN, 3.66])
    assert_array_equal(answer["last_eps_estimate"], [NAN, NAN, 3.28])


# --- whose they are ---


def test_facebooks_announcements_are_metas() -> None:
    fb = table(("2021-04-28", "post", "2021-04-14"), ticker="FB")

    assert columns("2021-04-27", "2021-04-30", fb, ticker="META")["earnings_move_1"].notna().any()
    assert columns("2021-04-27", "2021-04-30", fb, ticker="FB")["earnings_move_1"].notna().any()
    assert columns("2021-04-27", "2021-04-30", fb, ticker="NVDA").empty


def test_a_name_given_to_another_company_later_is_not_metas() -> None:
    fb = table(("2024-04-24", "post", "2024-04-10"), ticker="FB")

    assert columns("2024-04-23", "2024-04-26", fb, ticker="META").empty


# --- the laws of every feature hold for what they are made from ---


def ten_years(seed: int = 5) -> pd.DataFrame:
    """Announcements of each quarter, of which some are moved and some lack their time."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2011-02-01", "2020-12-31", freq="91D")
    times = rng.choice(np.array(["pre", "post", None], dtype=object), len(days), p=[0.45, 0.45, 0.1])
    known = days - pd.to_timedelta(rng.integers(10, 40, len(days)), unit="D")
    rows = pd.DataFrame({"announced_on": days, "release_time": times, "known_on": known})
    moved = rows.iloc[::5].assign(
        announced_on=lambda r: r["announced_on"] + pd.Timedelta(days=1), known_on=lambda r: r["announced_on"]
    )
    both = pd.concat([rows, moved])
    return both.assign(ticker="NVDA", eps_estimate=1.0, eps_actual=rng.normal(1.0, 0.1, len(both)))


def test_what_was_told_later_changes_nothing_before() -> None:
    everything, until_then = ten_years(), ten_years().loc[lambda rows: rows["known_on"] <= "2018-06-29"]

    after = columns("2011-01-03", "2018-06-29", everything)

    assert len(until_then) < len(everything)
    pd.testing.assert_frame_equal(after, columns("2011-01-03", "2018-06-29", until_then))


def test_the_serving_window_and_some_sessions_before_it_are_enough_for_eight_moves() -> None:
    rng = np.random.default_rng(1)
    days = sessions.between(dt.date(2011, 1, 3), dt.date(2020, 12, 31))
    close = 100.0 * np.exp(rng.normal(0.0, 0.02, len(days)).cumsum())
    served = days[-(WINDOW + SESSIONS_BEFORE_WINDOW) :]

    whole = columns("2011-01-03", "2020-12-31", ten_years(), close=close)
    window = columns(str(served[0]), "2020-12-31", ten_years(), close=close[-len(served) :])

    assert whole["earnings_move_8"].iloc[-20:].notna().all()
    pd.testing.assert_frame_equal(whole[list(MOVES)].tail(20), window[list(MOVES)].tail(20))
