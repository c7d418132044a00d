import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import pytest
from options_signals import sessions
from options_signals.features.announcements import SESSIONS_BEFORE_WINDOW
from options_signals.features.inputs import WINDOW
from options_signals.jobs.delivery import Delivery, ask, with_chains
from options_signals.settings import Settings, Tickets
from options_signals.sources.base import REPORTS_NOTHING, Fetched, Sources
from options_signals.tables import BARS, CHAIN, DIVIDENDS, EARNINGS, MACRO, SENTIMENT, validate

from tests.e2e.day import simulated
from tests.sources import faulty

SESSION = dt.date(2022, 11, 23)
ONLY_SPY = Settings(tickers=("SPY",))


@dataclass
class Recording:
    """Passes on what is asked of the sources behind it, and remembers the first day."""

    behind: Sources
    first: dt.date | None = None

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        self.first = first
        return self.behind.bars.bars(tickers, first=first, last=last)

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        nothing = self.behind.bars.bars(tickers, first=first, last=SESSION)
        return replace(nothing, frame=EARNINGS.empty(), failures={"SPY": f"no dates to {last}"})


@dataclass
class Macro:
    """Macro series without the last days of one of them, and without another."""

    behind: Sources

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        assert self.behind.macro is not None
        fetched = self.behind.macro.macro(series, first=first, last=last)
        rows = fetched.frame
        old = (rows["series"] == "DGS10") & (rows["observed_on"] > pd.Timestamp("2022-11-01"))
        frame = validate(MACRO, rows[~old & (rows["series"] != "DGS2")])
        return replace(fetched, frame=frame, failures={"DGS2": "HTTP 503"})


def test_inputs_that_nobody_delivers_here_are_named() -> None:
    delivery = ask(replace(simulated(), macro=None), ONLY_SPY, SESSION)

    assert delivery.absent == ("macro", "sentiment", "earnings")
    assert {table.name for table in delivery.tables} == {"bars", "vol_indices"}


def test_an_extra_without_any_row_is_absent_with_the_reason() -> None:
    world = simulated()
    delivery = ask(replace(world, earnings=Recording(world)), ONLY_SPY, SESSION)

    assert delivery.absent == ("sentiment", "earnings (SIMULATED market: no dates to 2023-01-22)")
    assert SENTIMENT not in delivery.tables


@dataclass
class Calendar:
    """Announcements with their results, as somebody knows them who looks back."""

    behind: Sources
    failures: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[tuple[str, str], ...] = (
        ("2022-10-27", "2022-10-13"),
        ("2022-11-30", "2022-11-16"),
        ("2023-01-20", "2023-01-05"),
    )
    ticker: str = ""  # the first that is asked for

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        dates = pd.DataFrame(self.rows, columns=["announced_on", "known_on"]).astype("datetime64[s]")
        frame = dates.assign(ticker=self.ticker or tickers[0], release_time="post", eps_estimate=1.0, eps_actual=1.1)
        origin = self.behind.bars.bars(tickers, first=first, last=min(last, SESSION)).origin
        return Fetched(frame=validate(EARNINGS, frame), origin=origin, failures=self.failures)


def test_a_snapshot_holds_no_date_that_was_told_later_and_no_result_to_come() -> None:
    world = simulated()

    earnings = ask(replace(world, earnings=Calendar(world)), ONLY_SPY, SESSION).tables[EARNINGS].frame

    assert earnings["announced_on"].tolist() == [pd.Timestamp("2022-10-27"), pd.Timestamp("2022-11-30")]
    assert earnings["eps_actual"].notna().tolist() == [True, False]


def in_the_market(tickers: Sequence[str], calendar: "Calendar | None", session: dt.date = SESSION) -> Delivery:
    settings = Settings(tickers=tuple(tickers), allow_iv_proxy=dict.fromkeys(set(tickers) - {"SPY"}, "VIX"))
    return ask(replace(simulated(), world="market", earnings=calendar), settings, session)


def test_companies_without_a_date_are_named_but_no_fund() -> None:
    failures = {"SPY": "no calendar", "XLF": f"of Yahoo: {REPORTS_NOTHING}", "MSFT": "HTTP 429", "KO": "HTTP 503"}

    delivery = in_the_market(tuple(failures), Calendar(simulated(), failures=failures))

    assert delivery.undated == {"MSFT": "HTTP 429", "KO": "HTTP 503"}
    assert delivery.absent == ("sentiment", "earnings of MSFT, KO (HTTP 429)")


def test_without_a_calendar_no_company_has_a_date() -> None:
    delivery = in_the_market(("SPY", "KO"), None)

    assert delivery.undated == {"KO": "no calendar was delivered"}
    assert delivery.absent == ("sentiment", "earnings")


@pytest.mark.parametrize(("session", "absent"), [("2023-02-17", ()), ("2023-02-21", ("KO",))])
def test_a_company_that_has_no_next_date_when_it_should_is_named(session: str, absent: tuple[str, ...]) -> None:
    told = f"earnings of {', '.join(absent)} (no date since 2022-11-30)"
    day = dt.date.fromisoformat(session)
    calendar = Calendar(simulated(), rows=(("2022-11-30", "2022-11-16"), ("2023-03-09", "2023-02-22")))

    delivery = in_the_market(("KO",), calendar, day)

    assert delivery.absent == ("sentiment", *([told] if absent else []))


def test_a_company_whose_dates_stand_under_its_former_name_is_not_named() -> None:
    world = simulated()
    calendar = Calendar(world, failures={"META": "it has no rows"}, ticker="FB")

    delivery = ask(replace(world, earnings=calendar), Settings(tickers=("SPY", "QQQ")), SESSION)

    assert delivery.absent == ("sentiment",)


@dataclass
class Payouts:
    """Dividends as somebody knows them who looks back; the day on which one was declared may be unknown."""

    behind: Sources

    def dividends(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        rows = [("2022-09-15", None), ("2022-12-15", "2022-11-15"), ("2023-01-15", None), ("2023-02-15", "2023-01-30")]
        dates = pd.DataFrame(rows, columns=["ex_date", "known_on"]).astype("datetime64[s]")
        origin = self.behind.bars.bars(tickers, first=first, last=min(last, SESSION)).origin
        return Fetched(frame=validate(DIVIDENDS, dates.assign(ticker=tickers[0], amount=1.0)), origin=origin)


def test_a_snapshot_holds_the_dividends_that_were_known() -> None:
    world = simulated()

    known = ask(replace(world, dividends=Payouts(world)), ONLY_SPY, SESSION).tables[DIVIDENDS].frame

    assert known["ex_date"].tolist() == [pd.Timestamp("2022-09-15"), pd.Timestamp("2022-12-15")]


@dataclass
class Wanting:
    """Delivers no dividends, and says for which days they were asked for."""

    behind: Sources

    def dividends(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        nothing = self.behind.bars.bars(tickers, first=SESSION, last=SESSION)
        return replace(nothing, frame=DIVIDENDS.empty(), failures={"SPY": f"none from {first} to {last}"})


def test_three_years_of_dividends_are_asked_for_and_the_longest_expiry_ahead() -> None:
    world = simulated()

    absent = ask(replace(world, dividends=Wanting(world)), ONLY_SPY, SESSION).absent

    assert absent[-1] == "dividends (SIMULATED market: none from 2019-11-21 to 2023-02-21)"


def test_a_series_that_is_missing_or_old_is_told() -> None:
    world = simulated()

    delivery = ask(replace(world, macro=Macro(world)), ONLY_SPY, SESSION)

    assert "DGS2 (HTTP 503)" in delivery.absent
    assert delivery.doubts == ("DGS10 has no value since 2022-11-01; features that need it are unknown",)


def test_every_input_tells_its_newest_day() -> None:
    newest = ask(simulated(), ONLY_SPY, SESSION).newest

    assert newest["bars"] == newest["vol_indices VIX"] == newest["vol_indices VIX3M"] == SESSION
    assert newest["macro DGS10"] == dt.date(2022, 11, 22)
    assert newest["macro UNRATE"] == dt.date(2022, 10, 1)


def test_a_capture_of_the_evening_is_of_the_session_and_not_of_the_next_day_in_utc() -> None:
    evening = dt.datetime(2022, 11, 24, 1, 45, tzinfo=dt.UTC)
    names = [column.name for column in SENTIMENT.columns if not column.optional]
    capture = pd.DataFrame([["SPY", evening, 0.6, 0.2, 5.0, 0.5, 80.0, 40.0]], columns=names)
    bars = simulated().bars.bars(["SPY"], first=SESSION, last=SESSION)
    delivery = Delivery(tables={BARS: bars, SENTIMENT: replace(bars, frame=validate(SENTIMENT, capture))})

    assert delivery.newest == {"bars": SESSION, "sentiment": SESSION}


@pytest.mark.parametrize(("with_earnings", "spare"), [(False, 10), (True, SESSIONS_BEFORE_WINDOW)])
def test_eight_past_announcements_need_more_bars_than_the_window(with_earnings: bool, spare: int) -> None:
    world = simulated()
    recording = Recording(world)
    asked = replace(world, bars=recording, earnings=recording if with_earnings else None)

    ask(asked, ONLY_SPY, SESSION)

    assert recording.first == sessions.shift(SESSION, -(WINDOW + spare))


def quoted(
    *tickers: str,
    limits: Tickets = Tickets(),  # noqa: B008 - frozen
    fault: faulty.Fault = lambda fetched: fetched,
) -> tuple[Delivery, Mapping[str, str]]:
    delivery = ask(simulated(), ONLY_SPY, SESSION)
    source = faulty.with_chains(simulated(), fault).chain
    assert source is not None
    return with_chains(delivery, source, limits, SESSION, tickers)


def test_chains_are_part_of_the_delivery() -> None:
    delivery, unquoted = quoted("SPY", "QQQ")

    assert set(delivery.tables[CHAIN].frame["underlying"]) == {"SPY", "QQQ"}
    assert unquoted == {}
    assert delivery.newest["chain"] == SESSION


def test_a_ticker_without_a_chain_is_named_with_the_reason() -> None:
    delivery, unquoted = quoted("SPY", "QQQ", fault=faulty.without_chain("QQQ"))

    assert set(delivery.tables[CHAIN].frame["underlying"]) == {"SPY"}
    assert unquoted == {"QQQ": "no options listed"}


def test_chains_that_were_not_asked_for_are_left_out() -> None:
    everybody = simulated().chain
    assert everybody is not None
    more = everybody.chain(["SPY", "QQQ"], session=SESSION)

    delivery, _ = quoted("SPY", fault=lambda _: more)

    assert set(more.frame["underlying"]) == {"SPY", "QQQ"}
    assert set(delivery.tables[CHAIN].frame["underlying"]) == {"SPY"}


def test_chains_that_cannot_be_had_are_absent_and_stop_nothing() -> None:
    delivery, unquoted = quoted("SPY", fault=faulty.down)

    assert CHAIN not in delivery.tables
    assert "connection refused" in delivery.absent[-1]
    assert "connection refused" in unquoted["SPY"]


def test_beyond_the_most_chains_the_others_are_counted_and_named() -> None:
    delivery, unquoted = quoted("SPY", "QQQ", "IWM", limits=Tickets(max_chains=1))

    assert set(delivery.tables[CHAIN].frame["underlying"]) == {"SPY"}
    assert delivery.absent[-1].startswith("option chains of 2 tickers: ")
    assert set(unquoted) == {"QQQ", "IWM"}
