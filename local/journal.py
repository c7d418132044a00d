"""The laptop's memory of its table: every write is appended to a file before the caller goes on.

moto keeps a table in this process only. The journal listens to the DynamoDB client, and writes the new state of
each item it changed into `table/<namespace>/<session>.jsonl`. The last line of a key wins; a line torn by a crash
belongs to a write that nobody was told had succeeded, and is dropped.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

import boto3
from options_signals.adapters.folder import PERMISSIONS
from options_signals.errors import CorruptError, FolderError

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")


class Journal:
    """Items of one table under a folder, one file per partition."""

    def __init__(self, folder: Path, *, table: str) -> None:
        self._folder = folder
        self._table = table
        self._lock = Lock()

    def listen(self) -> None:
        """Write through every change that clients made from now on make."""
        session = boto3._get_default_session()  # noqa: SLF001 - the one that boto3.client uses; it has no other name
        for operation in WRITES:
            session.events.register(f"before-call.dynamodb.{operation}", _remember_writes)
            session.events.register(f"after-call.dynamodb.{operation}", self._write_through)
        self._reader = session.client("dynamodb")

    def restore(self, client: Any, *, namespace: str, sessions: Iterable[str] | None = None) -> int:
        """Put the journalled items of a namespace back into the table; return how many."""
        items = [item for path in self._files(namespace, sessions) for item in _last_states(path)]
        for item in items:
            client.put_item(TableName=self._table, Item=item)
        return len(items)

    def _files(self, namespace: str, sessions: Iterable[str] | None) -> list[Path]:
        folder = self._folder / namespace.replace(":", "-")
        if sessions is None:
            return sorted(folder.glob("*.jsonl"))
        return [path for name in sessions if (path := folder / f"{name}.jsonl").exists()]

    def _write_through(self, http_response: Any, context: dict[str, Any], **_: Any) -> None:
        if http_response.status_code != 200:
            return
        for entry in context.get("journal_writes", ()):
            self._append(_key_of(entry), entry["Item"] if "Item" in entry else self._read(_key_of(entry)))

    def _read(self, key: dict[str, Any]) -> dict[str, Any] | None:
        return self._reader.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")

    def _append(self, key: dict[str, Any], item: dict[str, Any] | None) -> None:
        namespace, session = key["pk"]["S"].rsplit("#", 1)
        path = self._folder / namespace.replace(":", "-") / f"{session}.jsonl"
        try:
            with self._lock:
                _append_line(path, json.dumps({"key": key, "item": item}, sort_keys=True))
        except OSError as error:
            raise FolderError(
                path=str(path), action="write", detail=error.strerror or str(error), remedy=PERMISSIONS
            ) from error


def _append_line(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        _cut_torn_line(file)
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


def _cut_torn_line(file: TextIO) -> None:
    """Remove what a crash left behind the last whole line, so that the next line starts on its own."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    text = file.read() if size and not _ends_whole(file.name, size) else ""
    if text:
        file.truncate(len(text[: text.rfind("\n") + 1].encode()))


def _ends_whole(path: str, size: int) -> bool:
    with Path(path).open("rb") as file:
        file.seek(size - 1)
        return file.read() == b"\n"


def _remember_writes(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Note, before the call, which items it will change; one that is put says what it will be."""
    body = json.loads(params["body"])
    context["journal_writes"] = [e for part in body.get("TransactItems", ()) for e in part.values()] or [body]


def _key_of(entry: dict[str, Any]) -> dict[str, Any]:
    whole = entry.get("Key") or entry["Item"]
    return {"pk": whole["pk"], "sk": whole["sk"]}


def _last_states(path: Path) -> list[dict[str, Any]]:
    """The newest state of each item in a journal file."""
    states: dict[str, dict[str, Any] | None] = {}
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n") and number == len(lines):
            break  # torn by a crash: never acknowledged
        try:
            entry = json.loads(line)
            states[json.dumps(entry["key"], sort_keys=True)] = entry["item"]
        except (ValueError, KeyError, TypeError) as error:  # no JSON, no text at all, or another JSON
            raise CorruptError(
                what=f"{path}, line {number}",
                expected="a JSON object with a key and an item",
                found=repr(line[:40]),
                remedy="Move the file away; the session then counts as never run, and is sent again if it is run.",
            ) from error
    return [item for item in states.values() if item is not None]
