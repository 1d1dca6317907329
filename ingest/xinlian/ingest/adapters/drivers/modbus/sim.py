"""A Modbus TCP server for simulated devices: fast enough for a thousand links on one core.

Devices are told apart by their unit. Those whose endpoint names a port are served there; others get
free ports, each with devices of different units (`endpoint` tells where). It listens on loopback
alone. Answers are kept until the next refresh, so that most requests cost one look-up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from xinlian.ingest.adapters.drivers.modbus.frames import FrameError, adu, cut
from xinlian.ingest.adapters.drivers.modbus.sim_image import Image, SignalSource
from xinlian.ingest.model.devices import Device

__all__ = ["Fault", "ModbusSimulator", "SignalSource"]

HOST: Final = "127.0.0.1"
BUFFER_MAX: Final = 4_096


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
class _Unit:
    image: Image
    epoch: int = -1
    fault: Fault | None = None
    value: float = 0


class ModbusSimulator:
    """An asynchronous context manager; ``port`` is that of the first device."""

    def __init__(
        self, devices: Sequence[Device], signals: SignalSource, *, refresh_ms: int = 500
    ) -> None:
        self._devices = tuple(devices)
        self._units = {device.id: _Unit(Image(device, signals)) for device in devices}
        self.refresh_s = refresh_ms / 1_000
        self._ports: dict[str, int] = {}
        self._servers: list[asyncio.Server] = []
        self._stations: list[_Station] = []
        self._timer: asyncio.TimerHandle | None = None
        self.requests = 0
        """Requests that were not answered from what was kept."""

    @property
    def port(self) -> int:
        """Port of the first device."""
        return self._ports[self._devices[0].id]

    @property
    def links(self) -> int:
        """Links that are open."""
        return sum(len(station.links) for station in self._stations)

    def endpoint(self, device_id: str) -> dict[str, Any]:
        """The endpoint of a device as it is served."""
        device = next(each for each in self._devices if each.id == device_id)
        return {**device.endpoint, "host": HOST, "port": self._ports[device_id]}

    def fault(self, device_id: str, fault: Fault | None, value: float = 0) -> None:
        """Make a device fail, or work again with ``None``."""
        unit = self._units[device_id]
        unit.fault, unit.value = fault, value
        self._forget()

    def drop_links(self) -> None:
        """Close all links; new ones are taken."""
        for station in self._stations:
            for link in list(station.links):
                link.transport.abort()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for port, members in self._packed():
            station = _Station({unit: self._units[device.id] for unit, device in members.items()})
            server = await loop.create_server(lambda s=station: _Link(s), HOST, port)  # type: ignore[misc]
            self._servers.append(server)
            self._stations.append(station)
            for device in members.values():
                self._ports[device.id] = server.sockets[0].getsockname()[1]
        self._timer = loop.call_later(self.refresh_s, self._tick)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for server in self._servers:
            server.close()
        self.drop_links()
        await asyncio.sleep(0)

    def _tick(self) -> None:
        self._forget()
        self._timer = asyncio.get_running_loop().call_later(self.refresh_s, self._tick)

    def _forget(self) -> None:
        for station in self._stations:
            station.epoch += 1
            station.kept.clear()

    def _packed(self) -> list[tuple[int, dict[int, Device]]]:
        """Ports and their devices by unit; port 0 is a free one."""
        named: dict[int, dict[int, Device]] = {}
        free: list[dict[int, Device]] = []
        for device in self._devices:
            unit, port = int(device.endpoint.get("unit", 1)), int(device.endpoint.get("port", 0))
            if port:
                members = named.setdefault(port, {})
                if unit in members:
                    raise ValueError(f"two devices have unit {unit} at port {port}")
            else:
                members = next((each for each in free if unit not in each), {})
                if not members:
                    free.append(members)
            members[unit] = device
        return [*named.items(), *((0, members) for members in free)]


class _Station:
    """What listens at one port."""

    def __init__(self, units: dict[int, _Unit]) -> None:
        self.units = units
        self.epoch = 0
        self.kept: dict[bytes, bytes] = {}
        """Answer without transaction id by request without it."""
        self.links: set[_Link] = set()

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


class _Link(asyncio.Protocol):
    """One client."""

    transport: asyncio.Transport

    def __init__(self, station: _Station) -> None:
        self._station = station
        self._kept = station.kept
        self._buffer = bytearray()
        self._free_s = 0.0
        self._waiting = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._station.links.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._station.links.discard(self)

    def data_received(self, data: bytes) -> None:
        if (kept := self._kept.get(data[2:])) is not None and not self._buffer:
            self.transport.write(data[:2] + kept)
            return
        self._buffer += data
        try:
            while size := cut(self._buffer):
                frame = bytes(self._buffer[:size])
                del self._buffer[:size]
                self._send(self._station.answer(frame))
        except FrameError:
            self.transport.abort()

    def _send(self, parts: list[tuple[float, bytes | None]]) -> None:
        loop = asyncio.get_running_loop()
        for pause_s, part in parts:
            self._free_s = max(self._free_s, loop.time()) + pause_s
            if pause_s or self._waiting:
                self._waiting += 1
                loop.call_at(self._free_s, self._send_later, part)
            else:
                self._send_now(part)

    def _send_later(self, part: bytes | None) -> None:
        self._waiting -= 1
        self._send_now(part)

    def _send_now(self, part: bytes | None) -> None:
        if self.transport.is_closing():
            return
        if part is None:
            self.transport.abort()
        else:
            self.transport.write(part)


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
