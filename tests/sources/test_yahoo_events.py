"""Earnings dates and dividends from Yahoo: what is certain, what is an estimate, and what nobody told."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from options_signals.errors import ProviderThrottledError, ProviderUnavailableError
from options_signals.sources.base import Fetched
from options_signals.tables import DIVIDENDS, EARNINGS, validate

from tests.sources.yahoo_server import Answers, bar, chart, serving, summary

FIRST, LAST = dt.date(2022, 1, 1), dt.date(2023, 3, 31)
AFTER_CLOSE = "2022-11-23T16:45:00-05:00"


def earnings(folder: Path, body: Answers, *, first: dt.date = FIRST, last: dt.date = LAST) -> Fetched:
    with serving(summaries={"XYZ": body}) as yahoo:
        return yahoo.source(folder, now=AFTER_CLOSE).earnings(["XYZ"], first=first, last=last)


def only_row(fetched: Fetched) -> "pd.Series[Any]":
    assert len(fetched.frame) == 1
    return fetched.frame.iloc[0]


def release_time(folder: Path, body: str) -> object:
    time = only_row(earnings(folder, body))["release_time"]
    return time if isinstance(time, str) else None


# --- earnings ---


def test_a_date_to_come_is_told_with_the_estimate_and_since_when_it_is_known(tmp_path: Path) -> None:
    row = only_row(earnings(tmp_path, summary(["2023-02-02T16:30:00"])))

    assert (row["announced_on"], row["eps_estimate"]) == (pd.Timestamp("2023-02-02"), 1.5)
    assert pd.isna(row["eps_actual"])
    assert row["known_on"] == pd.Timestamp("2022-11-23")  # this capture; ten sessions before would be later


@pytest.mark.parametrize(
    ("at", "call", "time"),
    [
        ("2023-02-02T07:00:00", "2023-02-02T08:30:00", "pre"),
        ("2023-02-02T16:30:00", "2023-02-02T17:00:00", "post"),
        ("2023-02-02T16:30:00", "2023-02-03T08:30:00", "post"),  # the call is the next morning
        ("2023-02-02T12:00:00", "2023-02-02T13:00:00", None),  # during the session
        ("2023-02-02T16:30:00", "2022-10-27T17:00:00", None),  # the last call: nothing is confirmed
    ],
)
def test_the_time_of_release_is_told_where_a_call_soon_after_confirms_it(
    at: str, call: str, time: str | None, tmp_path: Path
) -> None:
    assert release_time(tmp_path, summary([at], calls=[call])) == time


def test_an_estimated_range_counts_from_its_first_day_at_an_unknown_time(tmp_path: Path) -> None:
    body = summary(["2023-02-06T08:00:00", "2023-02-02T06:00:00"], calls=["2023-02-02T08:30:00"], estimate=True)

    assert only_row(earnings(tmp_path, body))["announced_on"] == pd.Timestamp("2023-02-02")
    assert release_time(tmp_path, body) is None


@pytest.mark.parametrize(("first", "last", "told"), [("21", "25", "23"), ("23", "25", "23"), ("17", "21", "21")])
def test_days_of_an_estimated_range_that_are_over_do_not_count(
    first: str, last: str, told: str, tmp_path: Path
) -> None:
    body = summary([f"2022-11-{first}T06:00:00", f"2022-11-{last}T06:00:00"], estimate=True)

    assert only_row(earnings(tmp_path, body))["announced_on"] == pd.Timestamp(f"2022-11-{told}")


def test_one_date_that_is_an_estimate_has_no_time(tmp_path: Path) -> None:
    body = summary(["2023-02-02T16:30:00"], calls=["2023-02-02T17:00:00"], estimate=True)

    assert release_time(tmp_path, body) is None


def test_the_last_announcement_is_dated_by_its_call_and_has_the_earnings_of_the_quarter_before(tmp_path: Path) -> None:
    quarters = {"2022-06-30": (1.1, 1.0), "2022-09-30": (1.29, 1.27)}
    body = summary(["2023-02-02T16:30:00"], calls=["2022-10-27T17:00:00"], quarters=quarters)

    last = earnings(tmp_path, body).frame.iloc[0]

    assert (last["announced_on"], last["eps_actual"], last["eps_estimate"]) == (pd.Timestamp("2022-10-27"), 1.29, 1.27)
    assert pd.isna(last["release_time"])  # results may have come the evening before


def test_earnings_of_a_quarter_that_the_call_cannot_be_about_are_not_taken_for_its_own(tmp_path: Path) -> None:
    calls, coming = ["2022-10-27T17:00:00"], ["2023-02-02T16:30:00"]
    old, current = ({day: (1.1, 1.0)} for day in ("2022-03-31", "2022-09-30"))

    assert len(earnings(tmp_path, summary(coming, calls=calls, quarters=current)).frame) == 2
    assert len(earnings(tmp_path, summary(coming, calls=calls, quarters=old)).frame) == 1


def test_a_company_without_any_date_is_a_failure(tmp_path: Path) -> None:
    assert earnings(tmp_path, summary()).failures == {"XYZ": "it has no rows from 2022-01-01 to 2023-03-31"}


def test_dates_outside_the_span_are_left_out(tmp_path: Path) -> None:
    body = summary(["2023-02-02T16:30:00"])

    assert len(earnings(tmp_path, body).frame) == 1
    assert earnings(tmp_path, body, last=dt.date(2023, 2, 1)).frame.empty


def test_a_fund_has_no_calendar_and_the_others_are_delivered(tmp_path: Path) -> None:
    with serving(summaries={"XYZ": summary(["2023-02-02T16:30:00"])}) as yahoo:
        fetched = yahoo.source(tmp_path, now=AFTER_CLOSE).earnings(["SPY", "XYZ"], first=FIRST, last=LAST)

    assert set(fetched.frame["ticker"]) == {"XYZ"}
    assert fetched.failures == {
        "SPY": "no calendar of SPY in Yahoo Finance. "
        "Yahoo says: No fundamentals data found. Check the ticker, or drop it."
    }
    pd.testing.assert_frame_equal(validate(EARNINGS, fetched.frame), fetched.frame)


def test_what_its_chart_shows_to_be_a_fund_is_not_asked_for_a_calendar(tmp_path: Path) -> None:
    day = dt.date(2022, 11, 23)
    charts = {"XYZ": chart([bar("2022-11-23", 100.0)]), "SPY": chart([bar("2022-11-23", 100.0)], instrument="ETF")}
    with serving(charts, summaries={"XYZ": summary(["2023-02-02T16:30:00"])}) as yahoo:
        source = yahoo.source(tmp_path, now=AFTER_CLOSE)
        source.bars(["XYZ", "SPY"], first=day, last=day)
        yahoo.asked.clear()
        failures = source.earnings(["XYZ", "SPY"], first=FIRST, last=LAST).failures

    assert yahoo.asked == ["XYZ"]
    assert failures == {"SPY": "no calendar of SPY in Yahoo Finance. Funds report nothing."}


# --- dividends ---


def dividends(
    folder: Path, *, paid: dict[str, float] | None = None, calendar: Answers | None = None, first: dt.date = FIRST
) -> Fetched:
    body = chart([bar("2022-11-23", 100.0)], dividends=paid)
    with serving({"XYZ": body}, summaries={"XYZ": calendar} if calendar else {}) as yahoo:
        return yahoo.source(folder, now=AFTER_CLOSE).dividends(["XYZ"], first=first, last=LAST)


PAID = {"2022-05-06": 0.23, "2022-11-04": 0.24, "2022-08-05": 0.23}


def test_dividends_paid_are_told_by_their_ex_date(tmp_path: Path) -> None:
    frame = dividends(tmp_path, paid=PAID, calendar=summary()).frame

    assert list(frame["ex_date"].dt.strftime("%m-%d")) == ["05-06", "08-05", "11-04"]
    assert list(frame["amount"]) == [0.23, 0.23, 0.24]
    assert frame["known_on"].isna().all()
    pd.testing.assert_frame_equal(validate(DIVIDENDS, frame), frame)


def test_an_announced_one_stands_with_the_last_amount_from_the_day_it_is_seen_and_the_origin_says_so(
    tmp_path: Path,
) -> None:
    fetched = dividends(tmp_path, paid=PAID, calendar=summary(ex_date="2023-02-10"))

    coming = fetched.frame.iloc[-1]
    assert (coming["ex_date"], coming["amount"]) == (pd.Timestamp("2023-02-10"), 0.24)
    assert coming["known_on"] == pd.Timestamp("2022-11-23")
    assert fetched.origin.source == "Yahoo Finance, those to come as last paid"


def test_the_last_ex_date_which_yahoo_repeats_is_not_taken_for_one_to_come(tmp_path: Path) -> None:
    assert len(dividends(tmp_path, paid=PAID, calendar=summary(ex_date="2022-11-04")).frame) == 3


def test_an_amount_is_found_before_the_span_asked_for(tmp_path: Path) -> None:
    today = dt.date(2022, 11, 23)

    frame = dividends(tmp_path, paid=PAID, calendar=summary(ex_date="2023-02-10"), first=today).frame

    assert list(frame["amount"]) == [0.24]


def test_an_announced_one_without_any_amount_is_a_failure_that_names_the_day(tmp_path: Path) -> None:
    fetched = dividends(tmp_path, calendar=summary(ex_date="2023-02-10"))

    assert "no amount of the dividend of XYZ on 2023-02-10" in fetched.failures["XYZ"]


def test_of_a_fund_those_paid_are_told(tmp_path: Path) -> None:
    assert len(dividends(tmp_path, paid=PAID).frame) == 3


def test_who_pays_none_has_no_row(tmp_path: Path) -> None:
    assert dividends(tmp_path, calendar=summary()).failures == {"XYZ": "it has no rows from 2022-01-01 to 2023-03-31"}


def test_without_its_calendar_a_ticker_has_no_dividends_as_one_may_be_announced(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnavailableError, match="HTTP 503"):
        dividends(tmp_path, paid=PAID, calendar=(503, "down"))


@pytest.mark.parametrize("table", ["earnings", "dividends"])
def test_a_throttling_provider_is_left_alone(table: str, tmp_path: Path) -> None:
    with serving(summaries={"XYZ": (429, "Too Many Requests")}) as yahoo:
        source = yahoo.source(tmp_path, now=AFTER_CLOSE)
        with pytest.raises(ProviderThrottledError):
            getattr(source, table)(["XYZ", "ABC"], first=FIRST, last=LAST)

    assert "ABC" not in yahoo.asked
