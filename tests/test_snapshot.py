import datetime as dt
import json
from datetime import date
from typing import Any

import pandas as pd
import pytest
from options_signals import snapshot
from options_signals.errors import AlreadyStoredError, CorruptError, NotFoundError, TableError
from options_signals.lake import MemoryStore, canonical_json
from options_signals.settings import Settings
from options_signals.snapshot import BundleRef, Manifest, Origin, TableRef, Verdict
from options_signals.tables import BARS, validate
from pandas.testing import assert_frame_equal
from pydantic import ValidationError

SESSION = date(2022, 11, 23)
CAPTURED_AT = dt.datetime(2022, 11, 23, 21, 31, tzinfo=dt.UTC)
ORIGIN = Origin(source="yahoo", captured_at=CAPTURED_AT, rights="own use")
PREFIX = "snapshots/live/2022-11-23/001"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def bars(close: float = 402.42) -> pd.DataFrame:
    prices = dict.fromkeys(["open", "high", "low", "close"], close)
    return pd.DataFrame([{"ticker": "SPY", "session": SESSION, **prices, "volume": 68_261_600}])


def bundle(scope: str) -> BundleRef:
    return BundleRef(name="direction", scope=scope, version="2022-11-01a", prefix=f"models/{scope}", card_sha256="ab")


def manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "namespace": "live",
        "session": SESSION,
        "attempt": 1,
        "created_at": CAPTURED_AT,
        "tables": {"bars": TableRef(key=f"{PREFIX}/bars.parquet", sha256="ab", rows=1, origin=ORIGIN)},
        "verdicts": {"SPY": Verdict(status="ok"), "QQQ": Verdict(status="refused", reasons=("no bars",))},
        "models": (bundle("SPY"),),
        "settings": Settings().model_dump(mode="json"),
        "config_id": Settings().config_id,
        "code_version": "abc1234",
        "previous_session": date(2022, 11, 22),
        "previous": {"SPY": "NO TRADE"},
        "absent": ("macro",),
    }
    return Manifest.model_validate(values | changes)


def test_table_written_is_the_table_read(store: MemoryStore) -> None:
    ref = snapshot.write_table(store, PREFIX, BARS, bars(), ORIGIN)

    back = snapshot.read_table(store, "bars", ref)

    assert (ref.rows, ref.origin) == (1, ORIGIN)
    assert_frame_equal(back, validate(BARS, bars()))


def test_table_that_a_snapshot_is_without_has_no_rows(store: MemoryStore) -> None:
    ref = snapshot.write_table(store, PREFIX, BARS, bars(), ORIGIN)
    with_bars, without = manifest(tables={"bars": ref}), manifest(tables={})

    assert_frame_equal(snapshot.table_of(store, with_bars, BARS), validate(BARS, bars()))
    assert_frame_equal(snapshot.table_of(store, without, BARS), BARS.empty())


def test_table_lies_below_the_attempt_under_its_name_and_digest(store: MemoryStore) -> None:
    ref = snapshot.write_table(store, PREFIX, BARS, bars(), ORIGIN)

    assert ref.key == f"{PREFIX}/bars-{ref.sha256[:12]}.parquet"
    assert store.keys("") == [ref.key]


def test_another_run_of_the_same_attempt_does_not_overwrite_a_table(store: MemoryStore) -> None:
    first = snapshot.write_table(store, PREFIX, BARS, bars(402.42), ORIGIN)
    second = snapshot.write_table(store, PREFIX, BARS, bars(402.43), ORIGIN)

    assert snapshot.read_table(store, "bars", first)["close"].tolist() == [402.42]
    assert snapshot.read_table(store, "bars", second)["close"].tolist() == [402.43]


def test_table_that_breaks_its_schema_leaves_nothing_behind(store: MemoryStore) -> None:
    with pytest.raises(TableError):
        snapshot.write_table(store, PREFIX, BARS, bars().drop(columns="close"), ORIGIN)

    assert store.keys("") == []


def test_altered_bytes_are_refused_by_their_digest(store: MemoryStore) -> None:
    ref = snapshot.write_table(store, PREFIX, BARS, bars(402.42), ORIGIN)
    other = snapshot.write_table(store, PREFIX, BARS, bars(402.43), ORIGIN)
    store.put(ref.key, store.get(other.key))

    with pytest.raises(CorruptError) as caught:
        snapshot.read_table(store, "bars", ref)

    assert str(caught.value) == (
        f"memory:{ref.key} is damaged: expected sha256 {ref.sha256[:12]}, found {other.sha256[:12]}. "
        "Run the session again: a new attempt fetches it afresh."
    )


def test_manifest_comes_back_as_it_was_committed(store: MemoryStore) -> None:
    key = snapshot.commit(store, manifest())

    assert key == f"{PREFIX}/manifest.json"
    assert snapshot.read_manifest(store, "live", SESSION, 1) == manifest()


def test_settings_of_a_manifest_are_those_that_were_pinned(store: MemoryStore) -> None:
    settings = Settings(tickers=("SPY",), allow_iv_proxy={"AAPL": "VIX"})
    snapshot.commit(store, manifest(settings=settings.model_dump(mode="json"), config_id=settings.config_id))

    pinned = snapshot.read_manifest(store, "live", SESSION, 1)

    assert Settings.model_validate(pinned.settings) == settings
    assert Settings.model_validate(pinned.settings).config_id == pinned.config_id


def test_manifest_from_before_own_volatility_was_kept_is_read_as_without_it(store: MemoryStore) -> None:
    key = snapshot.commit(store, manifest())
    old = json.loads(store.get(key))
    assert old.pop("own_iv") == {}
    store.put(key, canonical_json(old))

    assert not snapshot.read_manifest(store, "live", SESSION, 1).serves_own_iv("SPY")


def test_newest_snapshots_before_a_session_come_newest_first(store: MemoryStore) -> None:
    for day in (10, 21, 22, 23):
        snapshot.commit(store, manifest(session=date(2022, 11, day)))

    before = snapshot.committed_before(store, "live", SESSION, most=2)

    assert before == [(date(2022, 11, 22), 1), (date(2022, 11, 21), 1)]


def test_after_a_long_pause_the_newest_snapshot_before_it_is_found(store: MemoryStore) -> None:
    for session, attempt in ((date(2022, 3, 1), 1), (date(2022, 3, 2), 1), (date(2022, 3, 2), 2), (SESSION, 1)):
        snapshot.commit(store, manifest(session=session, attempt=attempt))

    assert snapshot.committed_before(store, "live", SESSION, most=4) == [(date(2022, 3, 2), 2)]
    assert snapshot.committed_before(store, "live", date(2022, 3, 1), most=4) == []


def test_same_manifest_is_the_same_bytes() -> None:
    first, second = MemoryStore(), MemoryStore()
    snapshot.commit(first, manifest())
    snapshot.commit(second, Manifest.model_validate(dict(reversed(manifest().model_dump().items()))))

    assert first.objects == second.objects


def test_snapshot_is_committed_once_and_never_changed(store: MemoryStore) -> None:
    snapshot.commit(store, manifest())

    with pytest.raises(AlreadyStoredError, match=r"001/manifest\.json exists and is never changed"):
        snapshot.commit(store, manifest(code_version="later"))
    assert snapshot.read_manifest(store, "live", SESSION, 1).code_version == "abc1234"


def test_first_attempt_is_one(store: MemoryStore) -> None:
    assert snapshot.next_attempt(store, "live", SESSION) == 1
    assert snapshot.committed_attempts(store, "live", SESSION) == []


def test_attempt_that_was_never_committed_is_not_used_again(store: MemoryStore) -> None:
    snapshot.commit(store, manifest(attempt=1))
    snapshot.write_table(store, "snapshots/live/2022-11-23/002", BARS, bars(), ORIGIN)

    assert snapshot.next_attempt(store, "live", SESSION) == 3
    assert snapshot.committed_attempts(store, "live", SESSION) == [1]


def test_other_sessions_and_worlds_have_attempts_of_their_own(store: MemoryStore) -> None:
    snapshot.commit(store, manifest())

    assert snapshot.next_attempt(store, "live", SESSION) == 2
    assert snapshot.next_attempt(store, "live", date(2022, 11, 22)) == 1
    assert snapshot.next_attempt(store, "simulated", SESSION) == 1


def test_attempts_are_counted_as_numbers(store: MemoryStore) -> None:
    for attempt in (2, 999, 1000):
        snapshot.commit(store, manifest(attempt=attempt))

    assert snapshot.committed_attempts(store, "live", SESSION) == [2, 999, 1000]
    assert snapshot.newest_manifest(store, "live", SESSION).attempt == 1000


def test_stranger_among_the_attempts_is_ignored(store: MemoryStore) -> None:
    snapshot.commit(store, manifest())
    store.put("snapshots/live/2022-11-23/README.txt", b"")
    store.put("snapshots/live/2022-11-23/001/old/manifest.json", b"")

    assert snapshot.next_attempt(store, "live", SESSION) == 2
    assert snapshot.committed_attempts(store, "live", SESSION) == [1]


def test_newest_manifest_is_that_of_the_last_committed_attempt(store: MemoryStore) -> None:
    snapshot.commit(store, manifest(attempt=1))
    snapshot.commit(store, manifest(attempt=2))
    snapshot.write_table(store, "snapshots/live/2022-11-23/003", BARS, bars(), ORIGIN)

    assert snapshot.newest_manifest(store, "live", SESSION).attempt == 2


def test_session_that_was_never_fetched_is_named_with_the_remedy(store: MemoryStore) -> None:
    with pytest.raises(NotFoundError, match="no snapshot of 2022-11-23 in the namespace live in memory:snapshots/"):
        snapshot.newest_manifest(store, "live", SESSION)


def test_attempt_without_a_manifest_does_not_exist(store: MemoryStore) -> None:
    snapshot.write_table(store, PREFIX, BARS, bars(), ORIGIN)

    with pytest.raises(NotFoundError):
        snapshot.read_manifest(store, "live", SESSION, 1)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "Invalid JSON: EOF"),
        (b"{}", "namespace: Field required"),
        (b'{"namespace":"live","colour":1}', "session: Field required"),
    ],
)
def test_broken_manifest_is_named_with_what_breaks_first(store: MemoryStore, body: bytes, told: str) -> None:
    store.put(f"{PREFIX}/manifest.json", body)

    with pytest.raises(CorruptError, match=rf"manifest\.json is damaged: expected a manifest, found {told}"):
        snapshot.read_manifest(store, "live", SESSION, 1)


def test_manifest_that_lies_where_another_belongs_is_refused(store: MemoryStore) -> None:
    snapshot.commit(store, manifest())
    store.put("snapshots/live/2022-11-25/001/manifest.json", store.get(f"{PREFIX}/manifest.json"))

    with pytest.raises(CorruptError, match="expected its own manifest, found that of snapshots/live/2022-11-23/001"):
        snapshot.read_manifest(store, "live", date(2022, 11, 25), 1)


def test_namespace_with_a_colon_becomes_a_plain_folder(store: MemoryStore) -> None:
    key = snapshot.commit(store, manifest(namespace="files:1a2b"))

    assert key == "snapshots/files-1a2b/2022-11-23/001/manifest.json"
    assert snapshot.newest_manifest(store, "files:1a2b", SESSION).namespace == "files:1a2b"


def test_ticker_is_served_by_its_own_model_before_the_pooled_one() -> None:
    both = manifest(models=(bundle("pooled"), bundle("SPY")))

    assert both.model_for("direction", "SPY") == bundle("SPY")
    assert both.model_for("direction", "QQQ") == bundle("pooled")
    assert both.model_for("iv_regime", "SPY") is None


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Origin(source="yahoo", captured_at=CAPTURED_AT.replace(tzinfo=None), rights="own use")
    with pytest.raises(ValidationError, match="timezone"):
        manifest(created_at=CAPTURED_AT.replace(tzinfo=None))


@pytest.mark.parametrize(("status", "reasons"), [("refused", ()), ("degraded", ("",)), ("ok", ("no volume",))])
def test_verdict_has_reasons_unless_all_is_well(status: str, reasons: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match=f"a verdict of {status} with the reasons"):
        Verdict.model_validate({"status": status, "reasons": reasons})
