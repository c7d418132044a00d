"""Compile a folder of Python files and pack it: the same files give the same bytes, whenever and wherever."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from layers.errors import ToolError

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say
READABLE = 0o100644
UNIX = 3


def compile_tree(tree: Path, *, mounted_at: str) -> None:
    """Put byte code beside each source, to be used unchecked; tracebacks name the file as it lies in Lambda.

    Byte code depends on what the compiling process has compiled before, so each tree gets a process of its own,
    which knows nothing of this one's settings.
    """
    options = ["-q", "-f", "-j", "1", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", mounted_at]
    command = [sys.executable, "-S", "-s", "-m", "compileall", *options, str(tree)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONHASHSEED"] = "0"
    done = subprocess.run(  # noqa: S603 - this Python, arguments in a list
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ToolError(
            task=f"compiling {tree.name}",
            output=done.stdout + done.stderr,
            remedy="Correct the file, or drop it in layers/groups.toml if a library brought it.",
        )


def pack(tree: Path, archive: Path, *, top: str = "") -> None:
    """Write the files of a folder into a zip, each name behind `top`, such as `python/`.

    Sorted, without time, owner or mode of this machine. An archive is there whole or not at all.
    """
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    unfinished = archive.with_suffix(".part")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(unfinished, "w") as packed:
        for path in files:
            packed.writestr(_entry(top + path.relative_to(tree).as_posix()), path.read_bytes())
    unfinished.replace(archive)


def contents(archive: Path) -> dict[str, int]:
    """Size of each file in a zip, in bytes once unzipped."""
    with zipfile.ZipFile(archive) as packed:
        return {entry.filename: entry.file_size for entry in packed.infolist()}


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, UNIX, READABLE << 16
    return entry
