"""A controller that simulates a device: sessions, forward open, and read and write of tags, alone
or many in a message. No more of CIP than clients of tags need.

Sources: CIP volume 2 chapter 2 (encapsulation: register session 65H, RR data 6FH, unit data 70H),
volume 1 chapter 3 (forward open 54H, 5BH, close 4EH) and appendix A; Rockwell 1756-PM020 (read
4CH, write 4DH, multiple service 0AH).
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Self, cast

from pycomm3.cip import DataTypes
from xinlian.ingest.adapters.drivers.endpoint import SignalSource
from xinlian.ingest.adapters.drivers.enip.driver import path
from xinlian.ingest.adapters.drivers.enip.points import Point, point
from xinlian.ingest.adapters.drivers.together import Together
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Access, Tag

__all__ = ["Simulator", "simulator"]

HEADER: Final = struct.Struct("<HHII8sI")
KINDS: Final = cast(Any, DataTypes)
SESSION: Final = 0x584C
CONNECTION: Final = 0x0104_0001
NO_PATH, NO_SERVICE, NOT_WRITABLE, MALFORMED, WRONG_TYPE = 0x05, 0x08, 0x0E, 0x13, 0xFF


class Controller:
    """The tags of one device, and the services on them."""

    def __init__(self, device: Device, signals: SignalSource) -> None:
        self.device, self.signals = device, signals
        self.tags: dict[str, tuple[Tag, Point]] = {}
        for tag in device.table.tags:
            at = point(tag)
            self.tags.setdefault(at.base.lower(), (tag, at))
        self.written: dict[str, bytes] = {}

    def serve(self, request: bytes, *, alone: bool = True) -> bytes:
        """The answer to one message request; never raises."""
        if len(request) < 2:
            return bytes((0x80, 0, MALFORMED, 0))
        service, words = request[0], request[1]
        end = 2 + 2 * words
        way, data = request[2:end], request[end:]
        if service == 0x0A and alone:
            return self._many(data)
        if service in (0x54, 0x5B):
            return _answer(service, 0, struct.pack("<I", CONNECTION) + data[6:10] + data[10:18]
                           + bytes(10))  # fmt: skip
        if service == 0x4E and way.startswith(b"\x20\x06"):
            return _answer(service, 0, data[2:10] + bytes(2))
        if service not in (0x4C, 0x4D):
            return _answer(service, NO_SERVICE)
        name = _symbol(way)
        found = self.tags.get(name)
        if found is None:
            return _answer(service, NO_PATH)
        if service == 0x4C:
            return _answer(service, 0, self._read(name, *found))
        return _answer(service, self._write(name, *found, data))

    def _many(self, data: bytes) -> bytes:
        if len(data) < 2:
            return _answer(0x0A, MALFORMED)
        count = int.from_bytes(data[:2], "little")
        if len(data) < 2 + 2 * count:
            return _answer(0x0A, MALFORMED)
        starts = [*struct.unpack_from(f"<{count}H", data, 2), len(data)]
        answers = [self.serve(data[a:b], alone=False) for a, b in pairwise(starts)]
        place, offsets = 2 + 2 * count, b""
        for answer in answers:
            offsets += struct.pack("<H", place & 0xFFFF)
            place += len(answer)
        return _answer(0x0A, 0, struct.pack("<H", count) + offsets + b"".join(answers))

    def _read(self, name: str, tag: Tag, at: Point) -> bytes:
        kind = KINDS[at.cip]
        code = struct.pack("<H", kind.code)
        if name in self.written:
            return code + self.written[name]
        raw = self.signals.raw(self.device.id, tag, time.time_ns() // 1_000)
        if at.name != at.base:  # a bit of a word
            raw = (1 << int(at.name.rpartition(".")[2])) if raw else 0
        if at.cip == "BOOL":
            return code + (b"\xff" if raw else b"\0")
        made: bytes = kind.encode(float(raw) if "REAL" in at.cip else int(raw))
        return code + made

    def _write(self, name: str, tag: Tag, at: Point, data: bytes) -> int:
        if tag.access is not Access.READ_WRITE or at.name != at.base:
            return NOT_WRITABLE
        kind = KINDS[at.cip]
        if len(data) < 4 or int.from_bytes(data[:2], "little") != kind.code:
            return WRONG_TYPE
        if len(data) != 4 + kind.size:
            return MALFORMED
        self.written[name] = data[4:]
        return 0


def _answer(service: int, status: int, data: bytes = b"") -> bytes:
    return bytes((service | 0x80, 0, status, 0)) + data


def _symbol(way: bytes) -> str:
    """The name in a path of ANSI symbols (91H) and members (28H, 29H, 2AH), in small letters."""
    made, place = "", 0
    while place < len(way):
        kind = way[place]
        if kind == 0x91 and place + 1 < len(way):
            size = way[place + 1]
            part = way[place + 2 : place + 2 + size].decode("ascii", "replace")
            made += ("." if made else "") + part
            place += 2 + size + size % 2
        elif kind == 0x28:
            made += f"[{int.from_bytes(way[place + 1 : place + 2], 'little')}]"
            place += 2
        elif kind in (0x29, 0x2A):
            size = 2 if kind == 0x29 else 4
            made += f"[{int.from_bytes(way[place + 2 : place + 2 + size], 'little')}]"
            place += 2 + size
        else:
            return ""
    return made.lower()


class _Link(asyncio.Protocol):
    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.simulator.links.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.simulator.links.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while len(self.buffer) >= HEADER.size:
            command, length, session, _, context, _ = HEADER.unpack_from(self.buffer)
            if len(self.buffer) < HEADER.size + length:
                return
            body = bytes(self.buffer[HEADER.size : HEADER.size + length])
            del self.buffer[: HEADER.size + length]
            answer = self._answer(command, body)
            if answer is None or self.transport is None:
                if self.transport is not None:
                    self.transport.close()
                return
            head = HEADER.pack(command, len(answer), session or SESSION, 0, context, 0)
            self.transport.write(head + answer)

    def _answer(self, command: int, body: bytes) -> bytes | None:
        """The body of an answer; ``None`` to close."""
        serve = self.simulator.controller.serve
        if command == 0x65:
            return body
        if command == 0x6F and len(body) > 16:
            told = serve(body[16:])
            return body[:6] + struct.pack("<HHHHH", 2, 0, 0, 0xB2, len(told)) + told
        if command == 0x70 and len(body) > 22:
            told = body[20:22] + serve(body[22:])
            head = struct.pack("<HHHIHH", 2, 0xA1, 4, CONNECTION, 0xB1, len(told))
            return body[:6] + head + told
        return None


class Simulator:
    """One controller on a loopback port."""

    def __init__(self, device: Device, signals: SignalSource) -> None:
        self.controller = Controller(device, signals)
        self.port = path(device)[1]
        self.links: set[_Link] = set()
        self.server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: _Link(self), "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.server is not None:
            self.server.close()
        for link in list(self.links):
            if link.transport is not None:
                link.transport.abort()


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator | Together:
    """Simulate devices on loopback, each a controller with a port of its own."""
    made = [Simulator(device, signals) for device in devices]
    return made[0] if len(made) == 1 else Together(made)
