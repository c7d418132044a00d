import datetime as dt
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_signals.errors import NotFoundError, TableError
from options_signals.tables import (
    BARS,
    CHAIN,
    EARNINGS,
    FEATURES,
    MEMORY,
    SENTIMENT,
    TABLES,
    VOL_INDICES,
    Table,
    table_named,
    validate,
)
from pandas.testing import assert_frame_equal


def bars(**changes: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "ticker": ["SPY", "SPY", "QQQ"],
        "session": [date(2022, 11, 22), date(2022, 11, 23), date(2022, 11, 23)],
        "open": [396.6, 399.5, 284.5],
        "high": [400.1, 402.9, 288.6],
        "low": [394.7, 398.8, 284.3],
        "close": [399.9, 402.4, 287.3],
        "volume": [60_429_000, 68_261_600, 41_571_000],
    }
    return pd.DataFrame(columns | changes)


def vol_indices(**changes: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "index": ["VIX"],
        "session": [date(2022, 11, 23)],
        "open": [20.9],
        "high": [21.2],
        "low": [20.1],
        "close": [20.35],
    }
    return pd.DataFrame(columns | changes)


def refusal(table: Table, frame: pd.DataFrame) -> TableError:
    with pytest.raises(TableError) as caught:
        validate(table, frame)
    return caught.value


def test_table_comes_back_sorted_by_its_key_in_its_own_columns_and_kinds() -> None:
    shuffled = bars()[["volume", "close", "session", "low", "high", "open", "ticker"]].iloc[[1, 2, 0]]

    checked = validate(BARS, shuffled)

    assert list(checked) == ["ticker", "session", "open", "high", "low", "close", "volume"]
    assert checked["ticker"].tolist() == ["QQQ", "SPY", "SPY"]
    assert checked["session"].tolist() == [pd.Timestamp(2022, 11, day) for day in (23, 22, 23)]
    assert checked.index.tolist() == [0, 1, 2]
    assert checked.dtypes.astype(str).tolist() == ["str", "datetime64[s]", *["float64"] * 5]


def test_frame_given_is_not_touched() -> None:
    given_frame, before = bars(), bars()

    validate(BARS, given_frame)

    assert_frame_equal(given_frame, before)


@given(st.permutations(range(3)))
def test_order_of_the_rows_does_not_matter(order: list[int]) -> None:
    assert_frame_equal(validate(BARS, bars().iloc[order]), validate(BARS, bars()))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_validating_again_changes_nothing(table: Table) -> None:
    once = validate(table, table.empty())

    assert_frame_equal(validate(table, once), once)
    assert once.dtypes.astype(str).tolist() == [MEMORY[c.kind] for c in table.columns if not c.optional]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_key_is_a_column_that_is_always_known(table: Table) -> None:
    by_name = {column.name: column for column in table.columns}

    assert table.key
    assert not any(by_name[name].nullable or by_name[name].optional for name in table.key)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_column_says_its_unit(table: Table) -> None:
    assert all(column.unit for column in table.columns)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (bars().drop(columns="close"), "close: found 'no such column', allowed: number (USD, traded, split-adjusted)"),
        (
            bars(vwap=1.0),
            "vwap: found 'an unknown column', allowed: ticker, session, open, high, low",
        ),
        (bars(ticker=["SPY", None, "QQQ"]), "ticker in row 1 (nan 2022-11-23): found nan, allowed: a known text"),
        (bars(ticker=["SPY", "", "QQQ"]), "ticker in row 1 ( 2022-11-23): found '', allowed: some text"),
        (bars(ticker=["SPY", "SPY", 7]), "ticker in row 2 (7 2022-11-23): found 7, allowed: text (symbol)"),
        (bars(session=[None, None, None]), "session in row 0 (SPY None): found None, allowed: a known date"),
        (bars(session=[1, 2, 3]), "session in row 0 (SPY 1): found 1, allowed: date (New York date)"),
        (bars(volume=[1, np.inf, 2]), "volume in row 1 (SPY 2022-11-23): found inf, allowed: a finite number"),
        (bars(volume=["5", "6", "7"]), "volume in row 0 (SPY 2022-11-22): found '5', allowed: number (shares)"),
        (bars(volume=[5.0, "n/a", 7]), "volume in row 1 (SPY 2022-11-23): found 'n/a', allowed: number (shares)"),
        (bars(volume=[True, False, True]), "volume in row 0 (SPY 2022-11-22): found True, allowed: number (shares)"),
    ],
)
def test_breach_is_told_with_column_row_value_and_what_is_allowed(frame: pd.DataFrame, told: str) -> None:
    assert str(refusal(BARS, frame)).startswith(f"table bars, column {told}")


def test_value_below_its_limit_is_refused() -> None:
    assert refusal(VOL_INDICES, vol_indices(close=[-0.1])).allowed == ">= 0"
    assert len(validate(VOL_INDICES, vol_indices(close=[0.0]))) == 1


def test_unknown_value_is_refused_only_where_none_may_be() -> None:
    assert validate(BARS, bars(close=[399.9, None, 287.3]))["close"].isna().sum() == 1

    error = refusal(VOL_INDICES, vol_indices(close=[np.nan]))

    assert (error.row, error.allowed) == ("0 (VIX 2022-11-23)", "a known number")


def test_share_above_one_is_refused() -> None:
    captured_at = dt.datetime(2022, 11, 23, 21, 5, tzinfo=dt.UTC)
    unknown = dict.fromkeys(["bearish_share", "articles", "buzz", "reddit_mentions", "reddit_mentions_24h_ago"])
    frame = pd.DataFrame([{"ticker": "SPY", "captured_at": captured_at, "bullish_share": 1.2, **unknown}])

    assert refusal(SENTIMENT, frame).allowed == "<= 1"
    assert len(validate(SENTIMENT, frame.assign(bullish_share=1.0))) == 1


def earnings(**changes: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "ticker": ["AAPL"],
        "announced_on": [date(2022, 10, 27)],
        "release_time": ["post"],
        "eps_estimate": [1.27],
        "eps_actual": [1.29],
        "known_on": [None],
    }
    return pd.DataFrame(columns | changes)


def test_text_outside_its_list_is_refused_and_unknown_text_is_not() -> None:
    assert refusal(EARNINGS, earnings(release_time=["noon"])).allowed == "pre, post"
    assert validate(EARNINGS, earnings(release_time=[None]))["release_time"].isna().all()
    assert validate(EARNINGS, earnings(release_time=[np.nan]))["release_time"].isna().all()


@pytest.mark.parametrize(
    "sessions",
    [
        ["2022-11-22", "2022-11-23", "2022-11-23"],
        pd.to_datetime(["2022-11-22", "2022-11-23", "2022-11-23"]),
        [dt.datetime(2022, 11, 22), dt.datetime(2022, 11, 23), dt.datetime(2022, 11, 23)],  # noqa: DTZ001 - dates
    ],
)
def test_date_may_come_as_iso_text_or_as_midnight(sessions: Any) -> None:
    assert_frame_equal(validate(BARS, bars(session=sessions)), validate(BARS, bars()))


@pytest.mark.parametrize(
    "wrong",
    [
        pd.Timestamp("2022-11-23T16:00"),
        pd.Timestamp("2022-11-23", tz="America/New_York"),
        pd.Timestamp("2022-11-23", tz="UTC"),
    ],
)
def test_date_with_a_time_or_a_zone_is_refused(wrong: pd.Timestamp) -> None:
    error = refusal(VOL_INDICES, vol_indices(session=[wrong]))

    assert (error.column, error.value, error.allowed) == ("session", wrong, "a date without time or zone")


def test_date_that_two_countries_read_differently_is_refused() -> None:
    assert "not ISO8601" in str(refusal(VOL_INDICES, vol_indices(session=["01/02/2022"])))


def sentiment(captured_at: Any) -> pd.DataFrame:
    unknown = [column.name for column in SENTIMENT.columns if column.nullable]
    return pd.DataFrame({"ticker": ["SPY"], "captured_at": captured_at} | dict.fromkeys(unknown, np.nan))


@pytest.mark.parametrize(
    "instant",
    [
        dt.datetime(2022, 11, 23, 21, 5, tzinfo=dt.UTC),
        pd.Timestamp("2022-11-23T16:05", tz="America/New_York"),
        "2022-11-23T16:05:00-05:00",
    ],
)
def test_instant_is_kept_in_utc(instant: object) -> None:
    checked = validate(SENTIMENT, sentiment([instant]))

    assert checked["captured_at"].tolist() == [pd.Timestamp("2022-11-23T21:05", tz="UTC")]


@pytest.mark.parametrize("instant", [pd.Timestamp("2022-11-23T16:05"), "2022-11-23T16:05:00", date(2022, 11, 23)])
def test_instant_without_a_zone_is_refused(instant: object) -> None:
    assert refusal(SENTIMENT, sentiment([instant])).column == "captured_at"


def test_decimal_and_whole_numbers_are_numbers() -> None:
    checked = validate(BARS, bars(close=[Decimal("399.9"), 402, 287.3]))

    assert checked.loc[checked["ticker"] == "SPY", "close"].tolist() == [399.9, 402.0]


def test_two_rows_of_one_key_are_refused_by_that_key() -> None:
    twice = pd.concat([bars(), bars().iloc[[1]].assign(close=1.0)])

    error = refusal(BARS, twice)

    assert (error.column, error.value, error.allowed) == ("ticker, session", "SPY 2022-11-23", "one row per key")


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pd.concat([bars(), bars()[["close"]]], axis="columns")

    assert refusal(BARS, twice).value == "two columns of that name"


def test_frame_whose_index_repeats_is_read_by_position() -> None:
    stacked = pd.concat([bars().iloc[[0]], bars(ticker=["A", "B", "C"])])
    assert not stacked.index.is_unique

    assert validate(BARS, stacked)["ticker"].tolist() == ["A", "B", "C", "SPY"]


def test_total_return_column_may_be_absent_or_partly_unknown() -> None:
    assert "adj_close" not in validate(BARS, bars())
    assert validate(BARS, bars(adj_close=[380.1, None, 280.2]))["adj_close"].isna().sum() == 1


def features(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"ticker": ["SPY"], "session": [date(2022, 11, 23)], **columns})


def test_open_ended_table_takes_more_columns_of_numbers_only() -> None:
    assert list(validate(FEATURES, features(rsi_14=[62.0], gap=[None]))) == ["ticker", "session", "rsi_14", "gap"]
    assert refusal(FEATURES, features(rsi_14=["high"])).column == "rsi_14"
    assert refusal(FEATURES, features(rsi_14=[np.inf])).allowed == "a finite number"


def test_chain_knows_calls_and_puts_only() -> None:
    unknown = [column.name for column in CHAIN.columns if column.nullable]
    contract = {
        "contract": "SPY   221216C00400000",
        "underlying": "SPY",
        "captured_at": dt.datetime(2022, 11, 23, 21, 5, tzinfo=dt.UTC),
        "spot": 402.4,
        "expiration": date(2022, 12, 16),
        "right": "call",
        "strike": 400.0,
    }
    frame = pd.DataFrame([contract | dict.fromkeys(unknown)])

    assert len(validate(CHAIN, frame)) == 1
    assert refusal(CHAIN, frame.assign(right="C")).allowed == "call, put"


def test_unknown_table_is_refused_with_the_names_there_are() -> None:
    assert table_named("bars") is BARS
    with pytest.raises(NotFoundError, match="There are bars, dividends, vol_indices"):
        table_named("bar")
