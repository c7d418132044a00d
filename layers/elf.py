"""Take out of a Linux shared library what no loader reads: symbol tables and debug records, up to four fifths of it.

An ELF file names its bytes twice: in segments, which the system maps into memory, and in sections, which linkers and
debuggers read. Only segments are kept. Source: System V Application Binary Interface, chapters 4 and 5.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little-endian
TABLE_AT, SECTIONS_AT, ENTRY_SIZE_AT, SECTION_COUNT_AT = 0x20, 0x28, 0x36, 0x3C
OFFSET_IN_ENTRY = 8
LOADED = 1


class Segment(NamedTuple):
    """One entry of the program header table."""

    offset: int  # of its bytes in the file
    size: int
    alignment: int
    kind: int
    entry: int  # offset of the entry itself


class Move(NamedTuple):
    """A mapped segment and by how many bytes it comes nearer to the start of the file."""

    segment: Segment
    nearer: int


def strip(library: bytes) -> bytes:
    """The library without its sections; what is no 64-bit little-endian ELF file is answered as it is."""
    if not library.startswith(MAGIC):
        return library
    segments = list(_segments(library))
    moves = list(_moves(sorted(each for each in segments if each.kind == LOADED and each.size)))
    stripped = bytearray(max(segment.offset + segment.size - nearer for segment, nearer in moves))
    for segment, nearer in moves:
        kept = library[segment.offset : segment.offset + segment.size]
        stripped[segment.offset - nearer : segment.offset - nearer + segment.size] = kept
    for segment in segments:
        _write(stripped, _moved(segment.entry, moves) + OFFSET_IN_ENTRY, _moved(segment.offset, moves))
    _write(stripped, TABLE_AT, _moved(_read(library, TABLE_AT), moves))
    _write(stripped, SECTIONS_AT, 0)
    struct.pack_into("<HH", stripped, SECTION_COUNT_AT, 0, 0)
    return bytes(stripped)


def _segments(library: bytes) -> Iterator[Segment]:
    table = _read(library, TABLE_AT)
    entry_size, count = struct.unpack_from("<HH", library, ENTRY_SIZE_AT)
    for entry in range(table, table + count * entry_size, entry_size):
        kind, _flags, offset, _address, _physical, size, _memory, alignment = struct.unpack_from(
            "<IIQQQQQQ", library, entry
        )
        yield Segment(offset, size, alignment, kind, entry)


def _moves(segments: Sequence[Segment]) -> Iterator[Move]:
    """Close the gaps between segments, by whole multiples of the alignment: a loader demands the same remainder."""
    nearer = end = 0
    for segment in segments:
        nearer += max(0, segment.offset - end) // segment.alignment * segment.alignment
        end = max(end, segment.offset + segment.size)
        yield Move(segment, nearer)


def _moved(offset: int, moves: Sequence[Move]) -> int:
    """Where the byte is after the moves; an offset outside every mapped segment belongs to nothing and stays."""
    return next(
        (offset - nearer for each, nearer in moves if each.offset <= offset < each.offset + each.size),
        offset,
    )


def _read(data: bytes, offset: int) -> int:
    (number,) = struct.unpack_from("<Q", data, offset)
    return int(number)


def _write(data: bytearray, offset: int, number: int) -> None:
    struct.pack_into("<Q", data, offset, number)
