"""A line with meters: RS-485, or a gateway that passes bytes through. One request at a time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final, Protocol, cast

import serial  # type: ignore[import-untyped]
from xinlian.ingest.adapters.drivers.dlt645.codec import Frame, FrameReader
from xinlian.ingest.adapters.drivers.shared import Shared
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["Line", "Place", "give_back", "take"]

CHUNK: Final = 4_096
AGAIN_S: Final = 1.0
Place = tuple[str | int, ...]
"""``("tcp", host, port)`` or ``("serial", path, baud, parity, stop bits)``."""


class _Wire(Protocol):
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class _Tcp(asyncio.Protocol):
    def __init__(self, told: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self.told, self.lost = told, lost
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.told(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.lost()

    def write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class _Serial:
    """A serial port in the event loop; where the loop cannot watch a port, a clear refusal."""

    def __init__(
        self, port: serial.Serial, told: Callable[[bytes], None], lost: Callable[[], None]
    ) -> None:
        self.port, self.told, self.lost = port, told, lost
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(port.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self.port.fileno(), CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.told(data)
        else:
            self.close()
            self.lost()

    def write(self, data: bytes) -> None:
        os.write(self.port.fileno(), data)

    def close(self) -> None:
        if self.port.is_open:
            self.loop.remove_reader(self.port.fileno())
            self.port.close()


class Line:
    """One line. ``request`` waits for its turn."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.users = 0
        self.turn = asyncio.Lock()
        self.wire: _Wire | None = None
        self.reader = FrameReader()
        self.wanted: Callable[[Frame], bool] | None = None
        self.answer: asyncio.Future[Frame] | None = None
        self.not_before = 0.0

    def is_open(self) -> bool:
        """Whether requests can be sent."""
        return self.wire is not None

    async def connect(self, timeout_s: float) -> None:
        """Open the line if it is not; ``DriverError``. Whoever comes while it is being opened, or
        just after that failed, shares the outcome: many meters do not wait one after another."""
        if self.is_open():
            return
        loop = asyncio.get_running_loop()
        async with self.turn:
            if self.is_open():
                return
            if loop.time() < self.not_before:
                raise DriverError(f"line {self.place[1]} could not be opened just now")
            try:
                async with asyncio.timeout(timeout_s):
                    self.wire = await self._opened()
            except (OSError, serial.SerialException, NotImplementedError) as exc:
                # TimeoutError is an OSError
                self.not_before = loop.time() + AGAIN_S
                raise DriverError(f"line {self.place[1]} cannot be opened: {exc}") from exc

    async def _opened(self) -> _Wire:
        loop = asyncio.get_running_loop()
        self.reader.clear()
        if self.place[0] == "tcp":
            _, host, port = self.place
            made = _Tcp(self._told, lambda: self._lost(made))
            await loop.create_connection(lambda: made, str(host), int(port))
            return made
        _, path, baud, parity, stop = self.place
        link = await asyncio.to_thread(
            serial.Serial, str(path), int(baud), serial.EIGHTBITS, str(parity), int(stop),
            timeout=0,
        )  # fmt: skip
        wired = _Serial(link, self._told, lambda: self._lost(wired))
        return wired

    async def request(
        self, frame: Frame, wanted: Callable[[Frame], bool], timeout_s: float, turn_s: float
    ) -> Frame:
        """Send, and the frame that answers; ``DriverError`` with ``SHED`` if the turn did not come
        within ``turn_s``, ``TIMEOUT`` if no answer came within ``timeout_s``."""
        try:
            async with asyncio.timeout(turn_s):
                await self.turn.acquire()
        except TimeoutError as exc:
            raise DriverError("the line is too busy", Quality.SHED) from exc
        try:
            if self.wire is None:
                raise DriverError("the line is not open")
            self.wanted = wanted
            self.answer = asyncio.get_running_loop().create_future()
            self.reader.clear()
            try:
                self.wire.write(frame.to_bytes())
                async with asyncio.timeout(timeout_s):
                    return await self.answer
            except TimeoutError as exc:
                raise DriverError("the meter does not answer", Quality.TIMEOUT) from exc
            except OSError as exc:
                raise DriverError(f"the line cannot be written: {exc}") from exc
        finally:
            self.wanted = self.answer = None
            self.turn.release()

    def close(self) -> None:
        """Let go of it."""
        wire, self.wire = self.wire, None
        if wire is not None:
            wire.close()

    def _told(self, data: bytes) -> None:
        for frame in self.reader.feed(data):
            if (
                self.wanted is not None
                and self.answer is not None
                and not self.answer.done()
                and self.wanted(frame)
            ):
                self.answer.set_result(frame)

    def _lost(self, wire: _Wire) -> None:
        if self.wire is wire:
            self.wire = None
            if self.answer is not None and not self.answer.done():
                self.answer.set_exception(DriverError("the line was closed"))


_lines: Shared[Place, Line] = Shared(Line)
take, give_back = _lines.take, _lines.give_back
