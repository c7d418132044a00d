"""A whole evening over HTTP: every provider of the live world on this machine."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from options_signals import snapshot
from options_signals.features.inputs import DAILY_SERIES
from options_signals.jobs import ledger
from options_signals.jobs.messages import Fetch
from options_signals.jobs.publish_signals import Outcome
from options_signals.settings import Settings
from options_signals.signals import Signal
from options_signals.sources.base import Sources
from options_signals.sources.live import open_live
from options_signals.tickets import Ticket

from tests.e2e.day import EAGER, TICKERS, World, simulated
from tests.local.shell import Shell
from tests.sources import bodies, yahoo_server
from tests.sources.web_server import AFTER_CLOSE, Replies, Reply, Request, serving

TRADING = {"tickers": TICKERS, "decision": EAGER, "risk": {"account_usd": 250_000}}
FIRST, SESSION = dt.date(2019, 6, 3), dt.date(2022, 11, 23)
DOWN = Reply(status=503)


def days_of(frame: pd.DataFrame, column: str) -> list[str]:
    return list(frame[column].dt.strftime("%Y-%m-%d"))


def _charts() -> dict[str, str]:
    frame = simulated().bars.bars(TICKERS, first=FIRST, last=SESSION).frame
    charts = {}
    for ticker, bars in frame.groupby("ticker"):
        prices = bars[["open", "high", "low", "close", "volume"]].to_numpy().tolist()
        rows = [(day, *row) for day, row in zip(days_of(bars, "session"), prices, strict=True)]
        charts[str(ticker)] = yahoo_server.chart(
            rows, instrument="ETF", dividends={"2022-03-18": 1.4, "2022-06-17": 1.5}
        )
    levels = simulated().vol_indices.vol_indices(["VIX", "VIX3M", "VXN"], first=SESSION, last=SESSION).frame
    for index, close in zip(levels["index"], levels["close"], strict=True):
        charts[f"^{index}"] = yahoo_server.chart([yahoo_server.bar(str(SESSION), close)])
    return charts


def _options() -> dict[str, yahoo_server.Answers]:
    source = simulated().chain
    assert source is not None
    chains = source.chain(TICKERS, session=SESSION).frame
    return {str(ticker): yahoo_server.chain_answers(rows) for ticker, rows in chains.groupby("underlying")}


def _finnhub(wrong: str = "") -> dict[str, Replies]:
    """With a key: closes, headlines and dates of announcements; one close is 1 % off."""
    bars = simulated().bars.bars(TICKERS, first=SESSION, last=SESSION).frame
    closes = dict(zip(bars["ticker"], bars["close"], strict=True))

    def quote(request: Request) -> str:
        ticker = request.query["symbol"]
        return bodies.quote(closes[ticker] * (1.01 if ticker == wrong else 1.0), "2022-11-23T16:00:00-05:00")

    headlines = bodies.news([("2022-11-22T15:00:00+00:00", "Shares surge on great results")])
    return {
        "v1/quote": quote,
        "news-sentiment": Reply(status=403),
        "v1/news": headlines,
        "company-news": headlines,
        "calendar/earnings": bodies.calendar([]),
    }


def _cboe() -> Callable[[Request], str]:
    indices = ["VIX", "VIX3M", "VXN", "RVX"]
    frame = simulated().vol_indices.vol_indices(indices, first=FIRST, last=SESSION).frame
    files = {
        f"{index}_History.csv": bodies.cboe([*zip(days_of(rows, "session"), rows["close"], strict=True)])
        for index, rows in frame.groupby("index")
    }
    return lambda request: files[request.path.rsplit("/", 1)[-1]]


def _macro() -> dict[str, Replies]:
    source = simulated().macro
    assert source is not None
    frame = source.macro([*DAILY_SERIES, "UNRATE", "CPIAUCSL"], first=FIRST, last=SESSION).frame
    by_series = {str(name): rows for name, rows in frame.groupby("series")}

    def curve(names: Mapping[str, str]) -> str:
        rows: dict[str, dict[str, str]] = {}
        for series, maturity in names.items():
            for day, value in zip(days_of(by_series[series], "observed_on"), by_series[series]["value"], strict=True):
                rows.setdefault(day, {"NEW_DATE": f"{day}T00:00:00"})[maturity] = str(value)
        return bodies.treasury([row for day, row in rows.items() if dt.date.fromisoformat(day).weekday() < 5])

    def months(series: str) -> list[tuple[str, str, str]]:
        rows = by_series[series]
        return [
            (str(day.year), f"M{day.month:02}", str(value))
            for day, value in zip(rows["observed_on"], rows["value"], strict=True)
        ]

    nominal = curve({"DGS3MO": "BC_3MONTH", "DGS2": "BC_2YEAR", "DGS10": "BC_10YEAR"})
    real = curve({"DFII10": "TC_10YEAR"})
    weekdays = by_series["DFF"][by_series["DFF"]["observed_on"].dt.day_of_week < 5]
    return {
        "pages/xml": lambda request: real if "real" in request.query["data"] else nominal,
        "effr/search.json": bodies.nyfed([*zip(days_of(weekdays, "observed_on"), weekdays["value"], strict=True)]),
        "timeseries/data/": bodies.bls({"LNS14000000": months("UNRATE"), "CUSR0000SA0": months("CPIAUCSL")}),
    }


@pytest.fixture(scope="module")
def replies() -> dict[str, Replies]:
    return {"_History.csv": _cboe(), **_macro()}


@contextmanager
def live(folder: Path, replies: Mapping[str, Replies], *, keys: Mapping[str, str] | None = None) -> Iterator[Sources]:
    with yahoo_server.serving(_charts(), options=_options()) as yahoo, serving(replies) as outside:
        prices = yahoo.source(folder, now=AFTER_CLOSE)
        sources = open_live(outside.web(), keys=keys or {}, cache_folder=folder, yahoo=prices)
        yield replace(sources, world="simulated")  # the numbers are, and so are the models at hand


def committed(world: World) -> snapshot.Manifest:
    return snapshot.newest_manifest(world.store, "live", SESSION)


@pytest.mark.slow
def test_an_evening_with_free_providers_and_no_key_sends_a_digest(
    replies: Mapping[str, Replies], tmp_path: Path
) -> None:
    with live(tmp_path, replies) as sources:
        world = World(sources=sources, settings=Settings.model_validate(TRADING))
        outcome = world.day()

    manifest = committed(world)
    taken = ledger.decisions(world.table, "live", SESSION)
    assert isinstance(outcome, Outcome)
    assert {type(signal.ticket) for signal in taken if isinstance(signal, Signal)} == {Ticket}
    assert {verdict.status for verdict in manifest.verdicts.values()} == {"ok"}
    assert not any(name.startswith(("bars", "macro", "vol_indices")) for name in manifest.absent)
    fetched = {name: table.origin.source for name, table in manifest.tables.items() if name != "iv_history"}
    assert fetched == {
        "bars": "Yahoo Finance",
        "vol_indices": "Cboe",
        "macro": "New York Fed; US Treasury; Cboe; BLS",
        "chain": "Yahoo Finance",
        "dividends": "Yahoo Finance, those to come as last paid",
    }
    assert any("earnings (Yahoo Finance: no calendar of SPY" in absent for absent in manifest.absent)  # of a fund


@pytest.mark.slow
def test_with_a_key_a_second_provider_confirms_the_closes_or_costs_the_ticker(
    replies: Mapping[str, Replies], tmp_path: Path
) -> None:
    with live(tmp_path, {**replies, **_finnhub(wrong="QQQ")}, keys={"FINNHUB_API_KEY": "s3cr3t"}) as sources:
        world = World(sources=sources)
        world.day()

    verdicts = committed(world).verdicts
    assert verdicts["SPY"].status == verdicts["IWM"].status == "ok"
    assert verdicts["QQQ"].status == "refused"
    assert "two sources disagree on the close of 2022-11-23: Yahoo Finance says" in verdicts["QQQ"].reasons[0]
    assert "Finnhub" in committed(world).tables["sentiment"].origin.source


@pytest.mark.slow
def test_the_command_line_fetches_the_live_world_without_any_key(
    replies: Mapping[str, Replies], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGNALS_HOME", str(tmp_path / "home"))
    for key in ("FINNHUB_API_KEY", "FRED_API_KEY", "BLS_API_KEY"):
        monkeypatch.delenv(key, raising=False)

    with live(tmp_path, replies) as sources:
        monkeypatch.setattr("options_signals.sources.live.open_live", lambda *_, **__: sources)
        answer = Shell(monkeypatch, capsys).json("fetch", "--source", "live", "--session", str(SESSION))

    assert {verdict["status"] for verdict in answer["verdicts"].values()} == {"ok"}
    assert {"bars", "vol_indices", "macro", "chain", "dividends"} <= set(answer["tables"])


@pytest.mark.slow
def test_an_index_that_nobody_delivers_refuses_its_ticker_and_the_next_slot_heals(
    replies: Mapping[str, Replies], tmp_path: Path
) -> None:
    files = _cboe()
    weather: dict[str, Reply] = {"RVX": DOWN}

    def cboe(request: Request) -> str | Reply:
        return weather.get(request.path.rsplit("/", 1)[-1].removesuffix("_History.csv")) or files(request)

    with live(tmp_path, {**replies, "_History.csv": cboe}) as sources:
        world = World(sources=sources)
        world.day()
        weather.clear()
        healed = World(sources=sources)
        healed.day()

    assert committed(world).verdicts["IWM"].status == "refused"
    assert "RVX has no value" in committed(world).verdicts["IWM"].reasons[0]
    assert committed(world).verdicts["SPY"].status == "ok"
    assert committed(healed).verdicts["IWM"].status == "ok"


@pytest.mark.slow
def test_a_macro_provider_that_is_down_costs_no_ticker(replies: Mapping[str, Replies], tmp_path: Path) -> None:
    with live(tmp_path, {**replies, "timeseries/data/": DOWN}) as sources:
        world = World(sources=sources)
        outcome = world.day()

    assert not isinstance(outcome, Fetch)
    macro = snapshot.read_table(world.store, "macro", committed(world).tables["macro"])
    assert "UNRATE" not in set(macro["series"])
    assert "DGS10" in set(macro["series"])
