"""A controlled station that simulates devices: it answers interrogations, reports changes with
their time and carries out commands."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Iterator, Sequence
from typing import Final, Self

from xinlian.ingest.adapters.drivers.endpoint import SignalSource
from xinlian.ingest.adapters.drivers.iec104.clock import cp56
from xinlian.ingest.adapters.drivers.iec104.codec import (
    Asdu,
    Cause,
    Kind,
    asdu_bytes,
)
from xinlian.ingest.adapters.drivers.iec104.link import Link
from xinlian.ingest.adapters.drivers.iec104.options import options
from xinlian.ingest.adapters.drivers.iec104.points import COMMANDS, Point, point
from xinlian.ingest.adapters.drivers.iec104.receipts import Receipt
from xinlian.ingest.adapters.drivers.together import Together, by_port
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Access, Tag

__all__ = ["Simulator", "element", "simulator"]

OBJECTS_MAX: Final = 15
"""Objects with time in one ASDU, of the longest kind."""
LINKS_MAX: Final = 64


def element(kind: Kind, value: float, quality: int = 0) -> bytes:
    """A value as an information element of its kind, without time."""
    if kind is Kind.FLT:
        return struct.pack("<fB", value, quality)
    whole = int(value)
    match kind:
        case Kind.SP:
            return bytes(((1 if whole else 0) | quality,))
        case Kind.DP:
            return bytes(((whole & 3) | quality,))
        case Kind.ST:
            return bytes((whole & 0x7F, quality))
        case Kind.BO:
            return struct.pack("<IB", whole & 0xFFFFFFFF, quality)
        case Kind.IT:
            return struct.pack("<iB", _wrap(whole, 32), 0)
        case _:
            return struct.pack("<hB", max(-32_768, min(32_767, whole)), quality)


def _wrap(value: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (value + half) % (1 << bits) - half


class _Station:
    """One device behind its common address."""

    def __init__(self, device: Device, signals: SignalSource) -> None:
        self.device = device
        self.signals = signals
        self.options = options(device)
        self.points = [(tag, point(tag)) for tag in device.table.tags]
        self.commanded: dict[int, float] = {}
        self.last: dict[int, bytes] = {}

    def value(self, tag: Tag, at: Point, now_us: int) -> bytes:
        raw = self.commanded.get(at.address)
        if raw is None:
            raw = float(self.signals.raw(self.device.id, tag, now_us))
            if at.kind is Kind.NVA and tag.type.is_float:
                raw *= 32_768
            if at.kind is Kind.DP:
                raw = 2 if raw else 1
        return element(at.kind, raw)

    def asdus(self, cause: Cause, now_us: int, *, totals: bool) -> Iterator[bytes]:
        """All points without time, by kind."""
        for kind in Kind:
            if (kind is Kind.IT) is not totals:
                continue
            whole = [
                at.address.to_bytes(3, "little") + self.value(tag, at, now_us)
                for tag, at in self.points
                if at.kind is kind
            ]
            yield from self._packed(kind.value, cause, whole)

    def changes(self, now_us: int) -> Iterator[bytes]:
        """Points that changed, with the time."""
        when = cp56(now_us, self.options.zone)
        for kind in Kind:
            if kind is Kind.IT:
                continue
            whole = []
            for tag, at in self.points:
                if at.kind is kind and self.last.get(at.address) != (
                    now := self.value(tag, at, now_us)
                ):
                    self.last[at.address] = now
                    whole.append(at.address.to_bytes(3, "little") + now + when)
            timed = list(Kind).index(kind) + 30
            yield from self._packed(timed, Cause.SPONTANEOUS, whole)

    def _packed(self, kind: int, cause: Cause, whole: list[bytes]) -> Iterator[bytes]:
        for start in range(0, len(whole), OBJECTS_MAX):
            part = whole[start : start + OBJECTS_MAX]
            yield asdu_bytes(kind, cause, self.options.common, b"".join(part), count=len(part))

    def command(self, kind: int, body: bytes) -> bool:
        """Carry out a command; whether it was one that may be."""
        address = int.from_bytes(body[:3], "little")
        for tag, at in self.points:
            if at.command != address or tag.access is not Access.READ_WRITE:
                continue
            wanted = COMMANDS.get(at.kind, -1)
            if kind not in (wanted, wanted + 13):
                continue
            value, select = _commanded(at.kind, body[3:])
            if not select:
                self.commanded[at.address] = value
            return True
        return False


def _commanded(kind: Kind, body: bytes) -> tuple[float, bool]:
    match kind:
        case Kind.FLT:
            return struct.unpack_from("<f", body)[0], bool(body[4] & 0x80)
        case Kind.BO:
            return float(struct.unpack_from("<I", body)[0]), False
        case Kind.NVA | Kind.SVA:
            return float(struct.unpack_from("<h", body)[0]), bool(body[2] & 0x80)
        case _:
            return float(body[0] & 3), bool(body[0] & 0x80)


class Simulator:
    """Stations on one loopback port, told apart by their common addresses."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource) -> None:
        self.stations = {options(device).common: _Station(device, signals) for device in devices}
        self.port = options(devices[0]).port
        self.timing = options(devices[0]).timing
        self.period_s = min(device.table.periods[0] for device in devices) / 1_000
        self.links: list[Link] = []
        self.server: asyncio.Server | None = None
        self.reporter: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(self._link, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        self.reporter = asyncio.create_task(self._report())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.reporter is not None:
            self.reporter.cancel()
        if self.server is not None:
            self.server.close()
        for link in self.links:
            link.close()

    def _link(self) -> Link:
        self.links = [each for each in self.links if not each.reason][-LINKS_MAX:]
        link = Link(
            lambda asdu, receipt: self._told(link, asdu, receipt), lambda _: None, self.timing,
            controlling=False,
        )  # fmt: skip
        self.links.append(link)
        return link

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(self.period_s)
            now_us = time.time_ns() // 1_000
            for station in self.stations.values():
                for asdu in station.changes(now_us):
                    for link in self.links:
                        if link.transport is not None and link.started.is_set():
                            link.send(asdu)

    def _told(self, link: Link, asdu: Asdu, receipt: Receipt) -> None:
        receipt.safe()

        def answer(cause: Cause, *, negative: bool = False) -> None:
            link.send(
                asdu_bytes(
                    asdu.type, cause, asdu.common, asdu.body, negative=negative, origin=asdu.origin
                )
            )

        station = self.stations.get(asdu.common)
        if station is None:
            answer(Cause.UNKNOWN_COMMON, negative=True)
            return
        now_us = time.time_ns() // 1_000
        if asdu.type in (100, 101):
            totals = asdu.type == 101
            answer(Cause.CONFIRMATION)
            cause = Cause.COUNTERS if totals else Cause.INTERROGATED
            for made in station.asdus(cause, now_us, totals=totals):
                link.send(made)
            answer(Cause.TERMINATION)
        elif asdu.type == 103:
            answer(Cause.CONFIRMATION)
        elif 45 <= asdu.type <= 64:
            try:
                done = station.command(asdu.type, asdu.body)
            except (struct.error, IndexError):
                done = False
            answer(Cause.CONFIRMATION, negative=not done)
            if done:
                answer(Cause.TERMINATION)
        else:
            answer(Cause.UNKNOWN_TYPE, negative=True)


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator | Together:
    """Simulate devices on loopback; those of one port differ in their common addresses."""
    ports = by_port(devices, lambda device: options(device).port).values()
    made = [Simulator(each, signals) for each in ports]
    return made[0] if len(made) == 1 else Together(made)
