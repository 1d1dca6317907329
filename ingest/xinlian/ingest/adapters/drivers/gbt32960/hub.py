"""The platform's listening port: terminals and other platforms connect to it, and say for which
vehicle each packet is."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from typing import Final, Protocol, cast

from xinlian.ingest.adapters.drivers.gbt32960.codec import (
    PLAIN,
    Answer,
    Command,
    Packet,
    PacketReader,
    read_time,
    write_time,
)

__all__ = ["Hub", "Vehicle", "give_back", "take"]

LINKS_MAX: Final = 10_000
ERRORS_MAX: Final = 64
"""Refused packets in a row after which a connection is closed."""
UNSAVED_MAX: Final = 64
"""Reports of a connection that may wait for the disk before no more is read from it."""


class Vehicle(Protocol):
    """Who takes the reports of one VIN."""

    def report(self, time_us: int | None, data: bytes, done: Callable[[], None]) -> bool:
        """Take a report; ``done`` once it lies on disk. ``False`` if there is no room.
        ``ValueError`` for one that cannot be read."""

    def gone(self) -> None:
        """The vehicle's connection is lost."""


class Hub:
    """One port, shared by all vehicles that name it."""

    def __init__(self, host: str, port: int, silence_s: float) -> None:
        self.host, self.port, self.silence_s = host, port, silence_s
        self.users = 0
        self.vehicles: dict[str, Vehicle] = {}
        self.accounts: dict[str, str] = {}
        self.links: set[Link] = set()
        self.by_vin: dict[str, Link] = {}
        self.server: asyncio.Server | None = None
        self.starting = asyncio.Lock()

    async def listen(self) -> None:
        """Listen if it does not yet; ``OSError``."""
        async with self.starting:
            if self.server is None:
                loop = asyncio.get_running_loop()
                self.server = await loop.create_server(lambda: Link(self), self.host, self.port)
                self.port = self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop listening and let all go."""
        if self.server is not None:
            self.server.close()
            self.server = None
        for link in list(self.links):
            link.abort()


class Link(asyncio.Protocol):
    """One connection, of a vehicle or of a platform with many."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.reader = PacketReader()
        self.transport: asyncio.Transport | None = None
        self.vins: set[str] = set()
        self.platform = False
        self.errors = 0
        self.unsaved = 0
        self.heard_at = 0.0
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it, if there is room."""
        self.transport = cast("asyncio.Transport", transport)
        if len(self.hub.links) >= LINKS_MAX:
            self.transport.abort()
            return
        self.hub.links.add(self)
        self.heard_at = asyncio.get_running_loop().time()
        self._watch()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Tell the vehicles that came over it."""
        self.transport = None
        self.hub.links.discard(self)
        if self.timer is not None:
            self.timer.cancel()
        for vin in list(self.vins):
            self._leave(vin)

    def data_received(self, data: bytes) -> None:
        """Any bytes. Only whole packets count as a sign of life, so that a trickle of bytes does
        not hold a connection."""
        for packet in self.reader.feed(data):
            if self.transport is None:
                return
            self.heard_at = asyncio.get_running_loop().time()
            self._packet(packet)
        if self.reader.hopeless:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self.heard_at >= self.hub.silence_s:
            self.abort()
            return
        self.timer = loop.call_later(self.hub.silence_s / 4, self._watch)

    def _leave(self, vin: str) -> None:
        self.vins.discard(vin)
        if self.hub.by_vin.get(vin) is self:
            del self.hub.by_vin[vin]
            vehicle = self.hub.vehicles.get(vin)
            if vehicle is not None:
                vehicle.gone()

    def _enter(self, vin: str) -> None:
        """A second login of a vehicle takes over: its old connection is mostly half open."""
        before = self.hub.by_vin.get(vin)
        self.hub.by_vin[vin] = self
        self.vins.add(vin)
        if before is not None and before is not self:
            before.vins.discard(vin)
            if not before.platform and not before.vins:
                before.abort()

    def _answer(self, packet: Packet, answer: Answer, data: bytes | None = None) -> None:
        if self.transport is None:
            return
        # The answer keeps the time alone of what the packet held (6.3.2).
        self.transport.write(packet.answered(answer, packet.data[:6] if data is None else data))
        if answer is Answer.DONE:
            self.errors = 0
            return
        self.errors += 1
        if self.errors >= ERRORS_MAX:
            self.abort()

    def _packet(self, packet: Packet) -> None:
        if packet.answer != Answer.NONE:
            return
        if packet.encryption != PLAIN:
            self._answer(packet, Answer.ERROR)
            return
        match packet.command:
            case Command.PLATFORM_LOGIN:
                self._platform(packet)
            case Command.PLATFORM_LOGOUT:
                self._answer(packet, Answer.DONE)
                self.platform = False
                for vin in list(self.vins):
                    self._leave(vin)
            case Command.HEARTBEAT:
                self._answer(packet, Answer.DONE, b"")
            case Command.CLOCK:
                self._answer(packet, Answer.DONE, write_time(time.time_ns() // 1_000))
            case Command.LOGIN | Command.LOGOUT | Command.REAL_TIME | Command.RESENT:
                self._vehicle(packet)
            case _:
                self._answer(packet, Answer.ERROR)

    def _platform(self, packet: Packet) -> None:
        """Table 22: time, serial number, 12 bytes of user, 20 of password, encryption."""
        user = packet.data[8:20].rstrip(b"\0 ").decode("latin-1")
        password = packet.data[20:40].rstrip(b"\0 ")
        wanted = self.hub.accounts.get(user)
        right = wanted is not None and hmac.compare_digest(wanted.encode(), password)
        self.platform = len(packet.data) >= 41 and (right or not self.hub.accounts)
        self._answer(packet, Answer.DONE if self.platform else Answer.ERROR)

    def _vehicle(self, packet: Packet) -> None:
        vehicle = self.hub.vehicles.get(packet.vin)
        if vehicle is None or (self.hub.accounts and not self.platform):
            self._answer(packet, Answer.ERROR)
            return
        if packet.command == Command.LOGIN:
            self._enter(packet.vin)
            self._answer(packet, Answer.DONE)
        elif packet.command == Command.LOGOUT:
            self._answer(packet, Answer.DONE)
            self._leave(packet.vin)
        elif packet.vin in self.vins or self.platform:
            if self.platform:
                self._enter(packet.vin)
            self._report(vehicle, packet)
        else:
            self._answer(packet, Answer.ERROR)

    def _report(self, vehicle: Vehicle, packet: Packet) -> None:
        time_us = read_time(packet.data)
        if len(packet.data) < 6 or (time_us is None and packet.command == Command.RESENT):
            self._answer(packet, Answer.ERROR)
            return

        def saved() -> None:
            self.unsaved -= 1
            self._answer(packet, Answer.DONE)
            if self.transport is not None and self.unsaved < UNSAVED_MAX:
                self.transport.resume_reading()

        self.unsaved += 1
        try:
            taken = vehicle.report(time_us, packet.data[6:], saved)
        except ValueError:
            self.unsaved -= 1
            self._answer(packet, Answer.ERROR)
            return
        if not taken:
            self.unsaved -= 1  # without an answer the vehicle sends again
        elif self.unsaved >= UNSAVED_MAX and self.transport is not None:
            self.transport.pause_reading()


_hubs: dict[tuple[asyncio.AbstractEventLoop, str, int], Hub] = {}


def take(host: str, port: int, silence_s: float) -> Hub:
    """The hub of an address, shared."""
    key = (asyncio.get_running_loop(), host, port)
    hub = _hubs.get(key)
    if hub is None:
        hub = _hubs[key] = Hub(host, port, silence_s)
    hub.users += 1
    return hub


def give_back(hub: Hub) -> None:
    """The last one closes it."""
    hub.users -= 1
    if hub.users == 0:
        hub.close()
        for key in [key for key, each in _hubs.items() if each is hub]:
            del _hubs[key]
