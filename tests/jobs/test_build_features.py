import pytest
from options_signals.errors import CorruptError
from options_signals.jobs.build_features import build_features
from options_signals.jobs.messages import Chunk, RunRequest
from options_signals.lake import MemoryStore
from options_signals.snapshot import newest_manifest

from tests.e2e.day import TICKERS, World


def with_damaged(table: str) -> tuple[Chunk, MemoryStore]:
    """A fetched evening of which one table cannot be read any more."""
    world = World()
    run = world.fetch(world.plan(RunRequest(scheduled_time=world.clock.now()))).run
    world.store.put(newest_manifest(world.store, run.namespace, run.session).tables[table].key, b"damaged")
    return Chunk(run=run, tickers=TICKERS), world.store


def test_features_are_made_without_reading_the_chains_which_only_tickets_need() -> None:
    chunk, store = with_damaged("chain")
    features = build_features(chunk, store=store).features

    assert features is not None
    assert features.rows == len(TICKERS)


@pytest.mark.parametrize("table", ["bars", "vol_indices", "macro"])
def test_no_feature_is_made_from_a_damaged_table(table: str) -> None:
    chunk, store = with_damaged(table)

    with pytest.raises(CorruptError):
        build_features(chunk, store=store)
