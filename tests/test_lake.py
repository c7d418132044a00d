import json
import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_signals.errors import AlreadyStoredError, CorruptError, InvalidValueError, NotFoundError, TableError
from options_signals.lake import MemoryStore, Overlay, canonical_json, from_parquet, sha256, to_parquet
from options_signals.tables import BARS, EARNINGS, FEATURES, TABLES, Table, validate
from pandas.testing import assert_frame_equal

FINITE = st.floats(-1e308, 1e308)  # the largest of all become infinite when rounded
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def bars(closes: list[float | None]) -> pd.DataFrame:
    days = [date(2022, 11, 23 - at) for at in range(len(closes))]
    prices = dict.fromkeys(["open", "high", "low", "close"], closes)
    return pd.DataFrame({"ticker": "SPY", "session": days, **prices, "volume": 1000})


def features(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"ticker": ["SPY"], "session": [date(2022, 11, 23)], **columns})


# Parquet


def test_table_comes_back_from_parquet_bit_for_bit() -> None:
    frame = validate(BARS, bars([402.42, None, 0.1 + 0.2]))

    back = from_parquet(BARS, to_parquet(BARS, frame), name="bars")

    assert_frame_equal(back, frame, check_exact=True)


@given(st.lists(FINITE | st.none(), min_size=1, max_size=20))
def test_every_number_survives_parquet(values: list[float | None]) -> None:
    frame = validate(BARS, bars(values[:20]))

    back = from_parquet(BARS, to_parquet(BARS, frame), name="bars")

    np.testing.assert_array_equal(back["close"].to_numpy(), frame["close"].to_numpy())


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_empty_table_keeps_its_columns_and_kinds(table: Table) -> None:
    back = from_parquet(table, to_parquet(table, table.empty()), name=table.name)

    assert_frame_equal(back, table.empty())


def test_unknown_text_and_dates_stay_unknown() -> None:
    known = {"ticker": "AAPL", "announced_on": date(2022, 10, 27)}
    unknown = dict.fromkeys(["release_time", "eps_estimate", "eps_actual", "known_on"])

    back = from_parquet(EARNINGS, to_parquet(EARNINGS, pd.DataFrame([known | unknown])), name="earnings")

    assert back[list(unknown)].isna().all(axis=None)


def test_columns_of_an_open_ended_table_keep_their_order() -> None:
    back = from_parquet(FEATURES, to_parquet(FEATURES, features(rsi_14=[62.0], atr_14=[4.1])), name="features")

    assert list(back) == ["ticker", "session", "rsi_14", "atr_14"]


def test_same_rows_are_the_same_bytes_whatever_their_order_index_and_kinds() -> None:
    frame = bars([402.0, 400.0, 398.0])
    shuffled = frame.iloc[[2, 0, 1]].astype({"volume": "float64", "ticker": object})

    assert to_parquet(BARS, shuffled) == to_parquet(BARS, frame)
    assert to_parquet(BARS, frame) != to_parquet(BARS, bars([402.0, 400.0, 398.5]))


def test_table_that_breaks_its_schema_is_not_written() -> None:
    with pytest.raises(TableError, match="column volume: found 'no such column'"):
        to_parquet(BARS, bars([402.0]).drop(columns="volume"))


@pytest.mark.parametrize("body", [b"", b"not parquet", to_parquet(BARS, bars([402.0]))[:-100]])
def test_bytes_that_are_no_parquet_are_named(body: bytes) -> None:
    with pytest.raises(CorruptError, match=r"lake/bars\.parquet is damaged: expected a Parquet file, found .+\. Fetch"):
        from_parquet(BARS, body, name="lake/bars.parquet")


# canonical JSON


def test_canonical_json_sorts_keys_and_leaves_no_spaces() -> None:
    assert canonical_json({"b": [1, 2.5, None, True], "a": {"d": "é", "c": ()}}) == (
        b'{"a":{"c":[],"d":"\\u00e9"},"b":[1,2.5,null,true]}'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, b"0.3"),
        (1 / 3, b"0.3333333333"),
        (123456789.123456, b"123456789.1"),
        (1e-17 / 3, b"3.333333333e-18"),
        (-0.0, b"0.0"),
        (-1e-320, b"-1e-320"),
        (1e22, b"1e+22"),
        (12345678901234, b"12345678901234"),
        (np.float64(0.1), b"0.1"),
    ],
)
def test_number_is_written_with_ten_significant_digits(value: float, text: bytes) -> None:
    assert canonical_json(value) == text


def test_numbers_that_differ_in_the_last_bit_are_one_text() -> None:
    assert canonical_json(math.nextafter(0.61, 1.0)) == canonical_json(0.61)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_number_that_json_lacks_is_refused_by_its_place(value: float) -> None:
    with pytest.raises(InvalidValueError, match=r"^value\.signals\[1\]\.p_up is (nan|-?inf); allowed: a finite number"):
        canonical_json({"signals": [{"p_up": 0.5}, {"p_up": value}]})


@given(JSON)
def test_canonical_json_of_what_it_says_is_itself(value: object) -> None:
    text = canonical_json(value)

    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(), FINITE))
def test_order_of_keys_does_not_matter(mapping: dict[str, float]) -> None:
    assert canonical_json(dict(reversed(mapping.items()))) == canonical_json(mapping)


@pytest.mark.parametrize("value", [date(2022, 11, 23), {1, 2}, b"bytes", np.int64(3)])
def test_what_json_lacks_is_not_guessed(value: object) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        canonical_json([value])


def test_digest_is_that_of_the_standard() -> None:
    # FIPS 180-2, appendix B.1
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# a store over another


@pytest.fixture
def below() -> MemoryStore:
    store = MemoryStore()
    store.put("a/1", b"below")
    return store


def test_overlay_shows_what_lies_below_and_what_is_written_on_it(below: MemoryStore) -> None:
    overlay = Overlay(below)
    overlay.put("a/1", b"above")
    overlay.put("a/2", b"new")

    assert (overlay.get("a/1"), overlay.get("a/2")) == (b"above", b"new")
    assert overlay.keys("a/") == ["a/1", "a/2"]


def test_nothing_written_on_an_overlay_reaches_below(below: MemoryStore) -> None:
    overlay = Overlay(below)
    overlay.put("a/1", b"above")
    overlay.put_new("a/2", b"new")

    assert below.objects == {"a/1": b"below"}


def test_overlay_takes_no_new_object_where_one_lies_below(below: MemoryStore) -> None:
    with pytest.raises(AlreadyStoredError):
        Overlay(below).put_new("a/1", b"above")


def test_overlay_without_the_object_answers_as_the_store_below(below: MemoryStore) -> None:
    assert Overlay(below).get("a/1") == b"below"
    with pytest.raises(NotFoundError, match="no a/2 in memory"):
        Overlay(below).get("a/2")


def test_overlay_names_the_place_where_the_object_is(below: MemoryStore) -> None:
    assert Overlay(below).where("a/1") == "memory:a/1"
