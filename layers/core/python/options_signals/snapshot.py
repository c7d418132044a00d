"""One session's inputs, as fetched that day, committed by a manifest and never changed.

A snapshot lies under `snapshots/<namespace>/<session>/<attempt>/`. Its tables are written first; the manifest,
put only if its key is free, commits them. What has no manifest does not exist. The manifest pins everything a
replay needs: digests of the tables, models, settings, code version and every stored value that was read.
"""

import datetime as dt
import itertools
from collections.abc import Mapping
from typing import Literal, Self

import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from options_signals import sessions
from options_signals.errors import CorruptError, NotFoundError
from options_signals.lake import ObjectStore, canonical_json, from_parquet, sha256, to_parquet
from options_signals.tables import Table, table_named

MANIFEST = "manifest.json"
SESSIONS_BACK = 10
REFETCH = "Run the session again: a new attempt fetches it afresh."


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Origin(_Record):
    """Where a table came from, when, and the terms under which it may be kept."""

    source: str
    captured_at: AwareDatetime
    rights: str


class TableRef(_Record):
    """A stored table: its key in the lake and the digest of its bytes."""

    key: str
    sha256: str
    rows: int
    origin: Origin


class DocumentRef(_Record):
    """A stored JSON document, a list of records, and the digest of its bytes."""

    key: str
    sha256: str
    count: int


class Verdict(_Record):
    """Whether one ticker's data is good enough for one session, and why not."""

    status: Literal["ok", "degraded", "refused"]
    reasons: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_reasons_unless_ok(self) -> Self:
        if (self.status == "ok") == any(self.reasons):
            raise ValueError(f"a verdict of {self.status} with the reasons {self.reasons}")
        return self


class OwnIv(_Record):
    """A year of implied volatility out of a ticker's own options.

    Attributes
    ----------
    sessions
        How many of the last 252 are known, the session itself among them.
    served
        Whether it stands for the ticker's volatility index; not where its models were trained on another one.
    """

    sessions: int
    served: bool


class BundleRef(_Record):
    """A model bundle, pinned: its folder in the lake and the digest of its card (which pins the graph)."""

    name: str
    scope: str
    version: str
    prefix: str
    card_sha256: str


class Manifest(_Record):
    """What one session's decisions rest on, and nothing else."""

    namespace: str
    session: dt.date
    attempt: int
    created_at: AwareDatetime
    tables: Mapping[str, TableRef]
    verdicts: Mapping[str, Verdict]
    models: tuple[BundleRef, ...]
    settings: Mapping[str, object]
    config_id: str
    code_version: str
    previous_session: dt.date
    previous: Mapping[str, str]  # ticker -> what was said of it the session before, in two or three words
    holdings: DocumentRef | None = None  # what was open, and the account's history; None: not asked for
    absent: tuple[str, ...] = ()  # inputs that are not there, such as "macro", perhaps with the reason
    unquoted: Mapping[str, str] | None = None  # ticker -> why it has no option chain; None: chains were not asked for
    moved: Mapping[str, str] = {}  # ticker -> how its next date of earnings differs from what an earlier evening knew
    newest: Mapping[str, dt.date] = {}  # input -> newest day it speaks of, such as "macro DGS10"
    pictures: str | None = None  # link of the folder with the pictures of its tickets; None: none are drawn
    own_iv: Mapping[str, OwnIv] = {}  # tickers without an index of their own whose options have a year of history

    def serves_own_iv(self, ticker: str) -> bool:
        """Whether the volatility of the ticker's own options, table `iv_history`, stands for its index."""
        return ticker in self.own_iv and self.own_iv[ticker].served

    def model_for(self, name: str, ticker: str) -> BundleRef | None:
        """The pinned bundle of that name for the ticker: its own before the pooled one."""
        by_scope = {ref.scope: ref for ref in self.models if ref.name == name}
        return by_scope.get(ticker) or by_scope.get("pooled")


def prefix_of(namespace: str, session: dt.date, attempt: int) -> str:
    """The folder of one attempt. A namespace's colon would upset some file systems; it becomes a dash."""
    return f"snapshots/{namespace.replace(':', '-')}/{session.isoformat()}/{attempt:03d}"


def pictures_of(namespace: str, session: dt.date, attempt: int) -> str:
    """The folder of the pictures drawn of one attempt's tickets."""
    return f"pictures/{prefix_of(namespace, session, attempt).partition('/')[2]}"


def manifest_key(namespace: str, session: dt.date, attempt: int) -> str:
    """The key whose existence commits the snapshot."""
    return f"{prefix_of(namespace, session, attempt)}/{MANIFEST}"


def next_attempt(store: ObjectStore, namespace: str, session: dt.date) -> int:
    """One more than the highest attempt of which anything is stored; 1 for the first."""
    return max((attempt for attempt, _ in _stored(store, namespace, session)), default=0) + 1


def committed_attempts(store: ObjectStore, namespace: str, session: dt.date) -> list[int]:
    """Attempts that have a manifest, ascending."""
    return sorted(attempt for attempt, name in _stored(store, namespace, session) if name == MANIFEST)


def sessions_of(store: ObjectStore, namespace: str) -> list[dt.date]:
    """Every session of which a snapshot is committed, ascending."""
    folder = prefix_of(namespace, dt.date.min, 0).partition(dt.date.min.isoformat())[0]
    days = {key.removeprefix(folder).partition("/")[0] for key in store.keys(folder) if key.endswith(f"/{MANIFEST}")}
    return sorted(dt.date.fromisoformat(day) for day in days)


def _stored(store: ObjectStore, namespace: str, session: dt.date) -> list[tuple[int, str]]:
    """Attempt and name of every file of the session; what lies outside an attempt's folder is not ours."""
    folder = prefix_of(namespace, session, 0).removesuffix("000")
    parts = [key.removeprefix(folder).partition("/") for key in store.keys(folder)]
    return [(int(attempt), name) for attempt, _, name in parts if attempt.isdigit()]


def committed_before(store: ObjectStore, namespace: str, session: dt.date, *, most: int) -> list[tuple[dt.date, int]]:
    """Session and last committed attempt of the newest snapshots before a session, newest first.

    Ten sessions back are looked at; after a longer pause it is the newest one before it alone, however old.
    """
    days = [sessions.shift(session, -back) for back in range(1, SESSIONS_BACK + 1)]
    attempts = ((day, committed_attempts(store, namespace, day)) for day in days)
    recent = list(itertools.islice(((day, numbers[-1]) for day, numbers in attempts if numbers), most))
    if recent:
        return recent
    return [
        (day, committed_attempts(store, namespace, day)[-1])
        for day in sessions_of(store, namespace)[::-1]
        if day < session
    ][:1]


def write_table(store: ObjectStore, prefix: str, table: Table, frame: pd.DataFrame, origin: Origin) -> TableRef:
    """Store one table of a snapshot or of a step's output; return the reference that pins it.

    The key carries the digest, so that two runs of one attempt cannot overwrite each other's tables.
    """
    body = to_parquet(table, frame)
    key = f"{prefix}/{table.name}-{sha256(body)[:12]}.parquet"
    store.put(key, body)
    return TableRef(key=key, sha256=sha256(body), rows=len(frame), origin=origin)


def read_table(store: ObjectStore, name: str, ref: TableRef) -> pd.DataFrame:
    """Read the table a reference pins.

    Raises
    ------
    CorruptError
        Where the bytes are not those that were written.
    """
    body = store.get(ref.key)
    if sha256(body) != ref.sha256:
        raise CorruptError(
            what=store.where(ref.key),
            expected=f"sha256 {ref.sha256[:12]}",
            found=sha256(body)[:12],
            remedy=REFETCH,
        )
    return from_parquet(table_named(name), body, name=store.where(ref.key))


def table_of(store: ObjectStore, manifest: Manifest, table: Table) -> pd.DataFrame:
    """A table that a snapshot may be without: no rows then. Errors as in `read_table`."""
    ref = manifest.tables.get(table.name)
    return read_table(store, table.name, ref) if ref else table.empty()


def commit(store: ObjectStore, manifest: Manifest) -> str:
    """Write the manifest if its key is free; return the key. AlreadyStoredError where another run was first."""
    key = manifest_key(manifest.namespace, manifest.session, manifest.attempt)
    store.put_new(key, canonical_json(manifest.model_dump(mode="json")))
    return key


def read_manifest(store: ObjectStore, namespace: str, session: dt.date, attempt: int) -> Manifest:
    """The manifest of one attempt; NotFoundError without one, CorruptError where it cannot be read."""
    key = manifest_key(namespace, session, attempt)
    try:
        manifest = Manifest.model_validate_json(store.get(key))
    except ValidationError as error:
        raise CorruptError(
            what=store.where(key), expected="a manifest", found=first_breach(error), remedy=REFETCH
        ) from error
    own = manifest_key(manifest.namespace, manifest.session, manifest.attempt)
    if own != key:
        raise CorruptError(what=store.where(key), expected="its own manifest", found=f"that of {own}", remedy=REFETCH)
    return manifest


def first_breach(error: ValidationError) -> str:
    """Where a stored record first breaks its form, and how."""
    first = error.errors()[0]
    return ": ".join([".".join(map(str, first["loc"])), first["msg"]]).removeprefix(": ")


def newest_manifest(store: ObjectStore, namespace: str, session: dt.date) -> Manifest:
    """The manifest of the last committed attempt; NotFoundError where the session was never fetched."""
    attempts = committed_attempts(store, namespace, session)
    if not attempts:
        raise NotFoundError(
            what=f"snapshot of {session} in the namespace {namespace}",
            where=store.where("snapshots/"),
            remedy="Fetch it with `signals run --session` or `signals fetch --session`.",
        )
    return read_manifest(store, namespace, session, attempts[-1])
