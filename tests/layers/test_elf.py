"""The stripper, on a library of a few bytes and on a real one, which the system's own loader then opens."""

import importlib.util
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from layers.elf import strip

CODE, MOVED_TABLE, DEBUG = b"code" * 16, b"data" * 8, b"D" * 0x5000


def entry(kind: int, offset: int, size: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, 4, offset, 0x10000 + offset, 0, size, size, 0x1000)


def library() -> bytes:
    """Header and program headers, code, debug records, a segment behind them as patchelf leaves it, sections."""
    behind = 0x1000 + len(DEBUG)
    entries = entry(1, 0, 0x200), entry(1, behind, len(MOVED_TABLE)), entry(2, behind + 8, 16), entry(0x6474E551, 0, 0)
    about = struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0x7000, 0, 64, 56, 4, 64, 9, 8)
    header = b"\x7fELF\x02\x01" + bytes(10) + about
    start = (header + b"".join(entries)).ljust(0x200 - len(CODE), b"\0") + CODE
    return (start.ljust(0x1000, b"\0") + DEBUG + MOVED_TABLE).ljust(0x7000, b"\0") + b"S" * 9 * 64


def segments(data: bytes) -> list[tuple[int, int, int, int]]:
    """Kind, offset, address and size of each program header."""
    rows = [struct.unpack_from("<IIQQQQQQ", data, 64 + 56 * row) for row in range(4)]
    return [(kind, offset, address, size) for kind, _, offset, address, _, size, _, _ in rows]


def test_debug_records_and_sections_go_and_segments_stay() -> None:
    stripped = strip(library())

    assert DEBUG[:64] not in stripped
    assert len(stripped) == 0x1000 + len(MOVED_TABLE)
    assert [stripped[offset : offset + size] for kind, offset, _, size in segments(stripped) if kind == 1] == [
        stripped[:0x200],
        MOVED_TABLE,
    ]
    assert stripped[0x200 - len(CODE) : 0x200] == CODE
    assert struct.unpack_from("<Q", stripped, 0x28) == (0,)
    assert struct.unpack_from("<HH", stripped, 0x3C) == (0, 0)


def test_a_moved_segment_takes_what_lies_in_it_along_and_keeps_address_and_alignment() -> None:
    before, after = segments(library()), segments(strip(library()))

    assert [(row[0], row[2], row[3]) for row in after] == [(row[0], row[2], row[3]) for row in before]
    assert [offset for _, offset, _, _ in after] == [0, 0x1000, 0x1008, 0]


def test_stripping_twice_is_stripping_once() -> None:
    assert strip(strip(library())) == strip(library())


@pytest.mark.parametrize("data", [b"", b"text", b"\x7fELF\x01\x01 of 32 bits", b"\xcf\xfa\xed\xfe of a Mac"])
def test_what_is_no_64_bit_linux_library_is_left_alone(data: bytes) -> None:
    assert strip(data) == data


@pytest.mark.skipif(sys.platform != "linux", reason="the libraries of this machine are no ELF files")
@pytest.mark.parametrize("module", ["pydantic_core._pydantic_core", "yaml._yaml", "lxml.etree"])
def test_the_systems_loader_opens_a_stripped_library(module: str, tmp_path: Path) -> None:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    original = Path(spec.origin).read_bytes()
    library = tmp_path / Path(spec.origin).name
    library.write_bytes(strip(original))

    load = f"import ctypes; ctypes.CDLL({str(library)!r})"
    done = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=False)

    assert library.stat().st_size < len(original)
    assert done.returncode == 0, done.stderr
