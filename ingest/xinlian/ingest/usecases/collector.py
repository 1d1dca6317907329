"""The collector: polls what is due, makes frames of what came, hands them on.

One tick of the event loop starts all polls that are due; there is no task per poll. A poll that is
still under way when its group is due again makes that cycle a missed one: polls of a group never
overlap, and nothing is caught up with in bursts.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Callable
from typing import Any, Final

from xinlian.ingest.model.devices import Device, DeviceGroup, Plant
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.schedule import Ring, phase
from xinlian.ingest.usecases.buffers import GroupBuffer
from xinlian.ingest.usecases.clock import Clock
from xinlian.ingest.usecases.fast import FastDevices
from xinlian.ingest.usecases.figures import summed
from xinlian.ingest.usecases.flushing import GroupFlush, flush_due
from xinlian.ingest.usecases.limits import Limits
from xinlian.ingest.usecases.links import Link, LinkState
from xinlian.ingest.usecases.openings import Openings
from xinlian.ingest.usecases.ports import Driver, FrameSink
from xinlian.ingest.usecases.repeats import Repeats

__all__ = ["Collector"]

_LOG: Final = logging.getLogger(__name__)
_TICK_MIN_S: Final = 0.001
_TICK_MAX_S: Final = 0.25
_LOOK_S: Final = 1.0
_LOOK_AT_ONCE: Final = 200
_STOP_TRIES: Final = 200
_Member = tuple[Link, GroupBuffer, GroupFlush]


class Collector:
    """Collects a plant until it is stopped. ``drivers`` gives the driver of a kind."""

    def __init__(
        self,
        plant: Plant,
        drivers: Callable[[str], Driver],
        out: FrameSink,
        *,
        clock: Clock | None = None,
        limits: Limits | None = None,
        repeats: Repeats | None = None,
    ) -> None:
        self._drivers, self._out = drivers, out
        self.clock = clock if clock is not None else Clock()
        self._limits = limits if limits is not None else Limits()
        self._repeats = repeats if repeats is not None else Repeats()
        self._monotonic = self.clock.monotonic
        self.plant = Plant(party=plant.party, groups=(), devices=())
        self.links: dict[str, Link] = {}
        self._flushes: dict[str, GroupFlush] = {}
        self._rings: dict[int, Ring[_Member]] = {}
        self._fast = FastDevices()
        self._openings = Openings(self._limits.opening)
        self._unlooked: list[Link] = []
        self._since = self._looked = self._followed = self._monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Event | None = None
        _, new = self._apply(plant)
        for link in new:
            self._openings.soon(link, self._since)

    def _apply(self, plant: Plant) -> tuple[list[Link], list[Link]]:
        """Take a plant; the links that it no longer has, or has otherwise, and the new ones."""
        for device in plant.devices:
            self._drivers(device.driver).check(device)
        groups = {group.id: group for group in plant.groups}
        wanted = {device.id: device for device in plant.devices}
        changed = {
            group.id
            for group in self.plant.groups
            if group.id in groups and groups[group.id] != group
        }
        gone = [
            link
            for name, link in self.links.items()
            if wanted.get(name) != link.device or link.device.group in changed
        ]
        for link in gone:
            del self.links[link.device.id]
        now = self._monotonic()
        for group in plant.groups:
            self._group(group, now)
        new = [
            self._link(device, groups[device.group])
            for name, device in wanted.items()
            if name not in self.links
        ]
        self.links.update((link.device.id, link) for link in new)
        self.plant = plant
        self._arrange(now)
        return gone, new

    def _group(self, group: DeviceGroup, now: float) -> None:
        flush = self._flushes.get(group.id)
        if flush is None:
            self._flushes[group.id] = GroupFlush(group, self._out, self._limits, now)
        else:
            flush.group = group

    def _link(self, device: Device, group: DeviceGroup) -> Link:
        limits, wake, again = self._limits, self._openings.soon, self._repeats
        driver, held_s = self._drivers(device.driver), group.segment_ms / 1_000
        return Link(device, driver, self.clock, limits, held_s, wake, again)

    def _arrange(self, now: float) -> None:
        """Put every (device, rate group) into the ring of its period."""
        members: dict[int, list[tuple[float, _Member]]] = {period: [] for period in self._rings}
        for flush in self._flushes.values():
            flush.links = {}
        for link in self.links.values():
            flush = self._flushes[link.device.group]
            flush.links[link.device.id] = link
            for buffer in link.buffers:
                period = link.device.table.periods[buffer.group]
                share = phase(f"{link.device.id} {buffer.group}")
                members.setdefault(period, []).append((share, (link, buffer, flush)))
        for period, each in members.items():
            if period not in self._rings:
                self._rings[period] = Ring(period / 1_000, now)
            self._rings[period].rearrange(each, now)
        # The fastest come first in every tick.
        self._rings = {period: ring for period, ring in sorted(self._rings.items()) if len(ring)}
        self._fast.arrange(self._rings.values())

    async def reload(self, plant: Plant) -> dict[str, int]:
        """Take another plant: only devices that changed are dropped. ``TagError`` if a driver
        refuses one, and then nothing changes. How many devices were kept, dropped and added.

        What is behind the collector must know new groups before.
        """
        before, (gone, new) = set(self.links.values()), self._apply(plant)
        kept = before.intersection(self.links.values())
        # A port that a device listens on must be free before its successor asks for it.
        await asyncio.gather(*(link.stop() for link in gone))
        for link in new:
            self._openings.soon(link, self._monotonic())
        for link in gone:
            self._flushes[link.device.group].finish([link])
        groups = {group.id for group in plant.groups}
        for name in [
            name for name in self._flushes if name not in groups and self._flushes[name].empty
        ]:
            del self._flushes[name]
        self._schedule(self._monotonic())
        return {"kept": len(kept), "dropped": len(gone), "added": len(self.links) - len(kept)}

    def _tick(self) -> None:
        try:
            now = self._monotonic()
            for ring in self._rings.values():
                if ring.next <= now:
                    self._poll(ring, now)
            if now - self._followed >= self._limits.follow_s:
                self._followed = now
                self.clock.follow()
            self._openings.step(now)
            slice_s, fast = self._limits.slice_s, self._fast
            flush_due(self._flushes.values(), now, self._monotonic, slice_s, fast)
            self._look(now)
        finally:
            self._schedule(self._monotonic())

    def _look(self, now: float) -> None:
        """Look after some links: each once in about a second, few at once."""
        if not self._unlooked:
            if now - self._looked < _LOOK_S:
                return
            self._looked = now
            self._unlooked = list(self.links.values())
        for link in self._unlooked[-_LOOK_AT_ONCE:]:
            link.look(now)
        del self._unlooked[-_LOOK_AT_ONCE:]

    def _poll(self, ring: Ring[_Member], now: float) -> None:
        for (link, buffer, flush), since in ring.due(now, _skipped):
            session = link.session
            if session is None or now < link.poll_next:
                if link.begun:
                    buffer.miss(link.quality)
                continue
            if link.unasked:
                session.poll(buffer.group)
                continue
            if buffer.busy:
                buffer.missed += 1
                continue
            if flush.slow > 1:
                buffer.turn += 1
                if buffer.turn % flush.slow:
                    buffer.miss(Quality.SHED)
                    continue
            buffer.busy = True
            buffer.started = now
            buffer.late.append(now - since)
            try:
                session.poll(buffer.group)
            except Exception as exc:  # noqa: BLE001 - a driver's fault ends no other device
                _LOG.warning("%s: polling failed oddly", link.device.id, exc_info=exc)
                buffer.failed(Quality.MALFORMED)

    def _schedule(self, now: float) -> None:
        """Set the next tick, for whatever is due first."""
        if self._stopping is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        rings = (ring.next for ring in self._rings.values())
        until = min(now + _TICK_MAX_S, self._openings.next, *rings)
        for flush in self._flushes.values():
            until = min(until, now if flush.working else flush.next)
        if self._unlooked:
            until = now
        seconds = self._fast.sleep_s(max(_TICK_MIN_S, until - now), now)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._tick)

    async def run(self) -> None:
        """Collect until ``stop``; then let go of all devices and hand on what came."""
        self._stopping = asyncio.Event()
        self._schedule(self._monotonic())
        # A thread that writes segments may not hold up polls for the usual 5 ms.
        switching_s = sys.getswitchinterval()
        sys.setswitchinterval(self._fast.switch_s)
        # What lives as long as the plant need not be looked at by every full collection.
        gc.freeze()
        try:
            await self._stopping.wait()
        finally:
            sys.setswitchinterval(switching_s)
            gc.unfreeze()
            self._stopping = None
            if self._timer is not None:
                self._timer.cancel()
            await self._wind_up()

    def stop(self) -> None:
        """Make ``run`` end."""
        if self._stopping is not None:
            self._stopping.set()

    async def _wind_up(self) -> None:
        await self._openings.stop()
        await asyncio.gather(*(link.stop() for link in self.links.values()))
        tries = _STOP_TRIES
        for flush in self._flushes.values():
            while not flush.finish(flush.links.values()) and tries:
                tries -= 1
                await asyncio.sleep(0.05)

    def status(self) -> dict[str, Any]:
        """Plain members: the collector and its groups, and sums over all devices."""
        states = [link.state for link in self.links.values()]
        return {
            "party": self.plant.party,
            "running_s": round(self._monotonic() - self._since, 3),
            "time_us": self.clock.now_us(),
            "clock": {
                "offset_us": self.clock.offset_us,
                "jumps": self.clock.jumps,
                "jumped": self.clock.jumped,
            },
            "devices": len(states),
            "states": {state.value: states.count(state) for state in LinkState},
            "groups": {
                name: {"devices": len(flush.links), "slow": flush.slow, "refused": flush.refused}
                for name, flush in self._flushes.items()
            },
            **summed(link.figures for link in self.links.values()),
        }

    def device(self, name: str) -> dict[str, Any]:
        """Plain members of one device: how it stands, and its service figures since the start;
        ``KeyError``. Some 100 us: ask for hundreds at once, not for all of ten thousand."""
        link = self.links[name]
        return {
            "id": name,
            "group": link.device.group,
            "driver": link.driver_version,
            "state": link.state.value,
            "fault": link.fault,
            **link.figures.snapshot(self._monotonic(), link.up_since),
        }


def _skipped(member: _Member, cycles: int) -> None:
    """Cycles that were slept through."""
    link, buffer, _ = member
    if link.begun and not link.unasked:
        buffer.missed += cycles
