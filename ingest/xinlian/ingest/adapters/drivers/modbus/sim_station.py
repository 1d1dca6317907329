"""Simulated devices at one port: their answers, kept until the next refresh, and their faults."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from xinlian.ingest.adapters.drivers.modbus.frames import adu
from xinlian.ingest.adapters.drivers.modbus.sim_image import Image

__all__ = ["Fault", "Station", "Unit"]


class Fault(StrEnum):
    """What a device can be made to do wrong."""

    EXCEPTION = "exception"
    """Answer with exception ``value``."""
    SILENCE = "silence"
    SLOW = "slow"
    """Answer after ``value`` seconds."""
    DRIP = "drip"
    """Send the answer byte by byte, ``value`` seconds apart."""
    GARBAGE = "garbage"
    PROTOCOL = "protocol"
    """A protocol id that is not 0."""
    WRONG_UNIT = "wrong-unit"
    WRONG_TRANSACTION = "wrong-transaction"
    WRONG_FUNCTION = "wrong-function"
    SHORT = "short"
    """Fewer data than asked for, lengths in agreement."""
    LONG = "long"
    SHORT_COUNT = "short-count"
    """A byte count below the data that follow."""
    LONG_COUNT = "long-count"
    """A byte count beyond the end of the frame."""
    SPLIT = "split"
    """A good answer in three segments."""
    MERGED = "merged"
    """Answers to nobody before and after the good one, in one segment."""
    CLOSE = "close"


@dataclass(slots=True)
class Unit:
    """A device, the refresh that it has seen, and what is wrong with it."""

    image: Image
    epoch: int = -1
    fault: Fault | None = None
    value: float = 0


class Station:
    """What listens at one port."""

    def __init__(self, units: dict[int, Unit]) -> None:
        self.units = units
        self.epoch = 0
        self.kept: dict[bytes, bytes] = {}
        """Answer without transaction id by request without it."""
        self.links: set[Any] = set()

    def answer(self, frame: bytes) -> list[tuple[float, bytes | None]]:
        """What is sent for a request: seconds to wait and bytes; ``None`` closes the link."""
        number = frame[6]
        unit = self.units.get(number)
        if unit is None:
            return []
        if unit.epoch != self.epoch:
            unit.image.refresh(time.time_ns() // 1_000)
            unit.epoch = self.epoch
        pdu = unit.image.answer(frame[7:])
        if unit.fault is None:
            answer = adu(number, pdu)
            if frame[7] <= 4:
                self.kept[frame[2:]] = answer
            else:
                self.kept.clear()
            return [(0, frame[:2] + answer)]
        return faulty(unit.fault, unit.value, frame[:2], number, pdu)


def faulty(
    fault: Fault, value: float, tid: bytes, unit: int, pdu: bytes
) -> list[tuple[float, bytes | None]]:
    """What a device with a fault sends in place of its answer."""
    good = tid + adu(unit, pdu)
    other = bytes((tid[0] ^ 0x80, tid[1]))
    function, data = pdu[0], pdu[2:]
    whole: dict[Fault, bytes] = {
        Fault.EXCEPTION: tid + adu(unit, bytes((function | 0x80, int(value) & 0xFF))),
        Fault.GARBAGE: bytes(range(199, 255)),
        Fault.PROTOCOL: good[:2] + b"\0\x01" + good[4:],
        Fault.WRONG_UNIT: tid + adu(unit ^ 0xFF, pdu),
        Fault.WRONG_TRANSACTION: other + good[2:],
        Fault.WRONG_FUNCTION: tid + adu(unit, bytes((function ^ 7,)) + pdu[1:]),
        Fault.SHORT: tid + adu(unit, bytes((function, len(data[2:]))) + data[2:]),
        Fault.LONG: tid + adu(unit, bytes((function, len(data) + 2)) + data + b"\0\0"),
        Fault.SHORT_COUNT: tid + adu(unit, bytes((function, len(data[2:]))) + data),
        Fault.LONG_COUNT: tid + adu(unit, bytes((function, len(data) + 2)) + data),
        Fault.MERGED: other + good[2:] + good + other + good[2:],
    }
    if fault in whole:
        return [(0, whole[fault])]
    if fault is Fault.SILENCE:
        return []
    if fault is Fault.CLOSE:
        return [(0, None)]
    if fault is Fault.SLOW:
        return [(value, good)]
    if fault is Fault.DRIP:
        return [(value, bytes((byte,))) for byte in good]
    return [(0, good[:5]), (0.002, good[5:12]), (0.002, good[12:])]
