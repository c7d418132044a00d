"""What the sources make of real data; skipped where the folder is absent."""

import datetime as dt
import os
from pathlib import Path

import pytest
from options_signals import sessions
from options_signals.sources.files import FilesSource

from tests.sources.yahoo_server import serving

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / os.environ.get("SIGNALS_MARKET_DATA", "../shared/data")
pytestmark = [
    pytest.mark.market_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no market data in {FOLDER}; set SIGNALS_MARKET_DATA"),
]


@pytest.fixture(scope="module")
def market() -> FilesSource:
    return FilesSource(FOLDER)


@pytest.mark.parametrize(
    ("ticker", "listed"),
    [("SPY", dt.date(1993, 1, 29)), ("QQQ", dt.date(1999, 3, 10)), ("IWM", dt.date(2000, 5, 26))],
)
def test_a_ticker_is_complete_for_every_session_since_its_listing(
    market: FilesSource, ticker: str, listed: dt.date
) -> None:
    last = dt.date(2022, 11, 23)

    frame = market.bars([ticker], first=dt.date(1993, 1, 1), last=last).frame

    assert list(frame["session"].dt.date) == sessions.between(listed, last)
    assert frame.notna().all(axis=None)


def test_the_close_is_the_traded_one(market: FilesSource) -> None:
    low = dt.date(2020, 3, 23)

    assert market.bars(["SPY"], first=low, last=low).frame["close"].item() == pytest.approx(222.95)


def test_the_inflation_of_october_2022_is_not_known_before_its_release(market: FilesSource) -> None:
    the_day_before, the_day = dt.date(2022, 11, 22), dt.date(2022, 11, 23)
    first = dt.date(2022, 1, 1)

    before = market.macro(["CPIAUCSL"], first=first, last=the_day_before).frame["observed_on"].max()
    after = market.macro(["CPIAUCSL"], first=first, last=the_day).frame["observed_on"].max()

    assert (before.month, after.month) == (9, 10)


def test_a_session_that_an_index_misses_stays_missing(market: FilesSource) -> None:
    frame = market.vol_indices(["RVX", "VIX"], first=dt.date(2018, 4, 30), last=dt.date(2018, 5, 2)).frame

    assert list(frame.loc[frame["index"] == "RVX", "session"].dt.day) == [30, 2]
    assert list(frame.loc[frame["index"] == "VIX", "session"].dt.day) == [30, 1, 2]


def test_index_values_of_juneteenth_are_left_out(market: FilesSource) -> None:
    frame = market.vol_indices(["VIX"], first=dt.date(2022, 6, 17), last=dt.date(2022, 6, 21)).frame

    assert list(frame["session"].dt.day) == [17, 21]


def test_dia_comes_from_the_traded_prices_and_sector_funds_are_not_offered(market: FilesSource) -> None:
    fetched = market.bars(["DIA", "XLB"], first=dt.date(2022, 11, 21), last=dt.date(2022, 11, 23))

    assert set(fetched.frame["ticker"]) == {"DIA"}
    assert set(fetched.failures) == {"XLB"}


def recorded(name: str) -> str:
    return (FOLDER / f"responses/yahoo_v8_chart_{name}.json").read_text()


@pytest.mark.parametrize(
    ("ticker", "name", "first", "last"),
    [
        ("NVDA", "NVDA_2021_split", dt.date(2021, 2, 1), dt.date(2022, 1, 28)),
        ("MSFT", "MSFT_2021_dividends", dt.date(2021, 2, 1), dt.date(2022, 1, 28)),
        ("AAPL", "AAPL_2020-08-31_2020-11-07", dt.date(2020, 8, 31), dt.date(2020, 11, 6)),
    ],
)
def test_a_recorded_chart_is_complete_for_its_sessions(
    ticker: str, name: str, first: dt.date, last: dt.date, tmp_path: Path
) -> None:
    with serving({ticker: recorded(name)}) as yahoo:
        source = yahoo.source(tmp_path, now="2025-02-24T16:45:00-05:00")
        frame = source.bars([ticker], first=first, last=last).frame

    assert list(frame["session"].dt.date) == sessions.between(first, last)
    assert frame.notna().all(axis=None)


def test_a_recorded_chart_agrees_with_another_vendor(market: FilesSource, tmp_path: Path) -> None:
    first, last = dt.date(2021, 2, 1), dt.date(2022, 1, 28)
    with serving({"MSFT": recorded("MSFT_2021_dividends")}) as yahoo:
        theirs = yahoo.source(tmp_path, now="2025-02-24T16:45:00-05:00").bars(["MSFT"], first=first, last=last).frame
    ours = market.bars(["MSFT"], first=first, last=last).frame

    assert list(theirs["close"]) == pytest.approx(list(ours["close"]), rel=1e-4)


def test_the_adjusted_close_falls_behind_the_close_before_each_dividend(tmp_path: Path) -> None:
    first, last = dt.date(2021, 2, 1), dt.date(2022, 1, 28)
    with serving({"MSFT": recorded("MSFT_2021_dividends")}) as yahoo:
        frame = yahoo.source(tmp_path, now="2025-02-24T16:45:00-05:00").bars(["MSFT"], first=first, last=last).frame
    ratio = (frame["adj_close"] / frame["close"]).round(5)

    assert ratio.is_monotonic_increasing
    assert ratio.nunique() == 5  # four dividends in between


def test_a_recorded_weekend_holds_no_bars(tmp_path: Path) -> None:
    saturday, monday = dt.date(2020, 8, 29), dt.date(2020, 8, 31)
    with serving({"AAPL": recorded("AAPL_weekend_no_data")}) as yahoo:
        fetched = yahoo.source(tmp_path, now="2025-02-24T16:45:00-05:00").bars(["AAPL"], first=saturday, last=monday)

    assert fetched.frame.empty
    assert fetched.failures == {"AAPL": "it has no rows from 2020-08-29 to 2020-08-31"}


def test_a_recorded_fund_in_canadian_dollars_is_refused(tmp_path: Path) -> None:
    day = dt.date(2020, 1, 2)
    with serving({"FUND": recorded("mutual_fund_one_bar")}) as yahoo:
        fetched = yahoo.source(tmp_path, now="2025-02-24T16:45:00-05:00").bars(["FUND"], first=day, last=day)

    assert "is 'CAD'; allowed: USD" in fetched.failures["FUND"]
