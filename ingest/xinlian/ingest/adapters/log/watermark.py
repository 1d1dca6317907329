"""How far a log is durable: a small file that the writer overwrites after each fsync.

28 bytes, little-endian: first position of the current file 8, length of the file that is durable 8,
position behind the last durable entry 8, CRC-32 4. It is never fsynced itself: after a power cut it
may tell less than what is durable, never more.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Final
from zlib import crc32

__all__ = ["Durable", "read_watermark", "write_watermark"]

NAME: Final = "durable"
_BODY: Final = Struct("<QQQ")
_TRIES_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Durable:
    """The end of what was fsynced: in file ``first``, up to byte ``end``; ``next`` comes next."""

    first: int = 0
    end: int = 0
    next: int = 0


def write_watermark(descriptor: int, durable: Durable) -> None:
    """Tell readers."""
    body = _BODY.pack(durable.first, durable.end, durable.next)
    os.pwrite(descriptor, body + crc32(body).to_bytes(4, "little"), 0)


def read_watermark(descriptor: int) -> Durable | None:
    """What is told now; ``None`` if there is nothing valid. A read that falls into a write is
    seen by its checksum and done again."""
    for _ in range(_TRIES_MAX):
        data = os.pread(descriptor, _BODY.size + 4, 0)
        body = data[: _BODY.size]
        if len(data) == _BODY.size + 4 and crc32(body).to_bytes(4, "little") == data[-4:]:
            return Durable(*_BODY.unpack(body))
        if not data:
            return None
    return None


def load_watermark(folder: Path) -> Durable | None:
    """The same by the log's folder."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return read_watermark(descriptor)
    finally:
        os.close(descriptor)
