"""Ports of the collector: drivers below, the path to segments above.

A **driver** opens a **session** for one device. The scheduler asks a session to poll a rate group
when that is due; the session tells the outcome to the group's **sink**, now or later, from the same
thread (the event loop's). Sessions of devices that speak by themselves (subscriptions, pushes) tell
rows unasked. Nothing here is a Python object per value on the fast path: ``raw`` takes the bytes of
an answer as they came, and they are decoded by the thousand when the frame is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.frames import Column, Frame
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag

__all__ = ["Decoder", "Driver", "DriverError", "FrameSink", "Session", "Sink"]


class DriverError(Exception):
    """A device cannot be reached, or answered what it may not. ``quality`` says what to write."""

    def __init__(self, message: str, quality: Quality = Quality.NO_CONNECTION) -> None:
        super().__init__(message)
        self.quality = quality


class Decoder(Protocol):
    """Turns raw answers of one rate group into columns, many rows at once."""

    @property
    def row_bytes(self) -> int:
        """Bytes of a row as given to ``Sink.raw``."""

    def columns(self, rows: npt.NDArray[np.uint8]) -> tuple[Column, ...]:
        """uint8[n, row_bytes] to one array [n] per tag of the group."""


class Sink(Protocol):
    """Takes the rows of one rate group of one device. Every poll ends in exactly one call."""

    def raw(self, payload: bytes | memoryview, received_us: int | None = None) -> None:
        """A good answer in bytes (``row_bytes`` of the group's decoder). Time: now if ``None``."""

    def row(
        self,
        values: Sequence[Any],
        quality: Sequence[int] | None = None,
        *,
        received_us: int | None = None,
        source_us: int | None = None,
        durable: Callable[[], None] | None = None,
        held: bool = False,
    ) -> bool:
        """Raw values in the group's order of tags (``None`` where the quality is bad); ``quality``
        one code per tag. A float that is not finite becomes ``NOT_A_NUMBER``, an integer that does
        not fit its type ``MALFORMED``: drivers need not look. ``durable`` is called once the row
        lies on disk (for senders that wait for it), on the loop's thread. ``False`` if there was no
        room: then ``durable`` never comes. The row is lost, and counted as a missed cycle, unless
        it was ``held``: whoever has it gives it again, or tells ``shed``."""

    def shed(self, rows: int) -> None:
        """Rows that were held are given up: missed cycles, told by a row with ``SHED``."""

    def failed(self, quality: Quality, *, received_us: int | None = None) -> None:
        """A cycle without an answer: the reason why is written for all tags."""


class Session(Protocol):
    """One live link to one device. Made by ``Driver.session``; not open yet.

    A session of a device that speaks by itself has an attribute ``unasked = True``: polls of it
    end in nothing, and no cycle of it is missed while the link stands. Links that are lost are told
    by ``failed(NO_CONNECTION)`` on any sink (unasked, if need be): the collector then closes the
    session and opens it again with back-off.
    """

    async def open(self) -> None:
        """Connect, bounded by the device's timeout; ``DriverError``."""

    def poll(self, group: int) -> None:
        """Start reading a rate group; the outcome reaches its sink within the device's timeout.
        Not called again for a group before that. Does nothing for devices that speak unasked."""

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Write a raw value; ``DriverError``. The caller has checked that the tag allows it."""

    async def close(self) -> None:
        """Let go of the link; polls under way end as failed. May be called twice."""


class Driver(Protocol):
    """A protocol: stateless; checks endpoints and addresses, and opens sessions.

    Where devices send rows again whose acknowledgement was lost, and a row holds nothing but what
    was sent, the driver has an attribute ``resends = True``: a row with the source time and content
    of one before is then acknowledged, and not taken again.
    """

    @property
    def version(self) -> str:
        """Name and version, written into evidence: ``modbus-tcp/1 (fast)``."""

    def check(self, device: Device) -> None:
        """Refuse an endpoint or an address that the protocol cannot have: ``TagError``."""

    def decoder(self, device: Device, group: int) -> Decoder | None:
        """How raw answers of a group are decoded; ``None`` if its sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> Session:
        """A session that tells what it reads of group ``n`` to ``sinks[n]``."""


class FrameSink(Protocol):
    """What is behind the collector: the recorder of segments."""

    def put(
        self,
        group: str,
        frames: Sequence[Frame],
        on_durable: Callable[[], None] | None = None,
    ) -> bool:
        """Take frames of a device group for its next segment. ``False`` when full: nothing was
        taken, and the scheduler reads less until it is ``True`` again. ``on_durable`` is called
        after the fsync, from any thread."""
