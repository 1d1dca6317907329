"""Entries of a log's files, and how a file is scanned.

A file is named by the position of its first entry, ``00000000000000000042.xlseg``; the first 16
bytes are ``XLLOG`` ‖ 0x00 ‖ version 2 ‖ position 8, then entries follow. Little-endian:

| bytes | content |
| --- | --- |
| 4 | ``XLEN`` |
| 4 | length of the payload as stored |
| 4 | CRC-32 (IEEE 802.3) over the 20 bytes of the header after this field, then the payload |
| 1 | kind |
| 1 | codec of the payload: 0 none, 1 LZ4 frame |
| 2 | zero |
| 8 | position in the stream |
| 4 | length of the payload unpacked |
| 4 | zero |
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from struct import Struct
from typing import Final
from zlib import crc32

import pyarrow as pa
from xinlian.ingest.usecases.log_ports import Entry, Kind

__all__ = [
    "ENTRY",
    "ENTRY_BYTES_MAX",
    "FILE_HEAD",
    "entry_head",
    "file_head",
    "file_name",
    "log_files",
    "read_entry",
    "unpack",
]

FILE_MAGIC: Final = b"XLLOG\0\x01\x00"
FILE_HEAD: Final = Struct("<8sQ")
ENTRY_MAGIC: Final = b"XLEN"
ENTRY: Final = Struct("<4sIIBBHQII")
_AFTER_CRC: Final = Struct("<BBHQII")
ENTRY_BYTES_MAX: Final = 512 << 20
SUFFIX: Final = ".xlseg"


def file_name(position: int) -> str:
    """Name of the file whose first entry has this position."""
    return f"{position:020}{SUFFIX}"


def log_files(folder: Path) -> list[tuple[int, Path]]:
    """The files of a log with the position of their first entry, in order."""
    return sorted(
        (int(path.stem), path) for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal()
    )


def file_head(position: int) -> bytes:
    """The first bytes of a file."""
    return FILE_HEAD.pack(FILE_MAGIC, position)


def entry_head(kind: int, position: int, payload: bytes, *, size: int, codec: int = 0) -> bytes:
    """The header of an entry; ``size`` is the payload's length unpacked."""
    rest = _AFTER_CRC.pack(kind, codec, 0, position, size, 0)
    checksum = crc32(payload, crc32(rest))
    return ENTRY_MAGIC + len(payload).to_bytes(4, "little") + checksum.to_bytes(4, "little") + rest


Read = Callable[[int, int], bytes]
"""Bytes of a file: offset, length; fewer at its end."""


def read_entry(read: Read, offset: int, end: int) -> tuple[Entry, int] | str:
    """The entry at ``offset`` (payload as stored, unpacked) and the offset behind it, or what is
    wrong with it. Nothing beyond ``end`` is looked at."""
    if end - offset < ENTRY.size:
        return "the header of an entry is cut off"
    head = read(offset, ENTRY.size)
    if len(head) < ENTRY.size:
        return "the file is shorter than what was written"
    magic, length, checksum, kind, codec, zero, position, size, zero_2 = ENTRY.unpack(head)
    if magic != ENTRY_MAGIC or zero or zero_2 or max(length, size) > ENTRY_BYTES_MAX:
        return "no entry begins here"
    if length > end - offset - ENTRY.size:
        return "an entry is cut off"
    stored = read(offset + ENTRY.size, length)
    if len(stored) < length:
        return "the file is shorter than what was written"
    if crc32(stored, crc32(head[12:])) != checksum:
        return "the checksum of an entry is wrong"
    try:
        entry = Entry(position, Kind(kind), unpack(stored, codec, size))
    except (ValueError, OSError) as exc:
        return f"an entry is of a kind not known here: {exc}"
    return entry, offset + ENTRY.size + length


def unpack(stored: bytes, codec: int, size: int) -> bytes:
    """The payload as it was before it was packed."""
    if codec == 0:
        if len(stored) != size:
            raise ValueError("a length is wrong")
        return stored
    if codec == 1:
        made: bytes = pa.Codec("lz4").decompress(stored, decompressed_size=size, asbytes=True)
        return made
    raise ValueError(f"codec {codec}")


def find_entry(data: bytes, start: int, position: int) -> int | None:
    """Offset of the first whole entry in ``data`` from ``start`` on whose position is not below
    ``position``: where reading can go on behind damage."""
    at = data.find(ENTRY_MAGIC, start)
    while at >= 0:
        found = read_entry(lambda where, size: data[where : where + size], at, len(data))
        if not isinstance(found, str) and found[0].position >= position:
            return at
        at = data.find(ENTRY_MAGIC, at + 1)
    return None
