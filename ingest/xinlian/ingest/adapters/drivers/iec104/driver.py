"""Driver and sessions of IEC 60870-5-104, the controlling station.

The session keeps the station's image: general and counter interrogation fill it, spontaneous data
change it. A poll tells the image as it stands (the station reports every change, so that an open
link makes it true); a spontaneous change is told at once as a row of its own, with the time that
the station gave it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from xinlian.ingest.adapters.drivers.iec104.clock import cp56, to_utc_us
from xinlian.ingest.adapters.drivers.iec104.codec import (
    MONITOR,
    Asdu,
    Cause,
    Kind,
    Object,
    ProtocolError,
    asdu_bytes,
    objects,
)
from xinlian.ingest.adapters.drivers.iec104.image import GroupImage
from xinlian.ingest.adapters.drivers.iec104.link import Link
from xinlian.ingest.adapters.drivers.iec104.options import options
from xinlian.ingest.adapters.drivers.iec104.points import (
    COMMANDS,
    Point,
    command_element,
    point,
)
from xinlian.ingest.adapters.drivers.iec104.receipts import Receipt
from xinlian.ingest.adapters.drivers.reported import Count, Held, Put
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Driver"]

INTERROGATION: Final = 100
COUNTERS: Final = 101
CLOCK: Final = 103
STATION: Final = b"\0\0\0\x14"
"""Object address 0, qualifier 20: the whole station."""
ALL_COUNTERS: Final = b"\0\0\0\x05"


class IecSession:
    """One link to one station."""

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.device = device
        self.options = options(device)
        self.groups = [
            GroupImage(tags, sink) for tags, sink in zip(device.table.groups, sinks, strict=True)
        ]
        self.places: dict[int, list[tuple[int, int, Kind]]] = {}
        for number, tags in enumerate(device.table.groups):
            for column, tag in enumerate(tags):
                at = point(tag)
                self.places.setdefault(at.address, []).append((number, column, at.kind))
        self.counters = any(
            kind is Kind.IT for places in self.places.values() for _, _, kind in places
        )
        columns = sum(len(group.values) for group in self.groups)
        self.held = Held(columns, lambda: self._abort("too many changes wait for room"))
        self.link: Link | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.commands: dict[tuple[int, int], asyncio.Future[Asdu]] = {}
        self.interrogated = asyncio.Event()
        self.malformed = 0
        """ASDUs that could not be read, since the session was made."""

    async def open(self) -> None:
        """Connect, start data transfer and interrogate; ``DriverError``."""
        await self.close()
        loop = asyncio.get_running_loop()
        link = Link(self._told, self._lost, self.options.timing)
        self.interrogated.clear()
        try:
            async with asyncio.timeout(self.device.timeout_ms / 1_000):
                await loop.create_connection(lambda: link, self.options.host, self.options.port)
                self.link = link
                await link.started.wait()
        except TimeoutError as exc:
            await self.close()
            raise DriverError("the station does not start data transfer", Quality.TIMEOUT) from exc
        except OSError as exc:
            raise DriverError(f"the station cannot be reached: {exc}") from exc
        if self.options.clock_sync:
            now = cp56(time.time_ns() // 1_000, self.options.zone)
            self._send(CLOCK, Cause.ACTIVATION, b"\0\0\0" + now)
        self._send(INTERROGATION, Cause.ACTIVATION, STATION)
        self._every(self.options.interrogation_s, INTERROGATION, STATION)
        if self.counters:
            self._send(COUNTERS, Cause.ACTIVATION, ALL_COUNTERS)
            self._every(self.options.counters_s, COUNTERS, ALL_COUNTERS)
        with suppress(TimeoutError):  # a slow station fills the image later
            async with asyncio.timeout(self.device.timeout_ms / 1_000):
                await self.interrogated.wait()

    def poll(self, group: int) -> None:
        """Tell the image of a group."""
        if self.link is None or self.link.transport is None:
            self.groups[group].sink.failed(Quality.NO_CONNECTION)
        elif self.link.unanswered_s > self.device.timeout_ms / 1_000:
            self.groups[group].sink.failed(Quality.TIMEOUT)
        else:
            image = self.groups[group]
            image.sink.row(tuple(image.values), tuple(image.quality))

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """A command, selected before where the endpoint says so; the station's refusal and silence
        are ``DriverError``."""
        at = point(tag)
        if self.options.select and at.kind is not Kind.BO:
            await self._command(at, raw, select=True)
        await self._command(at, raw, select=False)

    async def close(self) -> None:
        """Let go of the link."""
        for task in self.tasks:
            task.cancel()
        self.tasks.clear()
        if self.link is not None:
            link, self.link = self.link, None
            link.close()

    def _send(self, kind: int, cause: Cause, body: bytes) -> None:
        if self.link is not None:
            self.link.send(
                asdu_bytes(kind, cause, self.options.common, body, origin=self.options.origin)
            )

    def _every(self, seconds: int, kind: int, body: bytes) -> None:
        async def again() -> None:
            while True:
                await asyncio.sleep(seconds)
                self._send(kind, Cause.ACTIVATION, body)

        if seconds:
            self.tasks.add(asyncio.create_task(again()))

    async def _command(self, at: Point, raw: int | float | bool, *, select: bool) -> None:
        if self.link is None or self.link.transport is None:
            raise DriverError("no link to the station")
        kind = COMMANDS[at.kind]
        try:
            body = at.command.to_bytes(3, "little") + command_element(at.kind, raw, select=select)
        except (ValueError, OverflowError) as exc:
            raise DriverError(f"the value cannot be sent: {exc}", Quality.OUT_OF_RANGE) from exc
        if self.options.command_time:
            kind += 13
            body += cp56(time.time_ns() // 1_000, self.options.zone)
        key = (kind, at.command)
        if key in self.commands:
            raise DriverError("a command to this point is under way", Quality.DEVICE_ERROR)
        answer: asyncio.Future[Asdu] = asyncio.get_running_loop().create_future()
        self.commands[key] = answer
        try:
            self._send(kind, Cause.ACTIVATION, body)
            async with asyncio.timeout(self.device.timeout_ms / 1_000):
                told = await answer
        except TimeoutError as exc:
            raise DriverError("the station does not confirm the command", Quality.TIMEOUT) from exc
        finally:
            self.commands.pop(key, None)
        if told.negative or told.cause != Cause.CONFIRMATION:
            raise DriverError(
                f"the station refuses the command (cause {told.cause})", Quality.DEVICE_ERROR
            )

    def _lost(self, reason: str) -> None:
        self.held.drop()
        for group in self.groups:
            group.forget()
        for answer in self.commands.values():
            if not answer.done():
                answer.set_exception(DriverError(f"the link is lost: {reason}"))

    def _abort(self, reason: str) -> None:
        """What was not acknowledged, the station sends again."""
        if self.link is not None:
            self.link.abort(reason)

    def _told(self, asdu: Asdu, receipt: Receipt) -> None:
        rows = self._rows(asdu)
        if not rows:
            receipt.safe()
            return
        taken = Count(len(rows), partial(self._taken, receipt))
        durable = Count(len(rows), receipt.safe)
        for put in rows:
            self.held.give(put, durable, taken)

    def _taken(self, receipt: Receipt) -> None:
        receipt.taken = True
        if not self.options.when_durable:
            receipt.safe()

    def _rows(self, asdu: Asdu) -> list[Put]:
        """Take over what an ASDU tells; rows of the changes that the station told unasked."""
        if asdu.common != self.options.common or asdu.test:
            return []
        if asdu.type not in MONITOR:
            self._answered(asdu)
            return []
        try:
            told = objects(asdu)
        except ProtocolError:
            self.malformed += 1
            return []
        kind, _ = MONITOR[asdu.type]
        spontaneous = (
            asdu.cause == Cause.SPONTANEOUS and self.options.events and self.interrogated.is_set()
        )
        return [put for each in told for put in self._object(kind, each, spontaneous)]

    def _object(self, kind: Kind, told: Object, spontaneous: bool) -> list[Put]:
        """Rows of the groups that have this object, as they stand then, if it came unasked."""
        source_us, quality = None, told.quality
        if told.stamp is not None:
            source_us = to_utc_us(told.stamp, self.options.zone)
            if source_us is None and quality is Quality.GOOD:
                quality = Quality.UNCERTAIN  # the value stands, its time does not
        touched = set()
        for number, column, wanted in self.places.get(told.address, ()):
            right = quality if wanted is kind else Quality.MALFORMED
            self.groups[number].set(column, kind, told, right)
            touched.add(number)
        return [self.groups[number].put(source_us) for number in sorted(touched) if spontaneous]

    def _answered(self, asdu: Asdu) -> None:
        if asdu.type in (INTERROGATION, COUNTERS):
            if asdu.cause == Cause.TERMINATION or asdu.negative:
                self._unknown(totals=asdu.type == COUNTERS)
            return
        if len(asdu.body) < 3 or asdu.cause == Cause.TERMINATION:
            return
        waiting = self.commands.get((asdu.type, int.from_bytes(asdu.body[:3], "little")))
        if waiting is not None and not waiting.done():
            waiting.set_result(asdu)

    def _unknown(self, *, totals: bool) -> None:
        """What an interrogation of the whole station did not tell, it has not."""
        if not totals:
            self.interrogated.set()
        for places in self.places.values():
            for number, column, kind in places:
                group = self.groups[number]
                if (kind is Kind.IT) is totals and group.quality[column] == Quality.NO_CONNECTION:
                    group.quality[column] = Quality.UNKNOWN_TAG


class Driver:
    """IEC 60870-5-104, controlling station."""

    @property
    def version(self) -> str:
        """Name and version."""
        return "iec104/1"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        options(device)
        for tag in device.table.tags:
            point(tag)

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> IecSession:
        """A session, not open yet."""
        return IecSession(device, sinks)
