"""Option chains from Yahoo: which expiries are asked for, and what is believed of their contracts."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_signals.errors import InvalidValueError, ProviderThrottledError, ProviderUnavailableError
from options_signals.sources.base import Fetched
from options_signals.sources.yahoo_web.options import wanted
from options_signals.tables import CHAIN, validate

from tests.chains import flat_chain
from tests.sources.yahoo_server import (
    Answers,
    FakeYahoo,
    at_midnight_utc,
    chain_answers,
    contract,
    instant,
    options,
    serving,
)

WEDNESDAY = dt.date(2022, 11, 23)
AFTER_CLOSE = "2022-11-23T16:45:00-05:00"
CALL, PUT = "XYZ221216C00100000", "XYZ221216P00100000"
DECEMBER = ["2022-12-16"]
GOOD = options([contract("ABC221216C00100000")], expirations=DECEMBER)
HTML = "<!doctype html><html><body>Will be right back</body></html>"


def chains(yahoo: FakeYahoo, folder: Path, *tickers: str, now: str = AFTER_CLOSE) -> Fetched:
    return yahoo.source(folder, now=now).chain(tickers, session=WEDNESDAY)


def chain(folder: Path, body: Answers) -> Fetched:
    with serving(options={"XYZ": body}) as yahoo:
        return chains(yahoo, folder, "XYZ")


def test_a_chain_comes_back_as_yahoo_quotes_it(tmp_path: Path) -> None:
    theirs = flat_chain()

    fetched = chain(tmp_path, chain_answers(theirs))

    pd.testing.assert_frame_equal(fetched.frame, theirs.assign(implied_vol=fetched.frame["implied_vol"]))
    pd.testing.assert_frame_equal(validate(CHAIN, fetched.frame), fetched.frame)
    assert fetched.failures == {}


def test_a_contract_is_told_with_the_time_and_the_price_of_its_underlying(tmp_path: Path) -> None:
    row = chain(tmp_path, options([contract(CALL)], expirations=DECEMBER, spot=101.5)).frame.iloc[0]

    assert row.drop("volume").to_dict() == {
        "contract": CALL,
        "underlying": "XYZ",
        "captured_at": pd.Timestamp("2022-11-23T21:00:01Z"),
        "spot": 101.5,
        "expiration": pd.Timestamp("2022-12-16"),
        "right": "call",
        "strike": 100.0,
        "bid": 2.0,
        "ask": 2.1,
        "last": 2.05,
        "open_interest": 500.0,
        "implied_vol": 0.25,
    }
    assert math.isnan(row["volume"])


# --- which expiries ---


def test_the_expiries_next_to_90_days_and_those_within_50_are_asked_for() -> None:
    fridays = [dt.date(2022, 11, 25) + dt.timedelta(weeks=week) for week in range(40)]

    assert [(day - WEDNESDAY).days for day in wanted(fridays, WEDNESDAY)] == [2, 9, 16, 23, 30, 37, 44, 86, 93]


def test_of_daily_expiries_the_last_of_each_week_comes_first_and_then_the_nearest() -> None:
    daily = [WEDNESDAY + dt.timedelta(days=n) for n in range(120)]
    workdays = [day for day in daily if day.weekday() < 5]

    assert [f"{day:%a %d}" for day in wanted(workdays, WEDNESDAY)][:4] == ["Thu 24", "Fri 25", "Mon 28", "Fri 02"]
    assert len(wanted(workdays, WEDNESDAY)) == 11


def test_before_a_holiday_friday_the_weekly_expiry_is_a_thursday() -> None:
    good_friday_week = [dt.date(2023, 4, 3), dt.date(2023, 4, 5), dt.date(2023, 4, 6)]
    many = [dt.date(2023, 4, 10) + dt.timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16)]

    assert dt.date(2023, 4, 6) in wanted([*good_friday_week, *many], dt.date(2023, 3, 31))


@given(st.sets(st.integers(-5, 400), max_size=60))
def test_whatever_is_listed_at_most_eleven_expiries_are_asked_for_and_none_that_is_over(days: set[int]) -> None:
    chosen = wanted([WEDNESDAY + dt.timedelta(days=day) for day in days], WEDNESDAY)

    assert len(chosen) <= 11
    assert chosen == sorted(set(chosen))
    assert all(day > WEDNESDAY for day in chosen)
    assert bool(chosen) == any(day > 0 for day in days)


def test_the_list_brings_the_nearest_expiry_with_it_and_each_other_one_is_asked_for_once(tmp_path: Path) -> None:
    with serving(options={"XYZ": chain_answers(flat_chain())}) as yahoo:
        fetched = chains(yahoo, tmp_path, "XYZ")

    assert yahoo.asked == ["XYZ", "XYZ"]
    assert fetched.frame["expiration"].nunique() == 2


def test_an_option_that_expires_on_the_day_is_left_out(tmp_path: Path) -> None:
    today = options([contract("XYZ221123C00100000")], expirations=["2022-11-23", *DECEMBER])
    later = options([contract(CALL)], expirations=["2022-11-23", *DECEMBER])

    fetched = chain(tmp_path, lambda query: later if query.get("date") == str(at_midnight_utc("2022-12-16")) else today)

    assert list(fetched.frame["contract"]) == [CALL]


# --- what is believed ---


@pytest.mark.parametrize(
    "strange",
    [
        contract("XYZ221216C00100000", contractSize="MINI"),
        contract("XYZ1221216C00100000"),  # of a changed root, after a split or a merger
        contract("XYZ221216C00100000", currency="CAD"),
    ],
)
def test_contracts_on_anything_but_a_hundred_shares_are_left_out(strange: dict[str, Any], tmp_path: Path) -> None:
    fetched = chain(tmp_path, options([strange, contract(PUT)], expirations=DECEMBER))

    assert list(fetched.frame["contract"]) == [PUT]


def test_a_share_class_is_asked_for_with_a_dash_and_its_root_has_neither(tmp_path: Path) -> None:
    with serving(options={"BRK-B": options([contract("BRKB221216C00100000")], expirations=DECEMBER)}) as yahoo:
        fetched = chains(yahoo, tmp_path, "BRK.B")

    assert list(fetched.frame["underlying"]) == ["BRK.B"]


def test_a_contract_told_twice_alike_counts_once_and_with_two_quotes_not_at_all(tmp_path: Path) -> None:
    alike = options([contract(CALL), contract(CALL), contract(PUT)], expirations=DECEMBER)
    unlike = options([contract(CALL), contract(CALL, bid=1.0), contract(PUT)], expirations=DECEMBER)

    assert list(chain(tmp_path, alike).frame["contract"]) == [CALL, PUT]
    assert list(chain(tmp_path, unlike).frame["contract"]) == [PUT]


@pytest.mark.parametrize("values", [{"impliedVolatility": 0.00001}, {"bid": 0.0}, {"bid": 0.0, "ask": 0.0}])
def test_an_implied_volatility_without_a_solution_or_a_quote_is_unknown(values: dict[str, Any], tmp_path: Path) -> None:
    body = options([contract(CALL, **values), contract(PUT)], expirations=DECEMBER)

    assert list(chain(tmp_path, body).frame["implied_vol"].isna()) == [True, False]


def test_no_bid_stays_no_bid(tmp_path: Path) -> None:
    body = options([contract(CALL, bid=0.0, ask=0.0)], expirations=DECEMBER)

    assert chain(tmp_path, body).frame[["bid", "ask"]].to_numpy().tolist() == [[0.0, 0.0]]


def test_open_interest_is_unknown_where_nobody_holds_anything_of_a_whole_expiry(tmp_path: Path) -> None:
    none, some = contract(CALL, openInterest=0), contract(PUT, openInterest=7)

    assert chain(tmp_path, options([none], expirations=DECEMBER)).frame["open_interest"].isna().all()
    assert chain(tmp_path, options([none, some], expirations=DECEMBER)).frame["open_interest"].tolist() == [0.0, 7.0]


def test_what_yahoo_does_not_tell_of_a_contract_is_unknown(tmp_path: Path) -> None:
    bare = {name: value for name, value in contract(CALL).items() if name not in {"bid", "openInterest", "lastPrice"}}

    row = chain(tmp_path, options([bare], expirations=DECEMBER)).frame.iloc[0]

    assert row[["bid", "open_interest", "last"]].isna().all()


# --- what is refused ---


@pytest.mark.parametrize("day", [dt.date(2022, 11, 22), dt.date(2022, 11, 25)])
def test_only_the_newest_session_can_be_asked_for(day: dt.date, tmp_path: Path) -> None:
    with serving() as yahoo, pytest.raises(InvalidValueError, match="allowed: 2022-11-23, the newest that has settled"):
        yahoo.source(tmp_path, now=AFTER_CLOSE).chain(["XYZ"], session=day)

    assert yahoo.asked == []


def test_a_session_that_has_not_settled_cannot_be_asked_for(tmp_path: Path) -> None:
    with serving() as yahoo, pytest.raises(InvalidValueError, match="allowed: 2022-11-22"):
        chains(yahoo, tmp_path, "XYZ", now="2022-11-23T16:10:00-05:00")


def test_quotes_of_another_day_cost_the_ticker(tmp_path: Path) -> None:
    monday = options([contract(CALL)], expirations=DECEMBER, at="2022-11-25T10:00:00")

    assert "2022-11-25 10:00 in New York'; allowed: one of 2022-11-23" in chain(tmp_path, monday).failures["XYZ"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (options([], expirations=[]), "no options on XYZ"),
        (options([], expirations=DECEMBER), "no standard option contracts on XYZ"),
        ((404, '{"optionChain": {"result": [], "error": {"description": "Not Found"}}}'), "Yahoo says: Not Found"),
        (options([contract(CALL)], expirations=DECEMBER, currency="CAD"), "currency of XYZ is 'CAD'; allowed: USD"),
        (HTML, "JSONDecodeError"),
        (options([contract(CALL, strike="high")], expirations=DECEMBER), "ValueError"),
        (options([contract(CALL, bid=None)], expirations=DECEMBER), "TypeError"),
        ((401, '{"finance": {"result": null, "error": {"description": "Invalid Crumb"}}}'), "HTTP 401"),
    ],
)
def test_a_ticker_without_a_chain_is_a_failure_with_its_reason_and_the_others_are_delivered(
    body: Answers, why: str, tmp_path: Path
) -> None:
    with serving(options={"XYZ": body, "ABC": GOOD}) as yahoo:
        fetched = chains(yahoo, tmp_path, "XYZ", "ABC")

    assert set(fetched.frame["underlying"]) == {"ABC"}
    assert why in fetched.failures["XYZ"]


def test_an_expiry_that_cannot_be_had_costs_the_ticker_as_another_would_stand_in_for_it(tmp_path: Path) -> None:
    first = options([contract(CALL)], expirations=[*DECEMBER, "2023-01-20"])

    with serving(options={"XYZ": lambda query: (503, HTML) if query.get("date") else first, "ABC": GOOD}) as yahoo:
        fetched = chains(yahoo, tmp_path, "XYZ", "ABC")

    assert set(fetched.frame["underlying"]) == {"ABC"}
    assert "XYZ: HTTP 503" in fetched.failures["XYZ"]


def test_a_throttling_provider_is_asked_no_more_and_what_it_delivered_before_stays(tmp_path: Path) -> None:
    with serving(options={"ABC": GOOD, "XYZ": (429, "Too Many Requests")}) as yahoo:
        fetched = chains(yahoo, tmp_path, "ABC", "XYZ", "DEF")

    assert set(fetched.frame["underlying"]) == {"ABC"}
    assert "throttles us" in fetched.failures["XYZ"]
    assert "not asked, it throttles us" in fetched.failures["DEF"]
    assert "DEF" not in yahoo.asked


def test_a_provider_that_throttles_from_the_start_has_no_chains(tmp_path: Path) -> None:
    with serving(options={"XYZ": (429, "Too Many Requests")}) as yahoo, pytest.raises(ProviderThrottledError):
        chains(yahoo, tmp_path, "XYZ", "ABC")


def test_after_three_tickers_in_a_row_without_an_answer_no_more_are_asked(tmp_path: Path) -> None:
    dead = dict.fromkeys(["A", "B", "C", "D"], (503, HTML))

    with serving(options=dead) as yahoo, pytest.raises(ProviderUnavailableError):
        chains(yahoo, tmp_path, *dead)

    assert "C" in yahoo.asked
    assert "D" not in yahoo.asked


def test_a_fund_whose_last_price_is_years_old_has_no_chain(tmp_path: Path) -> None:
    body = options([contract(CALL)], expirations=DECEMBER, regularMarketTime=instant("2019-06-28T16:00:00"))

    assert "2019-06-28" in chain(tmp_path, body).failures["XYZ"]
