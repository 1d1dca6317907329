"""From a collector's log onto the bus: in order, nothing twice, nothing forgotten.

The log stays what is durable: ``bus`` is noted as one of its consumers only up to where the writer
at the other end says that it has everything on disk. A server that is away, restarts, or forgets
what it had not yet synced costs time alone: what is missing is sent again from the log.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from xinlian.ingest.adapters.bus.connected import BusLimits, keep_connected, pause
from xinlian.ingest.adapters.bus.trusted import BusError, BusKey, read_progress
from xinlian.ingest.adapters.bus.wire import (
    DONE_STREAM,
    connect,
    ensure_streams,
    names,
    nats_module,
    parts_of,
    read_part,
)
from xinlian.ingest.adapters.log.consumers import check_same, commit, committed
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.usecases.log_ports import Damage

__all__ = ["CONSUMER", "Forwarder"]

CONSUMER: Final = "bus"
_LOG: Final = logging.getLogger(__name__)


@dataclass
class Forwarder:
    """Sends one stream. ``run`` until ``stop`` is set."""

    folder: Path
    stream: str
    servers: Sequence[str]
    options: dict[str, Any] = field(default_factory=dict)
    """For ``nats.connect``: credentials file, TLS context."""
    limits: BusLimits = field(default_factory=BusLimits)
    key: BusKey = field(default_factory=BusKey)
    sent: int = -1
    """Last position that the server has; ``done`` is the last that the writer has."""
    done: int = -1
    fault: str = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Forward until stopped, through every absence of the server."""
        own = names(self.stream)
        nats_module()
        reader = LogReader(self.folder, self._lost)
        try:
            connected = partial(self._connected, stop, own, reader)
            await keep_connected(self, stop, connected, "the bus is away")
        finally:
            reader.close()

    def _lost(self, damage: Damage) -> None:
        _LOG.error("entries of the log cannot be forwarded: %s", damage)

    async def _connected(self, stop: asyncio.Event, own: Any, reader: LogReader) -> None:
        link = await connect(list(self.servers), self.options)
        try:
            jetstream = link.jetstream(timeout=self.limits.answer_s)
            await ensure_streams(jetstream, own, self.limits.stream_bytes)
            session = _Session(self, link, jetstream, own, reader)
            await session.begin()
            self.fault = ""
            try:
                while not stop.is_set():
                    if link.is_closed or not link.is_connected:
                        raise BusError("the connection is lost", "连接已断开")
                    if not await session.step():
                        await pause(stop, self.limits.pause_s / 10)
                await session.look()
            finally:
                session.drop()
        finally:
            await link.close()


class _Session:
    """One connection's worth of sending."""

    def __init__(
        self, owner: Forwarder, link: Any, jetstream: Any, own: Any, reader: LogReader
    ) -> None:
        self._owner, self._link, self._jetstream = owner, link, jetstream
        self._own, self._reader = own, reader
        # Of this connection alone: what one before it sent may be gone, and is not sent by that.
        self._id = secrets.token_hex(8)
        self._waiting: deque[tuple[int, asyncio.Future[Any]]] = deque()
        self._next = 0
        self._after = -1
        self._sequence = 0
        self._again = 0
        self._looked = 0.0

    async def begin(self) -> None:
        """Find out where to go on: behind what the server and the writer have."""
        done, self._again = await self._told()
        check_same(self._reader, self._owner.folder, CONSUMER, done - 1)
        info = await self._jetstream.stream_info(self._own.stream)
        self._sequence = info.state.last_seq
        last = await self._last()
        self._after = max(done - 1, last)
        self._next = self._after + 1
        self._owner.sent = self._after
        self._commit(done)

    async def _last(self) -> int:
        """The last position of which the server still holds the end, -1 if it holds nothing. What
        the writer took from behind it is sent again at worst, and known there by its position."""
        from nats.js.errors import NotFoundError

        try:
            message = await self._jetstream.get_last_msg(self._own.stream, self._own.subject)
        except NotFoundError:
            return -1
        try:
            part = read_part(
                self._own.subject, self._owner.key, message.headers, message.data or b""
            )
        except BusError as exc:
            _LOG.error("the last message on the bus is none of ours: %s", exc)
            return -1
        # Of an entry whose last parts are missing all parts are sent again.
        return part.position if part.number == part.count - 1 else part.position - 1

    async def step(self) -> bool:
        """Send some; whether there was anything to do."""
        await self.look()
        entries = self._reader.read(self._next, self._owner.limits.in_flight, 4 << 20)
        sending = f"{self._id}.{self._again}"
        for entry in entries:
            for part in parts_of(entry, self._after):
                await self.settle(self._owner.limits.in_flight - 1)
                headers = part.headers(self._own.subject, self._owner.key, sending) | {
                    "Nats-Expected-Last-Sequence": str(self._sequence)
                }
                future = await self._jetstream.publish_async(
                    self._own.subject, part.data, stream=self._own.stream, headers=headers
                )
                self._sequence += 1
                whole = part.number == part.count - 1
                self._waiting.append((part.position if whole else -1, future))
            self._after, self._next = entry.position, entry.position + 1
        await self.settle(0)
        return bool(entries)

    async def settle(self, most: int) -> None:
        """Wait until at most so many are unacknowledged. An error ends the session: the next one
        asks the server anew what it has."""
        while len(self._waiting) > most:
            position, future = self._waiting.popleft()
            try:
                await asyncio.wait_for(future, self._owner.limits.answer_s)
            except TimeoutError as exc:  # the client drops refusals too
                raise BusError("the server did not take a message", "服务器未接收消息") from exc
            if position >= 0:
                self._owner.sent = position

    def drop(self) -> None:
        """Forget what waits: the next session finds out what the server took."""
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.cancel() and not future.cancelled():
                future.exception()

    async def look(self) -> None:
        """See how far the writer is, once a pause."""
        if time.monotonic() - self._looked < self._owner.limits.pause_s:
            return
        self._looked = time.monotonic()
        done, again = await self._told()
        self._commit(done)
        if again > self._again:
            await self.settle(0)
            self._again, self._next, self._after = again, done, done - 1

    async def _told(self) -> tuple[int, int]:
        from nats.js.errors import NotFoundError

        try:
            message = await self._jetstream.get_last_msg(DONE_STREAM, self._own.done)
        except NotFoundError:
            return 0, 0
        body = message.data or b""
        try:
            self._owner.key.check(self._own.done, message.headers, "", body)
            return read_progress(body)
        except BusError as exc:
            # Someone else spoke; the writer will tell again when it has taken more.
            if self._owner.fault != str(exc):
                _LOG.error("%s", exc)
            self._owner.fault = str(exc)
            return committed(self._owner.folder, CONSUMER) + 1, self._again

    def _commit(self, done: int) -> None:
        if done - 1 > self._owner.done:
            commit(self._owner.folder, CONSUMER, done - 1)
            self._owner.done = done - 1
