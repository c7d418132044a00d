import datetime as dt
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from options_signals.errors import FolderError, ProviderThrottledError, ProviderUnavailableError
from options_signals.sources.yahoo import YahooSource

from tests.sources.yahoo_server import FakeYahoo, at_midnight_utc, at_the_open, bar, chart, serving

TUESDAY, WEDNESDAY = dt.date(2022, 11, 22), dt.date(2022, 11, 23)
HERE = str(Path(__file__).parent)
AFTER_CLOSE = "2022-11-23T16:45:00-05:00"
TWO_DAYS = chart([bar("2022-11-22", 100.0), bar("2022-11-23", 102.0)])
HTML = "<!doctype html><html><body>Will be right back</body></html>"


def bars(yahoo: FakeYahoo, folder: Path, *tickers: str, now: str = AFTER_CLOSE) -> pd.DataFrame:
    return yahoo.source(folder, now=now).bars(tickers, first=TUESDAY, last=WEDNESDAY).frame


def test_bars_are_the_traded_prices_with_the_total_return_beside_them(tmp_path: Path) -> None:
    with serving({"SPY": TWO_DAYS}) as yahoo:
        last = bars(yahoo, tmp_path, "SPY").iloc[-1]

    assert last.to_dict() == {
        "ticker": "SPY",
        "session": pd.Timestamp("2022-11-23"),
        "open": 101.0,
        "high": 104.0,
        "low": 100.0,
        "close": 102.0,
        "adj_close": 51.0,
        "volume": 1_000_000.0,
    }


@pytest.mark.parametrize("stamp", [at_the_open, at_midnight_utc])
@pytest.mark.parametrize("day", ["2022-11-23", "2022-07-05"])  # winter and summer time
def test_a_bar_belongs_to_its_new_york_date(stamp: Callable[[str], int], day: str, tmp_path: Path) -> None:
    session = dt.date.fromisoformat(day)
    with serving({"SPY": chart([bar(day, 100.0)], stamps=[stamp(day)])}) as yahoo:
        frame = yahoo.source(tmp_path, now=AFTER_CLOSE).bars(["SPY"], first=session, last=session).frame

    assert list(frame["session"]) == [pd.Timestamp(day)]


@pytest.mark.parametrize("now", ["2022-11-23T12:00:00-05:00", "2022-11-23T16:10:00-05:00"])
def test_the_bar_of_a_session_in_progress_is_not_taken_for_a_finished_one(now: str, tmp_path: Path) -> None:
    with serving({"SPY": TWO_DAYS}) as yahoo:
        during, after = bars(yahoo, tmp_path, "SPY", now=now), bars(yahoo, tmp_path, "SPY")

    assert list(during["session"].dt.date) == [TUESDAY]
    assert list(after["session"].dt.date) == [TUESDAY, WEDNESDAY]


def test_a_half_day_has_settled_at_half_past_one(tmp_path: Path) -> None:
    black_friday = dt.date(2022, 11, 25)
    with serving({"SPY": chart([bar("2022-11-25", 100.0)])}) as yahoo:
        source = yahoo.source(tmp_path, now="2022-11-25T13:30:00-05:00")
        frame = source.bars(["SPY"], first=black_friday, last=black_friday).frame

    assert len(frame) == 1


def test_the_live_bar_beside_the_daily_one_replaces_it(tmp_path: Path) -> None:
    daily, live = bar("2022-11-23", 102.0), (*bar("2022-11-23", 102.0)[:5], 1_000_777.0)
    with serving({"SPY": chart([daily, live])}) as yahoo:
        frame = bars(yahoo, tmp_path, "SPY")

    assert list(frame["volume"]) == [1_000_777.0]


def test_two_bars_that_contradict_each_other_cost_the_ticker(tmp_path: Path) -> None:
    with serving({"SPY": chart([bar("2022-11-23", 102.0), bar("2022-11-23", 103.0)]), "QQQ": TWO_DAYS}) as yahoo:
        fetched = yahoo.source(tmp_path, now=AFTER_CLOSE).bars(["SPY", "QQQ"], first=TUESDAY, last=WEDNESDAY)

    assert set(fetched.frame["ticker"]) == {"QQQ"}
    assert "one row per key" in fetched.failures["SPY"]


def test_an_unknown_price_stays_unknown(tmp_path: Path) -> None:
    with serving({"SPY": chart([("2022-11-23", None, None, None, None, 5.0)])}) as yahoo:
        frame = bars(yahoo, tmp_path, "SPY")

    assert frame[["open", "high", "low", "close", "adj_close"]].isna().all(axis=None)


def test_an_unknown_ticker_is_a_failure_in_yahoos_words_and_the_others_are_delivered(tmp_path: Path) -> None:
    with serving({"SPY": TWO_DAYS}) as yahoo:
        fetched = yahoo.source(tmp_path, now=AFTER_CLOSE).bars(["SPY", "GONE"], first=TUESDAY, last=WEDNESDAY)

    assert set(fetched.frame["ticker"]) == {"SPY"}
    assert fetched.failures == {
        "GONE": "no chart of GONE in Yahoo Finance. "
        "Yahoo says: No data found, symbol may be delisted. Check the ticker, or drop it."
    }


def test_a_price_in_another_currency_is_refused(tmp_path: Path) -> None:
    with serving({"TD": chart([bar("2022-11-23", 90.0)], currency="CAD")}) as yahoo:
        fetched = yahoo.source(tmp_path, now=AFTER_CLOSE).bars(["TD"], first=TUESDAY, last=WEDNESDAY)

    assert fetched.frame.empty
    assert "currency of TD is 'CAD'; allowed: USD" in fetched.failures["TD"]


def test_a_share_class_is_asked_for_with_a_dash(tmp_path: Path) -> None:
    with serving({"BRK-B": TWO_DAYS}) as yahoo:
        frame = bars(yahoo, tmp_path, "BRK.B")

    assert set(frame["ticker"]) == {"BRK.B"}


def test_indices_are_asked_for_with_a_caret_and_rvx_is_not_carried(tmp_path: Path) -> None:
    with serving({"^VIX": TWO_DAYS}) as yahoo:
        source = yahoo.source(tmp_path, now=AFTER_CLOSE)
        fetched = source.vol_indices(["VIX", "RVX"], first=TUESDAY, last=WEDNESDAY)

    assert list(fetched.frame["close"]) == [100.0, 102.0]
    assert fetched.failures == {"RVX": "Yahoo does not carry it"}


def test_an_index_without_a_close_is_missing_that_session(tmp_path: Path) -> None:
    rows = [bar("2022-11-22", 20.0), ("2022-11-23", None, None, None, None, 0.0)]
    with serving({"^VIX": chart(rows)}) as yahoo:
        frame = yahoo.source(tmp_path, now=AFTER_CLOSE).vol_indices(["VIX"], first=TUESDAY, last=WEDNESDAY).frame

    assert list(frame["session"].dt.date) == [TUESDAY]


@pytest.mark.parametrize("bad", [(503, HTML), (200, HTML), (200, TWO_DAYS[:80]), (200, "{}"), (401, "{}")])
def test_a_passing_fault_is_asked_again_until_it_is_gone(bad: tuple[int, str], tmp_path: Path) -> None:
    # A refused request is asked twice at once by the library itself, with fresh cookies.
    with serving({"SPY": [bad, bad, (200, TWO_DAYS)]}) as yahoo:
        frame = bars(yahoo, tmp_path, "SPY")

    assert len(frame) == 2


@pytest.mark.parametrize("bad", [(503, HTML), (200, HTML), (200, TWO_DAYS[:80]), (200, "{}"), (403, "{}")])
def test_a_provider_that_answers_nonsense_for_ever_is_unavailable(bad: tuple[int, str], tmp_path: Path) -> None:
    with serving({"SPY": bad}) as yahoo, pytest.raises(ProviderUnavailableError, match="Yahoo Finance did not deliver"):
        bars(yahoo, tmp_path, "SPY")


def test_a_provider_that_hangs_up_is_unavailable(tmp_path: Path) -> None:
    with serving({}) as gone:
        pass

    with pytest.raises(ProviderUnavailableError, match="ConnectionError"):
        bars(gone, tmp_path, "SPY")


def test_a_line_that_swallows_everything_ends_at_the_deadline_the_librarys_cookies_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("options_signals.sources.yahoo.BARS_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        source = YahooSource(clock=lambda: dt.datetime.fromisoformat(AFTER_CLOSE), cache_folder=tmp_path)
        began = time.monotonic()
        with pytest.raises(ProviderUnavailableError, match="Timeout"):
            source.bars(["SPY"], first=TUESDAY, last=WEDNESDAY)
        seconds = time.monotonic() - began

    assert seconds < 3.0


def test_one_ticker_without_an_answer_does_not_cost_the_others(tmp_path: Path) -> None:
    with serving({"SPY": (503, HTML), "QQQ": TWO_DAYS}) as yahoo:
        fetched = yahoo.source(tmp_path, now=AFTER_CLOSE).bars(["SPY", "QQQ"], first=TUESDAY, last=WEDNESDAY)

    assert set(fetched.frame["ticker"]) == {"QQQ"}
    assert fetched.failures == {"SPY": "SPY: HTTP 503"}


def test_after_three_tickers_in_a_row_without_an_answer_no_more_are_asked(tmp_path: Path) -> None:
    dead = dict.fromkeys(["A", "B", "C", "D"], (503, HTML))

    with serving(dead) as yahoo, pytest.raises(ProviderUnavailableError):
        bars(yahoo, tmp_path, *dead)

    assert "C" in yahoo.asked
    assert "D" not in yahoo.asked


def test_a_throttling_provider_is_asked_again_with_growing_jittered_pauses_and_then_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("options_signals.sources.yahoo.PAUSE_SECONDS", 0.0)
    with serving({"SPY": (429, "Too Many Requests")}) as yahoo, pytest.raises(ProviderThrottledError):
        bars(yahoo, tmp_path, "SPY", "QQQ")

    assert len(yahoo.slept) == 2
    assert all(0 <= pause <= 2 for pause in yahoo.slept)
    assert "QQQ" not in yahoo.asked


def test_bars_that_are_not_complete_in_time_are_unavailable_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("options_signals.sources.yahoo.BARS_SECONDS", 0.4)  # two requests, a quarter apart
    many = dict.fromkeys(["A", "B", "C", "D"], TWO_DAYS)

    with serving(many) as yahoo:
        assert len(bars(yahoo, tmp_path, "A", "B")) == 4
        with pytest.raises(ProviderUnavailableError, match=r"C: not asked, its 0.4 s are over"):
            bars(yahoo, tmp_path, *many)


def test_requests_are_paced(tmp_path: Path) -> None:
    with serving({"SPY": TWO_DAYS, "QQQ": TWO_DAYS}) as yahoo:
        bars(yahoo, tmp_path, "SPY", "QQQ")

    assert yahoo.slept == [0.25]


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    with serving({"SPY": TWO_DAYS, "QQQ": TWO_DAYS}) as yahoo:
        bars(yahoo, tmp_path, "SPY", "QQQ")

    assert yahoo.asked == ["SPY", "QQQ"]


def test_nothing_is_written_outside_the_cache_folder(tmp_path: Path) -> None:
    home, cache = tmp_path / "home", tmp_path / "cache"
    home.mkdir()
    program = (
        "import datetime as dt, sys\n"
        "from pathlib import Path\n"
        "from yahoo_server import FakeYahoo\n"
        "source = FakeYahoo(int(sys.argv[1]), [], []).source(Path(sys.argv[2]), now=sys.argv[3])\n"
        "print(len(source.bars(['SPY'], first=dt.date(2022, 11, 22), last=dt.date(2022, 11, 23)).frame))\n"
    )

    with serving({"SPY": TWO_DAYS}) as yahoo:
        run = subprocess.run(
            [sys.executable, "-c", program, str(yahoo.port), str(cache), AFTER_CLOSE],
            env={
                **os.environ,
                "HOME": str(home),
                "XDG_CACHE_HOME": str(home),
                "PYTHONPATH": str(Path(__file__).parent),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.stderr == ""

    assert run.stdout == "2\n"
    assert [path.name for path in cache.glob("*.db")] == ["cookies.db"]
    assert list(home.iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")

    with pytest.raises(FolderError, match=r"cannot make the cache folder .*taken: File exists"):
        YahooSource(clock=lambda: dt.datetime.now(dt.UTC), cache_folder=taken)


def test_the_origin_says_when_it_was_fetched_and_on_what_terms(tmp_path: Path) -> None:
    with serving({"SPY": TWO_DAYS}) as yahoo:
        origin = yahoo.source(tmp_path, now=AFTER_CLOSE).bars(["SPY"], first=TUESDAY, last=WEDNESDAY).origin

    assert origin.source == "Yahoo Finance"
    assert origin.captured_at == dt.datetime(2022, 11, 23, 21, 45, tzinfo=dt.UTC)
    assert "no redistribution" in origin.rights
