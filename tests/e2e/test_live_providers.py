"""A whole evening over HTTP: every provider of the live world on this machine, no key."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from options_signals import snapshot
from options_signals.features.inputs import DAILY_SERIES
from options_signals.jobs.messages import Fetch
from options_signals.jobs.publish_signals import Outcome
from options_signals.sources.base import Sources
from options_signals.sources.live import open_live

from tests.e2e.day import TICKERS, World, simulated
from tests.sources import bodies, yahoo_server
from tests.sources.web_server import AFTER_CLOSE, Replies, Reply, Request, serving

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
        charts[str(ticker)] = yahoo_server.chart(rows)
    return charts


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
def live(folder: Path, replies: Mapping[str, Replies]) -> Iterator[Sources]:
    with yahoo_server.serving(_charts()) as yahoo, serving(replies) as outside:
        prices = yahoo.source(folder, now=AFTER_CLOSE)
        sources = open_live(outside.web(), keys={}, cache_folder=folder, yahoo=prices)
        yield replace(sources, world="simulated")  # the numbers are, and so are the models at hand


def committed(world: World) -> snapshot.Manifest:
    return snapshot.newest_manifest(world.store, "live", SESSION)


@pytest.mark.slow
def test_an_evening_with_free_providers_and_no_key_sends_a_digest(
    replies: Mapping[str, Replies], tmp_path: Path
) -> None:
    with live(tmp_path, replies) as sources:
        world = World(sources=sources)
        outcome = world.day()

    manifest = committed(world)
    assert isinstance(outcome, Outcome)
    assert {verdict.status for verdict in manifest.verdicts.values()} == {"ok"}
    assert not any(name.startswith(("bars", "macro", "vol_indices")) for name in manifest.absent)
    assert {name: table.origin.source for name, table in manifest.tables.items()} == {
        "bars": "Yahoo Finance",
        "vol_indices": "Cboe",
        "macro": "New York Fed; US Treasury; Cboe; BLS",
    }


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
