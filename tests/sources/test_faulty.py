import datetime as dt

import pytest
from options_signals.errors import ProviderUnavailableError
from options_signals.sources.base import Fetched, Sources
from options_signals.sources.registry import open_source

from tests.sources.faulty import (
    Fault,
    down,
    duplicated,
    missing,
    non_positive,
    short_history,
    stale,
    with_bars,
    with_indices,
    without_last_bar,
)

FIRST, LAST = dt.date(2022, 11, 14), dt.date(2022, 11, 23)
SOUND = open_source("simulated", clock=lambda: dt.datetime(2022, 11, 23, 22, tzinfo=dt.UTC))


def bars(sources: Sources) -> Fetched:
    return sources.bars.bars(["SPY", "QQQ"], first=FIRST, last=LAST)


@pytest.mark.parametrize(
    ("fault", "rows", "newest"),
    [
        (without_last_bar("SPY"), 7, 22),
        (stale("SPY", sessions=3), 5, 18),
        (short_history("SPY", sessions=2), 2, 23),
        (non_positive("SPY"), 8, 23),
        (missing("SPY"), 0, None),
        (duplicated("SPY"), 0, None),
    ],
)
def test_a_fault_in_one_ticker_leaves_the_other_alone(fault: Fault, rows: int, newest: int | None) -> None:
    faulty, sound = bars(with_bars(SOUND, fault)).frame, bars(SOUND).frame
    spy = faulty[faulty["ticker"] == "SPY"]

    assert len(sound) == 16
    assert len(spy) == rows
    assert newest is None or spy["session"].max().day == newest
    assert faulty[faulty["ticker"] == "QQQ"]["close"].tolist() == sound[sound["ticker"] == "QQQ"]["close"].tolist()


def test_a_price_that_is_none_stands_in_the_last_bar_only() -> None:
    spy = bars(with_bars(SOUND, non_positive("SPY", price=-1.0))).frame.query("ticker == 'SPY'")

    assert spy["close"].iloc[-1] == -1.0
    assert (spy["close"].iloc[:-1] > 0).all()


def test_a_missing_index_is_among_the_failures() -> None:
    fetched = with_indices(SOUND, missing("VIX")).vol_indices.vol_indices(["VIX", "VXN"], first=FIRST, last=LAST)

    assert set(fetched.frame["index"]) == {"VXN"}
    assert fetched.failures == {"VIX": "no such name"}


def test_a_provider_that_is_down_delivers_nothing() -> None:
    with pytest.raises(ProviderUnavailableError, match="connection refused"):
        bars(with_bars(SOUND, down))
