"""Controllers that simulate devices: one snap7 server per device, its areas filled by signals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final, Self

from snap7.datatypes import S7Area, S7WordLen
from snap7.server import Server
from snap7.type import SrvArea
from xinlian.ingest.adapters.drivers.endpoint import SignalSource
from xinlian.ingest.adapters.drivers.s7.address import Place, place_of, to_wire
from xinlian.ingest.adapters.drivers.s7.driver import options
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Access, Tag

__all__ = ["Simulator", "simulator"]

AREAS: Final = {"DB": SrvArea.DB, "M": SrvArea.MK, "I": SrvArea.PE, "Q": SrvArea.PA}
SPARE: Final = 16
"""Bytes of an area behind its last tag."""


class _Controller(Server):
    """The library's server writes a bit as if it were a byte; controllers keep its neighbours."""

    def _parse_address_specification(self, addr_spec: bytes) -> dict[str, Any]:
        parsed = super()._parse_address_specification(addr_spec)
        if parsed:
            parsed["bit"] = addr_spec[11] & 7
        return parsed

    def _parse_write_address(
        self, request: dict[str, Any]
    ) -> tuple[S7Area, int, int, int, bytearray] | None:
        parsed = super()._parse_write_address(request)
        spec = request.get("parameters", {}).get("address_spec", {})
        if parsed is None or spec.get("word_len") != S7WordLen.BIT:
            return parsed
        area, db, at, count, data = parsed
        bit, memory = spec["bit"], self.memory_areas.get((area, db))
        if memory is None or at >= len(memory):
            return None
        old = memory[at] & ~(1 << bit)
        return area, db, at, count, bytearray((old | (data[0] & 1) << bit,))


class _Station:
    def __init__(self, device: Device) -> None:
        self.device = device
        self.server = _Controller(log=False)
        self.places: list[tuple[Tag, Place, bytearray]] = []
        sizes: dict[tuple[str, int], int] = {}
        places = [(tag, place_of(tag)) for tag in device.table.tags]
        for _, place in places:
            key = (place.area, place.db)
            sizes[key] = max(sizes.get(key, 0), place.start + place.size + SPARE)
        areas = {key: bytearray(size) for key, size in sizes.items()}
        for (area, db), memory in areas.items():
            self.server.register_area(AREAS[area], db, memory)
        for tag, place in places:
            self.places.append((tag, place, areas[place.area, place.db]))

    def fill(self, signals: SignalSource, now_us: int, *, first: bool) -> None:
        """Set the areas; tags that may be written keep what was written."""
        for tag, place, memory in self.places:
            if tag.access is Access.READ_WRITE and not first:
                continue
            data = to_wire(tag, signals.raw(self.device.id, tag, now_us))
            if place.bit >= 0:
                old = memory[place.start] & ~(1 << place.bit)
                memory[place.start] = old | data[0] << place.bit
            else:
                memory[place.start : place.start + place.size] = data


class Simulator:
    """Each device on the port of its endpoint, on loopback."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource) -> None:
        self.stations = [_Station(device) for device in devices]
        self.signals = signals
        self.period_s = min(device.table.periods[0] for device in devices) / 1_000
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        for station in self.stations:
            station.fill(self.signals, time.time_ns() // 1_000, first=True)
            station.server.start_to("127.0.0.1", options(station.device).port)
        self.task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.task is not None:
            self.task.cancel()
        await asyncio.gather(*(asyncio.to_thread(each.server.stop) for each in self.stations))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.period_s)
            now_us = time.time_ns() // 1_000
            for station in self.stations:
                station.fill(self.signals, now_us, first=False)


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator:
    """Simulate devices on loopback; their ports differ."""
    return Simulator(devices, signals)
