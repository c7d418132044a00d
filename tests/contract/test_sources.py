"""What every source keeps, whoever is behind it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from _pytest.mark import ParameterSet
from options_signals import sessions
from options_signals.sources.base import Fetched
from options_signals.sources.cboe import CboeSource
from options_signals.sources.files import FilesSource
from options_signals.sources.finnhub import FinnhubSource
from options_signals.sources.fred import FredSource
from options_signals.sources.http import ApiKey
from options_signals.sources.live import open_live
from options_signals.sources.simulated import SimulatedSource
from options_signals.sources.treasury import TreasurySource
from options_signals.tables import TABLES, Table, validate

from tests.chains import flat_chain
from tests.sources import bodies, yahoo_server
from tests.sources.web_server import Replies, serving

FIRST, LAST = dt.date(2022, 11, 21), dt.date(2022, 11, 23)
TO_FRIDAY = dt.date(2022, 11, 25)  # Thanksgiving between
# Each source holds these days, a holiday and a day after the last one asked for among them.
HELD = [f"2022-11-{day}" for day in (18, 21, 22, 23, 24, 25)]


CARRIED = {
    "simulated": ("bars", "vol_indices", "macro", "chain"),
    "files": ("bars", "vol_indices", "macro"),
    "yahoo": ("bars", "vol_indices", "chain", "earnings", "dividends"),
    "cboe": ("vol_indices",),
    "treasury": ("macro",),
    "fred": ("macro",),
    "finnhub": ("earnings",),
    "live": ("bars", "vol_indices", "macro", "chain", "earnings", "dividends"),
}
AFTER_CLOSE = "2022-11-23T16:45:00-05:00"
MONDAY = "2022-11-28T09:00:00-05:00"
WORKDAYS = [day for day in HELD if day != "2022-11-24"]
CHART = yahoo_server.chart(
    [yahoo_server.bar(day, 100.0 + n) for n, day in enumerate(HELD)],
    stamps=[*map(yahoo_server.at_midnight_utc, HELD)],
    dividends=dict.fromkeys(HELD, 0.25),
)
SUMMARY = yahoo_server.summary(
    ["2022-11-25T16:30:00"], calls=["2022-11-22T17:00:00"], quarters={"2022-09-30": (1.3, 1.2)}
)
WEB: dict[str, Replies] = {
    "_History.csv": bodies.cboe([(day, 20.0) for day in HELD]),
    "pages/xml": bodies.treasury(
        [{"NEW_DATE": f"{day}T00:00:00", "BC_2YEAR": "4.5", "BC_10YEAR": "3.8"} for day in WORKDAYS]
    ),
    "calendar/earnings": lambda request: bodies.calendar(
        [bodies.announcement(day, "amc", symbol=request.query["symbol"]) for day in HELD]
        if request.query["symbol"] in {"SPY", "QQQ"}
        else []
    ),
    "series/observations": bodies.fred([(day, "3.8") for day in WORKDAYS]),
}
KNOWN = {"vol_indices": ("VIX", "VXN"), "macro": ("DGS10", "DGS2")}
TICKERS = ("SPY", "QQQ")


@dataclass(frozen=True)
class Case:
    """One table of one source."""

    source: object  # with the method below
    name: str

    @property
    def table(self) -> Table:
        return TABLES[self.name]

    @property
    def known(self) -> tuple[str, str]:
        return KNOWN.get(self.name, TICKERS)

    @property
    def name_column(self) -> str:
        return "underlying" if self.name == "chain" else self.table.key[0]

    def fetch(self, *names: str, last: dt.date = LAST) -> Fetched:
        span = {"session": last} if self.name == "chain" else {"first": FIRST, "last": last}
        fetched: Fetched = getattr(self.source, self.name)(names, **span)
        return fetched


def _cases(names: tuple[str, ...]) -> list[ParameterSet]:
    pairs = [(source, name) for source, carried in CARRIED.items() for name in carried if name in names]
    return [pytest.param(pair, id="-".join(pair)) for pair in pairs]


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    source, name = request.param
    if source == "simulated":
        yield Case(SimulatedSource(), name)
    elif source == "files":
        yield Case(FilesSource(_folder(tmp_path)), name)
    else:
        with (
            yahoo_server.serving(
                dict.fromkeys(["SPY", "QQQ", "^VIX", "^VXN"], CHART),
                options={one: yahoo_server.chain_answers(flat_chain(underlying=one)) for one in TICKERS},
                summaries=dict.fromkeys(TICKERS, SUMMARY),
            ) as here,
            serving(WEB) as outside,
        ):
            now = AFTER_CLOSE if name == "chain" else MONDAY
            yahoo, web = here.source(tmp_path, now=now), outside.web(now=now)
            world = open_live(web, keys={}, cache_folder=tmp_path, yahoo=yahoo)
            sources: dict[str, object] = {
                "yahoo": yahoo,
                "cboe": CboeSource(web),
                "treasury": TreasurySource(web),
                "fred": FredSource(web, key=ApiKey(name="FRED_API_KEY", value="s3cr3t")),
                "finnhub": FinnhubSource(web, key=ApiKey(name="FINNHUB_API_KEY", value="s3cr3t")),
                "live": getattr(world, name),
            }
            yield Case(sources[source], name)


every_table = pytest.mark.parametrize("case", _cases(tuple(TABLES)), indirect=True)
every_table_of_days = pytest.mark.parametrize(
    "case", _cases(tuple(name for name in TABLES if name != "chain")), indirect=True
)
every_table_of_sessions = pytest.mark.parametrize("case", _cases(("bars", "vol_indices")), indirect=True)


def _folder(folder: Path) -> Path:
    prices = "date,open,high,low,close,adj_close,volume\n" + "".join(f"{day},9,11,8,10,5,100\n" for day in HELD)
    indices = "date,open,high,low,close\n" + "".join(f"{day},20,21,19,20\n" for day in HELD)
    macro = "date,value\n" + "".join(f"{day},3.8\n" for day in HELD if day != "2022-11-24")
    files = {"prices/SPY": prices, "prices/QQQ": prices, "vol_indices/VIX": indices, "vol_indices/VXN": indices}
    for name, text in {**files, "macro/DGS10": macro, "macro/DGS2": macro}.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


@every_table
def test_what_is_delivered_keeps_the_tables_schema(case: Case) -> None:
    frame = case.fetch(*case.known).frame

    assert len(frame) >= 2
    pd.testing.assert_frame_equal(validate(case.table, frame), frame)


@every_table_of_days
def test_nothing_outside_the_span_asked_for_is_delivered(case: Case) -> None:
    day = case.table.key[-1]
    longer = case.fetch(*case.known, last=TO_FRIDAY).frame
    frame = case.fetch(*case.known).frame

    assert longer[day].max() == pd.Timestamp(TO_FRIDAY)
    assert frame[day].between(pd.Timestamp(FIRST), pd.Timestamp(LAST)).all()
    assert len(frame) < len(longer)


@every_table_of_sessions
def test_there_is_a_row_for_every_session_and_none_for_a_holiday(case: Case) -> None:
    frame = case.fetch(*case.known, last=TO_FRIDAY).frame

    assert list(frame["session"].dt.date) == 2 * sessions.between(FIRST, TO_FRIDAY)


@every_table
def test_unknown_names_are_failures_and_the_others_are_delivered(case: Case) -> None:
    first, second = case.known

    fetched = case.fetch("no such", first, "nor this", second)

    assert set(fetched.frame[case.name_column]) == {first, second}
    assert set(fetched.failures) == {"no such", "nor this"}
    assert all(fetched.failures.values())


@every_table
def test_only_unknown_names_give_an_empty_table(case: Case) -> None:
    fetched = case.fetch("no such", "nor this")

    assert fetched.frame.empty
    assert set(case.table.key) <= set(fetched.frame.columns)
    assert set(fetched.failures) == {"no such", "nor this"}


@every_table
def test_neither_order_nor_repetition_changes_the_answer(case: Case) -> None:
    first, second = case.known

    one = case.fetch(first, second)
    other = case.fetch(second, first, second)

    pd.testing.assert_frame_equal(one.frame, other.frame)
    assert one.origin == other.origin


@every_table
def test_a_table_says_where_it_came_from_when_and_on_what_terms(case: Case) -> None:
    origin = case.fetch(*case.known).origin

    assert origin.source
    assert origin.rights
    assert origin.captured_at.utcoffset() == dt.timedelta(0)
    assert origin.captured_at >= sessions.close_of(LAST)
