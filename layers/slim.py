"""Take out of installed packages what no function loads."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from layers.elf import strip
from layers.errors import GroupsError

# True of every package: its tests, what only compilers and type checkers read, and installed commands.
EVERYWHERE = (
    ".lock",  # of uv, while it writes
    "bin/**",
    "**/tests/**",
    "**/__pycache__/**",
    *(f"**/*.{ending}" for ending in ("a", "c", "cc", "cpp", "f90", "h", "hpp", "pxd", "pxi", "pyi", "pyx")),
)
# importlib.metadata reads the first two; the licences want to stay with what they license.
METADATA = (
    "*.dist-info/METADATA",
    "*.dist-info/entry_points.txt",
    "*.dist-info/licenses/**",
    *(f"*.dist-info/{name}*" for name in ("COPYING", "LICENCE", "LICENSE", "NOTICE")),
)


def slim(tree: Path, *, drop: Sequence[str], keep: Mapping[str, Sequence[str]]) -> None:
    """Remove from a folder of installed packages what the rules say, and debug records from its libraries.

    Parameters
    ----------
    drop
        Patterns of files, such as `pyarrow/include/**`.
    keep
        Entries that alone stay in a folder, such as `{"botocore/data": ["s3"]}`.

    Raises
    ------
    GroupsError
        For a rule that meets nothing: after an upgrade it may miss what it was written for.
    """
    files = [path for path in tree.rglob("*") if path.is_file()]
    names = [PurePosixPath(path.relative_to(tree)) for path in files]
    _refuse_idle(names, drop, keep)
    for path, name in zip(files, names, strict=True):
        if is_dropped(name, drop=drop, keep=keep):
            path.unlink()
        elif ".so" in path.suffixes:
            path.write_bytes(strip(path.read_bytes()))


def is_dropped(name: PurePosixPath, *, drop: Sequence[str] = (), keep: Mapping[str, Sequence[str]]) -> bool:
    """Whether the rules take out the file of that name, relative to the folder of packages."""
    if name.parts[0].endswith(".dist-info"):
        return not _matches(name, METADATA)
    return _matches(name, [*EVERYWHERE, *drop]) or any(
        name.is_relative_to(folder) and name.relative_to(folder).parts[0] not in entries
        for folder, entries in keep.items()
    )


def _matches(name: PurePosixPath, patterns: Iterable[str]) -> bool:
    return any(name.full_match(pattern) for pattern in patterns)


def _refuse_idle(names: Sequence[PurePosixPath], drop: Sequence[str], keep: Mapping[str, Sequence[str]]) -> None:
    entries = [f"{folder}/{entry}" for folder, kept in keep.items() for entry in kept]
    idle = [rule for rule in drop if not any(name.full_match(rule) for name in names)]
    idle += [entry for entry in entries if not any(name.is_relative_to(entry) for name in names)]
    if idle:
        raise GroupsError(
            f"no installed file answers to {', '.join(idle)}",
            remedy="Look where the packages keep it now, or remove the rule.",
        )
