import datetime as dt
import hashlib
import os
from pathlib import Path

import pandas as pd
import pytest
from options_signals.errors import FolderError, TableError
from options_signals.sources.files import FilesSource

FIRST, LAST = dt.date(2022, 11, 21), dt.date(2022, 11, 25)
HEADER = "date,open,high,low,close,volume\n"
MONDAY_TO_WEDNESDAY = HEADER + (
    "2022-11-21,394.6,395.8,392.7,394.6,1000\n"
    "2022-11-22,396.6,400.1,395.1,399.9,1100\n"
    "2022-11-23,399.6,402.9,399.3,402.4,1200\n"
)
INDEX_HEADER = "date,open,high,low,close\n"


def write(folder: Path, name: str, text: str) -> FilesSource:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return FilesSource(folder)


def universe(folder: Path, name: str, close: float, *symbols: str) -> FilesSource:
    rows = "".join(f"{symbol},2022-11-23,1,9,1,{close},5\n" for symbol in symbols)
    return write(folder, f"universe/{name}.csv", "symbol," + HEADER + rows)


def failure(source: FilesSource, ticker: str = "SPY") -> str:
    return source.bars([ticker], first=FIRST, last=LAST).failures[ticker]


def closes(source: FilesSource, *tickers: str) -> dict[str, float]:
    frame = source.bars(tickers, first=FIRST, last=LAST).frame
    return dict(zip(frame["ticker"], frame["close"], strict=True))


def test_a_csv_file_of_own_data_becomes_bars(tmp_path: Path) -> None:
    frame = write(tmp_path, "prices/SPY.csv", MONDAY_TO_WEDNESDAY).bars(["SPY"], first=FIRST, last=LAST).frame

    assert list(frame["session"].dt.day) == [21, 22, 23]
    assert list(frame["close"]) == [394.6, 399.9, 402.4]
    assert "adj_close" not in frame


def test_a_parquet_file_says_the_same_as_a_csv_file(tmp_path: Path) -> None:
    from_csv = write(tmp_path / "csv", "prices/SPY.csv", MONDAY_TO_WEDNESDAY)
    (tmp_path / "parquet/prices").mkdir(parents=True)
    table = pd.read_csv(tmp_path / "csv/prices/SPY.csv", parse_dates=["date"])
    table.to_parquet(tmp_path / "parquet/prices/SPY.parquet")

    pd.testing.assert_frame_equal(
        FilesSource(tmp_path / "parquet").bars(["SPY"], first=FIRST, last=LAST).frame,
        from_csv.bars(["SPY"], first=FIRST, last=LAST).frame,
    )


def test_nothing_after_the_last_session_asked_for_is_returned(tmp_path: Path) -> None:
    source = write(tmp_path, "prices/SPY.csv", MONDAY_TO_WEDNESDAY)

    until_tuesday = source.bars(["SPY"], first=FIRST, last=dt.date(2022, 11, 22)).frame

    assert list(until_tuesday["session"].dt.day) == [21, 22]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "2022-11-24x,1,1,1,1,1\n",
            "column date in row 5 of the file: found '2022-11-24x', allowed: a date",
        ),
        (
            "2022-11-25,1,1,1,1 USD,1\n",
            "column close in row 5 of the file: found '1 USD', allowed: a number",
        ),
        ("2022-11-25,1,1,1,inf,1\n", "column close in row 3 (SPY 2022-11-25): found inf, allowed: a finite number"),
        ("2022-11-23,1,1,1,1,1\n", "column symbol, date: found 'SPY 2022-11-23', allowed: one row per key"),
    ],
)
def test_a_wrong_cell_is_named_with_its_row_its_value_and_what_is_allowed(
    line: str, words: str, tmp_path: Path
) -> None:
    said = failure(write(tmp_path, "prices/SPY.csv", MONDAY_TO_WEDNESDAY + line))

    assert said.startswith("table prices/SPY.csv, ")
    assert words in said
    assert "Correct the source of the data" in said


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    said = failure(write(tmp_path, "prices/SPY.csv", "date,open,high,low,close\n2022-11-23,1,1,1,1\n"))

    assert "table prices/SPY.csv, column volume: found 'no such column'" in said


def test_an_unknown_column_is_refused_because_it_may_be_a_misspelt_one(tmp_path: Path) -> None:
    said = failure(
        write(tmp_path, "prices/SPY.csv", "date,open,high,low,close,volume,adjclose\n2022-11-23,1,1,1,1,1,1\n")
    )

    assert "column adjclose: found 'an unknown column'" in said


@pytest.mark.parametrize("name", ["SPY.csv", "SPY.parquet"])
def test_a_file_that_is_no_table_is_named(name: str, tmp_path: Path) -> None:
    said = failure(write(tmp_path, f"prices/{name}", ""))

    assert f"prices/{name} is damaged" in said
    assert "with the columns date, open, high, low, close, volume, found" in said
    assert said.endswith("Export it again.")


def test_a_file_of_many_without_symbols_is_named(tmp_path: Path) -> None:
    said = failure(write(tmp_path, "universe/etfs_raw.csv", HEADER + "2022-11-23,1,1,1,1,1\n"))

    assert "universe/etfs_raw.csv is damaged: expected a csv table with the columns symbol, date, open" in said


def test_a_file_without_rows_is_a_failure(tmp_path: Path) -> None:
    assert failure(write(tmp_path, "prices/SPY.csv", HEADER)) == "it has no rows from 2022-11-21 to 2022-11-25"


def test_na_is_a_ticker_and_no_unknown_value(tmp_path: Path) -> None:
    assert closes(universe(tmp_path, "sp500_daily", 7.0, "NA"), "NA") == {"NA": 7.0}
    assert "found 'NA', allowed: a number" in failure(
        write(tmp_path, "prices/SPY.csv", HEADER + "2022-11-23,1,1,1,NA,1\n")
    )


def test_one_broken_file_does_not_cost_the_others(tmp_path: Path) -> None:
    write(tmp_path, "prices/QQQ.csv", MONDAY_TO_WEDNESDAY)
    source = write(tmp_path, "prices/SPY.csv", "nonsense")

    assert closes(source, "SPY", "QQQ") == {"QQQ": 402.4}


def test_a_broken_file_is_not_silently_replaced_by_another(tmp_path: Path) -> None:
    universe(tmp_path, "etfs_raw", 7.0, "SPY")
    source = write(tmp_path, "prices/SPY.csv", "nonsense")

    assert closes(source, "SPY") == {}


def test_one_broken_ticker_in_a_file_of_many_does_not_cost_the_others(tmp_path: Path) -> None:
    universe(tmp_path, "sp500_daily", 7.0, "AAPL", "AAPL", "MSFT")

    fetched = FilesSource(tmp_path).bars(["AAPL", "MSFT"], first=FIRST, last=LAST)

    assert set(fetched.frame["ticker"]) == {"MSFT"}
    assert "table universe/sp500_daily.csv, column symbol, date" in fetched.failures["AAPL"]


def test_two_files_of_one_ticker_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "prices/SPY.csv", MONDAY_TO_WEDNESDAY)
    source = write(tmp_path, "prices/SPY.parquet", "")

    assert "prices/SPY is ['SPY.parquet', 'SPY.csv']; allowed: one file. Remove one of them." in failure(source)


def test_a_ticker_is_looked_for_in_prices_first_and_then_in_the_universe_files_in_their_order(tmp_path: Path) -> None:
    write(tmp_path, "prices/A.csv", HEADER + "2022-11-23,1,9,1,1,5\n")
    universe(tmp_path, "etfs_raw", 2.0, "A", "B")
    universe(tmp_path, "sp500_daily", 3.0, "A", "B", "C")
    source = universe(tmp_path, "large_caps_ibkr", 4.0, "A", "B", "C", "D")

    assert closes(source, "A", "B", "C", "D") == {"A": 1.0, "B": 2.0, "C": 3.0, "D": 4.0}


def test_prices_adjusted_for_dividends_are_never_taken_for_traded_ones(tmp_path: Path) -> None:
    assert closes(universe(tmp_path, "etfs_raw", 2.0, "XLB"), "XLB") == {"XLB": 2.0}

    (tmp_path / "universe/etfs_raw.csv").rename(tmp_path / "universe/sector_etfs_adjusted.csv")

    assert closes(FilesSource(tmp_path), "XLB") == {}


def test_index_values_of_an_exchange_holiday_are_left_out(tmp_path: Path) -> None:
    text = INDEX_HEADER + "2022-11-23,20,21,19,20.4\n2022-11-24,20,21,19,20.9\n2022-11-25,20,21,19,20.5\n"
    source = write(tmp_path, "vol_indices/VIX.csv", text)

    frame = source.vol_indices(["VIX"], first=FIRST, last=LAST).frame

    assert list(frame["session"].dt.day) == [23, 25]  # Thanksgiving was the 24th


def test_an_index_of_which_only_the_close_is_published_has_unknown_extremes(tmp_path: Path) -> None:
    source = write(tmp_path, "vol_indices/VVIX.csv", INDEX_HEADER + "2022-11-23,,,,81.4\n")

    row = source.vol_indices(["VVIX"], first=FIRST, last=LAST).frame.iloc[0]

    assert row["close"] == 81.4
    assert row[["open", "high", "low"]].isna().all()


def test_a_missing_index_is_a_failure_and_no_other_takes_its_place(tmp_path: Path) -> None:
    source = write(tmp_path, "vol_indices/VIX.csv", INDEX_HEADER + "2022-11-23,20,21,19,20.4\n")

    fetched = source.vol_indices(["VIX", "VXN"], first=FIRST, last=LAST)

    assert set(fetched.frame["index"]) == {"VIX"}
    assert fetched.failures == {"VXN": "no file vol_indices/VXN.parquet or .csv"}


def test_a_macro_value_is_dated_by_when_it_was_known(tmp_path: Path) -> None:
    source = write(tmp_path, "macro/CPIAUCSL.csv", "date,value\n2022-09-01,296.3\n2022-10-01,298.0\n")

    before = source.macro(["CPIAUCSL"], first=dt.date(2022, 10, 1), last=dt.date(2022, 11, 22)).frame
    after = source.macro(["CPIAUCSL"], first=dt.date(2022, 10, 1), last=dt.date(2022, 11, 23)).frame

    assert list(before["value"]) == [296.3]
    assert list(after["value"]) == [296.3, 298.0]


def test_a_vendor_that_knows_when_a_value_was_published_is_believed(tmp_path: Path) -> None:
    source = write(tmp_path, "macro/CPIAUCSL.csv", "date,value,available_on\n2022-10-01,298.0,2022-11-10\n")

    frame = source.macro(["CPIAUCSL"], first=FIRST - dt.timedelta(days=30), last=dt.date(2022, 11, 10)).frame

    assert list(frame["available_on"].dt.day) == [10]


def test_equal_contents_have_one_digest_wherever_and_whenever_they_lie(tmp_path: Path) -> None:
    one = write(tmp_path / "one", "prices/SPY.csv", MONDAY_TO_WEDNESDAY)
    two = write(tmp_path / "two", "prices/SPY.csv", MONDAY_TO_WEDNESDAY)
    os.utime(tmp_path / "two/prices/SPY.csv", (0, 0))
    write(tmp_path / "two", "notes/README.csv", "of no concern")
    more = write(tmp_path / "more", "prices/SPY.csv", MONDAY_TO_WEDNESDAY + "2022-11-25,1,1,1,1,1\n")

    assert one.digest == two.digest
    assert one.digest != more.digest
    assert len(one.digest) == 12


def test_the_digest_covers_names_too(tmp_path: Path) -> None:
    spy = write(tmp_path / "one", "prices/SPY.csv", MONDAY_TO_WEDNESDAY)
    qqq = write(tmp_path / "two", "prices/QQQ.csv", MONDAY_TO_WEDNESDAY)

    assert spy.digest != qqq.digest
    assert hashlib.sha256(b"").hexdigest()[:12] not in (spy.digest, qqq.digest)


def test_data_is_as_old_as_its_newest_session_however_new_the_file(tmp_path: Path) -> None:
    source = write(tmp_path, "prices/SPY.csv", MONDAY_TO_WEDNESDAY)

    origin = source.bars(["SPY"], first=FIRST, last=dt.date(2023, 1, 31)).origin

    assert origin.captured_at == dt.datetime(2022, 11, 23, 21, 0, tzinfo=dt.UTC)
    assert origin.source == f"files:{source.digest}"


def test_a_folder_that_is_not_there_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"nowhere: no such folder. It needs prices/<TICKER>.parquet or .csv"):
        FilesSource(tmp_path / "nowhere")


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday_pictures").mkdir()

    with pytest.raises(FolderError, match="no such data in it"):
        FilesSource(tmp_path)


EARNINGS_HEADER = "symbol,date,release_time,eps_estimate,eps_actual\n"


def announcements(source: FilesSource, *tickers: str) -> pd.DataFrame:
    return source.earnings(tickers, first=dt.date(2022, 1, 1), last=dt.date(2022, 12, 31)).frame


def test_announcements_are_read_with_their_time_of_release_or_as_of_unknown_time(tmp_path: Path) -> None:
    source = write(
        tmp_path,
        "earnings/earnings_history.csv",
        EARNINGS_HEADER + "NVDA,2022-05-25,post,1.29,1.36\nNVDA,2022-08-24,,1.26,\nFB,2022-04-27,post,2.56,2.72\n",
    )

    frame = announcements(source, "NVDA")

    assert list(frame["announced_on"].dt.date) == [dt.date(2022, 5, 25), dt.date(2022, 8, 24)]
    assert frame["release_time"].isna().tolist() == [False, True]
    assert frame["eps_actual"].isna().tolist() == [False, True]
    assert list(frame["known_on"].dt.date) == [dt.date(2022, 5, 11), dt.date(2022, 8, 10)]  # ten sessions ahead


def test_what_a_file_says_of_when_a_date_was_known_is_believed(tmp_path: Path) -> None:
    header = "symbol,date,release_time,known_on\n"
    source = write(tmp_path, "earnings/earnings_dates.csv", header + "NVDA,2022-05-25,post,2022-05-20\n")

    assert list(announcements(source, "NVDA")["known_on"].dt.date) == [dt.date(2022, 5, 20)]


def test_what_meta_announced_under_its_former_name_is_delivered_with_it(tmp_path: Path) -> None:
    source = write(
        tmp_path,
        "earnings/earnings_history.csv",
        EARNINGS_HEADER + "FB,2022-04-27,post,2.56,2.72\nMETA,2022-07-27,post,2.59,2.46\n",
    )

    assert list(announcements(source, "META")["ticker"]) == ["FB", "META"]
    assert list(announcements(source, "NVDA")["ticker"]) == []


def test_a_date_of_both_files_of_announcements_is_taken_from_the_history(tmp_path: Path) -> None:
    write(tmp_path, "earnings/earnings_history.csv", EARNINGS_HEADER + "NVDA,2022-05-25,post,1.29,1.36\n")
    source = write(
        tmp_path, "earnings/earnings_dates.csv", "symbol,date,release_time\nNVDA,2022-05-25,pre\nNVDA,2022-08-24,post\n"
    )

    frame = announcements(source, "NVDA")

    assert list(frame["release_time"]) == ["post", "post"]
    assert list(frame["announced_on"].dt.month) == [5, 8]


def test_a_company_without_announcements_is_a_failure(tmp_path: Path) -> None:
    source = write(tmp_path, "earnings/earnings_history.csv", EARNINGS_HEADER + "NVDA,2022-05-25,post,1.29,1.36\n")

    fetched = source.earnings(["NVDA", "KO"], first=dt.date(2022, 1, 1), last=dt.date(2022, 12, 31))

    assert fetched.failures == {"KO": "it has no rows from 2022-01-01 to 2022-12-31"}


def test_a_time_of_release_that_is_none_is_named(tmp_path: Path) -> None:
    source = write(tmp_path, "earnings/earnings_history.csv", EARNINGS_HEADER + "NVDA,2022-05-25,noon,1.29,1.36\n")

    with pytest.raises(TableError, match="noon"):
        announcements(source, "NVDA")
