"""Fast path: Modbus TCP polling as a bare protocol of the event loop.

Requests are made once; a poll joins a transaction id and a request, and an answer that came whole
is checked by its length and its first nine bytes, then handed on as it is. Everything else (split
or merged segments, exceptions, other frames, several requests, writes) takes the general way.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, cast

from xinlian.ingest.adapters.drivers.modbus.codec import RowDecoder
from xinlian.ingest.adapters.drivers.modbus.frames import (
    FrameError,
    Prepared,
    cut,
    prepare,
    quality_of,
)
from xinlian.ingest.adapters.drivers.modbus.layout import Plan
from xinlian.ingest.adapters.drivers.modbus.polls import STRIKES_MAX, Job, Poll, share_s, struck
from xinlian.ingest.adapters.drivers.modbus.watch import NEVER, Watch, watch
from xinlian.ingest.adapters.drivers.modbus.writes import WriteJob
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["FastSession"]

JOBS_MAX: Final = 256
NOTHING: Final = b"\xff"


class FastSession(asyncio.Protocol):
    """One TCP link to one device; opened once."""

    __slots__ = (
        "_buffer", "_expect", "_flying", "_group", "_heard", "_host", "_in_flight",
        "_job", "_jobs", "_lone", "_next", "_now", "_plans", "_poll_end", "_port", "_prepared",
        "_requests", "_sinks", "_size", "_strikes", "_tid", "_timeout_s", "_transport", "_unit",
        "_watch", "_write_multiple", "deadline",
    )  # fmt: skip

    def __init__(
        self,
        host: str,
        port: int,
        unit: int,
        plans: Sequence[tuple[Plan, RowDecoder]],
        sinks: Sequence[Sink],
        *,
        timeout_s: float,
        in_flight: int = 1,
        write_multiple: bool = False,
    ) -> None:
        self._host, self._port, self._unit = host, port, unit
        self._plans = plans
        self._prepared = [tuple(prepare(unit, ask) for ask in plan.asks) for plan, _ in plans]
        self._sinks = sinks
        self._timeout_s = timeout_s
        self._in_flight = in_flight
        self._write_multiple = write_multiple
        self._transport: asyncio.Transport | None = None
        self._watch: Watch | None = None
        self._now: Callable[[], float] = time.monotonic
        self._tid = 0
        self._group = -1
        self._jobs: deque[int | WriteJob] = deque()
        self._strikes = 0
        self._buffer = bytearray()
        self._flying: dict[bytes, int] = {}
        self._lone = b""
        self._size = -1
        self._expect = NOTHING
        self._job: Job | None = None
        self._requests: Sequence[Prepared] = ()
        self._next = 0
        self._heard = False
        self._poll_end = NEVER
        self.deadline = NEVER

    async def open(self) -> None:
        """Connect within the device's timeout; ``DriverError``."""
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self._watch = watch(loop)
        self._watch.add(self, self._timeout_s)
        try:
            async with asyncio.timeout(self._timeout_s):
                await loop.create_connection(lambda: self, self._host, self._port)
        except (OSError, TimeoutError) as exc:
            await self.close()
            raise DriverError(f"{self._host}:{self._port} cannot be reached: {exc}") from exc

    async def close(self) -> None:
        """Let go of the link at once."""
        if (transport := self._transport) is not None:
            self._transport = None
            transport.abort()
        self._lose(Quality.NO_CONNECTION)

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Write a raw value between two polls; ``DriverError``."""
        if self._transport is None or len(self._jobs) >= JOBS_MAX:
            raise DriverError(f"{self._host}:{self._port} is not connected")
        job = WriteJob(tag, raw, self._unit, multiple=self._write_multiple)
        self._jobs.append(job)
        if self._group < 0 and self._job is None:
            self._go_on()
        await job.done

    # What is called for each poll.

    def poll(self, group: int) -> None:
        """Ask for a rate group, after what is under way."""
        if self._transport is None:
            self._sinks[group].failed(Quality.NO_CONNECTION)
        elif self._group >= 0 or self._job is not None:
            self._jobs.append(group)
        else:
            self._start(group)

    def _start(self, group: int) -> None:
        requests = self._prepared[group]
        if len(requests) > 1:
            self._begin(Poll(*self._plans[group], self._sinks[group]), requests)
            return
        if self._buffer:
            self._buffer.clear()
        request = requests[0]
        self._group = group
        self._tid = number = (self._tid + 1) & 0xFFFF
        self._lone = tid = number.to_bytes(2, "big")
        self._expect = tid + request.begin
        self._size = request.size
        self.deadline = self._now() + self._timeout_s
        self._transport.write(tid + request.tail)  # type: ignore[union-attr]

    def data_received(self, data: bytes) -> None:
        """An answer, or a piece of one."""
        if len(data) == self._size and data.startswith(self._expect) and not self._buffer:
            group = self._group
            self._group = self._size = -1
            self.deadline = NEVER
            self._strikes = 0
            self._sinks[group].raw(data[9:])
            if self._jobs:
                self._go_on()
            return
        self._take(data)

    # The general way.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to watch the time."""
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        """The link is gone: what was asked for is not answered."""
        del exc
        self._transport = None
        self._lose(Quality.NO_CONNECTION)

    def late(self) -> None:
        """The limit of what is under way is over."""
        self._widen()
        self._fail(Quality.MALFORMED if self._heard else Quality.TIMEOUT)

    def _begin(self, job: Job, requests: Sequence[Prepared]) -> None:
        self._job, self._requests, self._next = job, requests, 0
        self._poll_end = self._now() + self._timeout_s
        self._send()

    def _send(self) -> None:
        """Send what may be sent of the job, and set the limit."""
        transport = self._transport
        if transport is None or self._job is None:
            return
        if not self._flying:
            self._heard = False
            self._buffer.clear()
        while self._next < len(self._requests) and len(self._flying) < self._in_flight:
            self._tid = (self._tid + 1) & 0xFFFF
            tid = self._tid.to_bytes(2, "big")
            self._flying[tid] = self._next
            transport.write(tid + self._requests[self._next].tail)
            self._next += 1
        now = self._now()
        waves = -(-self._job.left // self._in_flight)
        self.deadline = now + share_s(self._poll_end - now, waves, self._timeout_s)

    def _widen(self) -> None:
        """Make the lone request of the short way one of the general way."""
        group = self._group
        if group < 0:
            return
        self._job = Poll(*self._plans[group], self._sinks[group])
        self._requests, self._next = self._prepared[group], 1
        self._flying[self._lone] = 0
        self._poll_end = self.deadline
        self._heard = False
        self._group = self._size = -1

    def _take(self, data: bytes) -> None:
        self._widen()
        if not self._flying:
            return  # nobody asked: a late answer, or noise
        self._heard = True
        self._buffer += data
        answered = False
        try:
            while size := cut(self._buffer):
                frame = bytes(self._buffer[:size])
                del self._buffer[:size]
                answered |= self._match(frame)
        except FrameError:
            self._fail(Quality.MALFORMED)
            return
        if answered:
            self._go_on()

    def _match(self, frame: bytes) -> bool:
        """Whether a frame is the answer to a request; others are passed over."""
        tid = frame[:2]
        index = self._flying.get(tid)
        if index is None or frame[6] != self._unit or self._job is None:
            return False
        del self._flying[tid]
        request = self._requests[index]
        good = len(frame) == request.size and frame.startswith(request.begin, 2)
        outcome = (
            frame[2 + len(request.begin) :] if good else quality_of(frame[7:], request.tail[5])
        )
        self._strikes = struck(self._strikes, outcome)
        self._job.put(index, outcome)
        return True

    def _fail(self, quality: Quality) -> None:
        """Give up what is in flight; let go of the link where it happened too often."""
        job = self._job
        if job is None:
            self.deadline = NEVER
            return
        for index in self._flying.values():
            job.put(index, quality)
        self._flying.clear()
        self._buffer.clear()
        self._strikes = struck(self._strikes, quality)
        if self._strikes >= STRIKES_MAX and self._transport is not None:
            transport, self._transport = self._transport, None
            transport.abort()
            self._lose(quality)
            return
        self._go_on()

    def _go_on(self) -> None:
        """Send the rest of the job, or end it and take the next."""
        if self._job is not None:
            if self._job.left:
                self._send()
                return
            job, self._job = self._job, None
            self.deadline = NEVER
            job.tell()
        if self._jobs and self._transport is not None:
            waiting = self._jobs.popleft()
            if isinstance(waiting, WriteJob):
                self._begin(waiting, (waiting.prepared,))
            else:
                self._start(waiting)

    def _lose(self, quality: Quality) -> None:
        """The link is gone: end the job and those that wait."""
        if self._watch is not None:
            self._watch.remove(self)
        self._widen()
        self.deadline = NEVER
        if (job := self._job) is not None:
            self._job = None
            for index in [*self._flying.values(), *range(self._next, len(self._requests))]:
                job.put(index, quality)
            self._flying.clear()
            job.tell()
        waiting, self._jobs = self._jobs, deque()
        for each in waiting:
            if isinstance(each, WriteJob):
                each.put(0, Quality.NO_CONNECTION)
                each.tell()
            else:
                self._sinks[each].failed(Quality.NO_CONNECTION)
        self._buffer.clear()
