"""A collector at work: drivers and scheduler, the recorder behind them, the newest values aside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import uvloop
from xinlian.ingest.adapters.bus.forward import Forwarder
from xinlian.ingest.adapters.bus.trusted import BusKey
from xinlian.ingest.adapters.clock import KernelClock
from xinlian.ingest.adapters.control import ControlError, ControlServer
from xinlian.ingest.adapters.drivers.registry import driver
from xinlian.ingest.adapters.files.metering import keep_metering
from xinlian.ingest.adapters.files.plant import read_plant
from xinlian.ingest.adapters.log.log import LogLimits
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.recent import remember
from xinlian.ingest.model.devices import Plant
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.model.segments.block import ClockState
from xinlian.ingest.model.tags import TagError
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.control import DeviceWriter
from xinlian.ingest.usecases.fast import recorder_limits
from xinlian.ingest.usecases.links import driver_version
from xinlian.ingest.usecases.ports import FrameSink
from xinlian.ingest.usecases.recorder import Recorder
from xinlian.ingest.usecases.recording import DeviceFacts
from xinlian.ingest.usecases.repeats import Repeats

__all__ = ["Collecting", "Newest", "facts_of"]

_LOG: Final = logging.getLogger(__name__)
TELL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest reading of a tag; no value where its quality is bad."""

    device: str
    tag: str
    unit: str
    label: str
    label_zh: str
    value: Decimal | None
    quality: Quality
    time_us: int


class _Tap:
    """Lets frames through to the recorder and keeps the last one of each rate group."""

    def __init__(self, out: FrameSink) -> None:
        self._out = out
        self.last: dict[tuple[str, int], Frame] = {}

    def put(
        self, group: str, frames: Sequence[Frame], on_durable: Callable[[], None] | None = None
    ) -> bool:
        """As the recorder takes them."""
        taken = self._out.put(group, frames, on_durable)
        if taken:
            for frame in frames:
                if len(frame):
                    self.last[frame.device, frame.group] = frame
        return taken


class Collecting:
    """Collects a plant into the log of a stream below ``folder`` (that of the party)."""

    def __init__(
        self,
        plant: Plant,
        folder: Path,
        name: str,
        *,
        bus: Sequence[str] = (),
        bus_options: Mapping[str, Any] | None = None,
        bus_key: BusKey | None = None,
    ) -> None:
        """``bus``: addresses of NATS servers over which the log goes to another machine, what
        ``nats.connect`` needs beside them, and the key shared with the writer there."""
        self.plant = plant
        self.file: Path | None = None
        """Where the plant is read anew from when it is asked to."""
        log = folder / "log" / name
        self._keep = partial(_keep, folder, name)
        self._kernel = KernelClock()
        self._jumped: Callable[[], int | None] = lambda: None
        consumers = ("bus",) if bus else ("store", "evidence")
        self.recorder: Recorder = open_recorder(
            log,
            plant.party,
            plant.groups,
            facts_of(plant),
            clock=self._clock,
            log_limits=LogLimits(consumers=consumers),
            limits=recorder_limits(plant.devices),
        )
        self._keep(plant)
        self._tap = _Tap(self.recorder)
        self.collector = Collector(plant, driver, self._tap, repeats=_recorded(log, plant))
        clock = self.collector.clock
        self._jumped = lambda: clock.offset_us if clock.jumped else None
        self._socket = folder / "run" / f"{name}.sock"
        key = bus_key or BusKey()
        options = dict(bus_options or {})
        self._forwarder = Forwarder(log, name, list(bus), options, key=key) if bus else None

    def run(
        self, seconds: float | None = None, tell: Callable[[Collecting], None] | None = None
    ) -> None:
        """Collect for so long or until ``stop``; ``tell`` is called twice a second meanwhile."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._run(seconds, tell))

    def _clock(self) -> ClockState:
        """What the kernel says of its clock, unless the collector is catching up with a jump."""
        offset_us = self._jumped()
        return self._kernel() if offset_us is None else ClockState("jumped", offset_us)

    async def _run(self, seconds: float | None, tell: Callable[[Collecting], None] | None) -> None:
        loop, halt = asyncio.get_running_loop(), asyncio.Event()
        end = None if seconds is None else loop.time() + seconds
        self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        writer = DeviceWriter(self.collector, self.recorder)
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(
                    ControlServer(self._socket, self.collector, writer, self.reload, self.status)
                )
            except ControlError as exc:
                _LOG.warning("this collector cannot be asked while it runs: %s", exc)
            beside = [self._forwarder.run(halt)] if self._forwarder is not None else []
            tasks = [asyncio.create_task(each) for each in beside]
            await self._collect(end, tell)
            halt.set()
            await asyncio.gather(*tasks)

    async def _collect(self, end: float | None, tell: Callable[[Collecting], None] | None) -> None:
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(self.collector.run())
        try:
            while not running.done() and (end is None or loop.time() < end):
                await asyncio.wait([running], timeout=TELL_SECONDS)
                if tell is not None:
                    tell(self)
        finally:
            self.collector.stop()
            with suppress(asyncio.CancelledError):
                await running

    async def reload(self) -> dict[str, int]:
        """Read the plant's file anew: what did not change goes on undisturbed. ``TagError``."""
        if self.file is None:
            raise TagError("this collector has no file to reload", "本采集器没有可重新读取的文件")
        plant = read_plant(self.file, driver)
        if plant.party != self.plant.party:
            raise TagError("a reload keeps the party", "重新读取不得更换所属参与方")
        # What was read before is handed on meanwhile, and was read as the old plant says.
        self.recorder.update(plant.groups, facts_of(plant) | facts_of(self.plant))
        done = await self.collector.reload(plant)
        self._keep(plant)
        self.recorder.update(plant.groups, facts_of(plant))
        self.plant = plant
        return done

    def close(self) -> bool:
        """Write what waits and let go of the log. ``False`` if some could not be written."""
        return self.recorder.close()

    def status(self) -> dict[str, Any]:
        """What the collector tells of itself, and how far its log is."""
        done = self.recorder.status
        return {
            **self.collector.status(),
            "log": {
                "segments": done.segments,
                "rows": done.rows,
                "bytes": done.bytes,
                "position": done.position,
                "waiting_bytes": done.waiting_bytes,
                "refused": done.refused,
                "fault": done.fault,
            },
            **self._bus(),
        }

    def _bus(self) -> dict[str, Any]:
        """How far the log is at the other end of a bus, if it goes over one."""
        bus = self._forwarder
        if bus is None:
            return {}
        return {"bus": {"sent": bus.sent + 1, "taken": bus.done + 1, "fault": bus.fault}}

    def devices(self, at_most: int) -> list[dict[str, Any]]:
        """Devices and their service figures, those with a fault first."""
        links = sorted(self.collector.links.items(), key=lambda each: (not each[1].fault, each[0]))
        return [self.collector.device(name) for name, _ in links[:at_most]]

    def newest(self) -> list[Newest]:
        """The newest reading of every tag, device by device."""
        found: list[Newest] = []
        for _, frame in sorted(self._tap.last.items()):
            for place, (tag, column) in enumerate(zip(frame.tags, frame.columns, strict=True)):
                code = 0 if frame.quality is None else int(frame.quality[place, -1])
                bad = code >= BAD_MIN
                raw = column[-1]
                plain = (
                    Decimal(repr(float(raw)))
                    if np.issubdtype(column.dtype, np.floating)
                    else (Decimal(int(raw)))
                )
                found.append(
                    Newest(
                        frame.device,
                        tag.name,
                        tag.unit,
                        tag.label,
                        tag.label_zh,
                        None if bad else plain * tag.scale + tag.offset,
                        Quality(code),
                        int(frame.received_us[-1]),
                    )
                )
        return found


def _keep(folder: Path, name: str, plant: Plant) -> None:
    """The metering tree for those who read the store; readings do not wait for it."""
    try:
        keep_metering(folder, name, plant)
    except OSError as exc:
        _LOG.warning("the metering tree of the plant was not kept: %s", exc)


def facts_of(plant: Plant) -> dict[str, DeviceFacts]:
    """What segments tell of each device beside its readings."""
    return {
        device.id: DeviceFacts(driver_version(driver(device.driver), device), device.calibration)
        for device in plant.devices
    }


def _recorded(log: Path, plant: Plant) -> Repeats:
    """What was recorded of devices that may send it again, since they never had the answer."""
    repeats = Repeats()
    again = {
        device.id: device.group
        for device in plant.devices
        if getattr(driver(device.driver), "resends", False)
    }
    if again:
        remember(log, again, repeats)
    return repeats
