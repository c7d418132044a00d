from datetime import date

import pytest
from options_signals.errors import CorruptError, NotFoundError
from options_signals.jobs import documents
from options_signals.jobs.messages import Run
from options_signals.lake import MemoryStore, canonical_json, sha256
from options_signals.snapshot import BundleRef, DocumentRef, Verdict

RUN = Run(namespace="files:1a2b", session=date(2022, 11, 23), attempt=2)
SPY = BundleRef(name="direction", scope="SPY", version="2022-11-01a", prefix="models/SPY", card_sha256="ab")
QQQ = BundleRef(name="direction", scope="QQQ", version="2022-11-01a", prefix="models/QQQ", card_sha256="cd")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_records_come_back_in_their_order(store: MemoryStore) -> None:
    ref = documents.write(store, RUN, "models", [QQQ, SPY])

    assert documents.read(store, ref, BundleRef) == [QQQ, SPY]
    assert ref.count == 2


def test_no_records_are_a_document_too(store: MemoryStore) -> None:
    ref = documents.write(store, RUN, "models", [])

    assert documents.read(store, ref, BundleRef) == []
    assert ref.count == 0


def test_document_lies_in_the_folder_of_its_run_under_its_digest(store: MemoryStore) -> None:
    ref = documents.write(store, RUN, "models", [SPY])

    assert ref.key == f"runs/files-1a2b/2022-11-23/002/models-{ref.sha256[:12]}.json"
    assert store.keys("") == [ref.key]


def test_same_records_are_the_same_document(store: MemoryStore) -> None:
    assert documents.write(store, RUN, "models", [SPY]) == documents.write(store, RUN, "models", [SPY])
    assert len(store.keys("")) == 1


def test_chunks_of_a_run_do_not_overwrite_each_other(store: MemoryStore) -> None:
    first = documents.write(store, RUN, "models", [SPY])
    second = documents.write(store, RUN, "models", [QQQ])

    assert documents.read(store, first, BundleRef) == [SPY]
    assert documents.read(store, second, BundleRef) == [QQQ]


def test_altered_document_is_refused_by_its_digest(store: MemoryStore) -> None:
    ref = documents.write(store, RUN, "models", [SPY])
    store.put(ref.key, store.get(ref.key).replace(b"2022-11-01a", b"2022-11-01b"))

    with pytest.raises(CorruptError, match=f"expected sha256 {ref.sha256[:12]}, found "):
        documents.read(store, ref, BundleRef)


def test_document_of_other_records_is_refused_with_what_breaks_first(store: MemoryStore) -> None:
    ref = documents.write(store, RUN, "models", [SPY])

    with pytest.raises(CorruptError, match=r"expected records of this version, found 0\.status: Field required\. Run"):
        documents.read(store, ref, Verdict)


def test_document_that_holds_no_json_is_refused(store: MemoryStore) -> None:
    ref = DocumentRef(key="runs/x.json", sha256=sha256(b"{"), count=1)
    store.put(ref.key, b"{")

    with pytest.raises(CorruptError, match=r"expected records of this version, found Invalid JSON: EOF"):
        documents.read(store, ref, BundleRef)


def test_document_that_is_gone_is_named(store: MemoryStore) -> None:
    gone = DocumentRef(key="runs/gone.json", sha256=sha256(canonical_json([])), count=0)

    with pytest.raises(NotFoundError, match=r"no runs/gone\.json in memory"):
        documents.read(store, gone, BundleRef)
