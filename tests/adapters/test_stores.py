"""What every ObjectStore keeps: the same rules for memory, a folder and S3."""

from pathlib import Path

import pytest
from options_signals.adapters.folder import FolderStore
from options_signals.adapters.s3 import S3Store
from options_signals.errors import AlreadyStoredError, NotFoundError
from options_signals.lake import MemoryStore, ObjectStore, Overlay


@pytest.fixture(params=["memory", "folder", "s3", "s3 below a prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "folder":
        return FolderStore(tmp_path / "lake")
    store = S3Store(request.getfixturevalue("aws"), prefix="below/" if "prefix" in request.param else "")
    store.client.create_bucket(Bucket=store.bucket)
    if store.prefix:
        S3Store(store.bucket, client=store.client).put("a/outside", b"")
    return store


def test_what_is_put_can_be_got(store: ObjectStore) -> None:
    store.put("a/b.parquet", b"\x00\xff")

    assert store.get("a/b.parquet") == b"\x00\xff"


def test_a_put_replaces(store: ObjectStore) -> None:
    store.put("a/b", b"old and longer")
    store.put("a/b", b"new")

    assert store.get("a/b") == b"new"


def test_an_absent_object_is_named(store: ObjectStore) -> None:
    with pytest.raises(NotFoundError, match="no a/b in "):
        store.get("a/b")


@pytest.mark.parametrize("body", [b"second", b"first"])
def test_a_new_object_never_replaces_not_even_its_equal(store: ObjectStore, body: bytes) -> None:
    store.put_new("a/manifest.json", b"first")

    with pytest.raises(AlreadyStoredError, match=r"a/manifest\.json exists and is never changed"):
        store.put_new("a/manifest.json", body)
    assert store.get("a/manifest.json") == b"first"


def test_keys_are_listed_by_the_start_of_their_names_in_order(store: ObjectStore) -> None:
    for key in ("a/2/x", "a/1/y", "a/10/x", "a-b", "b/1"):
        store.put(key, b"")

    assert store.keys("a/") == ["a/1/y", "a/10/x", "a/2/x"]
    assert store.keys("a/1") == ["a/1/y", "a/10/x"]
    assert store.keys("a/2/x") == ["a/2/x"]
    assert store.keys("") == ["a-b", "a/1/y", "a/10/x", "a/2/x", "b/1"]


@pytest.mark.parametrize("prefix", ["", "a/", "a/none", "none/at/all/"])
def test_an_empty_store_lists_nothing(store: ObjectStore, prefix: str) -> None:
    assert store.keys(prefix) == []


def test_an_object_has_an_address_for_people(store: ObjectStore) -> None:
    assert store.where("a/b").endswith("a/b")


def test_a_link_is_completed_by_a_name(store: ObjectStore) -> None:
    assert f"{store.link('a/b')}/c.png" == store.link("a/b/c.png")


def test_a_store_laid_over_another_links_what_lies_below_it(store: ObjectStore) -> None:
    over = Overlay(store)
    over.put("a/b", b"")

    assert over.link("a/b") == store.link("a/b")
