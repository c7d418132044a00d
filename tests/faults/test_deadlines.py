"""However slow every provider is, a fetch ends before the function that runs it is killed."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from options_signals.errors import Retryable
from options_signals.jobs.delivery import Delivery, ask
from options_signals.settings import Settings
from options_signals.sources import apewisdom, bls, cboe, finnhub, fred, nyfed, treasury, yahoo
from options_signals.sources.base import Fetched
from options_signals.sources.live import open_live
from options_signals.tables import EARNINGS

from tests.sources import bodies, yahoo_server
from tests.sources.web_server import AFTER_CLOSE, Outside, Request, serving

ROOT = Path(__file__).parents[2]
SESSION, FRIDAY = dt.date(2022, 11, 23), dt.date(2022, 11, 25)
DAYS = ["2022-11-22", "2022-11-23"]
TICKERS = tuple(f"T{first}{second}" for first in "ABCDE" for second in "ABCDEFGHIJ")
FRIDAYS = [f"{dt.date(2022, 11, 25) + dt.timedelta(weeks=week)}" for week in range(20)]
OWN_WORK_SECONDS = 60  # a warm start, reading the last snapshot, judging, writing

# Every question of the live world with a key, and how long each may take.
QUESTIONS = {
    "bars": yahoo.BARS_SECONDS,
    "closes, to compare": finnhub.SECONDS,
    "indices": cboe.SECONDS,
    "indices in their place": yahoo.INDICES_SECONDS,
    "indices, to compare": yahoo.INDICES_SECONDS,
    "federal funds": nyfed.SECONDS,
    "yields": treasury.SECONDS,
    "VIX as a macro series": cboe.SECONDS,
    "prices and employment": bls.SECONDS,
    "news": finnhub.SECONDS,
    "Reddit": apewisdom.SECONDS,
    "announcements": finnhub.SECONDS,
    "announcements in their place": yahoo.EARNINGS_SECONDS,
    "dividends": yahoo.DIVIDENDS_SECONDS,
    "chains": yahoo.CHAIN_SECONDS,
}


def timeout_seconds() -> int:
    """Of the function that fetches."""
    size = re.search(r'Size\("fetch_data", \d+, (\d+)\)', (ROOT / "infra/functions.py").read_text())
    assert size
    return int(size.group(1))


def test_all_questions_together_leave_time_for_the_functions_own_work() -> None:
    assert len(QUESTIONS) == 15
    assert sum(QUESTIONS.values()) + OWN_WORK_SECONDS <= timeout_seconds()


def test_fred_takes_no_longer_than_those_it_replaces() -> None:
    macro = ("federal funds", "yields", "VIX as a macro series", "prices and employment")

    assert sum(QUESTIONS[name] for name in macro) >= fred.SECONDS


class Slow:
    """Providers that take their time for each answer, by a clock that their answers and our pauses move."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.clocks: list[Outside | yahoo_server.FakeYahoo] = []

    def elapsed(self) -> float:
        return sum(clock.seconds for clock in self.clocks)

    def elsewhere(self, answer: str | Callable[[Request], str]) -> Callable[[Request], str]:
        def late(request: Request) -> str:
            self.clocks[0].seconds += self.seconds
            return answer if isinstance(answer, str) else answer(request)

        return late

    def at_yahoo(self, answer: str | Callable[[Mapping[str, str]], str]) -> Callable[[Mapping[str, str]], str]:
        def late(query: Mapping[str, str]) -> str:
            self.clocks[1].seconds += self.seconds
            return answer if isinstance(answer, str) else answer(query)

        return late

    def yahoo(self) -> dict[str, Any]:
        chart = self.at_yahoo(yahoo_server.chart([yahoo_server.bar(day, 20.0) for day in DAYS]))
        symbols = [*TICKERS, "SPY", *(f"^{index}" for index in ("VIX", "VIX3M"))]
        return {
            "charts": dict.fromkeys(symbols, chart),
            "options": {ticker: self.at_yahoo(_expiry(ticker)) for ticker in TICKERS},
            "summaries": dict.fromkeys(TICKERS, self.at_yahoo(yahoo_server.summary(["2022-12-20T16:30:00"]))),
        }

    def others(self) -> dict[str, Any]:
        answers: dict[str, str | Callable[[Request], str]] = {
            "_History.csv": bodies.cboe([(day, 20.0) for day in DAYS[:1]]),  # not up to date: Yahoo is asked too
            "pages/xml": bodies.treasury([{"NEW_DATE": f"{day}T00:00:00", "BC_10YEAR": "3.8"} for day in DAYS]),
            "effr/search.json": bodies.nyfed([(day, 3.83) for day in DAYS]),
            "timeseries/data/": bodies.bls({"LNS14000000": [("2022", "M09", "3.5")]}),
            "news-sentiment": bodies.news_sentiment(bullish=0.5, bearish=0.5, articles=1, buzz=0.5),
            "calendar/earnings": bodies.calendar([]),
            "v1/quote": bodies.quote(20.0, "2022-11-23T16:00:00-05:00"),
        }
        pages = {f"page/{page}": bodies.apewisdom([("ELSE", 1, 1)], page=page, pages=20) for page in range(1, 21)}
        return {path: self.elsewhere(answer) for path, answer in (answers | pages).items()}


def _expiry(ticker: str) -> Callable[[Mapping[str, str]], str]:
    def body(query: Mapping[str, str]) -> str:
        day = dt.datetime.fromtimestamp(int(query["date"]), dt.UTC).date() if "date" in query else FRIDAY
        contract = yahoo_server.contract(f"{ticker}{day:%y%m%d}C00020000")
        return yahoo_server.options([contract], expirations=FRIDAYS, spot=20.0)

    return body


@dataclass(frozen=True)
class Evening:
    """What came of 50 tickers, and how long it took; None where bars could not be had."""

    seconds: float
    delivery: Delivery | None
    chains: Fetched | None


def evening(folder: Path, *, seconds: float) -> Evening:
    slow = Slow(seconds)
    settings = Settings(tickers=TICKERS, allow_iv_proxy=dict.fromkeys(TICKERS, "VIX"))
    with yahoo_server.serving(**slow.yahoo()) as prices, serving(slow.others()) as outside:
        slow.clocks = [outside, prices]
        yahoo = prices.source(folder, now=AFTER_CLOSE)
        keys = {"FINNHUB_API_KEY": "s3cr3t"}
        sources = open_live(outside.web(), keys=keys, cache_folder=folder, yahoo=yahoo)
        with suppress(Retryable):
            delivery = ask(sources, settings, SESSION)
            return Evening(slow.elapsed(), delivery, yahoo.chain(TICKERS, session=SESSION))
    return Evening(slow.elapsed(), None, None)


@pytest.mark.slow
def test_at_the_usual_pace_fifty_tickers_are_complete_in_half_of_the_time(tmp_path: Path) -> None:
    usual = evening(tmp_path, seconds=0.2)

    assert usual.delivery is not None
    assert usual.chains is not None
    assert usual.delivery.bars.failures == usual.chains.failures == {}
    assert set(usual.delivery.tables[EARNINGS].frame["ticker"]) == set(TICKERS)
    assert usual.seconds <= timeout_seconds() / 2


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.6, 1.7, 9.0])
def test_fifty_tickers_end_in_time_at_any_pace(seconds: float, tmp_path: Path) -> None:
    assert evening(tmp_path, seconds=seconds).seconds + OWN_WORK_SECONDS <= timeout_seconds()


@pytest.mark.slow
def test_what_a_slow_provider_has_no_time_for_is_told_by_name(tmp_path: Path) -> None:
    slow = evening(tmp_path, seconds=1.7)
    delivery, chains = slow.delivery, slow.chains

    assert delivery is not None
    assert chains is not None
    assert f"{TICKERS[-1]} of 2022-11-23 was not compared with a second source (Finnhub" in delivery.doubts[0]
    assert chains.frame["underlying"].nunique() > 10
    assert "not asked, its 200 s are over" in chains.failures[TICKERS[-1]]
