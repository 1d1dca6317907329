"""A Modbus server for simulated devices: fast enough for a thousand links on one core.

Devices are told apart by their unit. Those whose endpoint names a port are served there; others get
free ports, each with devices of different units (`endpoint` tells where). It listens on loopback
alone. Answers are kept until the next refresh, so that most requests cost one look-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Self

from xinlian.ingest.adapters.drivers.modbus.sim_image import Image, SignalSource
from xinlian.ingest.adapters.drivers.modbus.sim_links import RtuLink, TcpLink, UdpLink
from xinlian.ingest.adapters.drivers.modbus.sim_station import Fault, Station, Unit
from xinlian.ingest.model.devices import Device

__all__ = ["Fault", "ModbusSimulator", "SignalSource"]

HOST: Final = "127.0.0.1"
LINKS: Final = {"modbus-tcp": TcpLink, "modbus-rtu-tcp": RtuLink}


class ModbusSimulator:
    """An asynchronous context manager; ``port`` is that of the first device."""

    def __init__(
        self, devices: Sequence[Device], signals: SignalSource, *, refresh_ms: int = 500
    ) -> None:
        self._devices = tuple(devices)
        self._units = {device.id: Unit(Image(device, signals)) for device in devices}
        self.refresh_s = refresh_ms / 1_000
        self._ports: dict[str, int] = {}
        self._servers: list[asyncio.Server | asyncio.DatagramTransport] = []
        self._stations: list[Station] = []
        self._timer: asyncio.TimerHandle | None = None

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
        for (kind, port), members in self._packed():
            station = Station({unit: self._units[device.id] for unit, device in members.items()})
            self._stations.append(station)
            taken = await self._listen(kind, port, station)
            for device in members.values():
                self._ports[device.id] = taken
        self._timer = loop.call_later(self.refresh_s, self._tick)
        return self

    async def _listen(self, kind: str, port: int, station: Station) -> int:
        loop = asyncio.get_running_loop()
        if kind == "modbus-udp":
            transport, _ = await loop.create_datagram_endpoint(
                lambda: UdpLink(station), (HOST, port)
            )
            self._servers.append(transport)
            return int(transport.get_extra_info("sockname")[1])
        server = await loop.create_server(lambda: LINKS[kind](station), HOST, port)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

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

    def _packed(self) -> list[tuple[tuple[str, int], dict[int, Device]]]:
        """Kinds and ports with their devices by unit; port 0 is a free one."""
        made: list[tuple[tuple[str, int], dict[int, Device]]] = []
        for device in self._devices:
            kind = device.driver
            if kind not in LINKS and kind != "modbus-udp":
                raise ValueError(f"{kind} is not simulated; modbus-udp, {', '.join(LINKS)} are")
            unit, port = int(device.endpoint.get("unit", 1)), int(device.endpoint.get("port", 0))
            at = [members for key, members in made if key == (kind, port)]
            members = next((each for each in at if unit not in each), None)
            if members is None:
                if port and at:
                    raise ValueError(f"two devices have unit {unit} at port {port}")
                members = {}
                made.append(((kind, port), members))
            members[unit] = device
        return made
