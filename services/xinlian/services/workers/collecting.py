"""A collector at work: drivers and scheduler, the recorder behind them, the newest values aside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import uvloop
from xinlian.ingest.adapters.drivers.registry import driver
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.model.devices import Plant
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.ports import FrameSink
from xinlian.ingest.usecases.recorder import Recorder
from xinlian.ingest.usecases.recording import DeviceFacts

__all__ = ["Collecting", "Newest", "facts_of"]

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

    def __init__(self, plant: Plant, folder: Path, name: str) -> None:
        self.plant = plant
        self.recorder: Recorder = open_recorder(
            folder / "log" / name, plant.party, plant.groups, facts_of(plant)
        )
        self._tap = _Tap(self.recorder)
        self.collector = Collector(plant, driver, self._tap)

    def run(
        self, seconds: float | None = None, tell: Callable[[Collecting], None] | None = None
    ) -> None:
        """Collect for so long or until ``stop``; ``tell`` is called twice a second meanwhile."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._run(seconds, tell))

    async def _run(self, seconds: float | None, tell: Callable[[Collecting], None] | None) -> None:
        running = asyncio.create_task(self.collector.run())
        loop = asyncio.get_running_loop()
        end = None if seconds is None else loop.time() + seconds
        try:
            while not running.done() and (end is None or loop.time() < end):
                await asyncio.wait([running], timeout=TELL_SECONDS)
                if tell is not None:
                    tell(self)
        finally:
            self.collector.stop()
            with suppress(asyncio.CancelledError):
                await running

    def close(self) -> None:
        """Write what waits and let go of the log."""
        self.recorder.close()

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
        }

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


def facts_of(plant: Plant) -> dict[str, DeviceFacts]:
    """What segments tell of each device beside its readings."""
    return {
        device.id: DeviceFacts(driver(device.driver).version, device.calibration)
        for device in plant.devices
    }
