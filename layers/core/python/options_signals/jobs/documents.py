"""JSON documents of a run in the lake: lists of records, pinned by the digest of their bytes."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from options_signals.errors import CorruptError
from options_signals.jobs.messages import Run
from options_signals.lake import ObjectStore, canonical_json, sha256
from options_signals.snapshot import REFETCH, DocumentRef, first_breach


def folder_of(run: Run) -> str:
    """Where a run keeps what it derived from its snapshot."""
    return f"runs/{run.namespace.replace(':', '-')}/{run.session.isoformat()}/{run.attempt:03d}"


def write(store: ObjectStore, run: Run, name: str, records: Sequence[BaseModel]) -> DocumentRef:
    """Store what a run derived, under a name that carries its digest; the same records are the same document."""
    return write_below(store, folder_of(run), name, records)


def write_below(store: ObjectStore, folder: str, name: str, records: Sequence[BaseModel]) -> DocumentRef:
    """The same in another folder, such as that of the snapshot, which is kept for ever."""
    body = canonical_json([record.model_dump(mode="json") for record in records])
    key = f"{folder}/{name}-{sha256(body)[:12]}.json"
    store.put(key, body)
    return DocumentRef(key=key, sha256=sha256(body), count=len(records))


def read(store: ObjectStore, ref: DocumentRef, record: Any) -> list[Any]:
    """The records a reference pins, of the type `record`; CorruptError where the bytes are not those written."""
    body = store.get(ref.key)
    if sha256(body) != ref.sha256:
        raise CorruptError(
            what=store.where(ref.key), expected=f"sha256 {ref.sha256[:12]}", found=sha256(body)[:12], remedy=REFETCH
        )
    try:
        return list(TypeAdapter(list[record]).validate_json(body))
    except ValidationError as error:
        raise CorruptError(
            what=store.where(ref.key), expected="records of this version", found=first_breach(error), remedy=REFETCH
        ) from error
