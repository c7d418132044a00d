import os
import subprocess
import sys
from pathlib import Path

import pytest
from options_signals.adapters.folder import FolderStore, locked
from options_signals.errors import FolderError, InvalidValueError


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "lake")


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", ".hidden", "a/.lock", "a\\b", "a\0b", "a b"]
)
@pytest.mark.parametrize("call", ["get", "put", "put_new"])
def test_a_key_that_could_leave_the_folder_or_hide_is_refused(store: FolderStore, call: str, key: str) -> None:
    arguments = (key,) if call == "get" else (key, b"")

    with pytest.raises(InvalidValueError, match="without a leading dot"):
        getattr(store, call)(*arguments)


def test_a_listing_does_not_leave_the_folder_either(store: FolderStore) -> None:
    with pytest.raises(InvalidValueError):
        store.keys("../")


@pytest.mark.parametrize(
    "key", ["snapshots/live/2022-11-23/001/manifest.json", "models/direction/BRK.B/^VIX", "a=1/b+c@d"]
)
def test_the_names_of_the_field_are_keys(store: FolderStore, key: str) -> None:
    store.put(key, b"x")

    assert store.keys("") == [key]


def test_what_a_crash_left_over_is_not_listed(store: FolderStore) -> None:
    store.put("a/whole", b"")
    (store.root / "a" / ".part.0123").write_bytes(b"hal")

    assert store.keys("") == ["a/whole"]


@pytest.mark.parametrize("call", ["put", "put_new"])
def test_a_write_that_fails_half_way_leaves_the_old_object_and_no_rest(
    store: FolderStore, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("a/old", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderError, match="No space left on device"):
        getattr(store, call)("a/old" if call == "put" else "a/new", b"new")

    assert store.keys("") == ["a/old"]
    assert store.get("a/old") == b"old"
    assert [path.name for path in (store.root / "a").iterdir()] == ["old"]


def test_an_unwritable_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the folder should be")

    with pytest.raises(FolderError) as refused:
        FolderStore(tmp_path / "lake").put("a/b", b"")

    assert str(refused.value) == (
        f"cannot write {tmp_path / 'lake' / 'a' / 'b'}: Not a directory. "
        "Check the folder's owner and permissions and the space left, or name another folder."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("call", ["get", "keys"])
def test_an_unreadable_folder_is_named(store: FolderStore, call: str) -> None:
    store.put("a/b", b"")
    (store.root / "a").chmod(0)
    try:
        with pytest.raises(FolderError, match=r"cannot read .*: Permission denied"):
            getattr(store, call)("a/b")
    finally:
        (store.root / "a").chmod(0o700)


def test_a_folder_is_no_object(store: FolderStore) -> None:
    store.put("a/b", b"")

    with pytest.raises(FolderError, match=r"cannot read .*: Is a directory"):
        store.get("a")


def test_a_lock_shuts_others_out_and_names_its_holder(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(FolderError) as busy, locked(tmp_path, timeout_seconds=0.1):
        pass

    assert str(busy.value).startswith(f"cannot lock {tmp_path}: it is held by process {os.getpid()} (")
    assert str(busy.value).endswith("Wait until that one has ended, or end it.")


def test_a_lock_ends_with_its_block_even_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        _ = 1 / 0

    with locked(tmp_path, timeout_seconds=0):
        assert (tmp_path / ".lock").exists()


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    holder = (
        f"import os; from pathlib import Path; from options_signals.adapters.folder import locked\n"
        f"with locked(Path({str(tmp_path)!r})): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", holder], check=False).returncode == 9

    with locked(tmp_path, timeout_seconds=0):
        assert "process" in (tmp_path / ".lock").read_text()


def test_a_lock_in_an_impossible_place_is_a_folder_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(FolderError, match=r"cannot lock .*: (File exists|Not a directory)"), locked(tmp_path / "file"):
        pass
