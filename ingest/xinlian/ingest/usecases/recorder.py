"""The recorder: frames of device groups become segments of a log, durable before acknowledged.

``put`` only queues. One thread takes what waits, makes a segment for each group, and writes all of
them with one fsync; then it calls back. While the log has no room the queue fills, and ``put``
answers ``False``: the scheduler reads less until there is room again. Nothing taken is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Final

from xinlian.ingest.model.devices import DeviceGroup
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.segments.block import Block, ClockState
from xinlian.ingest.model.segments.leaves import leaf_count
from xinlian.ingest.model.tags import TagTable
from xinlian.ingest.usecases.log_ports import Kind, LogError, LogWriter
from xinlian.ingest.usecases.recording import (
    DeviceFacts,
    RecorderLimits,
    RecorderStatus,
    Scribe,
    frame_bytes,
    span,
)
from xinlian.ledger.model.evidence.canonical import canonical

__all__ = ["Recorder", "RecorderLimits", "RecorderStatus"]

_LOG: Final = logging.getLogger(__name__)
_IDLE_S: Final = 1.0
_RETAIN_S: Final = 60.0
_PREAMBLE_BYTES: Final = 1 << 16
OnDurable = Callable[[], None]
"""Called from the recorder's thread."""


@dataclass(slots=True)
class _Waiting:
    group: DeviceGroup | None
    frames: list[Frame]
    size: int
    callbacks: list[OnDurable] = field(default_factory=list)
    audit: bytes = b""
    devices: Mapping[str, DeviceFacts] = field(default_factory=dict)


class Recorder:
    """Writes one stream. The log belongs to the recorder's thread from now on; ``close`` closes it.

    ``scribe`` has seen the entries of the log's last file. ``clock`` tells the state of the clock,
    asked once a write; ``now_us`` the time.
    """

    def __init__(
        self,
        log: LogWriter,
        scribe: Scribe,
        groups: Iterable[DeviceGroup],
        devices: Mapping[str, DeviceFacts],
        *,
        clock: Callable[[], ClockState] = ClockState,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        limits: RecorderLimits | None = None,
    ) -> None:
        self._log, self._scribe, self._limits = log, scribe, limits or RecorderLimits()
        self._clock, self._now_us = clock, now_us
        self._groups = {group.id: group for group in groups}
        self._devices = dict(devices)
        self._status = RecorderStatus(position=log.next)
        if log.damage is not None:
            scribe.lost(log.damage)
        self._turn = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._closing_at: float | None = None
        self._broken = False
        self._audits: set[Future[None]] = set()
        self._retained = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def update(self, groups: Iterable[DeviceGroup], devices: Mapping[str, DeviceFacts]) -> None:
        """Take another plant; frames that wait keep what they came with. Groups that are gone stay
        known: frames of theirs may still be held up elsewhere."""
        with self._turn:
            self._groups |= {group.id: group for group in groups}
            self._devices = dict(devices)

    @property
    def status(self) -> RecorderStatus:
        """A copy of the figures."""
        with self._turn:
            return replace(self._status)

    def put(self, group: str, frames: Sequence[Frame], on_durable: OnDurable | None = None) -> bool:
        """Take frames of a device group. ``False`` when full or closing: nothing was taken.
        ``on_durable`` is called from the recorder's thread once they are on disk."""
        size = sum(map(frame_bytes, frames))
        told = [on_durable] if on_durable else []
        of, facts = self._groups[group], self._devices
        return self._queue(_Waiting(of, list(frames), size, told, devices=facts))

    def audit(self, members: Mapping[str, Any]) -> Future[None]:
        """Write what was done to a device; done when it is durable. ``LogError`` when full."""
        done: Future[None] = Future()
        data = canonical(dict(members))
        self._audits.add(done)
        done.add_done_callback(self._audits.discard)
        if not self._queue(_Waiting(None, [], len(data), [lambda: done.set_result(None)], data)):
            done.set_exception(LogError("the recorder is full or closing", "记录器已满或正在关闭"))
        return done

    def _queue(self, waiting: _Waiting) -> bool:
        with self._turn:
            full = self._status.waiting_bytes + waiting.size > self._limits.waiting_bytes
            # What is larger than the bound all by itself is taken when nothing else waits.
            if self._closing_at is not None or (full and self._status.waiting_bytes):
                self._status.refused += 1
                return False
            self._waiting.append(waiting)
            self._status.waiting_bytes += waiting.size
            self._turn.notify()
            return True

    def close(self) -> bool:
        """Write what waits, and a last mark that closes the windows; then let go of the log.
        ``False`` if that could not be done within ``close_s``: what was not acknowledged is lost.
        """
        with self._turn:
            if self._closing_at is None:
                self._closing_at = time.monotonic()
            self._turn.notify()
        self._thread.join()
        return not self._waiting and not self._broken

    def _run(self) -> None:
        try:
            self._work()
        except Exception as exc:  # noqa: BLE001  (whatever it is, it must show)
            _LOG.exception("the recorder ended")
            with self._turn:
                # From now on ``put`` refuses, so that nobody takes silence for safety.
                self._broken, self._closing_at = True, time.monotonic()
                self._status.fault = f"the recorder ended: {exc}"
        finally:
            self._log.close()
            with self._turn:
                unwritten = list(self._audits)
            for audit in unwritten:
                audit.set_exception(LogError("the recorder ended", "记录器已结束"))

    def _work(self) -> None:
        """Write until closed."""
        while True:
            with self._turn:
                if not self._waiting and self._closing_at is None:
                    self._turn.wait(_IDLE_S)
                taken = self._take()
                closing = self._closing_at is not None
            if taken and not self._record(taken):
                with self._turn:
                    self._waiting[:0] = taken
                return
            if not taken:
                self._mark(final=closing)
                if closing:
                    return
            self._retain()

    def _take(self) -> list[_Waiting]:
        """What one write has room for, from the front."""
        size = 0
        for number, waiting in enumerate(self._waiting):
            size += waiting.size
            if number and size > self._limits.batch_bytes:
                taken = self._waiting[:number]
                break
        else:
            taken = self._waiting[:]
        del self._waiting[: len(taken)]
        return taken

    def _record(self, taken: list[_Waiting]) -> bool:
        """Write one batch, trying again while there is no room. ``False`` if closing cut it off."""
        tables: dict[str, TagTable] = {}
        entries: list[tuple[Kind, bytes]] = []
        rows = 0
        for group, blocks in self._gathered(taken):
            segment = self._scribe.segment(group, blocks, self._now_us())
            seal = self._limits.seal and leaf_count(blocks) <= self._limits.seal_leaves
            entries.append((Kind.SEGMENT, segment.encode(seal=seal)))
            rows += sum(len(block.frame) for block in blocks)
            tables |= {block.frame.table.digest: block.frame.table for block in blocks}
        segments = len(entries)
        entries += [(Kind.AUDIT, each.audit) for each in taken if each.audit]
        if entries and not self._write(entries, list(tables.values())):
            return False
        with self._turn:
            self._status.waiting_bytes -= sum(each.size for each in taken)
            self._status.segments += segments
            self._status.rows += rows
        for each in taken:
            for callback in each.callbacks:
                _call(callback)
        return True

    def _gathered(self, taken: list[_Waiting]) -> list[tuple[DeviceGroup, list[Block]]]:
        """The frames that share a segment: of one group, beginning in one window."""
        found: dict[tuple[str, int], tuple[DeviceGroup, list[Block]]] = {}
        clock = self._clock()
        for each in taken:
            blocks = self._blocks(each, clock)
            if each.group is None or not blocks:
                continue
            start, _ = span(each.frames, self._now_us())
            window = start // (each.group.window_s * 1_000_000)
            found.setdefault((each.group.id, window), (each.group, []))[1].extend(blocks)
        return list(found.values())

    def _blocks(self, waiting: _Waiting, clock: ClockState) -> list[Block]:
        made = []
        unknown = DeviceFacts()
        for frame in waiting.frames:
            facts = waiting.devices.get(frame.device, unknown)
            block = Block(frame, facts.driver, facts.calibration, clock)
            try:
                block.check()
            except (ValueError, TypeError) as exc:
                _LOG.error("a frame cannot be recorded: %s", exc)
                self._status.unusable += 1
            else:
                made.append(block)
        return made

    def _write(self, entries: list[tuple[Kind, bytes]], tables: list[TagTable]) -> bool:
        size = sum(len(data) + 32 for _, data in entries) + _PREAMBLE_BYTES
        while True:
            try:
                fresh = self._log.turn(size)
                whole = self._scribe.begin(fresh, tables) + entries
                self._log.write(whole)
            except (LogError, OSError) as exc:
                if not self._wait_after(exc):
                    return False
                continue
            self._scribe.wrote(tables)
            with self._turn:
                self._status.writes += 1
                self._status.bytes += sum(len(data) for _, data in whole)
                self._status.position = self._log.next
                self._status.fault = ""
            return True

    def _wait_after(self, exc: Exception) -> bool:
        """Wait before another attempt. ``False`` when closing has taken too long."""
        with self._turn:
            if self._status.fault != str(exc):
                _LOG.error("nothing can be recorded: %s", exc)
                self._status.fault = str(exc)
            begun = self._closing_at
            if begun is not None and time.monotonic() - begun > self._limits.close_s:
                return False
            self._turn.wait(self._limits.retry_s)
        self._retained = float("-inf")
        self._retain()
        return True

    def _mark(self, final: bool) -> None:
        now = self._now_us()
        wanted = self._scribe.due(now) or (final and self._scribe.pending)
        if wanted and self._write([self._scribe.mark(now, final)], []):
            self._scribe.marked(now, final)

    def _retain(self) -> None:
        if time.monotonic() - self._retained < _RETAIN_S:
            return
        self._retained = time.monotonic()
        try:
            self._log.retain()
        except OSError as exc:
            _LOG.warning("old files of the log cannot be deleted: %s", exc)


def _call(callback: OnDurable) -> None:
    try:
        callback()
    except Exception:  # noqa: BLE001  (a stranger's callback must not end the recorder)
        _LOG.exception("what was to be told of durable readings failed")
