"""Frames of one device group, made in small slices and handed on once per segment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from xinlian.ingest.model.devices import DeviceGroup
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.schedule import phase
from xinlian.ingest.usecases.fast import FastDevices
from xinlian.ingest.usecases.limits import Limits
from xinlian.ingest.usecases.links import Link
from xinlian.ingest.usecases.ports import FrameSink

__all__ = ["GroupFlush", "flush_due"]

_BATCH_BYTES: Final = 32 << 20
"""What is handed on at once, about; more is handed on in several pieces."""
_PATIENCE_S: Final = 0.2
"""So long making frames waits for fast devices at most."""


@dataclass
class _Batch:
    frames: list[Frame] = field(default_factory=list)
    durable: list[Callable[[], None]] = field(default_factory=list)
    size: int = 0


class GroupFlush:
    """Makes segments' worth of frames when due. ``slow``: one cycle in so many is read, because
    what is behind was full."""

    def __init__(self, group: DeviceGroup, out: FrameSink, limits: Limits, now: float) -> None:
        self.group, self._out, self._limits = group, out, limits
        self.links: dict[str, Link] = {}
        self.slow = 1
        self.refused = 0
        # Groups become due one after the other, not all at once.
        self.next = now + (0.5 + phase(group.id) / 2) * group.segment_ms / 1_000
        self.due = self.next
        """Since when the frames that are being made, or come next, have been due."""
        self._work: Iterator[Link] | None = None
        self._batch = _Batch()
        self._held: _Batch | None = None

    @property
    def working(self) -> bool:
        """Whether a slice was left unfinished."""
        return self._work is not None

    def step(self, now: float, clock: Callable[[], float], until: float) -> None:
        """Do what is due, until about then; a device's frames at least."""
        if self._work is None:
            if now < self.next:
                return
            period = self.group.segment_ms / 1_000
            self.due = self.next
            self.next = max(self.next + period, now + period / 2)
            if not self._hand_on():
                for link in self.links.values():
                    _measure(link)
                return
            self._work = iter(tuple(self.links.values()))
        for link in self._work:
            self._take(link)
            if self._batch.size >= _BATCH_BYTES and not self._put():
                break
            if clock() >= until:
                return
        self._work = None
        self.due = self.next
        self._put()

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be handed on."""
        return self._held is None and not self._batch.frames and not self._batch.durable

    def finish(self, links: Iterable[Link]) -> bool:
        """Make all frames of some links now and hand them on. ``False`` if they were refused: then
        they wait for the next attempt."""
        for link in links:
            self._take(link)
        return self._put()

    def _take(self, link: Link) -> None:
        figures, batch = link.figures, self._batch
        _measure(link)
        for buffer in link.buffers:
            if not buffer.dirty:
                continue
            frame = buffer.take()
            # Also of rows that were sent again, and stand in an earlier frame.
            batch.durable += buffer.durable
            buffer.durable = []
            if frame is None:
                continue
            counts = frame.counts
            figures.expected += counts.expected
            figures.received += counts.received
            figures.missed += counts.missed
            figures.suppressed += counts.suppressed
            figures.bad += counts.bad
            figures.rows += len(frame)
            figures.values += len(frame) * len(frame.columns)
            batch.frames.append(frame)
            batch.size += 8 * len(frame) * len(frame.columns)

    def _put(self) -> bool:
        """Hand on the batch, after what was refused before."""
        if not self._hand_on():
            return False
        if self._batch.frames or self._batch.durable:
            self._held, self._batch = self._batch, _Batch()
        return self._hand_on()

    def _hand_on(self) -> bool:
        """Hand on what is held. While that is refused, less and less is read."""
        batch = self._held
        if batch is None:
            return True
        told = _on_loop(batch.durable) if batch.durable else None
        if not self._out.put(self.group.id, batch.frames, told):
            self.refused += 1
            self.slow = min(self.slow * 2, self._limits.slow_most)
            return False
        self._held = None
        self.slow = max(1, self.slow // 2)
        return True


def flush_due(
    flushes: Iterable[GroupFlush],
    now: float,
    clock: Callable[[], float],
    slice_s: float,
    fast: FastDevices,
) -> None:
    """Make frames of the groups that are due. Beside ``fast`` devices all of them together for one
    slice, and when these leave time for it; what is long overdue no longer waits for them."""
    due = [flush for flush in flushes if flush.working or now >= flush.next]
    if not due:
        return
    due.sort(key=lambda flush: flush.next)
    until = clock() + slice_s * (1 if fast else len(due))
    if fast and now - due[0].due < _PATIENCE_S:
        free = fast.free_until(now)
        if free <= now:
            return
        until = min(until, free)
    for flush in due:
        flush.step(now, clock, until)
        if clock() >= until:
            break


def _measure(link: Link) -> None:
    """Take over what buffers measured: also while nothing is handed on, so that it cannot grow."""
    figures = link.figures
    for buffer in link.buffers:
        if buffer.late or buffer.latency or buffer.lost:
            figures.latency.extend(buffer.latency)
            figures.late.extend(buffer.late)
            figures.lost += buffer.lost
            buffer.latency.clear()
            buffer.late.clear()
            buffer.lost = 0


def _on_loop(callbacks: list[Callable[[], None]]) -> Callable[[], None]:
    """Call all on this loop's thread, from whichever."""
    loop = asyncio.get_running_loop()

    def told() -> None:
        for callback in callbacks:
            if not loop.is_closed():
                loop.call_soon_threadsafe(callback)

    return told
