"""Frames of Modbus TCP as bytes: requests made beforehand, answers checked strictly.

MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3: transaction id, protocol id 0, length
of what follows, unit; then the PDU of MODBUS Application Protocol V1.1b3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.adapters.drivers.modbus.layout import Ask
from xinlian.ingest.model.plan import Space
from xinlian.ingest.model.quality import Quality

__all__ = ["ADU_MAX", "FrameError", "Prepared", "adu", "cut", "prepare", "quality_of"]

ADU_MAX: Final = 260
HEADER: Final = 7
ILLEGAL_ADDRESS: Final = 2
EXCEPTION: Final = 0x80


class FrameError(ValueError):
    """Bytes that no frame of Modbus TCP begins with: the place in the stream is lost."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request without its transaction id, and what its answer must look like after its own."""

    tail: bytes
    begin: bytes
    """What a good answer has between its transaction id and its data."""
    size: int
    """Length of a good answer, transaction id included."""
    ask: Ask | None = None


def adu(unit: int, pdu: bytes) -> bytes:
    """A frame without its transaction id."""
    return struct.pack(">HHB", 0, len(pdu) + 1, unit) + pdu


def prepare(unit: int, ask: Ask) -> Prepared:
    """A read request."""
    tail = adu(unit, struct.pack(">BHH", ask.space, ask.start, ask.count))
    begin = struct.pack(">HHBBB", 0, ask.size + 3, unit, ask.space, ask.size)
    return Prepared(tail, begin, 2 + len(begin) + ask.size, ask)


def cut(data: bytes | bytearray | memoryview) -> int:
    """Length of the frame that ``data`` begins with; 0 if more must come; ``FrameError``."""
    if len(data) >= 4 and (data[2] or data[3]):
        raise FrameError("protocol id is not 0")
    if len(data) < 6:
        return 0
    length = data[4] << 8 | data[5]
    if not 3 <= length <= ADU_MAX - 6:
        raise FrameError(f"length {length}")
    return length + 6 if len(data) >= length + 6 else 0


def quality_of(pdu: bytes, function: int) -> Quality:
    """The quality that an answer which is not the good one stands for."""
    if len(pdu) == 2 and pdu[0] == function | EXCEPTION:
        return Quality.UNKNOWN_TAG if pdu[1] == ILLEGAL_ADDRESS else Quality.DEVICE_ERROR
    return Quality.MALFORMED


def write_pdu(space: Space, start: int, wire: bytes, *, multiple: bool) -> tuple[bytes, bytes]:
    """PDU that writes a coil (``wire`` is 0 or 1 as a register) or registers, and its echo."""
    if space is Space.COIL:
        on = wire[-1]
        if multiple:
            return struct.pack(">BHHBB", 15, start, 1, 1, on), struct.pack(">BHH", 15, start, 1)
        single = struct.pack(">BHH", 5, start, 0xFF00 if on else 0)
        return single, single
    count = len(wire) // 2
    if count == 1 and not multiple:
        single = struct.pack(">BH", 6, start) + wire
        return single, single
    head = struct.pack(">BHH", 16, start, count)
    return head + bytes((len(wire),)) + wire, head


def mask_pdu(start: int, bit: int, on: bool) -> bytes:
    """PDU that changes one bit of a register (function 22); its echo is the same."""
    return struct.pack(">BHHH", 22, start, 0xFFFF ^ 1 << bit, on << bit)
