"""Which version of a model is served: bundles that never change, and one pointer per model that does.

```text
models/<world>/<name>/<scope>/<version>/model.onnx
models/<world>/<name>/<scope>/<version>/card.json     put last: what has no card does not exist
models/<world>/<name>/<scope>/champion                the version that is served, and those before it
```

A scope is a ticker, or "pooled".
"""

import datetime as dt
from dataclasses import dataclass

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from options_signals.errors import AlreadyStoredError, CorruptError, ModelMissingError, NotFoundError
from options_signals.lake import ObjectStore, sha256
from options_signals.models.bundle import CARD, GRAPH, load, open_bundle, read_card
from options_signals.models.card import ModelCard
from options_signals.snapshot import BundleRef

POINTER = "champion"


class Served(BaseModel):
    """A version, and since when it was the champion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    card_sha256: str
    since: AwareDatetime


class Pointer(BaseModel):
    """What is served now, and what was before, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    now: Served
    history: tuple[Served, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A bundle in the registry."""

    ref: BundleRef
    card: ModelCard
    champion: bool


def publish(store: ObjectStore, card: ModelCard, graph: bytes) -> BundleRef:
    """Store a bundle, card last; it is served only once promoted.

    A version is never overwritten. The same model published again (only `trained_at` differs) is left as stored.

    Raises
    ------
    ModelMismatchError
        Where graph and card fail a check of `load`.
    AlreadyStoredError
        Where another model has that version.
    """
    open_bundle(card, graph)
    _put_once(store, f"{card.prefix}/{GRAPH}", graph)
    body = card.model_dump_json().encode()
    try:
        store.put_new(f"{card.prefix}/{CARD}", body)
    except AlreadyStoredError:
        body = store.get(f"{card.prefix}/{CARD}")
        stored = ModelCard.model_validate_json(body)
        if stored.model_copy(update={"trained_at": card.trained_at}) != card:
            raise
    return _ref(card.world, card.name, card.scope, card.version, sha256(body))


def champion(store: ObjectStore, world: str, name: str, scope: str) -> BundleRef:
    """The bundle that is served; ModelMissingError where none is, CorruptError where the pointer cannot be read."""
    now = _pointer(store, world, name, scope).now
    return _ref(world, name, scope, now.version, now.card_sha256)


def find(store: ObjectStore, world: str, name: str, scope: str, version: str) -> BundleRef:
    """The bundle of a version, served or not; NotFoundError without one."""
    key = f"{_folder(world, name, scope)}/{version}/{CARD}"
    try:
        return _ref(world, name, scope, version, sha256(store.get(key)))
    except NotFoundError as error:
        raise NotFoundError(
            what=f"version {version} of {name} for {scope}",
            where=store.where(key),
            remedy="`signals models list` shows those there are.",
        ) from error


def promote(store: ObjectStore, ref: BundleRef, *, when: dt.datetime) -> None:
    """Serve that version from now on, and remember the one before. It is verified first: errors as for `load`.

    Nothing else moves, and a version that is served already keeps its history.
    """
    card = load(store, ref).card
    served = Served(version=ref.version, card_sha256=ref.card_sha256, since=when)
    try:
        before = _pointer(store, card.world, card.name, card.scope)
    except ModelMissingError:
        return _point(store, card.world, card.name, card.scope, Pointer(now=served))
    if before.now.card_sha256 != served.card_sha256:
        pointer = Pointer(now=served, history=(*before.history, before.now))
        _point(store, card.world, card.name, card.scope, pointer)
    return None


def rollback(store: ObjectStore, world: str, name: str, scope: str, *, when: dt.datetime) -> BundleRef:
    """Serve the version before this one again, and return it; once more goes back one further.

    ModelMissingError where nothing is served, NotFoundError where there is nothing to go back to.
    """
    pointer = _pointer(store, world, name, scope)
    if not pointer.history:
        raise NotFoundError(
            what=f"earlier champion of {name} for {scope}",
            where=store.where(f"{_folder(world, name, scope)}/{POINTER}"),
            remedy="Promote another version; `signals models list` shows those there are.",
        )
    *earlier, last = pointer.history
    _point(store, world, name, scope, Pointer(now=last.model_copy(update={"since": when}), history=tuple(earlier)))
    return champion(store, world, name, scope)


def versions(store: ObjectStore, world: str) -> list[Version]:
    """Every bundle of a world, by name, scope and version; errors as for `load`, of the cards only."""
    keys = store.keys(f"models/{world}/")
    refs = [find(store, world, *key.split("/")[2:5]) for key in keys if key.endswith(f"/{CARD}")]
    served = {champion(store, world, *key.split("/")[2:4]) for key in keys if key.endswith(f"/{POINTER}")}
    return [Version(ref=ref, card=read_card(store, ref), champion=ref in served) for ref in refs]


def _folder(world: str, name: str, scope: str) -> str:
    return f"models/{world}/{name}/{scope}"


def _ref(world: str, name: str, scope: str, version: str, card_sha256: str) -> BundleRef:
    prefix = f"{_folder(world, name, scope)}/{version}"
    return BundleRef(name=name, scope=scope, version=version, prefix=prefix, card_sha256=card_sha256)


def _put_once(store: ObjectStore, key: str, body: bytes) -> None:
    try:
        store.put_new(key, body)
    except AlreadyStoredError:
        if store.get(key) != body:  # the same bytes are those of a publish that was cut off
            raise


def _pointer(store: ObjectStore, world: str, name: str, scope: str) -> Pointer:
    key = f"{_folder(world, name, scope)}/{POINTER}"
    try:
        return Pointer.model_validate_json(store.get(key))
    except NotFoundError as error:
        raise ModelMissingError(model=name, scope=scope, where=store.where(key)) from error
    except ValidationError as error:
        raise CorruptError(
            what=store.where(key),
            expected="a pointer to a version",
            found=f"{error.error_count()} broken fields",
            remedy="Remove it and promote a version (`signals models promote`).",
        ) from error


def _point(store: ObjectStore, world: str, name: str, scope: str, pointer: Pointer) -> None:
    store.put(f"{_folder(world, name, scope)}/{POINTER}", pointer.model_dump_json().encode())
