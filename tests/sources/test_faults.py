"""One test per way a provider can fail, for every provider that is asked over HTTP.

In each the fetch ends, says why nothing of the provider was delivered, delivers nothing wrong, and the next good day
is as if nothing had been.
"""

import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from options_signals.errors import ProviderRefusedError, ProviderThrottledError, ProviderUnavailableError, SignalError
from options_signals.sources import http
from options_signals.sources.apewisdom import ApeWisdomSource
from options_signals.sources.base import Fetched
from options_signals.sources.bls import BlsSource
from options_signals.sources.cboe import CboeSource
from options_signals.sources.finnhub import FinnhubSource
from options_signals.sources.fred import FredSource
from options_signals.sources.http import ApiKey, Web
from options_signals.sources.nyfed import NewYorkFedSource
from options_signals.sources.treasury import TreasurySource
from options_signals.sources.yahoo import YahooSource
from options_signals.sources.yahoo_web import line

from tests.sources import yahoo_server
from tests.sources.bodies import (
    announcement,
    apewisdom,
    bls,
    calendar,
    cboe,
    fred,
    news_sentiment,
    nyfed,
    quote,
    treasury,
)
from tests.sources.web_server import HTML, Reply, serving

FIRST, LAST = dt.date(2022, 11, 21), dt.date(2022, 11, 23)
KEY = ApiKey(name="SOME_API_KEY", value="s3cr3t")
DAYS = ["2022-11-21", "2022-11-22", "2022-11-23"]
SHIFTED = ["2022-11-20", "2022-11-21", "2022-11-22"]  # each a day early: Monday's value on Sunday


@dataclass(frozen=True)
class Provider:
    """A provider, how it is asked, and its answer made of these days in this order."""

    path: str
    fetch: Callable[[Web], Fetched]
    answer: Callable[[list[str]], str]
    rows: int


def _yields(days: list[str]) -> str:
    return treasury([{"NEW_DATE": f"{day}T00:00:00", "BC_10YEAR": f"3.{day[-2:]}"} for day in days])


def _months(days: list[str]) -> str:
    return bls({"LNS14000000": [("2022", f"M{10 - DAYS.index(day):02}", f"3.{day[-1]}") for day in days]})


def macro(source: TreasurySource | NewYorkFedSource | BlsSource | FredSource, series: str) -> Fetched:
    return source.macro([series], first=FIRST if series != "UNRATE" else dt.date(2022, 9, 1), last=LAST)


DAILY = {
    "cboe": Provider(
        "VIX_History.csv",
        lambda web: CboeSource(web).vol_indices(["VIX"], first=FIRST, last=LAST),
        lambda days: cboe([(day, float(day[-2:])) for day in days]),
        3,
    ),
    "treasury": Provider("pages/xml", lambda web: macro(TreasurySource(web), "DGS10"), _yields, 2),
    "nyfed": Provider(
        "effr/search.json",
        lambda web: macro(NewYorkFedSource(web), "DFF"),
        lambda days: nyfed([(day, float(day[-2:])) for day in days]),
        2,
    ),
    "fred": Provider(
        "series/observations",
        lambda web: macro(FredSource(web, key=KEY), "DGS10"),
        lambda days: fred([(day, day[-2:]) for day in days]),
        2,
    ),
}
DATED = DAILY | {
    "bls": Provider("timeseries/data/", lambda web: macro(BlsSource(web, key=KEY), "UNRATE"), _months, 3),
    "finnhub-earnings": Provider(
        "calendar/earnings",
        lambda web: FinnhubSource(web, key=KEY).earnings(["AAPL"], first=FIRST, last=LAST),
        lambda days: calendar([announcement(day, "amc") for day in days]),
        3,
    ),
}
ALL = DATED | {
    "finnhub-news": Provider(
        "news-sentiment",
        lambda web: FinnhubSource(web, key=KEY).sentiment(["AAPL"], first=LAST, last=LAST),
        lambda _: news_sentiment(bullish=0.5, bearish=0.5, articles=2, buzz=0.1),
        1,
    ),
    "finnhub-closes": Provider(
        "v1/quote",
        lambda web: FinnhubSource(web, key=KEY).bars(["AAPL"], first=LAST, last=LAST),
        lambda _: quote(100.0, "2022-11-23T16:00:00-05:00"),
        1,
    ),
    "apewisdom": Provider(
        "page/1",
        lambda web: ApeWisdomSource(web).sentiment(["AAPL"], first=LAST, last=LAST),
        lambda _: apewisdom([("AAPL", 12, 8)]),
        1,
    ),
}
KEYED = {name: ALL[name] for name in ("bls", "fred", "finnhub-earnings", "finnhub-closes")}


def yahoo(web: Web) -> YahooSource:
    return YahooSource(
        clock=web.clock,
        cache_folder=Path(tempfile.gettempdir()) / "options-signals-tests",
        session=web.session,
        sleep=web.sleep,
        monotonic=web.monotonic,
    )


def _contracts(days: list[str]) -> str:
    contracts = [yahoo_server.contract(f"XYZ221216C{int(day[-2:]):05}000") for day in days]
    return yahoo_server.options(contracts, expirations=["2022-12-16"])


YAHOO_ROWS = {
    "yahoo-bars": Provider(
        "chart/XYZ",
        lambda web: yahoo(web).bars(["XYZ"], first=FIRST, last=LAST),
        lambda days: yahoo_server.chart([yahoo_server.bar(day, float(day[-2:])) for day in days]),
        3,
    ),
    "yahoo-chain": Provider("options/XYZ", lambda web: yahoo(web).chain(["XYZ"], session=LAST), _contracts, 3),
}
YAHOO = YAHOO_ROWS | {
    "yahoo-earnings": Provider(
        "quoteSummary/XYZ",
        lambda web: yahoo(web).earnings(["XYZ"], first=FIRST, last=LAST),
        lambda _: yahoo_server.summary(["2022-11-23T16:30:00"]),
        1,
    ),
    "yahoo-dividends": Provider(
        "XYZ",
        lambda web: yahoo(web).dividends(["XYZ"], first=FIRST, last=LAST),
        lambda _: json.dumps(
            json.loads(yahoo_server.chart([yahoo_server.bar(DAYS[0], 9.0)], dividends={DAYS[1]: 0.25}))
            | json.loads(yahoo_server.summary())
        ),
        1,
    ),
}
ANYBODY = ALL | YAHOO
JSON = {name: one for name, one in ANYBODY.items() if name not in {"cboe", "treasury"}}


def every(providers: dict[str, Provider]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("provider", providers.values(), ids=list(providers))


def said(provider: Provider, web: Web) -> tuple[type[SignalError] | None, str]:
    """What is raised, or else why each name failed; nothing may be delivered."""
    try:
        fetched = provider.fetch(web)
    except SignalError as error:
        return type(error), str(error)
    assert fetched.frame.empty
    return None, "".join(fetched.failures.values())


def why_nothing_comes(provider: Provider, fault: Reply, *, kind: type[SignalError] | None = None) -> str:
    """What is said under the fault, after which the next good day must be whole."""
    weather = [fault]
    with serving({provider.path: lambda _: weather[0]}) as outside:
        raised, words = said(provider, outside.web())
        weather[0] = Reply(provider.answer(DAYS))
        healed = provider.fetch(outside.web())
    assert kind in {None, raised}
    assert len(healed.frame) == provider.rows
    assert healed.failures == {}
    return words


@every(ANYBODY)
def test_timeout(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(line, "TIMEOUT_SECONDS", 0.2)
    late = Reply(provider.answer(DAYS), late_seconds=0.5)

    assert "ReadTimeout" in why_nothing_comes(provider, late, kind=ProviderUnavailableError)


@every(ANYBODY)
def test_connection_reset(provider: Provider) -> None:
    assert "ConnectionError" in why_nothing_comes(provider, Reply(reset=True), kind=ProviderUnavailableError)


@every(ANYBODY)
def test_429_without_retry_after(provider: Provider) -> None:
    words = why_nothing_comes(provider, Reply(status=429), kind=ProviderThrottledError)

    assert "throttles us without saying for how long" in words


@every(ALL)
def test_429_with_retry_after(provider: Provider) -> None:
    limit, good = Reply(status=429, headers={"Retry-After": "5"}), Reply(provider.answer(DAYS))
    with serving({provider.path: [limit, good]}) as outside:
        fetched = provider.fetch(outside.web())

    assert len(fetched.frame) == provider.rows
    assert 5.0 in outside.slept


@every(ALL)
def test_429_with_a_retry_after_beyond_the_deadline(provider: Provider) -> None:
    limit = Reply(status=429, headers={"Retry-After": "86400"})

    assert "for 86400 s" in why_nothing_comes(provider, limit, kind=ProviderThrottledError)


@every(ALL)
def test_401(provider: Provider) -> None:
    words = why_nothing_comes(provider, Reply(status=401), kind=ProviderRefusedError)

    assert "refuses us (HTTP 401)" in words
    assert "s3cr3t" not in words


@every(KEYED)
def test_403_names_the_key(provider: Provider) -> None:
    words = why_nothing_comes(provider, Reply(status=403), kind=ProviderRefusedError)

    assert "Correct the key in SOME_API_KEY" in words


@every(ALL)
def test_404(provider: Provider) -> None:
    assert "HTTP 404" in why_nothing_comes(provider, Reply(status=404))


@every(ANYBODY)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx(provider: Provider, status: int) -> None:
    words = why_nothing_comes(provider, Reply(status=status, body=HTML), kind=ProviderUnavailableError)

    assert f"HTTP {status}" in words


@every(ALL)
def test_html_with_status_200(provider: Provider) -> None:
    assert "HTML instead of data" in why_nothing_comes(provider, Reply(HTML), kind=ProviderUnavailableError)


@every(JSON)
def test_truncated_json(provider: Provider) -> None:
    half = Reply(provider.answer(DAYS)[:-10])

    assert "JSONDecodeError" in why_nothing_comes(provider, half, kind=ProviderUnavailableError)


@every(ALL)
def test_a_body_shorter_than_announced(provider: Provider) -> None:
    cut = Reply(provider.answer(DAYS), cut=True)

    assert "ProtocolError" in why_nothing_comes(provider, cut, kind=ProviderUnavailableError)


@every(ANYBODY)
def test_an_empty_body(provider: Provider) -> None:
    assert "did not deliver" in why_nothing_comes(provider, Reply(""), kind=ProviderUnavailableError)


@every(DATED)
def test_an_empty_result(provider: Provider) -> None:
    assert "it has no rows" in why_nothing_comes(provider, Reply(provider.answer([])))


@every(ALL)
def test_slow_provider_with_a_deadline(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = ("apewisdom", "bls", "cboe", "finnhub", "fred", "nyfed", "treasury")
    for module in modules:
        monkeypatch.setattr(f"options_signals.sources.{module}.SECONDS", 0.4)
    dripping = Reply(provider.answer(DAYS) + " " * 200, drip_seconds=0.05)

    with serving({provider.path: dripping}) as outside:
        began = time.monotonic()
        with pytest.raises(ProviderUnavailableError, match="TimeoutError"):
            provider.fetch(outside.web(real_time=True))

    assert time.monotonic() - began < 3.0  # the whole answer takes more than ten


@every(ANYBODY)
def test_down_for_three_days_and_back(provider: Provider) -> None:
    weather = [Reply(status=503)]
    with serving({provider.path: lambda _: weather[0]}) as outside:
        source = outside.web()
        for _ in range(3):
            with pytest.raises(ProviderUnavailableError, match="HTTP 503"):
                provider.fetch(source)
        weather[0] = Reply(provider.answer(DAYS))
        fetched = provider.fetch(source)

    assert len(fetched.frame) == provider.rows


@every(DATED | YAHOO_ROWS)
def test_out_of_order_rows(provider: Provider) -> None:
    with serving({provider.path: provider.answer(DAYS)}) as outside:
        ordered = provider.fetch(outside.web()).frame
    with serving({provider.path: provider.answer([DAYS[2], DAYS[0], DAYS[1]])}) as outside:
        shuffled = provider.fetch(outside.web()).frame

    pd.testing.assert_frame_equal(ordered, shuffled)


@every(DATED | YAHOO_ROWS)
def test_duplicated_rows(provider: Provider) -> None:
    with serving({provider.path: provider.answer([*DAYS, *DAYS])}) as outside:
        fetched = provider.fetch(outside.web())

    assert len(fetched.frame) == provider.rows
    assert fetched.failures == {}


@every(DAILY)
def test_dates_shifted_by_a_time_zone(provider: Provider) -> None:
    assert "2022-11-20 is no weekday" in why_nothing_comes(provider, Reply(provider.answer(SHIFTED)))


# --- Yahoo's own ways: its library asks again with other cookies, and tells no Retry-After ---


@every(YAHOO)
@pytest.mark.parametrize("status", [401, 403])
def test_a_crumb_that_yahoo_takes_no_more(provider: Provider, status: int) -> None:
    words = why_nothing_comes(provider, Reply(status=status, body="{}"), kind=ProviderUnavailableError)

    assert f"HTTP {status}" in words


@every(YAHOO)
def test_html_from_yahoo(provider: Provider) -> None:
    assert "JSONDecodeError" in why_nothing_comes(provider, Reply(HTML), kind=ProviderUnavailableError)


@every(YAHOO)
def test_a_body_from_yahoo_shorter_than_announced(provider: Provider) -> None:
    cut = Reply(provider.answer(DAYS), cut=True)

    assert "ChunkedEncodingError" in why_nothing_comes(provider, cut, kind=ProviderUnavailableError)


@every(YAHOO)
def test_a_symbol_that_yahoo_does_not_know(provider: Provider) -> None:
    content = {"result": None, "error": {"code": "Not Found", "description": "No data found"}}
    unknown = json.dumps(dict.fromkeys(("chart", "optionChain", "quoteSummary"), content))

    assert "Yahoo says: No data found" in why_nothing_comes(provider, Reply(unknown, status=404))


@every(YAHOO)
def test_a_form_of_answer_that_nobody_knows(provider: Provider) -> None:
    assert "KeyError" in why_nothing_comes(provider, Reply('{"other": []}'), kind=ProviderUnavailableError)


@every(YAHOO)
def test_a_slow_yahoo_with_a_deadline(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for question in ("BARS", "CHAIN", "EARNINGS", "DIVIDENDS"):
        monkeypatch.setattr(f"options_signals.sources.yahoo.{question}_SECONDS", 0.4)
    late = Reply(provider.answer(DAYS), late_seconds=5.0)

    with serving({provider.path: late}) as outside:
        began = time.monotonic()
        with pytest.raises(ProviderUnavailableError):
            provider.fetch(outside.web(real_time=True))
        seconds = time.monotonic() - began

    assert seconds < 3.0
