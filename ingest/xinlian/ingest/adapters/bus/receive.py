"""From the bus into a log elsewhere: the collector's log over again, position by position.

A message is acknowledged once its entry is on disk here. What comes twice is known by its position;
what comes out of turn is let go, and the sender asked to send again from where this log ends.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
from xinlian.ingest.adapters.bus.connected import BusLimits, keep_connected
from xinlian.ingest.adapters.bus.trusted import BusError, BusKey, check_entry
from xinlian.ingest.adapters.bus.wire import (
    Assembly,
    connect,
    ensure_streams,
    names,
    nats_module,
    read_part,
)
from xinlian.ingest.adapters.log.log import LogLimits, SegmentLog
from xinlian.ingest.usecases.log_ports import Entry, Kind, LogError

__all__ = ["Receiver"]

_LOG: Final = logging.getLogger(__name__)
_ACK_WAIT_S: Final = 30.0
_TELL_S: Final = 30.0


@dataclass
class Receiver:
    """Writes one stream. ``run`` until ``stop`` is set."""

    folder: Path
    stream: str
    servers: Sequence[str]
    options: dict[str, Any] = field(default_factory=dict)
    limits: BusLimits = field(default_factory=BusLimits)
    log_limits: LogLimits = field(default_factory=LogLimits)
    key: BusKey = field(default_factory=BusKey)
    party: int | None = None
    """Whose segments are taken; those of others are let go. ``None``: whose ever."""
    next: int = 0
    """Behind the last entry on disk."""
    fault: str = ""
    _again: int = 0
    _missing: bool = False
    _asked_at: float = float("-inf")
    _told_at: float = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Receive until stopped, through every absence of the server."""
        own = names(self.stream)
        nats_module()
        log = SegmentLog(self.folder, self.log_limits, mirror=True)
        if log.damage is not None:
            _LOG.error("what was received is damaged; the collector has it yet: %s", log.damage)
        self.next = log.next
        try:
            connected = partial(self._connected, stop, own, log)
            await keep_connected(self, stop, connected, "nothing can be received")
        finally:
            log.close()

    async def _connected(self, stop: asyncio.Event, own: Any, log: SegmentLog) -> None:
        from nats.js import api

        link = await connect(list(self.servers), self.options)
        try:
            jetstream = link.jetstream(timeout=self.limits.answer_s)
            await ensure_streams(jetstream, own, self.limits.stream_bytes)
            messages = await jetstream.pull_subscribe(
                own.subject, own.writer, stream=own.stream,
                config=api.ConsumerConfig(
                    ack_policy=api.AckPolicy.EXPLICIT, ack_wait=_ACK_WAIT_S,
                    max_ack_pending=self.limits.in_flight * 4,
                ),
            )  # fmt: skip
            # Milliseconds: a number that rises with each life of this writer.
            self._again = time.time_ns() // 1_000_000
            await self._tell(jetstream, own)
            self.fault = ""
            assembly = Assembly()
            while not stop.is_set():
                if link.is_closed or not link.is_connected:
                    raise BusError("the connection is lost", "连接已断开")
                await self._batch(messages, assembly, log, jetstream, own)
        finally:
            await link.close()

    async def _batch(
        self, messages: Any, assembly: Assembly, log: SegmentLog, jetstream: Any, own: Any
    ) -> None:
        from nats.errors import TimeoutError as NothingNow

        try:
            got = await messages.fetch(self.limits.in_flight, timeout=self.limits.pause_s)
        except (TimeoutError, NothingNow):
            # Now and then also without need: someone else may have spoken in this writer's name.
            if self._missing or time.monotonic() - self._told_at > _TELL_S:
                await self._tell(jetstream, own, again=self._missing)
            return
        ready: list[Entry] = []
        expected, astray = log.next, False
        for message in got:
            try:
                part = read_part(own.subject, self.key, message.headers, message.data)
                whole = assembly.add(part)
                if whole is None or whole[0].position < expected:
                    continue
                entry, after = whole
                if after != expected - 1:
                    astray = True
                    continue
                check_entry(entry, expected, self.party)
            except BusError as exc:
                self.fault = f"a message on {own.subject} is let go: {exc}"
                _LOG.error("%s", self.fault)
                continue
            ready.append(entry)
            expected = entry.position + 1
        if ready:
            await asyncio.to_thread(mirror_entries, log, ready)
            self.next, self.fault = log.next, ""
        for message in got:
            await message.ack()
        # Until something comes in turn it is asked for again, also when nothing comes at all.
        self._missing = astray or (self._missing and not ready)
        if ready or astray:
            await self._tell(jetstream, own, again=astray)

    async def _tell(self, jetstream: Any, own: Any, *, again: bool = False) -> None:
        """Tell the sender what is on disk here, and ask it to send again, at times."""
        if again and time.monotonic() - self._asked_at > self.limits.pause_s * 5:
            self._again += 1
            self._asked_at = time.monotonic()
        told = {"next": self.next, "again": self._again}
        body = orjson.dumps(told)
        self._told_at = time.monotonic()
        await jetstream.publish(own.done, body, headers=self.key.headers(own.done, "", body))


def mirror_entries(log: SegmentLog, entries: list[Entry]) -> None:
    """Write entries with the positions that they have. Files begin where they begin at the
    collector, with a STATE, so that each holds the tables that it needs."""
    while True:
        start = 0
        try:
            for at in range(1, len(entries) + 1):
                done = at == len(entries)
                if (
                    done
                    or entries[at].kind is Kind.STATE
                    or (entries[at].position != entries[at - 1].position + 1)
                ):
                    _write(log, entries[start:at])
                    start = at
            return
        except LogError as exc:
            # No room here: the bus holds what comes, and the collectors what it refuses.
            _LOG.error("%s", exc)
            entries = entries[start:]
            time.sleep(1)


def _write(log: SegmentLog, entries: list[Entry]) -> None:
    log.turn(sum(len(each.payload) + 32 for each in entries))
    if entries[0].kind is Kind.STATE or entries[0].position != log.next:
        log.begin_at(entries[0].position)
    log.write([(each.kind, each.payload) for each in entries])
