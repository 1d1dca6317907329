"""A write to a device: its request, the echo that confirms it, and what is told when it fails."""

from __future__ import annotations

import asyncio

from xinlian.ingest.adapters.drivers.modbus.codec import encode
from xinlian.ingest.adapters.drivers.modbus.frames import Prepared, adu, mask_pdu, write_pdu
from xinlian.ingest.model.plan import place_of
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import ByteOrder, Tag
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["WriteJob", "pdus_of", "refusal"]


def pdus_of(tag: Tag, raw: int | float | bool, *, multiple: bool) -> tuple[bytes, bytes]:
    """PDU of the write and its echo; ``DriverError`` if the tag or the value cannot be written.

    A bit of a register is changed with function 22, so that its neighbours cannot be lost.
    """
    place = place_of(tag)
    if not place.space.writable:
        raise DriverError(f"tag {tag.name!r} is of a table that cannot be written", Quality.BAD)
    wire = encode(tag, raw)
    if place.bit < 0:
        return write_pdu(place.space, place.start, wire, multiple=multiple)
    swapped = tag.order in (ByteOrder.BADC, ByteOrder.DCBA)
    changed = mask_pdu(place.start, place.bit ^ 8 if swapped else place.bit, bool(raw))
    return changed, changed


def refusal(tag: Tag, quality: Quality) -> DriverError:
    """The error of a write that was not confirmed."""
    reasons = {
        Quality.TIMEOUT: "the device did not answer; the value may have been written or not",
        Quality.NO_CONNECTION: "the link was lost; the value may have been written or not",
        Quality.MALFORMED: "the answer is not the one to this write",
        Quality.UNKNOWN_TAG: "the device has no such address",
    }
    why = reasons.get(quality, "the device refused it")
    return DriverError(f"tag {tag.name!r} at {tag.address} was not written: {why}", quality)


class WriteJob:
    """One write over the fast path."""

    __slots__ = ("_quality", "_tag", "done", "left", "prepared")

    def __init__(self, tag: Tag, raw: int | float | bool, unit: int, *, multiple: bool) -> None:
        pdu, echo = pdus_of(tag, raw, multiple=multiple)
        begin = adu(unit, echo)
        self.prepared = Prepared(adu(unit, pdu), begin, 2 + len(begin))
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.left = 1
        self._tag = tag
        self._quality: Quality | None = None

    def put(self, ask: int, outcome: bytes | Quality) -> None:
        """The echo (no bytes are left of it), or why there is none."""
        del ask
        self.left = 0
        self._quality = outcome if isinstance(outcome, Quality) else None

    def tell(self) -> None:
        """Wake who waits; nobody does after a cancellation."""
        if self.done.done():
            return
        if self._quality is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(refusal(self._tag, self._quality))
