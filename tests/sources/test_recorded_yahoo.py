"""What is read in recorded answers of Yahoo; skipped where they are absent."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from options_signals.chain.quotes import clean, counted
from options_signals.sources.base import Fetched

from tests.sources import test_recorded
from tests.sources.yahoo_server import Answers, serving, summary

pytestmark = test_recorded.pytestmark
FRIDAY, BEFORE_MONDAYS_OPEN = dt.date(2025, 2, 21), "2025-02-24T08:00:00-05:00"


def recorded(name: str) -> str:
    return test_recorded.recorded(f"yahoo_{name}")


def chain(folder: Path, ticker: str, nearest: str, *, others: Answers) -> Fetched:
    def answers(query: Any) -> Any:
        return others if "date" in query else nearest

    with serving(options={ticker: answers}) as yahoo:
        return yahoo.source(folder, now=BEFORE_MONDAYS_OPEN).chain([ticker], session=FRIDAY)


def test_a_recorded_chain_without_bids_is_delivered_and_none_of_it_is_believed(tmp_path: Path) -> None:
    body = recorded("v7_options_AAPL_2025-02-24")

    frame = chain(tmp_path, "AAPL", body, others=recorded("v7_options_AAPL_expired_date")).frame

    quote = json.loads(body)["optionChain"]["result"][0]["quote"]

    assert len(frame) == 54 + 48
    assert frame["captured_at"].unique() == pd.Timestamp("2025-02-21T21:00:02Z")
    assert frame["spot"].unique() == [quote["regularMarketPrice"]]
    assert frame["open_interest"].isna().all()  # Yahoo wrote 0 for all of them
    assert frame["implied_vol"].notna().sum() == 1
    assert counted(clean(frame, session=FRIDAY, max_age=dt.timedelta(minutes=15)))["no quote"] == 101


def test_what_expires_on_the_morning_after_is_still_of_the_session(tmp_path: Path) -> None:
    nearest = recorded("v7_options_QQQ_2025-02-24")

    frame = chain(tmp_path, "QQQ", nearest, others=recorded("v7_options_AAPL_expired_date")).frame

    assert set(frame["expiration"]) == {pd.Timestamp("2025-02-24")}
    assert len(frame) == 78 + 102


def test_a_recorded_chain_of_one_contract(tmp_path: Path) -> None:
    thin = recorded("v7_options_EPAC_thin")

    frame = chain(tmp_path, "EPAC", thin, others=recorded("v7_options_AAPL_expired_date")).frame

    assert list(frame["contract"]) == ["EPAC250321P00045000"]
    assert frame[["open_interest", "implied_vol"]].isna().all(axis=None)


def test_a_recorded_fund_has_no_options(tmp_path: Path) -> None:
    fetched = chain(tmp_path, "ADH", recorded("v7_options_unknown_symbol"), others="")

    assert fetched.failures == {"ADH": "no options on ADH in Yahoo Finance. It can have no ticket."}


def test_a_chain_with_quotes_on_both_sides_keeps_yahoos_numbers(tmp_path: Path) -> None:
    body = json.loads(recorded("v7_options_SPY_rebuilt_2026-02-11"))
    result = body["optionChain"]["result"][0]
    result["quote"]["regularMarketTime"] = int(dt.datetime(2026, 2, 11, 21, tzinfo=dt.UTC).timestamp())
    result["expirationDates"] = [result["options"][0]["expirationDate"]]
    with serving(options={"SPY": json.dumps(body)}) as yahoo:
        source = yahoo.source(tmp_path, now="2026-02-11T16:45:00-05:00")
        frame = source.chain(["SPY"], session=dt.date(2026, 2, 11)).frame

    theirs = {one["contractSymbol"]: one for side in ("calls", "puts") for one in result["options"][0][side]}
    ours = frame.set_index("contract")
    assert set(ours.index) == set(theirs)
    assert ours["bid"].to_dict() == {name: one["bid"] for name, one in theirs.items()}
    assert ours["open_interest"].to_dict() == {name: one["openInterest"] for name, one in theirs.items()}
    assert ours["implied_vol"].median() < 0.5  # a decimal, not percent


def test_a_recorded_calendar_has_an_estimated_date_and_the_last_one(tmp_path: Path) -> None:
    body = json.loads(recorded("v10_quoteSummary_calendarEvents_AAPL"))
    history = json.loads(recorded("v10_quoteSummary_earningsHistory_AAPL"))
    body["quoteSummary"]["result"][0] |= history["quoteSummary"]["result"][0]
    with serving(summaries={"AAPL": json.dumps(body)}) as yahoo:
        source = yahoo.source(tmp_path, now=BEFORE_MONDAYS_OPEN)
        frame = source.earnings(["AAPL"], first=dt.date(2025, 1, 1), last=dt.date(2025, 6, 1)).frame

    assert list(frame["announced_on"].dt.strftime("%m-%d")) == ["01-30", "04-30"]
    result = body["quoteSummary"]["result"][0]
    newest, coming = result["earningsHistory"]["history"][-1], result["calendarEvents"]["earnings"]
    assert list(frame["eps_actual"].fillna(0.0)) == [newest["epsActual"]["raw"], 0.0]
    assert list(frame["eps_estimate"]) == [newest["epsEstimate"]["raw"], coming["earningsAverage"]]
    assert frame["release_time"].isna().all()


def test_a_recorded_error_is_told_in_yahoos_words(tmp_path: Path) -> None:
    with serving(summaries={"SPY": (404, recorded("v10_quoteSummary_error_404"))}) as yahoo:
        source = yahoo.source(tmp_path, now=BEFORE_MONDAYS_OPEN)
        failures = source.earnings(["SPY"], first=FRIDAY, last=FRIDAY).failures

    assert "No fundamentals data found for any of the summaryTypes=calendarEvents" in failures["SPY"]


@pytest.mark.parametrize(
    ("name", "ticker", "days"),
    [
        ("v8_chart_MSFT_2021_dividends", "MSFT", ["02-17", "05-19", "08-18", "11-17"]),
        ("v8_chart_AAPL_2020-08-31_2020-11-07", "AAPL", ["11-06"]),
        ("v8_chart_NVDA_2021_split", "NVDA", []),
        ("v8_chart_AAPL_weekend_no_data", "AAPL", []),
    ],
)
def test_recorded_dividends(name: str, ticker: str, days: list[str], tmp_path: Path) -> None:
    body = recorded(name)
    with serving({ticker: body}, summaries={ticker: summary()}) as yahoo:
        source = yahoo.source(tmp_path, now=BEFORE_MONDAYS_OPEN)
        frame = source.dividends([ticker], first=dt.date(2020, 1, 1), last=dt.date(2021, 12, 31)).frame

    events = json.loads(body)["chart"]["result"][0].get("events", {}).get("dividends", {})
    assert list(frame["ex_date"].dt.strftime("%m-%d")) == days
    assert list(frame["amount"]) == [events[stamp]["amount"] for stamp in sorted(events)]
