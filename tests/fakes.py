"""The world outside, in memory. The fakes pass the same tests as the real adapters (tests/adapters)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from options_signals.adapters.dynamo import from_stored, to_stored

if TYPE_CHECKING:
    from options_signals.digest import Texts


@dataclass
class ManualClock:
    """Stands still until told; a sleep takes no time."""

    at: dt.datetime = dt.datetime(2022, 11, 23, 21, 45, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += dt.timedelta(seconds=seconds)


@dataclass
class MemoryTable:
    """A SignalTable in a dictionary; rows come back as DynamoDB gives them, 10 digits and no more."""

    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        row = self.rows.get((pk, sk))
        return None if row is None else _read(row)

    def add(self, pk: str, sk: str, row: Mapping[str, Any]) -> bool:
        stored = to_stored({**row, "pk": pk, "sk": sk})
        return self.rows.setdefault((pk, sk), stored) is stored

    def update(self, pk: str, sk: str, changes: Mapping[str, Any], *, expected: Mapping[str, Any]) -> bool:
        row = self.rows.get((pk, sk))
        stored = to_stored(changes)
        if row is None or any(row.get(name) != value for name, value in to_stored(expected).items()):
            return False
        row.update(stored)
        return True

    def of_partition(self, pk: str, sk_prefix: str) -> list[dict[str, Any]]:
        return [_read(row) for key, row in sorted(self.rows.items()) if key[0] == pk and key[1].startswith(sk_prefix)]

    def of_ticker(self, ticker: str, *, since: dt.date) -> list[dict[str, Any]]:
        found = [row for row in self.rows.values() if row.get("ticker") == ticker]
        recent = [_read(row) for row in found if row["session"] >= since.isoformat()]
        return sorted(recent, key=lambda row: str(row["session"]))


@dataclass
class RecordingChannel:
    """A Channel that keeps what it took; `refuse` with an error to have the next publish raise it."""

    accepted: list[tuple[str, Texts]] = field(default_factory=list)
    refuse: Exception | None = None

    def check(self, texts: Texts) -> None:
        """Takes anything."""

    def publish(self, texts: Texts, *, digest_id: str) -> str:
        error, self.refuse = self.refuse, None
        if error is not None:
            raise error
        self.accepted.append((digest_id, texts))
        return f"message-{len(self.accepted)}"


@dataclass
class RecordingBus:
    """An EventBus that keeps what it was told."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def signals_published(self, detail: Mapping[str, Any]) -> None:
        self.events.append(dict(detail))


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(from_stored(row))
