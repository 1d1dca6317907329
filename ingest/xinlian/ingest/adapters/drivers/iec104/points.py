"""Addresses of IEC 60870-5-104 as text: ``flt:4001``, ``sp:1>24577``.

``kind:address`` in monitor direction, and after ``>`` the address of the command, where that is
another one. Kinds: ``sp dp st bo nva sva flt it``.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.adapters.drivers.endpoint import wrong_address
from xinlian.ingest.adapters.drivers.iec104.codec import Kind
from xinlian.ingest.model.tags import Access, Tag

__all__ = ["COMMANDS", "Point", "command_element", "point"]

FORM: Final = re.compile(r"(sp|dp|st|bo|nva|sva|flt|it):(\d{1,8})(?:>(\d{1,8}))?")
COMMANDS: Final = {
    Kind.SP: 45, Kind.DP: 46, Kind.ST: 47, Kind.NVA: 48, Kind.SVA: 49, Kind.FLT: 50, Kind.BO: 51,
}  # fmt: skip
"""Types of commands without time; with CP56Time2a the type is higher by 13."""
SELECT: Final = 0x80


@dataclass(frozen=True, slots=True)
class Point:
    """Where a tag lies."""

    kind: Kind
    address: int
    command: int
    """Address of the command."""


def point(tag: Tag) -> Point:
    """The point of a tag; ``TagError``."""
    found = FORM.fullmatch(tag.address)
    if found is None:
        raise wrong_address(
            tag.name,
            tag.address,
            "is not like flt:4001 or sp:1>24577",
            "须形如 flt:4001 或 sp:1>24577",
        )
    kind = Kind[found[1].upper()]
    address, command = int(found[2]), int(found[3] or found[2])
    if not (1 <= address < 1 << 24 and 1 <= command < 1 << 24):
        raise wrong_address(
            tag.name, tag.address, "is not within 1 to 16777215", "须在 1 至 16777215 之间"
        )
    if kind not in COMMANDS and (tag.access is Access.READ_WRITE or found[3]):
        raise wrong_address(tag.name, tag.address, "a counter cannot be written", "计数量不可写")
    return Point(kind, address, command)


def command_element(kind: Kind, raw: int | float | bool, *, select: bool) -> bytes:
    """The element of a command with its qualifier (101, 7.3.2); ``ValueError`` for a value that the
    kind cannot carry. A step command is 1 (lower) or 2 (higher)."""
    flag = SELECT if select else 0
    if kind is Kind.FLT:
        return struct.pack("<fB", float(raw), flag)
    value = int(raw)
    if value != raw:
        raise ValueError(f"{raw} is no integer")
    low, high = {
        Kind.SP: (0, 1), Kind.DP: (1, 2), Kind.ST: (1, 2), Kind.BO: (0, (1 << 32) - 1),
    }.get(kind, (-32_768, 32_767))  # fmt: skip
    if not low <= value <= high:
        raise ValueError(f"{value} is not within {low} to {high}")
    if kind is Kind.BO:
        return struct.pack("<I", value)
    if kind in (Kind.NVA, Kind.SVA):
        return struct.pack("<hB", value, flag)
    return bytes((value | flag,))
