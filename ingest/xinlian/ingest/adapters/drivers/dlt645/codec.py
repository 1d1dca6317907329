"""Frames of DL/T 645-2007 and their numbers.

Source: DL/T 645-2007 clause 5.2 (frame: 68 A0..A5 68 C L DATA CS 16, data bytes sent plus 33H, the
sum of all bytes from the first 68 modulo 256), clause 7 (control codes), annex A (formats).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = [
    "BROADCAST", "READ", "READ_ADDRESS", "READ_MORE", "Frame", "FrameReader", "bcd", "to_bcd",
]  # fmt: skip

READ: Final = 0x11
READ_MORE: Final = 0x12
READ_ADDRESS: Final = 0x13
ANSWER: Final = 0x80
REFUSED: Final = 0x40
MORE: Final = 0x20
BROADCAST: Final = "AA" * 6
DATA_MAX: Final = 200
"""Bytes of data in a frame that is read (clause 5.2.5)."""
BUFFER_MAX: Final = 4_096
ADDRESS: Final = re.compile(r"[0-9]{12}|A{12}")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``address`` is 12 digits as printed on the meter, ``data`` without the 33H."""

    address: str
    control: int
    data: bytes = b""

    def to_bytes(self, preamble: int = 4) -> bytes:
        """As sent, with leading FE bytes that wake the receiver; ``ValueError``."""
        if not ADDRESS.fullmatch(self.address) or len(self.data) > DATA_MAX:
            raise ValueError(f"no frame for {self.address} with {len(self.data)} bytes")
        body = (
            b"\x68" + bytes.fromhex(self.address)[::-1] + b"\x68"
            + bytes((self.control, len(self.data)))
            + bytes((each + 0x33) & 0xFF for each in self.data)
        )  # fmt: skip
        return b"\xfe" * preamble + body + bytes((sum(body) & 0xFF, 0x16))

    @property
    def is_answer(self) -> bool:
        """Whether the meter sent it."""
        return bool(self.control & ANSWER)

    @property
    def refused(self) -> bool:
        """Whether it is an error answer; its first data byte says why."""
        return bool(self.control & REFUSED)

    @property
    def more(self) -> bool:
        """Whether follow-up data can be asked for."""
        return bool(self.control & MORE)

    @property
    def function(self) -> int:
        """The control code without direction and flags."""
        return self.control & 0x1F


class FrameReader:
    """Finds frames in any stream of bytes: what is no frame is passed over, byte by byte."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.broken = 0
        """Frames with a wrong sum or end, so far."""

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes; the frames that are whole now. Keeps no more than 4,096 bytes."""
        self.buffer += data
        found: list[Frame] = []
        while (frame := self._next()) is not None:
            found.append(frame)
        del self.buffer[:-BUFFER_MAX]
        return found

    def clear(self) -> None:
        """Forget what is half there."""
        self.buffer.clear()

    def _next(self) -> Frame | None:
        buffer = self.buffer
        place = 0
        try:
            while True:
                place = buffer.find(0x68, place)
                if place < 0:
                    place = len(buffer)
                    return None
                left = len(buffer) - place
                if left < 10:
                    # A start with the wrong second 68 is no frame, whatever follows.
                    if left < 8 or buffer[place + 7] == 0x68:
                        return None
                    place += 1
                    continue
                length = buffer[place + 9]
                if buffer[place + 7] != 0x68 or length > DATA_MAX:
                    place += 1
                    continue
                end = place + 12 + length
                if len(buffer) < end:
                    return None
                frame = self._whole(bytes(buffer[place:end]))
                if frame is not None:
                    place = end
                    return frame
                place += 1
        finally:
            del buffer[:place]

    def _whole(self, raw: bytes) -> Frame | None:
        address = raw[6:0:-1].hex().upper()
        if raw[-1] != 0x16 or raw[-2] != sum(raw[:-2]) & 0xFF or not ADDRESS.fullmatch(address):
            self.broken += 1
            return None
        return Frame(address, raw[8], bytes((each - 0x33) & 0xFF for each in raw[10:-2]))


def bcd(raw: bytes, *, signed: bool) -> int:
    """Packed decimal, low byte first, with the sign in the highest bit where there is one;
    ``ValueError`` for a nibble above 9."""
    if not raw:
        raise ValueError("no digits")
    big = bytearray(raw[::-1])
    negative = signed and bool(big[0] & 0x80)
    if negative:
        big[0] &= 0x7F
    digits = big.hex()
    if not digits.isdecimal():
        raise ValueError(f"{raw.hex()} is no packed decimal")
    return -int(digits) if negative else int(digits)


def to_bcd(value: int, size: int, *, signed: bool) -> bytes:
    """The reverse of ``bcd``, cut to ``size`` bytes as a counter that runs over; ``ValueError``
    for a negative value where there is no sign."""
    if value < 0 and not signed:
        raise ValueError(f"{value} has no sign bit")
    digits = abs(value) % 10 ** (2 * size)
    big = bytearray.fromhex(f"{digits:0{2 * size}d}")
    if signed:
        big[0] = (big[0] & 0x7F) | (0x80 if value < 0 else 0)
    return bytes(big[::-1])
