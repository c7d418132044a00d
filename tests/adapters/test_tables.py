"""What every SignalTable keeps: the same rules for DynamoDB and for the fake that the jobs are tested with."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_signals.adapters.dynamo import DynamoTable, create_table, from_stored, to_stored
from options_signals.errors import InvalidValueError
from options_signals.jobs.ports import SignalTable

from tests.fakes import MemoryTable

PK = "live#2022-11-23"
FIRST_DAY = dt.date(2022, 1, 1)


@pytest.fixture(params=["memory", "dynamodb"])
def table(request: pytest.FixtureRequest) -> SignalTable:
    if request.param == "memory":
        return MemoryTable()
    table = DynamoTable(request.getfixturevalue("aws"))
    create_table(table.client, table.name)
    return table


def test_a_row_comes_back_as_it_was_written(table: SignalTable) -> None:
    row: dict[str, Any] = {
        "share": 0.0075,
        "days": 14,
        "live": True,
        "stop": None,
        "note": "",
        "legs": [{"delta": 0.3}],
        "map": {},
    }

    table.add(PK, "digest", row)

    assert table.get(PK, "digest") == {**row, "pk": PK, "sk": "digest"}


def test_an_absent_row_is_none(table: SignalTable) -> None:
    assert table.get(PK, "digest") is None


def test_the_first_row_under_a_key_stays(table: SignalTable) -> None:
    assert table.add(PK, "digest", {"id": "first"})
    assert not table.add(PK, "digest", {"id": "second"})
    assert table.get(PK, "digest") == {"pk": PK, "sk": "digest", "id": "first"}


def test_an_update_changes_its_fields_and_no_other(table: SignalTable) -> None:
    table.add(PK, "digest", {"state": "PENDING", "owner": "", "id": "a"})

    assert table.update(PK, "digest", {"state": "SENDING", "owner": "me"}, expected={"state": "PENDING", "owner": ""})
    assert table.get(PK, "digest") == {"pk": PK, "sk": "digest", "state": "SENDING", "owner": "me", "id": "a"}


@pytest.mark.parametrize("expected", [{"state": "SENT"}, {"state": "PENDING", "owner": "me"}, {"unheard": "of"}])
def test_an_update_changes_nothing_where_one_field_is_not_as_expected(
    table: SignalTable, expected: dict[str, Any]
) -> None:
    row = {"state": "PENDING", "owner": ""}
    table.add(PK, "digest", row)

    assert not table.update(PK, "digest", {"state": "SENDING"}, expected=expected)
    assert table.get(PK, "digest") == {**row, "pk": PK, "sk": "digest"}


@pytest.mark.parametrize("expected", [{}, {"state": "PENDING"}])
def test_an_update_makes_no_row(table: SignalTable, expected: dict[str, Any]) -> None:
    assert not table.update(PK, "digest", {"state": "SENT"}, expected=expected)
    assert table.get(PK, "digest") is None


def test_a_partition_is_read_by_prefix_in_order(table: SignalTable) -> None:
    for sk in ("signal#SPY#no-trade", "digest#r1", "signal#IWM#no-trade", "digest"):
        table.add(PK, sk, {})
    table.add("simulated#2022-11-23", "digest", {})

    assert [row["sk"] for row in table.of_partition(PK, "signal#")] == ["signal#IWM#no-trade", "signal#SPY#no-trade"]
    assert [row["sk"] for row in table.of_partition(PK, "digest")] == ["digest", "digest#r1"]


def test_a_ticker_is_read_over_sessions_and_namespaces_from_a_day_on(table: SignalTable) -> None:
    for day in ("2022-11-23", "2022-11-21", "2022-11-22"):
        table.add(f"live#{day}", "signal#SPY#no-trade", {"ticker": "SPY", "session": day})
    table.add("simulated#2022-11-23", "signal#QQQ#no-trade", {"ticker": "QQQ", "session": "2022-11-23"})
    table.add("live#2022-11-23", "digest", {"session": "2022-11-23"})

    found = table.of_ticker("SPY", since=dt.date(2022, 11, 22))

    assert [row["pk"] for row in found] == ["live#2022-11-22", "live#2022-11-23"]


def test_a_partition_larger_than_one_answer_of_the_service_is_read_whole(table: SignalTable) -> None:
    for number in range(12):
        table.add(PK, f"signal#{number:02}", {"note": "x" * 100_000})  # DynamoDB answers 1 MB at a time

    assert len(table.of_partition(PK, "signal#")) == 12


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1e126])
def test_a_number_that_is_none_is_refused_by_name_and_nothing_is_written(table: SignalTable, bad: float) -> None:
    with pytest.raises(InvalidValueError) as refused:
        table.add(PK, "digest", {"ok": 1.5, "body": {"legs": [{"delta": bad}]}})

    assert table.get(PK, "digest") is None
    assert str(refused.value) == (
        f"body.legs[0].delta is {bad!r}; allowed: finite numbers below 1e125. "
        "A value that cannot be known is null; nothing of this row was stored."
    )


@pytest.mark.parametrize(
    "bad", [{"changes": {"x": float("nan")}, "expected": {}}, {"changes": {"x": 1}, "expected": {"id": float("nan")}}]
)
def test_an_update_with_nan_changes_nothing(table: SignalTable, bad: dict[str, Any]) -> None:
    table.add(PK, "digest", {"id": "a"})

    with pytest.raises(InvalidValueError):
        table.update(PK, "digest", **bad)

    assert table.get(PK, "digest") == {"pk": PK, "sk": "digest", "id": "a"}


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e124, max_value=1e124))
def test_a_stored_number_keeps_ten_significant_digits(value: float) -> None:
    read = from_stored(to_stored(value))

    assert read == pytest.approx(value, rel=5e-10, abs=1e-127)
    assert from_stored(to_stored(float(read))) == read


def test_a_tenth_is_stored_as_a_tenth() -> None:
    assert str(to_stored(0.1)) == "0.1"
    assert str(to_stored(0.1 + 0.2)) == "0.3"
