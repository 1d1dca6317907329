"""Absolute addresses of S7 controllers, and values as their bytes.

Forms (IEC mnemonics, SIMATIC "STEP 7 Programming", absolute addressing; German ones are understood
as well): ``DB1.DBX0.3`` a bit, ``DB1.DBB2`` a byte, ``DB1.DBW4`` two, ``DB1.DBD8`` four, and
``DB1.DBL16`` eight bytes; ``M10.3 MB10 MW10 MD10 ML16``; inputs ``I`` or ``E``; outputs ``Q`` or
``A``. A leading ``%`` is allowed. Values are big-endian.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from xinlian.ingest.adapters.drivers.endpoint import wrong_address
from xinlian.ingest.model.tags import ByteOrder, Tag, ValueType

__all__ = ["BYTES_MAX", "Place", "from_wire", "place_of", "to_wire"]

BYTES_MAX: Final = 65_536
"""Bytes of an area that an address can reach."""

_DB: Final = re.compile(r"%?DB(\d{1,5})\.DB([XBWDL])(\d{1,5})(?:\.([0-7]))?", re.IGNORECASE)
_AREA: Final = re.compile(r"%?([MIEQA])([XBWDL]?)(\d{1,5})(?:\.([0-7]))?", re.IGNORECASE)
_WIDTH: Final = {"X": 1, "B": 1, "W": 2, "D": 4, "L": 8}
_AREAS: Final = {"M": "M", "I": "I", "E": "I", "Q": "Q", "A": "Q"}


@dataclass(frozen=True, slots=True)
class Place:
    """``size`` bytes from ``start`` of an area (``DB``, ``M``, ``I``, ``Q``); ``bit`` or -1."""

    area: str
    db: int
    start: int
    size: int
    bit: int = -1


def place_of(tag: Tag) -> Place:
    """The place that a tag's address names; ``TagError`` if it names none."""
    text = tag.address.strip()
    if found := _DB.fullmatch(text):
        area, db, kind, start, bit = "DB", int(found[1]), found[2].upper(), int(found[3]), found[4]
    elif found := _AREA.fullmatch(text):
        area, db, kind = _AREAS[found[1].upper()], 0, found[2].upper() or "X"
        start, bit = int(found[3]), found[4]
    else:
        raise wrong_address(
            tag.name, tag.address, "write it as DB1.DBD4, DB1.DBX0.3, MW10, I0.1 or QB2",
            "应写作 DB1.DBD4、DB1.DBX0.3、MW10、I0.1 或 QB2",
        )  # fmt: skip
    size = _WIDTH[kind]
    if (kind == "X") != (bit is not None) or (kind == "X") != (tag.type is ValueType.BOOL):
        raise wrong_address(
            tag.name, tag.address, "a bit is written X0.3 and has type bool, others have neither",
            "位地址须写作 X0.3 且类型为 bool，其他地址不可",
        )  # fmt: skip
    if tag.type.dtype.itemsize != size:
        raise wrong_address(
            tag.name, tag.address, f"{size} bytes cannot hold the type {tag.type}",
            f"{size} 字节与类型 {tag.type} 不符",
        )  # fmt: skip
    if start > BYTES_MAX - size or db > 65_535 or (area == "DB" and db == 0):
        raise wrong_address(
            tag.name, tag.address, f"bytes are 0 to {BYTES_MAX - 1}, blocks 1 to 65535",
            f"字节为 0 至 {BYTES_MAX - 1}，数据块为 1 至 65535",
        )  # fmt: skip
    return Place(area, db, start, size, -1 if bit is None else int(bit))


def _ordered(data: bytes, order: ByteOrder) -> bytes:
    """Between the order on the wire and big-endian; each order is its own reverse."""
    if order is ByteOrder.ABCD or len(data) < 2:
        return data
    if order is ByteOrder.DCBA:
        return data[::-1]
    words = [data[at : at + 2] for at in range(0, len(data), 2)]
    if order is ByteOrder.CDAB:
        return b"".join(reversed(words))
    return b"".join(word[::-1] for word in words)


def from_wire(tag: Tag, place: Place, data: bytes) -> int | float:
    """The raw value in ``place.size`` bytes."""
    if place.bit >= 0:
        return data[0] >> place.bit & 1
    dtype = tag.type.dtype.newbyteorder(">")
    value: int | float = np.frombuffer(_ordered(data, tag.order), dtype)[0].item()
    return value


def to_wire(tag: Tag, raw: float) -> bytes:
    """A raw value as the controller keeps it; ``OverflowError`` if it does not fit its type."""
    if tag.type is ValueType.BOOL:
        return bytes((1 if raw else 0,))
    if not tag.type.is_float:
        limits = np.iinfo(tag.type.dtype)
        if raw != int(raw) or not limits.min <= raw <= limits.max:
            raise OverflowError(f"{raw} is no {tag.type}")
        raw = int(raw)
    return _ordered(np.array(raw, tag.type.dtype.newbyteorder(">")).tobytes(), tag.order)
