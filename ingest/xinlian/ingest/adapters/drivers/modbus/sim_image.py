"""The memory of a simulated Modbus device, filled from signals, and its answers to PDUs."""

from __future__ import annotations

import struct
from typing import Final, Protocol

from xinlian.ingest.adapters.drivers.modbus.codec import encode
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.plan import BITS_MAX, REGISTERS_MAX, Place, Space, place_of
from xinlian.ingest.model.tags import ByteOrder, Tag
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["Image", "SignalSource"]

ILLEGAL_FUNCTION: Final = 1
ILLEGAL_ADDRESS: Final = 2
ILLEGAL_VALUE: Final = 3
IDENTITY: Final = ((0, b"Xinlian"), (1, b"SIM-MODBUS"), (2, b"1"))


class SignalSource(Protocol):
    """What simulated devices measure."""

    def raw(self, device_id: str, tag: Tag, t_us: int) -> int | float:
        """The raw value of a tag at a time, UTC microseconds since 1970."""


class Image:
    """Coils, inputs and registers of one device: as many as its tags reach, none beyond."""

    def __init__(self, device: Device, signals: SignalSource) -> None:
        self._device = device
        self._signals = signals
        self._places = [(tag, place_of(tag)) for tag in device.table.tags]
        self._held: set[str] = set()
        self._memory: dict[Space, tuple[int, bytearray]] = {}
        for space in Space:
            mine = [place for _, place in self._places if place.space is space]
            if mine:
                low = min(place.start for place in mine)
                high = max(place.start + place.count for place in mine)
                self._memory[space] = (low, bytearray((high - low) * (1 if space.bits else 2)))

    def refresh(self, t_us: int) -> None:
        """Take the signals of a time; what was written stays."""
        for tag, place in self._places:
            if tag.name not in self._held:
                self.put(tag, place, self._signals.raw(self._device.id, tag, t_us))

    def put(self, tag: Tag, place: Place, raw: int | float) -> None:
        """Set a tag's value; one that its type cannot hold is 0."""
        try:
            wire = encode(tag, raw if tag.type.is_float else round(raw))
        except (DriverError, ValueError, OverflowError):
            wire = encode(tag, 0)
        low, memory = self._memory[place.space]
        if place.space.bits:
            memory[place.start - low] = wire[-1] & 1
            return
        at = (place.start - low) * 2
        if place.bit < 0:
            memory[at : at + len(wire)] = wire
            return
        swapped = tag.order in (ByteOrder.BADC, ByteOrder.DCBA)
        bit = place.bit ^ 8 if swapped else place.bit
        word = memory[at] << 8 | memory[at + 1]
        word = word | 1 << bit if raw else word & ~(1 << bit)
        memory[at : at + 2] = word.to_bytes(2, "big")

    def answer(self, pdu: bytes) -> bytes:
        """The answer to a request's PDU; an exception for what cannot be done."""
        function = pdu[0] if pdu else 0
        try:
            if function in (1, 2, 3, 4):
                return self._read(Space(function), *struct.unpack(">HH", pdu[1:]))
            if function == 43 and pdu[1:2] == b"\x0e":
                listed = b"".join(bytes((key, len(text))) + text for key, text in IDENTITY)
                return bytes((43, 14, 1, 1, 0, 0, len(IDENTITY))) + listed
            return self._write(function, pdu)
        except struct.error:
            return _exception(function, ILLEGAL_VALUE)

    def _read(self, space: Space, start: int, count: int) -> bytes:
        if not 1 <= count <= (BITS_MAX if space.bits else REGISTERS_MAX):
            return _exception(space, ILLEGAL_VALUE)
        found = self._slice(space, start, count)
        if found is None:
            return _exception(space, ILLEGAL_ADDRESS)
        memory, at, end = found
        data = bytes(memory[at:end])
        if space.bits:
            number = int("".join("1" if each else "0" for each in reversed(data)), 2)
            data = number.to_bytes((count + 7) // 8, "little")
        return bytes((space, len(data))) + data

    def _write(self, function: int, pdu: bytes) -> bytes:
        if function not in (5, 6, 15, 16, 22):
            return _exception(function, ILLEGAL_FUNCTION)
        space = Space.COIL if function in (5, 15) else Space.HOLDING
        start, number = struct.unpack_from(">HH", pdu, 1)
        count = number if function in (15, 16) else 1
        found = self._slice(space, start, count)
        if found is None or not count:
            return _exception(function, ILLEGAL_ADDRESS)
        memory, at, end = found
        if function == 5:
            memory[at] = number == 0xFF00
        elif function == 6:
            memory[at:end] = number.to_bytes(2, "big")
        elif function == 22:
            or_mask = struct.unpack_from(">H", pdu, 5)[0]
            old = memory[at] << 8 | memory[at + 1]
            memory[at:end] = (old & number | or_mask & ~number & 0xFFFF).to_bytes(2, "big")
        else:
            size = (count + 7) // 8 if space.bits else count * 2
            if len(pdu) != 6 + size or pdu[5] != size:
                return _exception(function, ILLEGAL_VALUE)
            if space.bits:
                bits = int.from_bytes(pdu[6:], "little")
                memory[at:end] = bytes(bits >> each & 1 for each in range(count))
            else:
                memory[at:end] = pdu[6:]
        self._hold(space, start, count)
        return pdu[:5] if function in (15, 16) else pdu

    def _hold(self, space: Space, start: int, count: int) -> None:
        for tag, place in self._places:
            inside = place.start < start + count and place.start + place.count > start
            if place.space is space and inside:
                self._held.add(tag.name)

    def _slice(self, space: Space, start: int, count: int) -> tuple[bytearray, int, int] | None:
        if space not in self._memory:
            return None
        low, memory = self._memory[space]
        width = 1 if space.bits else 2
        at, end = (start - low) * width, (start - low + count) * width
        return (memory, at, end) if at >= 0 and end <= len(memory) else None


def _exception(function: int, code: int) -> bytes:
    return bytes((function | 0x80, code))
