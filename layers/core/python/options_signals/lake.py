"""Tables and documents over an object store: everything large lies here, as Parquet.

The store is a port with two adapters, S3 and a folder. A key is a path such as
`snapshots/live/2022-11-23/1/bars.parquet`.
"""

import hashlib
import io
import json
import math
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from options_signals.errors import AlreadyStoredError, CorruptError, InvalidValueError, NotFoundError
from options_signals.tables import MEMORY, Kind, Table, validate


class ObjectStore(Protocol):
    """What the lake needs of S3 or a folder. A put is whole or not at all."""

    def get(self, key: str) -> bytes:
        """The object's bytes; NotFoundError where there is none."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Write or replace."""
        ...

    def put_new(self, key: str, body: bytes) -> None:
        """Write only if the key is free (S3: If-None-Match); AlreadyStoredError where it is taken."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """All keys that start with the prefix, ascending."""
        ...

    def where(self, key: str) -> str:
        """The address to show to people."""
        ...

    def link(self, key: str) -> str:
        """Where a person with their own access opens the object; it never expires."""
        ...


class MemoryStore:
    """An object store in a dictionary, for tests and replays that must leave nothing behind."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get(self, key: str) -> bytes:
        """See ObjectStore."""
        if key not in self.objects:
            raise NotFoundError(what=key, where="memory", remedy="Write it first.")
        return self.objects[key]

    def put(self, key: str, body: bytes) -> None:
        """See ObjectStore."""
        self.objects[key] = body

    def put_new(self, key: str, body: bytes) -> None:
        """See ObjectStore."""
        if key in self.objects:
            raise AlreadyStoredError(key=key)
        self.objects[key] = body

    def keys(self, prefix: str) -> list[str]:
        """See ObjectStore."""
        return sorted(key for key in self.objects if key.startswith(prefix))

    def where(self, key: str) -> str:
        """See ObjectStore."""
        return f"memory:{key}"

    def link(self, key: str) -> str:
        """See ObjectStore."""
        return self.where(key)


class Overlay(MemoryStore):
    """Another store, read-only, and on top of it what was written here: nothing reaches the other one."""

    def __init__(self, below: ObjectStore) -> None:
        super().__init__()
        self._below = below

    def get(self, key: str) -> bytes:
        """See ObjectStore."""
        return self.objects[key] if key in self.objects else self._below.get(key)

    def put_new(self, key: str, body: bytes) -> None:
        """See ObjectStore."""
        if key in self._below.keys(key):
            raise AlreadyStoredError(key=key)
        super().put_new(key, body)

    def keys(self, prefix: str) -> list[str]:
        """See ObjectStore."""
        return sorted({*super().keys(prefix), *self._below.keys(prefix)})

    def where(self, key: str) -> str:
        """See ObjectStore."""
        return super().where(key) if key in self.objects else self._below.where(key)

    def link(self, key: str) -> str:
        """See ObjectStore."""
        return self._below.link(key)


def sha256(body: bytes) -> str:
    """Hex digest of the bytes."""
    return hashlib.sha256(body).hexdigest()


def to_parquet(table: Table, frame: pd.DataFrame) -> bytes:
    """Validated Parquet bytes; the same frame gives the same bytes on the same libraries."""
    checked = validate(table, frame)
    arrow = pa.Table.from_pandas(checked, schema=table.schema(checked.columns), preserve_index=False, nthreads=1)
    sink = io.BytesIO()
    pq.write_table(arrow.replace_schema_metadata(None), sink, compression="zstd")
    return sink.getvalue()


def from_parquet(table: Table, body: bytes, *, name: str) -> pd.DataFrame:
    """The frame in its in-memory types; CorruptError where the bytes are no Parquet."""
    try:
        arrow = pq.read_table(io.BytesIO(body))
    except (pa.ArrowInvalid, OSError) as error:
        raise CorruptError(
            what=name,
            expected="a Parquet file",
            found=str(error).splitlines()[0],
            remedy="Fetch the session again as a new attempt.",
        ) from error
    frame: pd.DataFrame = arrow.to_pandas(date_as_object=False)
    kinds = {c.name: MEMORY[c.kind] for c in table.columns}
    wanted = {name: kinds.get(name, MEMORY[Kind.NUMBER]) for name in frame.columns}
    # Dates come back otherwise, the rest as it was: to convert everything takes longer than to read it.
    other = {name: kind for (name, kind), found in zip(wanted.items(), frame.dtypes, strict=True) if found != kind}
    typed: pd.DataFrame = frame.assign(**frame[list(other)].astype(other))
    return typed


def canonical_json(value: Any) -> bytes:
    """One text for one value: sorted keys, no spaces, floats at 10 significant digits.

    Raises
    ------
    InvalidValueError
        For NaN and infinity, by the path to it: what is unknown must be left out or be null.
    """
    return json.dumps(_rounded(value, "value"), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _rounded(value: Any, path: str) -> Any:
    if isinstance(value, float):
        rounded = float(f"{value:.10g}") + 0.0  # -0.0 becomes 0.0
        if not math.isfinite(rounded):
            raise InvalidValueError(name=path, value=float(value), allowed="a finite number, or null")
        return rounded
    if isinstance(value, dict):
        return {str(key): _rounded(inner, f"{path}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner, f"{path}[{at}]") for at, inner in enumerate(value)]
    return value
