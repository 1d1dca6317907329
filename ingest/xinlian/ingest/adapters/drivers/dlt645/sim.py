"""Simulated meters behind one gateway port: each answers to its own number."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final, Self, cast

from xinlian.ingest.adapters.drivers.dlt645.codec import (
    BROADCAST,
    DATA_MAX,
    READ,
    READ_ADDRESS,
    READ_MORE,
    Frame,
    FrameReader,
    to_bcd,
)
from xinlian.ingest.adapters.drivers.dlt645.driver import options
from xinlian.ingest.adapters.drivers.dlt645.items import Item, item
from xinlian.ingest.adapters.drivers.endpoint import SignalSource
from xinlian.ingest.adapters.drivers.together import Together, by_port
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Tag

__all__ = ["Simulator", "simulator"]

NOT_THERE: Final = b"\x02"
PART: Final = DATA_MAX - 5


class Simulator:
    """Meters on one loopback port. ``part`` bytes at most stand in one answer."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource, part: int = PART) -> None:
        self.signals = signals
        self.part = part
        self.meters: dict[str, tuple[Device, dict[str, list[tuple[Tag, Item]]]]] = {}
        for number, device in enumerate(devices, 1):
            found: dict[str, list[tuple[Tag, Item]]] = {}
            for tag in device.table.tags:
                at = item(tag)
                found.setdefault(at.identifier, []).append((tag, at))
            self.meters[options(device).meter or f"{number:012d}"] = (device, found)
        place = options(devices[0]).place
        self.port = int(place[2]) if place[0] == "tcp" else 0
        self.server: asyncio.Server | None = None
        self.transports: set[asyncio.Transport] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: _Meters(self), "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.server is not None:
            self.server.close()
        for transport in list(self.transports):
            transport.abort()

    def answers(self, frame: Frame) -> list[Frame]:
        """What the line says to a request."""
        if frame.is_answer:
            return []
        if frame.function == READ_ADDRESS and frame.address == BROADCAST:
            return [
                Frame(meter, READ_ADDRESS | 0x80, bytes.fromhex(meter)[::-1])
                for meter in self.meters
            ]
        found = self.meters.get(frame.address)
        if found is None or frame.function not in (READ, READ_MORE):
            return []
        data = self._data(*found, frame.data[:4])
        control = frame.function | 0x80
        if data is None:
            return [Frame(frame.address, control | 0x40, NOT_THERE)]
        sequence = frame.data[4] if frame.function == READ_MORE and len(frame.data) > 4 else 0
        part = data[sequence * self.part : (sequence + 1) * self.part]
        more = 0x20 if len(data) > (sequence + 1) * self.part else 0
        tail = bytes((sequence,)) if frame.function == READ_MORE else b""
        return [Frame(frame.address, control | more, frame.data[:4] + part + tail)]

    def _data(
        self, device: Device, found: dict[str, list[tuple[Tag, Item]]], identifier: bytes
    ) -> bytes | None:
        wanted = found.get(identifier[::-1].hex().upper())
        if wanted is None:
            return None
        now_us = time.time_ns() // 1_000
        last = max(max(at.number, 1) for _, at in wanted)
        parts = [bytes(wanted[0][1].size)] * last
        for tag, at in wanted:
            raw = self.signals.raw(device.id, tag, now_us)
            digits = round(raw * 10**at.decimals) if tag.type.is_float else int(raw)
            value = digits if at.signed else abs(digits)
            parts[max(at.number, 1) - 1] = to_bcd(value, at.size, signed=at.signed)
        return b"".join(parts)


class _Meters(asyncio.Protocol):
    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.reader = FrameReader()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.simulator.transports.add(self.transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        if self.transport is not None:
            self.simulator.transports.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        for frame in self.reader.feed(data):
            for answer in self.simulator.answers(frame):
                if self.transport is not None:
                    self.transport.write(answer.to_bytes())


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator | Together:
    """Simulate meters on loopback; those of one line differ in their numbers."""
    lines = by_port(devices, lambda device: options(device).place).values()
    made = [Simulator(each, signals) for each in lines]
    return made[0] if len(made) == 1 else Together(made)
