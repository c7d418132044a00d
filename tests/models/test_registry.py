import datetime as dt

import pytest
from options_signals.errors import (
    AlreadyStoredError,
    CorruptError,
    ModelMismatchError,
    ModelMissingError,
    NotFoundError,
)
from options_signals.lake import MemoryStore
from options_signals.models.registry import champion, find, promote, publish, rollback, versions
from options_signals.snapshot import BundleRef

from tests.models.bundles import direction_bundle, regime_bundle

MONDAY, TUESDAY, FRIDAY = (dt.datetime(2022, 11, day, 22, 0, tzinfo=dt.UTC) for day in (21, 22, 25))
POINTER = "models/simulated/direction/SPY/champion"
OLD, NEW = direction_bundle(threshold=0.45), direction_bundle(threshold=0.55)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def publish_both(store: MemoryStore) -> tuple[BundleRef, BundleRef]:
    return publish(store, OLD.card, OLD.graph), publish(store, NEW.card, NEW.graph)


def served(store: MemoryStore) -> str:
    return champion(store, "simulated", "direction", "SPY").version


def test_a_published_bundle_is_served_only_once_promoted(store: MemoryStore) -> None:
    ref = publish(store, OLD.card, OLD.graph)
    with pytest.raises(ModelMissingError):
        champion(store, "simulated", "direction", "SPY")

    promote(store, ref, when=MONDAY)

    assert champion(store, "simulated", "direction", "SPY") == ref


def test_the_missing_champion_is_named_with_what_to_do(store: MemoryStore) -> None:
    with pytest.raises(ModelMissingError) as caught:
        champion(store, "market", "iv_regime", "pooled")

    assert str(caught.value) == (
        "no champion of iv_regime for pooled in memory:models/market/iv_regime/pooled/champion. "
        "Train one (`signals train-all`), or promote a version (`signals models promote`)."
    )


def test_rollback_returns_to_the_version_before_and_says_since_when(store: MemoryStore) -> None:
    old, new = publish_both(store)
    promote(store, old, when=MONDAY)
    promote(store, new, when=TUESDAY)
    assert served(store) == new.version

    assert rollback(store, "simulated", "direction", "SPY", when=FRIDAY) == old

    assert served(store) == old.version
    assert b'"since":"2022-11-25T22:00:00Z"' in store.get(POINTER)


def test_promote_and_rollback_move_the_pointer_and_nothing_else(store: MemoryStore) -> None:
    old, new = publish_both(store)
    bundles = dict(store.objects)

    promote(store, old, when=MONDAY)
    promote(store, new, when=TUESDAY)
    rollback(store, "simulated", "direction", "SPY", when=FRIDAY)

    assert {key: body for key, body in store.objects.items() if key != POINTER} == bundles
    assert POINTER in store.objects


def test_there_is_nothing_to_go_back_to_from_the_first_champion(store: MemoryStore) -> None:
    promote(store, publish(store, OLD.card, OLD.graph), when=MONDAY)

    with pytest.raises(NotFoundError) as caught:
        rollback(store, "simulated", "direction", "SPY", when=TUESDAY)

    assert str(caught.value) == (
        f"no earlier champion of direction for SPY in memory:{POINTER}. "
        "Promote another version; `signals models list` shows those there are."
    )


def test_promoting_the_champion_again_keeps_what_came_before_it(store: MemoryStore) -> None:
    old, new = publish_both(store)
    promote(store, old, when=MONDAY)
    promote(store, new, when=TUESDAY)
    promote(store, new, when=FRIDAY)

    assert rollback(store, "simulated", "direction", "SPY", when=FRIDAY) == old


def test_a_version_that_fails_its_checks_is_not_promoted(store: MemoryStore) -> None:
    old, new = publish_both(store)
    promote(store, old, when=MONDAY)
    store.put(f"{new.prefix}/model.onnx", b"another graph")

    with pytest.raises(ModelMismatchError, match="graph digest"):
        promote(store, new, when=TUESDAY)

    assert served(store) == old.version


def test_the_same_model_published_later_is_the_same_version_and_stays_as_stored(store: MemoryStore) -> None:
    first = publish(store, OLD.card, OLD.graph)
    before = dict(store.objects)

    again = direction_bundle(threshold=0.45, trained_at=FRIDAY)

    assert publish(store, again.card, again.graph) == first
    assert store.objects == before


def test_another_model_never_overwrites_a_version(store: MemoryStore) -> None:
    publish(store, OLD.card, OLD.graph)
    impostor = NEW.card.model_copy(update={"version": OLD.card.version})

    with pytest.raises(AlreadyStoredError):
        publish(store, impostor, NEW.graph)


def test_a_publish_that_was_cut_off_is_finished_by_the_next(store: MemoryStore) -> None:
    ref = publish(store, OLD.card, OLD.graph)
    del store.objects[f"{ref.prefix}/card.json"]

    assert publish(store, OLD.card, OLD.graph) == ref
    assert find(store, "simulated", "direction", "SPY", OLD.card.version) == ref


def test_a_graph_of_another_model_is_not_published(store: MemoryStore) -> None:
    with pytest.raises(ModelMismatchError, match="graph digest"):
        publish(store, OLD.card, NEW.graph + b" ")

    assert store.objects == {}


def test_an_unknown_version_is_named(store: MemoryStore) -> None:
    with pytest.raises(NotFoundError) as caught:
        find(store, "simulated", "direction", "SPY", "2022-01-03-0000000")

    assert str(caught.value) == (
        "no version 2022-01-03-0000000 of direction for SPY in "
        "memory:models/simulated/direction/SPY/2022-01-03-0000000/card.json. "
        "`signals models list` shows those there are."
    )


def test_the_list_shows_every_version_and_which_one_is_served(store: MemoryStore) -> None:
    old, new = publish_both(store)
    regime = regime_bundle(scope="pooled")
    publish(store, regime.card, regime.graph)
    promote(store, new, when=MONDAY)

    listed = versions(store, "simulated")

    assert {(one.card.label, one.champion) for one in listed} == {
        (OLD.card.label, False),
        (NEW.card.label, True),
        (regime.card.label, False),
    }
    assert old in [one.ref for one in listed]


def test_worlds_are_kept_apart(store: MemoryStore) -> None:
    promote(store, publish(store, OLD.card, OLD.graph), when=MONDAY)

    assert len(versions(store, "simulated")) == 1
    assert versions(store, "market") == []


def test_a_pointer_that_cannot_be_read_is_called_damaged(store: MemoryStore) -> None:
    promote(store, publish(store, OLD.card, OLD.graph), when=MONDAY)
    store.put(POINTER, b"{}")

    with pytest.raises(CorruptError) as caught:
        champion(store, "simulated", "direction", "SPY")

    assert str(caught.value) == (
        f"memory:{POINTER} is damaged: expected a pointer to a version, found 1 broken fields. "
        "Remove it and promote a version (`signals models promote`)."
    )
