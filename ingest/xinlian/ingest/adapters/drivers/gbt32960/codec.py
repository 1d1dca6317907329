"""Frames of GB/T 32960.3-2016, found in a stream, and the time in them.

Source: GB/T 32960.3-2016 clause 6 (packet: ## command answer VIN encryption length data BCC,
big-endian; table 2 to table 5) and 7.1 to 7.3; times are Beijing time (6.4, GMT+8).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

import numpy as np

__all__ = ["DATA_MAX", "Answer", "Command", "Packet", "PacketReader", "read_time", "write_time"]

DATA_MAX: Final = 65_531
BROKEN_MAX: Final = 64
HEADER: Final = struct.Struct(">2sBB17sBH")
BEIJING: Final = timedelta(hours=8)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PLAIN: Final = 1


class Command(IntEnum):
    """Command identifications (table 3)."""

    LOGIN = 1
    REAL_TIME = 2
    RESENT = 3
    LOGOUT = 4
    PLATFORM_LOGIN = 5
    PLATFORM_LOGOUT = 6
    HEARTBEAT = 7
    CLOCK = 8


class Answer(IntEnum):
    """Answer flags (table 4)."""

    DONE = 1
    ERROR = 2
    TWICE = 3
    NONE = 0xFE
    """The packet is a command and wants an answer."""


def _check(data: bytes) -> int:
    """BCC: all bytes from the command on, exclusive or."""
    return int(np.bitwise_xor.reduce(np.frombuffer(data, np.uint8)))


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. ``encryption`` 1 is none."""

    command: int
    answer: int
    vin: str
    data: bytes = b""
    encryption: int = PLAIN

    def to_bytes(self) -> bytes:
        """As sent; ``ValueError`` for a VIN that is not 17 ASCII characters, or too much data."""
        vin = self.vin.encode("ascii")
        if len(vin) != 17 or len(self.data) > DATA_MAX:
            raise ValueError(f"no packet for {self.vin!r} with {len(self.data)} bytes")
        head = HEADER.pack(b"##", self.command, self.answer, vin, self.encryption, len(self.data))
        body = head + self.data
        return body + bytes((_check(body[2:]),))

    def answered(self, answer: Answer, data: bytes) -> bytes:
        """The answer to it, as sent."""
        return Packet(self.command, answer, self.vin, data).to_bytes()


class PacketReader:
    """Finds packets in any stream of bytes: what is none is passed over, until that was so
    ``BROKEN_MAX`` times: then nothing is read any more, and the connection is to be closed."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.broken = 0
        """Packets with a wrong check byte, length or VIN, so far."""

    def feed(self, data: bytes) -> list[Packet]:
        """Take bytes; the packets that are whole now. Keeps no more than one packet and what came
        with it."""
        if self.hopeless:
            return []
        self.buffer += data
        found = []
        while (packet := self._next()) is not None:
            found.append(packet)
        return found

    @property
    def hopeless(self) -> bool:
        """Whether too much was broken."""
        return self.broken >= BROKEN_MAX

    def _next(self) -> Packet | None:
        buffer = self.buffer
        place = 0
        while True:
            if self.hopeless:
                buffer.clear()
                return None
            place = buffer.find(b"##", place)
            if place < 0:
                del buffer[: max(len(buffer) - 1, 0)]  # the last byte may be half a start
                return None
            if len(buffer) - place < HEADER.size:
                break
            _, command, answer, vin, encryption, length = HEADER.unpack_from(buffer, place)
            name = vin.rstrip(b"\0 ")
            plausible = length <= DATA_MAX and (not name or name.isalnum())
            if not plausible:
                self.broken += 1
                place += 1
                continue
            end = place + HEADER.size + length
            if len(buffer) < end + 1:
                break
            if _check(bytes(buffer[place + 2 : end])) != buffer[end]:
                self.broken += 1
                place += 1
                continue
            data = bytes(buffer[place + HEADER.size : end])
            del buffer[: end + 1]
            return Packet(command, answer, vin.decode("ascii"), data, encryption)
        del buffer[:place]
        return None


def read_time(raw: bytes) -> int | None:
    """UTC microseconds of six bytes of Beijing time; ``None`` if there is no such time."""
    if len(raw) < 6:
        return None
    try:
        local = datetime(2000 + raw[0], *raw[1:6], tzinfo=UTC)  # type: ignore[misc]
    except ValueError:
        return None
    return (local - BEIJING - EPOCH) // timedelta(microseconds=1)


def write_time(time_us: int) -> bytes:
    """Six bytes of Beijing time."""
    local = EPOCH + timedelta(microseconds=time_us) + BEIJING
    return bytes((local.year % 100, local.month, local.day, local.hour, local.minute, local.second))
