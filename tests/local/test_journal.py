"""The laptop remembers every write that was acknowledged, and only those."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from options_signals.adapters.dynamo import DynamoTable, create_table
from options_signals.errors import CorruptError, FolderError

from local.journal import Journal

PK = "simulated#2022-11-23"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.setup_default_session()
        yield
    boto3.DEFAULT_SESSION = None


def written(folder: Path) -> DynamoTable:
    """A table whose writes are journalled."""
    create_table(boto3.client("dynamodb"), "signals")
    Journal(folder, table="signals").listen()
    return DynamoTable("signals")


def restored(folder: Path, sessions: list[str] | None = None) -> DynamoTable:
    """What a new process finds: an empty table, and the journal."""
    boto3.setup_default_session()
    client = boto3.client("dynamodb")
    client.delete_table(TableName="signals")
    create_table(client, "signals")
    Journal(folder, table="signals").restore(client, namespace="simulated", sessions=sessions)
    return DynamoTable("signals")


@pytest.mark.usefixtures("aws")
def test_a_row_comes_back_as_it_was_last_written(tmp_path: Path) -> None:
    table = written(tmp_path)
    table.add(PK, "digest", {"state": "PENDING", "owner": ""})
    table.update(PK, "digest", {"state": "SENT"}, expected={"owner": ""})

    row = restored(tmp_path).get(PK, "digest")

    assert row is not None
    assert row["state"] == "SENT"


@pytest.mark.usefixtures("aws")
def test_a_write_that_was_refused_leaves_no_trace(tmp_path: Path) -> None:
    table = written(tmp_path)
    table.add(PK, "digest", {"state": "PENDING"})
    size = (tmp_path / "simulated" / "2022-11-23.jsonl").stat().st_size

    assert not table.add(PK, "digest", {"state": "SENT"})
    assert (tmp_path / "simulated" / "2022-11-23.jsonl").stat().st_size == size


@pytest.mark.usefixtures("aws")
def test_only_the_sessions_asked_for_come_back(tmp_path: Path) -> None:
    table = written(tmp_path)
    table.add(PK, "digest", {"state": "SENT"})
    table.add("simulated#2022-11-22", "digest", {"state": "SENT"})

    found = restored(tmp_path, ["2022-11-22"])

    assert found.get("simulated#2022-11-22", "digest") is not None
    assert found.get(PK, "digest") is None


@pytest.mark.usefixtures("aws")
def test_a_line_torn_by_a_crash_was_never_acknowledged_and_is_dropped(tmp_path: Path) -> None:
    written(tmp_path).add(PK, "digest", {"state": "PENDING"})
    path = tmp_path / "simulated" / "2022-11-23.jsonl"
    path.write_text(path.read_text() + '{"key": {"pk": {"S": "simulated#20')

    row = restored(tmp_path).get(PK, "digest")

    assert row is not None
    assert row["state"] == "PENDING"


@pytest.mark.usefixtures("aws")
def test_writing_goes_on_after_a_torn_line(tmp_path: Path) -> None:
    written(tmp_path).add(PK, "digest", {"state": "PENDING"})
    path = tmp_path / "simulated" / "2022-11-23.jsonl"
    path.write_text(path.read_text() + '{"key": {"pk": {"S": "simulated#20')
    table = restored(tmp_path)
    Journal(tmp_path, table="signals").listen()

    DynamoTable("signals").update(PK, "digest", {"state": "SENT"}, expected={})
    row = restored(tmp_path).get(PK, "digest")

    assert table.name == "signals"
    assert row is not None
    assert row["state"] == "SENT"


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("damage", [b"garbage\n", b"\xff\xfe\n", b"[]\n", b'{"item": null}\n'])
def test_a_damaged_line_inside_is_an_error_that_names_it(tmp_path: Path, damage: bytes) -> None:
    table = written(tmp_path)
    table.add(PK, "digest", {"state": "PENDING"})
    path = tmp_path / "simulated" / "2022-11-23.jsonl"
    path.write_bytes(damage + path.read_bytes())

    with pytest.raises(CorruptError, match=r"2022-11-23.jsonl, line 1 is damaged"):
        restored(tmp_path)


@pytest.mark.usefixtures("aws")
def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "simulated").write_text("a file where the folder belongs")

    with pytest.raises(FolderError, match=r"cannot write .*2022-11-23.jsonl"):
        written(tmp_path).add(PK, "digest", {"state": "PENDING"})
