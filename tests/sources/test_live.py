import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pytest
from options_signals.errors import InvalidValueError, ProviderRefusedError, ProviderUnavailableError
from options_signals.features.inputs import DAILY_SERIES
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, Sources
from options_signals.sources.live import PROVIDER_OF, open_live
from options_signals.sources.registry import open_source
from options_signals.sources.several import FirstThenSecond
from options_signals.tables import SENTIMENT, VOL_INDICES, validate

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
from tests.sources.web_server import AFTER_CLOSE, Outside, Replies, Reply, Request, serving

TUESDAY, WEDNESDAY = dt.date(2022, 11, 22), dt.date(2022, 11, 23)
NOON = dt.datetime(2022, 11, 23, 17, tzinfo=dt.UTC)
DAYS = ["2022-11-21", "2022-11-22", "2022-11-23"]
ALL_SERIES = [*DAILY_SERIES, "UNRATE", "CPIAUCSL"]
CURVE = treasury(
    [
        {"NEW_DATE": f"{day}T00:00:00", "BC_3MONTH": "4.3", "BC_2YEAR": "4.5", "BC_10YEAR": "3.8", "TC_10YEAR": "1.5"}
        for day in DAYS
    ]
)
OUTSIDE: Mapping[str, Replies] = {
    "_History.csv": cboe([(day, 21.0) for day in DAYS]),
    "pages/xml": CURVE,
    "effr/search.json": nyfed([(day, 3.83) for day in DAYS]),
    "timeseries/data/": bls({"LNS14000000": [("2022", "M09", "3.5")], "CUSR0000SA0": [("2022", "M10", "298.062")]}),
    "series/observations": fred([(day, "3.8") for day in DAYS]),
    "calendar/earnings": lambda request: calendar(
        [announcement("2022-12-15", "amc")] if request.query["symbol"] == "AAPL" else []
    ),
    "v1/quote": quote(20.0, "2022-11-23T16:00:00-05:00"),
    "news-sentiment": news_sentiment(bullish=0.75, bearish=0.25, articles=20, buzz=0.5),
    "page/1": apewisdom([("AAPL", 120, 80)]),
}


class Live:
    """The live world with every provider on this machine."""

    def __init__(
        self, folder: Path, other: Mapping[str, Replies], *, keys: Mapping[str, str], vintages: bool | None
    ) -> None:
        self._stack = ExitStack()
        self.outside: Outside = self._stack.enter_context(serving({**OUTSIDE, **other}))
        body = yahoo_server.chart([yahoo_server.bar(day, 20.0) for day in DAYS])
        reports = yahoo_server.summary(["2022-12-14T16:30:00"])
        yahoo = self._stack.enter_context(
            yahoo_server.serving(
                dict.fromkeys(["SPY", "^VIX", "^VXN"], body), summaries=dict.fromkeys(["AAPL", "KO"], reports)
            )
        )
        self.sources: Sources = open_live(
            self.outside.web(),
            keys=keys,
            cache_folder=folder,
            fred_vintages=vintages,
            yahoo=yahoo.source(folder, now=AFTER_CLOSE),
        )

    def macro(self) -> Fetched:
        with self._stack:
            assert self.sources.macro is not None
            return self.sources.macro.macro(ALL_SERIES, first=dt.date(2022, 10, 1), last=WEDNESDAY)

    def vol_indices(self, *indices: str) -> Fetched:
        with self._stack:
            return self.sources.vol_indices.vol_indices(indices, first=TUESDAY, last=WEDNESDAY)

    def second_vol_indices(self, *indices: str) -> Fetched:
        with self._stack:
            assert self.sources.second_vol_indices is not None
            return self.sources.second_vol_indices.vol_indices(indices, first=WEDNESDAY, last=WEDNESDAY)

    def earnings(self, *tickers: str) -> Fetched:
        with self._stack:
            assert self.sources.earnings is not None
            return self.sources.earnings.earnings(tickers, first=WEDNESDAY, last=dt.date(2022, 12, 31))

    def second_bars(self, *tickers: str) -> Fetched:
        with self._stack:
            assert self.sources.second_bars is not None
            return self.sources.second_bars.bars(tickers, first=WEDNESDAY, last=WEDNESDAY)

    def sentiment(self, *tickers: str) -> Fetched:
        with self._stack:
            assert self.sources.sentiment is not None
            return self.sources.sentiment.sentiment(tickers, first=WEDNESDAY, last=WEDNESDAY)


PATHS = {
    "cboe": "_History.csv",
    "treasury": "pages/xml",
    "nyfed": "effr/search.json",
    "bls": "timeseries/data/",
    "finnhub": "news-sentiment",
    "calendar": "calendar/earnings",
    "apewisdom": "page/1",
}
FINNHUB = {"FINNHUB_API_KEY": "s3cr3t"}


def live(
    folder: Path,
    replies: Mapping[str, Replies] | None = None,
    *,
    vintages: bool | None = None,
    keys: Mapping[str, str] | None = None,
) -> Live:
    """The live world, some of its providers answering otherwise."""
    other = {PATHS[name]: reply for name, reply in (replies or {}).items()}
    return Live(folder, other, keys=keys or {}, vintages=vintages)


DOWN = Reply(status=503)


def test_all_ten_series_come_without_any_key(tmp_path: Path) -> None:
    fetched = live(tmp_path).macro()

    assert set(fetched.frame["series"]) == set(ALL_SERIES) == set(PROVIDER_OF)
    assert fetched.failures == {}
    assert fetched.origin.source == "New York Fed; US Treasury; Cboe; BLS"
    assert "copyright Cboe" in fetched.origin.rights


@pytest.mark.parametrize("down", ["nyfed", "treasury", "cboe", "bls"])
def test_a_provider_that_is_down_costs_its_own_series(down: str, tmp_path: Path) -> None:
    fetched = live(tmp_path, {down: DOWN}).macro()

    lost = {series for series, provider in PROVIDER_OF.items() if provider == down}
    assert lost
    assert set(fetched.frame["series"]) == set(ALL_SERIES) - lost
    assert set(fetched.failures) == lost
    assert all("HTTP 503" in why for why in fetched.failures.values())


def test_macro_series_are_unavailable_when_nobody_delivers(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnavailableError):
        live(tmp_path, dict.fromkeys(["nyfed", "treasury", "cboe", "bls"], DOWN)).macro()


def test_fred_is_asked_only_by_who_accepts_its_terms(tmp_path: Path) -> None:
    without, accepted = live(tmp_path), live(tmp_path, vintages=False, keys={"FRED_API_KEY": "s3cr3t"})

    without.macro()
    fetched = accepted.macro()

    assert {request.host for request in accepted.outside.asked} == {"api.stlouisfed.org"}
    assert "api.stlouisfed.org" not in {request.host for request in without.outside.asked}
    assert fetched.origin.source == "FRED"


def test_indices_come_from_cboe_where_it_has_them(tmp_path: Path) -> None:
    fetched = live(tmp_path).vol_indices("VIX", "RVX")

    assert set(fetched.frame["index"]) == {"VIX", "RVX"}
    assert set(fetched.frame["close"]) == {21.0}
    assert fetched.origin.source == "Cboe"


def test_an_index_that_cboe_has_not_up_to_date_comes_from_yahoo_as_a_whole_and_says_so(tmp_path: Path) -> None:
    def files(request: Request) -> str:
        return cboe([(day, 21.0) for day in (DAYS[:2] if "VXN" in request.path else DAYS)])

    fetched = live(tmp_path, {"cboe": files}).vol_indices("VIX", "VXN")

    closes = fetched.frame.groupby("index")["close"].agg(list).to_dict()
    assert closes == {"VIX": [21.0, 21.0], "VXN": [20.0, 20.0]}
    assert fetched.origin.source == "Cboe; Yahoo Finance for VXN"
    assert "no redistribution" in fetched.origin.rights


def test_an_index_that_nobody_has_up_to_date_stays_as_cboe_has_it(tmp_path: Path) -> None:
    def files(request: Request) -> str:
        return cboe([(day, 21.0) for day in (DAYS[:2] if "RVX" in request.path else DAYS)])

    fetched = live(tmp_path, {"cboe": files}).vol_indices("VIX", "RVX")

    assert list(fetched.frame.loc[fetched.frame["index"] == "RVX", "session"].dt.date) == [TUESDAY]
    assert fetched.origin.source == "Cboe"


@pytest.mark.parametrize(("reply", "why"), [(DOWN, "HTTP 503"), (Reply(status=403), "refuses us")])
def test_when_cboe_is_down_yahoo_stands_in_and_the_origin_says_why(reply: Reply, why: str, tmp_path: Path) -> None:
    fetched = live(tmp_path, {"cboe": reply}).vol_indices("VIX", "RVX")

    assert set(fetched.frame["index"]) == {"VIX"}
    assert fetched.failures == {"RVX": "Yahoo does not carry it"}
    assert fetched.origin.source.startswith("Yahoo Finance (Cboe ")
    assert why in fetched.origin.source


class Indices:
    """A source of closes by index and day of November 2022, or of an error."""

    def __init__(self, closes: Mapping[str, Mapping[int, float]] | Exception) -> None:
        self.closes = closes

    def vol_indices(self, indices: Sequence[str], **_: dt.date) -> Fetched:
        if isinstance(self.closes, Exception):
            raise self.closes
        rows = [
            {"index": index, "session": dt.date(2022, 11, day), "close": close, "open": None, "high": None, "low": None}
            for index in indices
            for day, close in self.closes.get(index, {}).items()
        ]
        names = [column.name for column in VOL_INDICES.columns]
        frame = validate(VOL_INDICES, pd.DataFrame(rows, columns=names))
        origin = Origin(source="somebody", captured_at=NOON, rights="all")
        return Fetched(frame=frame, origin=origin, failures=dict.fromkeys(set(indices) - set(frame["index"]), "none"))


def test_what_the_first_delivers_stands_when_the_second_is_down() -> None:
    both = FirstThenSecond(
        Indices({"VIX": {22: 21.0, 23: 20.0}}), Indices(ProviderUnavailableError(provider="B", detail="down"))
    )

    fetched = both.vol_indices(["VIX", "VXN"], first=TUESDAY, last=WEDNESDAY)

    assert list(fetched.frame["close"]) == [21.0, 20.0]
    assert fetched.failures["VXN"].startswith("none; B did not deliver: down")


def test_a_second_provider_can_contradict_the_closes_of_volatility_indices(tmp_path: Path) -> None:
    closes = live(tmp_path).second_vol_indices("VIX", "RVX")

    assert closes.frame["close"].tolist() == [20.0]  # Cboe says 21.0
    assert closes.failures == {}  # nothing is said of what it never carries


def test_the_second_provider_is_offered_before_any_is_opened(tmp_path: Path) -> None:
    assert open_source("live", clock=lambda: NOON, cache_folder=tmp_path, environ={}).second_vol_indices is not None


def test_both_down_is_down() -> None:
    down = Indices(ProviderUnavailableError(provider="B", detail="down"))

    with pytest.raises(ProviderUnavailableError):
        FirstThenSecond(down, down).vol_indices(["VIX"], first=TUESDAY, last=WEDNESDAY)


def test_news_and_reddit_meet_in_one_row(tmp_path: Path) -> None:
    fetched = live(tmp_path, keys=FINNHUB).sentiment("AAPL", "KO")

    assert list(fetched.frame["bullish_share"]) == [0.75, 0.75]
    assert list(fetched.frame["reddit_mentions"].fillna(-1.0)) == [120.0, -1.0]
    assert fetched.failures == {}
    assert fetched.origin.source == "Finnhub news sentiment; ApeWisdom"
    pd.testing.assert_frame_equal(validate(SENTIMENT, fetched.frame), fetched.frame)


def test_without_a_key_reddit_alone_speaks(tmp_path: Path) -> None:
    fetched = live(tmp_path).sentiment("AAPL", "KO")

    assert set(fetched.frame["ticker"]) == {"AAPL"}
    assert fetched.failures == {"KO": "ApeWisdom does not rank it"}
    assert fetched.origin.source == "ApeWisdom"


def test_a_ticker_nobody_speaks_of_is_a_failure(tmp_path: Path) -> None:
    fetched = live(tmp_path).sentiment("KO")

    assert fetched.frame.empty
    assert fetched.failures == {"KO": "ApeWisdom does not rank it"}
    pd.testing.assert_frame_equal(validate(SENTIMENT, fetched.frame), fetched.frame)


@pytest.mark.parametrize(
    ("reply", "why"), [(DOWN, "HTTP 503"), (Reply(status=401), "Correct the key in FINNHUB_API_KEY")]
)
def test_a_news_provider_that_fails_leaves_its_columns_unknown_and_the_origin_says_why(
    reply: Reply, why: str, tmp_path: Path
) -> None:
    fetched = live(tmp_path, {"finnhub": reply}, keys=FINNHUB).sentiment("AAPL")

    assert fetched.frame["bullish_share"].isna().all()
    assert list(fetched.frame["reddit_mentions"]) == [120.0]
    assert fetched.origin.source.startswith("ApeWisdom (Finnhub ")
    assert why in fetched.origin.source


def test_sentiment_is_unavailable_when_nobody_delivers(tmp_path: Path) -> None:
    with pytest.raises(ProviderRefusedError):
        live(tmp_path, {"finnhub": Reply(status=401), "apewisdom": DOWN}, keys=FINNHUB).sentiment("AAPL")


def days_by_ticker(earnings: Fetched) -> dict[str, str]:
    frame = earnings.frame
    return dict(zip(frame["ticker"], frame["announced_on"].dt.strftime("%m-%d"), strict=True))


def test_without_a_key_announcements_are_yahoos(tmp_path: Path) -> None:
    fetched = live(tmp_path).earnings("AAPL", "KO", "SPY")

    assert days_by_ticker(fetched) == {"AAPL": "12-14", "KO": "12-14"}
    assert fetched.origin.source == "Yahoo Finance"
    assert set(fetched.failures) == {"SPY"}


def test_with_a_key_they_are_finnhubs_and_yahoos_of_whom_finnhub_tells_nothing(tmp_path: Path) -> None:
    fetched = live(tmp_path, keys=FINNHUB).earnings("AAPL", "KO", "SPY")

    assert days_by_ticker(fetched) == {"AAPL": "12-15", "KO": "12-14"}
    assert fetched.origin.source == "Finnhub; Yahoo Finance for KO"
    assert "it has no rows" in fetched.failures["SPY"]
    assert "Yahoo says" in fetched.failures["SPY"]


def test_what_finnhub_tells_of_all_asks_nobody_else(tmp_path: Path) -> None:
    fetched = live(tmp_path, keys=FINNHUB).earnings("AAPL")

    assert days_by_ticker(fetched) == {"AAPL": "12-15"}
    assert fetched.origin.source == "Finnhub"


@pytest.mark.parametrize(
    ("reply", "why"), [(DOWN, "HTTP 503"), (Reply(status=401), "Correct the key in FINNHUB_API_KEY")]
)
def test_where_finnhub_fails_yahoo_stands_in_and_the_origin_says_why(reply: Reply, why: str, tmp_path: Path) -> None:
    fetched = live(tmp_path, {"calendar": reply}, keys=FINNHUB).earnings("AAPL", "KO")

    assert days_by_ticker(fetched) == {"AAPL": "12-14", "KO": "12-14"}
    assert fetched.origin.source.startswith("Yahoo Finance (Finnhub ")
    assert why in fetched.origin.source


def test_with_a_key_closes_are_compared_with_finnhubs(tmp_path: Path) -> None:
    fetched = live(tmp_path, keys=FINNHUB).second_bars("SPY")

    assert fetched.frame["close"].tolist() == [20.0]
    assert fetched.origin.source == "Finnhub"


def opened(spec: str, folder: Path, environ: Mapping[str, str]) -> Sources:
    return open_source(spec, clock=lambda: NOON, cache_folder=folder, environ=environ)


def test_without_a_key_no_second_provider_of_bars_is_offered(tmp_path: Path) -> None:
    assert opened("live", tmp_path, {}).second_bars is None
    assert opened("live", tmp_path, FINNHUB).second_bars is not None
    assert opened("live", tmp_path, {"FINNHUB_API_KEY": ""}).second_bars is None


@pytest.mark.parametrize("spec", ["live", "yahoo"])
def test_chains_earnings_and_dividends_need_no_key(spec: str, tmp_path: Path) -> None:
    sources = opened(spec, tmp_path, {})

    assert None not in {sources.chain, sources.earnings, sources.dividends}


@pytest.mark.parametrize("spec", ["live:macro=fred", "live:fred", "live:terms=accepted"])
def test_fred_without_its_terms_accepted_is_refused(spec: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"live:macro=fred,terms=accepted, .* FRED's terms restrict"):
        opened(spec, tmp_path, {"FRED_API_KEY": "s3cr3t"})


def test_fred_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="FRED_API_KEY is None"):
        opened("live:macro=fred,terms=accepted", tmp_path, {})
    assert opened("live:macro=fred,terms=accepted", tmp_path, {"FRED_API_KEY": "s3cr3t"}).namespace == "live"
