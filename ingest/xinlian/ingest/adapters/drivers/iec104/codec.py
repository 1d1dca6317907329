"""Frames and information objects of IEC 60870-5-104, both ways.

Sources: IEC 60870-5-104:2006 clauses 5 (APCI) and 6; IEC 60870-5-101:2003 clauses 7.2 (ASDU
fields) and 7.3 (type identifications), with the field sizes that 104 fixes: cause of transmission
2 bytes, common address 2, information object address 3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from xinlian.ingest.adapters.drivers.iec104.clock import Stamp, read_cp56
from xinlian.ingest.model.quality import Quality

__all__ = [
    "APDU_MAX",
    "MONITOR",
    "START",
    "Asdu",
    "Cause",
    "Kind",
    "Object",
    "ProtocolError",
    "Unnumbered",
    "asdu_bytes",
    "i_frame",
    "objects",
    "parse_asdu",
    "s_frame",
    "split",
    "u_frame",
]

START: Final = 0x68
APDU_MAX: Final = 253
"""Bytes after the length byte (clause 5)."""
HEADER: Final = struct.Struct("<BBBBH")


class ProtocolError(ValueError):
    """Bytes that the standard does not allow: the link is closed."""


class Unnumbered(IntEnum):
    """Functions of U frames: the first control byte."""

    STARTDT_ACT = 0x07
    STARTDT_CON = 0x0B
    STOPDT_ACT = 0x13
    STOPDT_CON = 0x23
    TESTFR_ACT = 0x43
    TESTFR_CON = 0x83


class Cause(IntEnum):
    """Causes of transmission that matter here (101, 7.2.3)."""

    PERIODIC = 1
    BACKGROUND = 2
    SPONTANEOUS = 3
    INITIALISED = 4
    REQUESTED = 5
    ACTIVATION = 6
    CONFIRMATION = 7
    DEACTIVATION = 8
    TERMINATION = 10
    INTERROGATED = 20
    COUNTERS = 37
    """Requested by general counter interrogation."""
    UNKNOWN_TYPE = 44
    UNKNOWN_CAUSE = 45
    UNKNOWN_COMMON = 46
    UNKNOWN_OBJECT = 47


class Kind(IntEnum):
    """Kinds of points; the number is the type identification without time."""

    SP = 1
    """Single point."""
    DP = 3
    """Double point: 0 between, 1 off, 2 on, 3 faulty."""
    ST = 5
    """Step position, -64 to 63."""
    BO = 7
    """32 bits."""
    NVA = 9
    """Normalised value, int16, full scale 1."""
    SVA = 11
    """Scaled value, int16."""
    FLT = 13
    """Short floating point number."""
    IT = 15
    """Integrated total: a counter, int32."""


@dataclass(frozen=True, slots=True)
class Object:
    """One information object as sent."""

    address: int
    value: int | float
    quality: Quality
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True)
class Asdu:
    """An application data unit: its header, and its objects still in bytes."""

    type: int
    count: int
    sequence: bool
    cause: int
    negative: bool
    test: bool
    origin: int
    common: int
    body: bytes


def split(buffer: bytearray) -> bytes | None:
    """Take the next APDU (4 control bytes and what follows) off ``buffer``; ``None`` if it is not
    there whole. ``ProtocolError`` where no frame begins: in a TCP stream that cannot be mended."""
    if not buffer:
        return None
    if buffer[0] != START:
        raise ProtocolError(f"a frame begins with 0x{buffer[0]:02x} instead of 0x68")
    if len(buffer) < 2:
        return None
    length = buffer[1]
    if not 4 <= length <= APDU_MAX:
        raise ProtocolError(f"a frame claims {length} bytes; 4 to {APDU_MAX} are allowed")
    if len(buffer) < 2 + length:
        return None
    frame = bytes(buffer[2 : 2 + length])
    del buffer[: 2 + length]
    return frame


def i_frame(sent: int, received: int, asdu: bytes) -> bytes:
    """Information transfer with its two sequence numbers (15 bits)."""
    if 4 + len(asdu) > APDU_MAX:
        raise ValueError(f"an ASDU has at most {APDU_MAX - 4} bytes, not {len(asdu)}")
    return struct.pack("<BBHH", START, 4 + len(asdu), sent << 1, received << 1) + asdu


def s_frame(received: int) -> bytes:
    """Acknowledgement alone."""
    return struct.pack("<BBHH", START, 4, 1, received << 1)


def u_frame(function: Unnumbered) -> bytes:
    """Start, stop and test."""
    return bytes((START, 4, function, 0, 0, 0))


def parse_asdu(data: bytes) -> Asdu:
    """The header of an ASDU; ``ProtocolError`` if it is cut short or has no object."""
    if len(data) < HEADER.size:
        raise ProtocolError(f"an ASDU of {len(data)} bytes has no header")
    kind, qualifier, cause, origin, common = HEADER.unpack_from(data)
    count = qualifier & 0x7F
    return Asdu(
        kind, count, bool(qualifier & 0x80), cause & 0x3F, bool(cause & 0x40), bool(cause & 0x80),
        origin, common, data[HEADER.size :],
    )  # fmt: skip


def asdu_bytes(
    kind: int, cause: int, common: int, body: bytes, *, count: int = 1, sequence: bool = False,
    negative: bool = False, origin: int = 0,
) -> bytes:  # fmt: skip
    """An ASDU in bytes."""
    qualifier = count | (0x80 if sequence else 0)
    return HEADER.pack(kind, qualifier, cause | (0x40 if negative else 0), origin, common) + body


def _quality(bits: int) -> Quality:
    """QDS (101, 7.2.6.3): overflow, blocked, substituted, not topical, invalid."""
    if bits & 0x80:
        return Quality.BAD
    if bits & 0x70:
        return Quality.UNCERTAIN
    return Quality.OUT_OF_RANGE if bits & 0x01 else Quality.GOOD


def _single(raw: bytes) -> tuple[int, Quality]:
    return raw[0] & 1, _quality(raw[0] & 0xF0)


def _double(raw: bytes) -> tuple[int, Quality]:
    value = raw[0] & 3
    quality = _quality(raw[0] & 0xF0)
    if quality is Quality.GOOD and value in (0, 3):
        quality = Quality.UNCERTAIN
    return value, quality


def _step(raw: bytes) -> tuple[int, Quality]:
    value = raw[0] & 0x7F
    quality = _quality(raw[1])
    if quality is Quality.GOOD and raw[0] & 0x80:
        quality = Quality.UNCERTAIN  # on its way to another step
    return value - 128 if value & 0x40 else value, quality


def _bits(raw: bytes) -> tuple[int, Quality]:
    return int.from_bytes(raw[:4], "little"), _quality(raw[4])


def _int16(raw: bytes) -> tuple[int, Quality]:
    return int.from_bytes(raw[:2], "little", signed=True), _quality(raw[2])


def _float(raw: bytes) -> tuple[float, Quality]:
    return struct.unpack_from("<f", raw)[0], _quality(raw[4])


def _total(raw: bytes) -> tuple[int, Quality]:
    """BCR (101, 7.2.6.9): invalid 0x80, adjusted 0x40; a carry (0x20) leaves the count usable."""
    quality = Quality.GOOD
    if raw[4] & 0x80:
        quality = Quality.BAD
    elif raw[4] & 0x40:
        quality = Quality.UNCERTAIN
    return int.from_bytes(raw[:4], "little", signed=True), quality


Reader = Callable[[bytes], tuple[int | float, Quality]]
_READERS: Final[dict[Kind, tuple[int, Reader]]] = {
    Kind.SP: (1, _single), Kind.DP: (1, _double), Kind.ST: (2, _step), Kind.BO: (5, _bits),
    Kind.NVA: (3, _int16), Kind.SVA: (3, _int16), Kind.FLT: (5, _float), Kind.IT: (5, _total),
}  # fmt: skip
_TIMED: Final = {
    30: Kind.SP, 31: Kind.DP, 32: Kind.ST, 33: Kind.BO, 34: Kind.NVA, 35: Kind.SVA, 36: Kind.FLT,
    37: Kind.IT,
}  # fmt: skip
MONITOR: Final[dict[int, tuple[Kind, bool]]] = {
    **{kind.value: (kind, False) for kind in Kind},
    **{number: (kind, True) for number, kind in _TIMED.items()},
}
"""Types in monitor direction: the kind of point, and whether a CP56Time2a follows."""


def objects(asdu: Asdu) -> list[Object]:
    """The objects of a monitoring ASDU; ``ProtocolError`` where its length says something else
    than its count. At most 127 objects, and no more than its bytes hold."""
    kind, timed = MONITOR[asdu.type]
    size, read = _READERS[kind]
    whole = size + (7 if timed else 0)
    expected = 3 + whole * asdu.count if asdu.sequence else (3 + whole) * asdu.count
    if asdu.count == 0 or len(asdu.body) != expected:
        raise ProtocolError(
            f"type {asdu.type} with {asdu.count} objects needs {expected} bytes, "
            f"not {len(asdu.body)}"
        )
    made: list[Object] = []
    place, address = 0, -1
    for _ in range(asdu.count):
        if address < 0 or not asdu.sequence:
            address = int.from_bytes(asdu.body[place : place + 3], "little")
            place += 3
        else:
            address = (address + 1) & 0xFFFFFF
        value, quality = read(asdu.body[place : place + size])
        stamp = read_cp56(asdu.body[place + size : place + whole]) if timed else None
        made.append(Object(address, value, quality, stamp))
        place += whole
    return made
