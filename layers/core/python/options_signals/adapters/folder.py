"""The lake's object store on a directory, and the lock that keeps two programs off it.

A write goes to a hidden file beside its target, is forced to disk and then takes the target's name: whoever
reads sees the whole object or none. What a crash leaves over is hidden, and hidden names are never listed.
The lock is POSIX `flock`; Windows has none, so there the laptop runs under WSL.
"""

import fcntl
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from options_signals.errors import AlreadyStoredError, FolderError, InvalidValueError, NotFoundError

PART = re.compile(r"[A-Za-z0-9_^][A-Za-z0-9_^.=+@-]*")
PERMISSIONS = "Check the folder's owner and permissions and the space left, or name another folder."
LOCK = ".lock"


class FolderStore:
    """Objects as files below one folder, which is made at the first write."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str) -> bytes:
        """The object's bytes; NotFoundError where there is none."""
        path = self._path(key)
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFoundError(
                what=key, where=str(self.root), remedy="Name what exists, or run the step that writes it."
            ) from error
        except OSError as error:
            raise _failure(path, "read", error) from error

    def put(self, key: str, body: bytes) -> None:
        """Write or replace."""
        path = self._path(key)
        with _complete(path, body) as part:
            part.replace(path)

    def put_new(self, key: str, body: bytes) -> None:
        """Write only if the key is free; AlreadyStoredError where it is taken."""
        path = self._path(key)
        with _complete(path, body) as part:
            try:
                os.link(part, path)  # unlike a rename, a link never replaces
            except FileExistsError as error:
                raise AlreadyStoredError(key=str(path)) from error

    def keys(self, prefix: str) -> list[str]:
        """All keys that start with the prefix, ascending."""
        folder_of_prefix = prefix.rpartition("/")[0]
        start = self._path(folder_of_prefix) if folder_of_prefix else self.root
        found = (
            (Path(folder) / name).relative_to(self.root).as_posix()
            for folder, _, names in os.walk(start, onerror=_raise_unless_absent)
            for name in names
            if not name.startswith(".")
        )
        return sorted(key for key in found if key.startswith(prefix))

    def where(self, key: str) -> str:
        """The path to show to people."""
        return str(self.root / key)

    def link(self, key: str) -> str:
        """The same path."""
        return self.where(key)

    def _path(self, key: str) -> Path:
        if not all(PART.fullmatch(part) for part in key.split("/")):
            raise InvalidValueError(
                name="key",
                value=key,
                allowed="parts joined by /, each of letters, digits and _^.=+@- and without a leading dot",
            )
        return self.root / key


@contextmanager
def locked(folder: Path, *, timeout_seconds: float = 10.0) -> Iterator[None]:
    """Hold the folder for this block; other programs wait.

    Raises
    ------
    FolderError
        Where another still holds it after the timeout; names who.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _failure(path, "lock", error) from error
    try:
        _acquire(handle, path, deadline=time.monotonic() + timeout_seconds)
        os.ftruncate(handle, 0)
        os.pwrite(handle, _who().encode(), 0)
        yield
    finally:
        os.close(handle)  # which also unlocks


def _acquire(handle: int, path: Path, *, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise FolderError(
                    path=str(path.parent),
                    action="lock",
                    detail=f"it is held by {os.pread(handle, 1000, 0).decode() or 'a program that just started'}",
                    remedy="Wait until that one has ended, or end it.",
                ) from error
            time.sleep(0.05)
        else:
            return


def _who() -> str:
    since = datetime.now().astimezone()
    return f"process {os.getpid()} ({Path(sys.argv[0]).name}) since {since:%Y-%m-%d %H:%M:%S}"


@contextmanager
def _complete(path: Path, body: bytes) -> Iterator[Path]:
    """A hidden file with the whole body, on disk, beside the path; gone afterwards."""
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        yield part
        _sync(path.parent)
    except OSError as error:
        raise _failure(path, "write", error) from error
    finally:
        with suppress(OSError):  # gone already, or never made
            part.unlink()


def _sync(folder: Path) -> None:
    """Force the new name to disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _raise_unless_absent(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise _failure(Path(error.filename), "read", error) from error


def _failure(path: Path, action: str, error: OSError) -> FolderError:
    return FolderError(path=str(path), action=action, detail=error.strerror or str(error), remedy=PERMISSIONS)
