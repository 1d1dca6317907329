"""Read planner: many addresses, few requests; and the address forms of Modbus.

Places are counted in units of their table: registers of 16 bits, or single bits for coils and
discrete inputs (MODBUS Application Protocol V1.1b3, 4.3). They are numbered from 0 as on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from xinlian.ingest.model.tags import Tag, TagError, ValueType

__all__ = ["BITS_MAX", "REGISTERS_MAX", "Place", "Request", "Space", "coalesce", "place_of"]

REGISTERS_MAX: Final = 125
"""Most registers that one answer can hold (V1.1b3, 6.3 and 6.4)."""
BITS_MAX: Final = 2_000
"""Most bits that one answer can hold (V1.1b3, 6.1 and 6.2)."""
UNITS: Final = 65_536


class Space(IntEnum):
    """A table of a device; the number is the function code that reads it."""

    COIL = 1
    DISCRETE = 2
    HOLDING = 3
    INPUT = 4

    @property
    def bits(self) -> bool:
        """Whether a unit is a bit and not a register."""
        return self <= Space.DISCRETE

    @property
    def writable(self) -> bool:
        """Whether the protocol has a function that writes it."""
        return self in (Space.COIL, Space.HOLDING)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tag lies: ``count`` units from ``start``; ``bit`` of one register, or -1."""

    space: Space
    start: int
    count: int
    bit: int = -1


@dataclass(frozen=True, slots=True)
class Request:
    """One read: ``size`` units from ``start``; ``members`` are indices of the places it covers."""

    start: int
    size: int
    members: tuple[int, ...]


def coalesce(
    places: Sequence[tuple[int, int]], *, max_gap: int, size_max: int
) -> tuple[Request, ...]:
    """Cover places ``(start, size)`` with few requests, in ascending order of their start.

    Each place lies wholly in exactly one request. No request is longer than ``size_max``, and none
    reads more than ``max_gap`` units in a row that nobody asked for. ``ValueError`` if one place
    alone is longer than ``size_max``.
    """
    made: list[Request] = []
    members: list[int] = []
    start = end = 0
    for index in sorted(range(len(places)), key=lambda each: (places[each], each)):
        at, size = places[index]
        if not 1 <= size <= size_max:
            raise ValueError(f"{size} units at {at} do not fit a request of {size_max}")
        reach = max(end, at + size)
        if members and at - end <= max_gap and reach - start <= size_max:
            members.append(index)
            end = reach
            continue
        if members:
            made.append(Request(start, end - start, tuple(members)))
        members, start, end = [index], at, at + size
    if members:
        made.append(Request(start, end - start, tuple(members)))
    return tuple(made)


_NAMED: Final = re.compile(
    r"(holding|input|coil|discrete):(0x[0-9a-f]{1,4}|\d{1,5})(?:\.(\d{1,2}))?", re.IGNORECASE
)
_NUMBERED: Final = re.compile(r"([0134])(\d{4,5})(?:\.(\d{1,2}))?")
_BY_DIGIT: Final = {"0": Space.COIL, "1": Space.DISCRETE, "3": Space.INPUT, "4": Space.HOLDING}
_REGISTERS: Final = {
    ValueType.INT32: 2, ValueType.UINT32: 2, ValueType.FLOAT32: 2,
    ValueType.INT64: 4, ValueType.UINT64: 4, ValueType.FLOAT64: 4,
}  # fmt: skip


def place_of(tag: Tag) -> Place:
    """The place that a tag's address names; ``TagError`` if it names none.

    ``holding:100`` and ``input:0x64`` count from 0, ``40101`` and ``400101`` from 1 as in
    documents of devices (first digit: 0 coils, 1 discrete inputs, 3 input, 4 holding registers).
    ``input:5.3`` is bit 3 of a register, 0 the least significant.
    """
    named = _NAMED.fullmatch(tag.address.strip())
    numbered = None if named else _NUMBERED.fullmatch(tag.address.strip())
    if named:
        space = Space[named[1].upper()]
        start, bit_text = int(named[2], 0 if named[2][:2].lower() == "0x" else 10), named[3]
    elif numbered:
        space, start, bit_text = _BY_DIGIT[numbered[1]], int(numbered[2]) - 1, numbered[3]
    else:
        raise _refused(
            tag,
            "write it as holding:100, input:5.3, coil:1, discrete:2 or 40101",
            "应写作 holding:100、input:5.3、coil:1、discrete:2 或 40101",
        )
    bit = -1 if bit_text is None else int(bit_text)
    count = 1 if space.bits else _REGISTERS.get(tag.type, 1)
    if not 0 <= start <= UNITS - count:
        raise _refused(
            tag, f"places are 0 to {UNITS - 1} of a table", f"表内地址为 0 至 {UNITS - 1}"
        )
    if space.bits and (tag.type is not ValueType.BOOL or bit >= 0):
        raise _refused(
            tag, "coils and discrete inputs are of type bool", "线圈与离散输入的类型须为 bool"
        )
    if bit >= 0 and (tag.type is not ValueType.BOOL or bit > 15):
        raise _refused(
            tag,
            "a bit of a register is 0 to 15 and of type bool",
            "寄存器的位为 0 至 15，类型须为 bool",
        )
    return Place(space, start, count, bit)


def _refused(tag: Tag, why: str, why_zh: str) -> TagError:
    return TagError(
        f"tag {tag.name!r}: address {tag.address!r} is not usable: {why}",
        f"点位 {tag.name!r}：地址 {tag.address!r} 不可用：{why_zh}",
        tag.name,
    )
