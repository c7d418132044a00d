import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from options_signals import sessions
from options_signals.jobs.quality import judge, with_index
from options_signals.snapshot import Verdict

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / os.environ.get("SIGNALS_MARKET_DATA", "../shared/data")

SESSION = date(2022, 11, 23)  # a Wednesday; the next session is the half day of Friday the 25th
MIN_SESSIONS = 300
OK = Verdict(status="ok")


def bars(last: date = SESSION, *, count: int = MIN_SESSIONS) -> pd.DataFrame:
    """Bars that differ from day to day, the last of them 400.0 401.0 399.0 400.5."""
    days = sessions.between(sessions.shift(last, 1 - count), last)
    steps = 0.1 * np.arange(1 - count, 1)
    return pd.DataFrame(
        {
            "ticker": "SPY",
            "session": pd.DatetimeIndex(days).as_unit("s"),
            "open": 400.0 + steps,
            "high": 401.0 + steps,
            "low": 399.0 + steps,
            "close": 400.5 + steps,
            "adj_close": 380.5 + steps,
            "volume": 1e6,
        }
    )


def index(last: date = SESSION, *, count: int = 10) -> pd.DataFrame:
    return bars(last, count=count).drop(columns=["ticker", "adj_close", "volume"]).assign(index="VIX")


def with_last(frame: pd.DataFrame, **values: float | None) -> pd.DataFrame:
    return with_row(frame, -1, **values)


def with_row(frame: pd.DataFrame, at: int, **values: float | None) -> pd.DataFrame:
    changed = frame.copy()
    for name, value in values.items():
        changed.iloc[at, changed.columns.get_loc(name)] = value  # type: ignore[index]  # names are unique here
    return changed


def verdict(frame: pd.DataFrame, index_rows: dict[str, pd.DataFrame] | None = None, **changes: Any) -> Verdict:
    """On the bars and, where they are given, on the indices."""
    arguments: dict[str, Any] = {
        "session": SESSION,
        "min_sessions": MIN_SESSIONS,
        "failure": None,
        "provider": "yahoo",
        "earlier": bars().iloc[:0],
    } | changes
    said = judge("SPY", frame, **arguments)
    for name, rows in (index_rows or {}).items():
        said = with_index(said, name, rows, session=arguments["session"])
    return said


def refused(*reasons: str) -> Verdict:
    return Verdict(status="refused", reasons=reasons)


def degraded(*reasons: str) -> Verdict:
    return Verdict(status="degraded", reasons=reasons)


def test_complete_bars_and_index_are_good_enough() -> None:
    assert verdict(bars()) == OK


def test_longer_history_and_another_order_are_good_too() -> None:
    assert verdict(bars(count=MIN_SESSIONS + 10).sample(frac=1, random_state=1)) == OK


def test_half_day_is_a_normal_session() -> None:
    half_day = date(2022, 11, 25)
    assert sessions.is_half_day(half_day)

    assert verdict(bars(half_day), session=half_day, index_rows={"VIX": index(half_day)}) == OK


def test_ticker_without_total_return_prices_is_good_enough() -> None:
    assert verdict(bars().drop(columns="adj_close")) == OK
    assert verdict(bars().assign(adj_close=np.nan)) == OK


def test_what_the_provider_said_is_the_reason() -> None:
    assert verdict(bars(), failure="HTTP 404") == refused("yahoo: HTTP 404")


def test_ticker_without_bars_is_refused() -> None:
    assert verdict(bars().iloc[:0]) == refused("yahoo has no bars of SPY")


def test_stale_last_bar_is_refused_with_both_dates() -> None:
    stale = bars(date(2022, 11, 22))

    assert verdict(stale) == refused("last bar is of 22 Nov 2022, wanted 23 Nov 2022 (yahoo)")


def test_bar_after_the_session_is_refused_rather_than_dropped() -> None:
    hindsight = bars(date(2022, 11, 25), count=MIN_SESSIONS + 1)

    assert verdict(hindsight) == refused("a bar of 25 Nov 2022 lies after the session of 23 Nov 2022 (yahoo)")


def test_two_last_bars_are_refused() -> None:
    twice = pd.concat([bars(), with_last(bars(), close=400.7).tail(1)])

    assert verdict(twice) == refused("two bars for 23 Nov 2022")


def test_too_short_a_history_is_refused_with_its_length() -> None:
    assert verdict(bars(count=299)) == refused("too short a history: 299 of the 300 sessions needed")


def test_gap_in_the_history_is_refused_with_its_day() -> None:
    gap = bars().drop(index=[100, 297])

    assert verdict(gap) == refused("2 missing of 300 sessions, such as 21 Nov 2022")


def test_gap_before_the_sessions_needed_is_not_asked_for() -> None:
    long = bars(count=MIN_SESSIONS + 10)

    assert verdict(long.drop(index=[3])) == OK
    assert verdict(long.drop(index=[11])).status == "refused"


@pytest.mark.parametrize("price", ["open", "high", "low", "close", "adj_close"])
@pytest.mark.parametrize("at", [-1, -100])
def test_unknown_price_is_refused_although_there_is_volume(price: str, at: int) -> None:
    day = bars()["session"].iloc[at]

    assert verdict(with_row(bars(), at, **{price: None})) == refused(f"a price is missing on {day:%-d %b %Y}")


@pytest.mark.parametrize("price", ["open", "high", "low", "close", "adj_close"])
@pytest.mark.parametrize("value", [0.0, -400.0, np.inf])
def test_price_that_is_not_positive_is_refused(price: str, value: float) -> None:
    reason = "a price is not a positive number on 23 Nov 2022"

    assert verdict(with_last(bars(), **{price: value})) == refused(reason)


@pytest.mark.parametrize("volume", [-1.0, np.inf])
def test_impossible_volume_is_refused(volume: float) -> None:
    assert verdict(with_row(bars(), -2, volume=volume)) == refused("the volume is impossible on 22 Nov 2022")


@pytest.mark.parametrize("wrong", [{"low": 400.2}, {"high": 400.3}, {"low": 402.0}, {"open": 398.0}, {"close": 403.0}])
def test_last_bar_whose_prices_contradict_each_other_is_refused(wrong: dict[str, float | None]) -> None:
    reason = "open or close lies outside low and high on 23 Nov 2022"

    assert verdict(with_last(bars(), **wrong)) == refused(reason)


def test_rounding_of_the_four_prices_is_no_contradiction() -> None:
    assert verdict(with_last(bars(), high=400.49)) == OK


def test_old_bar_whose_prices_contradict_each_other_is_let_pass() -> None:
    assert verdict(with_row(bars(), -2, low=402.0)) == OK


def test_bar_that_repeats_the_one_before_is_stale_under_a_new_date() -> None:
    copied = with_last(bars(), open=399.9, high=400.9, low=398.9, close=400.4)

    assert verdict(copied) == refused("the bar of 23 Nov 2022 repeats that of 22 Nov 2022")
    assert verdict(with_last(copied, close=400.41)) == OK


def test_bar_filled_in_with_the_last_close_is_refused() -> None:
    filled = with_last(bars(), **dict.fromkeys(["open", "high", "low", "close"], 400.4), volume=0.0)

    assert verdict(filled) == refused("nothing traded on 23 Nov 2022: its bar repeats the close of 22 Nov 2022")


def test_index_without_a_value_for_the_session_is_named_with_its_last_day() -> None:
    late = {"VIX": index(date(2022, 11, 22))}

    assert verdict(bars(), index_rows=late) == refused(
        "VIX has no value for 23 Nov 2022, its last is of 22 Nov 2022",
    )


def test_index_without_any_row_is_named() -> None:
    assert verdict(bars(), index_rows={"RVX": index().iloc[:0]}) == refused("RVX has no value for 23 Nov 2022")


@pytest.mark.parametrize("value", [None, 0.0])
def test_index_whose_value_is_unknown_or_zero_is_missing(value: float | None) -> None:
    empty = {"VIX": with_last(index(), close=value)}

    assert verdict(bars(), index_rows=empty) == refused(
        "VIX has no value for 23 Nov 2022, its last is of 22 Nov 2022",
    )


def test_no_index_stands_in_for_another() -> None:
    both = {"VIX": index(), "VXN": index().iloc[:0]}

    assert verdict(bars(), index_rows=both) == refused("VXN has no value for 23 Nov 2022")


def test_index_that_repeats_the_session_before_is_refused() -> None:
    copied = {"VIX": with_last(index(), open=399.9, high=400.9, low=398.9, close=400.4)}

    assert verdict(bars(), index_rows=copied) == refused("VIX of 23 Nov 2022 repeats 22 Nov 2022")


def test_index_of_which_only_the_close_is_published_may_stand_still() -> None:
    closes = index().assign(open=np.nan, high=np.nan, low=np.nan, close=20.35)

    assert verdict(bars(), index_rows={"VIX": closes}) == OK


def test_fault_of_the_bars_and_of_each_index_are_told_together() -> None:
    none = index().iloc[:0]

    assert verdict(bars(count=299), index_rows={"VIX": none, "VXN": none}).reasons == (
        "too short a history: 299 of the 300 sessions needed",
        "VIX has no value for 23 Nov 2022",
        "VXN has no value for 23 Nov 2022",
    )


@pytest.mark.parametrize("volume", [0.0, None])
def test_session_without_volume_is_told(volume: float | None) -> None:
    assert verdict(with_last(bars(), volume=volume)) == degraded("no volume on 23 Nov 2022")


def test_price_that_stood_still_is_told() -> None:
    still = with_last(bars(), **dict.fromkeys(["open", "high", "low", "close"], 400.0))

    assert verdict(still) == degraded("price did not move on 23 Nov 2022")


def scaled(frame: pd.DataFrame, factor: float, *, before: int) -> pd.DataFrame:
    """The same bars, the first of them times a factor."""
    changed = frame.copy()
    changed.loc[: before - 1, ["open", "high", "low", "close", "adj_close"]] *= factor
    return changed


@pytest.mark.parametrize(
    ("factor", "move"),
    [
        (2.0, "2-for-1 split"),
        (2.05, "2-for-1 split"),
        (100.0, "100-for-1 split"),
        (1 / 8, "1-for-8 reverse split"),
    ],
)
def test_move_of_a_split_that_the_prices_before_do_not_show_is_refused(factor: float, move: str) -> None:
    frame = scaled(bars(), factor, before=290)

    assert verdict(frame) == refused(f"moved as in a {move} on 10 Nov 2022 that the prices before do not show")


def test_split_of_this_very_session_is_refused() -> None:
    reason = "moved as in a 100-for-1 split on 23 Nov 2022 that the prices before do not show"

    assert verdict(scaled(bars(), 100.0, before=MIN_SESSIONS - 1)) == refused(reason)


@pytest.mark.parametrize(("factor", "move"), [(1.8, "-44"), (2.1, "-52"), (0.4, "+150")])
def test_move_as_large_as_a_split_but_unlike_one_is_told(factor: float, move: str) -> None:
    moved = scaled(bars(), factor, before=290)

    assert verdict(moved) == degraded(f"price moved by {move} % on 10 Nov 2022: a split that the prices do not show?")


def test_special_dividend_that_the_total_return_shows_is_no_split() -> None:
    paid = bars()
    paid.loc[:289, ["open", "high", "low", "close"]] *= 2.0

    assert verdict(paid) == OK
    assert verdict(paid.drop(columns="adj_close")).status == "refused"


# --- against what was stored before ---


def yesterdays() -> pd.DataFrame:
    """What the snapshot of the session before holds."""
    return bars().iloc[:-1]


def test_bars_that_say_the_same_as_before_are_good_enough() -> None:
    assert verdict(bars(), earlier=yesterdays()) == OK
    assert verdict(bars(), earlier=yesterdays().assign(close=yesterdays()["close"] * 1.004)) == OK


def test_split_that_all_prices_show_is_told_for_those_told_earlier_are_on_the_old_basis() -> None:
    before = scaled(yesterdays(), 10.0, before=MIN_SESSIONS)

    assert verdict(bars(), earlier=before) == degraded(
        "10-for-1 split since 22 Nov 2022: all prices are restated, those told earlier were on the old basis"
    )


def test_any_other_factor_is_called_a_rescaling() -> None:
    before = scaled(yesterdays(), 1.25, before=MIN_SESSIONS)

    assert verdict(bars(), earlier=before).reasons[0].startswith("rescaling by 1.2500 since 22 Nov 2022")


def test_single_closes_that_were_restated_are_told_with_both_values() -> None:
    before = with_row(with_row(yesterdays(), -2, close=410.0), -9, close=410.0)

    assert verdict(bars(), earlier=before) == degraded(
        "restated: 2 of 299 closes, such as 21 Nov 2022, was 410.00, is 400.30"
    )


def test_other_prices_under_the_same_ticker_are_refused() -> None:
    other = yesterdays().assign(close=50.0 + np.arange(MIN_SESSIONS - 1) % 7)

    assert verdict(bars(), earlier=other) == refused(
        "299 of 299 closes differ from those stored before, such as 22 Nov 2022: another instrument under the same "
        "ticker, or prices on two bases"
    )


def test_split_applied_to_a_part_of_the_history_is_refused() -> None:
    half = scaled(yesterdays(), 1.25, before=200)

    assert verdict(bars(), earlier=half).status == "refused"


def test_former_name_of_a_company_is_refused_with_todays() -> None:
    last = date(2022, 6, 8)
    stopped = judge(
        "FB",
        bars(last),
        session=SESSION,
        min_sessions=MIN_SESSIONS,
        failure=None,
        provider="yahoo",
        earlier=bars().iloc[:0],
    )

    assert stopped == refused(
        "last bar is of 8 Jun 2022, wanted 23 Nov 2022 (yahoo); delisted, halted or renamed?",
        "8 Jun 2022 was the last day of the ticker FB; the company trades as META",
    )


def test_what_was_said_of_an_index_is_told_with_its_absence() -> None:
    late = index(date(2022, 11, 22))

    assert with_index(OK, "VIX", late, session=SESSION, failure="HTTP 503").reasons == (
        "VIX has no value for 23 Nov 2022, its last is of 22 Nov 2022 (HTTP 503)",
    )


def test_every_oddity_is_told() -> None:
    odd = with_last(bars(), **dict.fromkeys(["open", "high", "low", "close"], 400.0), volume=0.0)

    assert verdict(odd).reasons == ("no volume on 23 Nov 2022", "price did not move on 23 Nov 2022")


@pytest.mark.market_data
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no market data in {FOLDER}; set SIGNALS_MARKET_DATA")
@pytest.mark.parametrize("session", sessions.between(date(2021, 1, 4), date(2022, 12, 30))[::50])
def test_real_index_fund_is_good_enough(session: date) -> None:
    spy, vix = (real(name, session) for name in ("prices/SPY", "vol_indices/VIX"))

    assert verdict(spy, session=session, min_sessions=504, index_rows={"VIX": vix}) == OK


def real(name: str, last: date) -> pd.DataFrame:
    rows = pd.read_parquet(FOLDER / f"{name}.parquet").rename(columns={"date": "session"})
    rows["session"] = pd.to_datetime(rows["session"])
    return rows[rows["session"] <= pd.Timestamp(last)].tail(510)


def test_oddities_of_a_ticker_that_its_index_refuses_are_not_told() -> None:
    odd = Verdict(status="degraded", reasons=("no volume on 23 Nov 2022",))

    assert with_index(odd, "VIX", index(), session=SESSION) == odd
    assert with_index(odd, "VIX", index().iloc[:0], session=SESSION) == refused("VIX has no value for 23 Nov 2022")
