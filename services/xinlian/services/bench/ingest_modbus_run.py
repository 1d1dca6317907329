"""Runs a collector against simulated devices for a while, and reads back what became durable."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import uvloop
from xinlian.ingest.adapters.drivers import registry
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.devices import Device, DeviceGroup, Plant
from xinlian.ingest.model.frames import Counts
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.fast import recorder_limits
from xinlian.ingest.usecases.recording import DeviceFacts

__all__ = ["Run", "collect", "folder_of_log", "simulated"]

PARTY: Final = 1
CONNECT_S_MAX: Final = 60
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Run:
    """What was seen. Rows are those that lie in the log, by the time of their receipt."""

    start_us: int = 0
    end_us: int = 0
    cpu_s: float = 0
    beside_cpu_s: float = 0
    links_least: int = 0
    rows: int = 0
    log_bytes: int = 0
    counts: Counts = field(default=Counts())
    times_us: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    rss_mb: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Length of the measured span."""
        return (self.end_us - self.start_us) / 1e6


@contextmanager
def simulated(devices: int, tags: int) -> Iterator[tuple[list[int], subprocess.Popen[str]]]:
    """Devices in another process: their ports, and the process."""
    options = json.dumps({"devices": devices, "tags": tags})
    module = "xinlian.services.bench.ingest_modbus_sim"
    with subprocess.Popen(
        [sys.executable, "-m", module, options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("no pipes")
        try:
            yield json.loads(process.stdout.readline()), process
        finally:
            process.stdin.close()
            process.wait(10)


def collect(
    devices: Sequence[Device],
    folder: Path,
    *,
    warm_s: float,
    seconds: float,
    sample_s: float = 1.0,
    segment_ms: int = 1_000,
    beside: int | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Run:
    """Collect for ``warm_s`` and then measure for ``seconds``; the log lies in ``folder``.
    ``beside``: another process whose processor time is measured too."""
    run = Run()
    raise_descriptors()
    spans_s = (warm_s, seconds, sample_s)
    uvloop.run(_collect(devices, folder, run, spans_s, segment_ms, beside, told))
    _read_back(folder, run)
    return run


async def _collect(
    devices: Sequence[Device],
    folder: Path,
    run: Run,
    spans_s: tuple[float, float, float],
    segment_ms: int,
    beside: int | None,
    told: Callable[[str], None],
) -> None:
    groups = tuple(
        DeviceGroup(id=name, window_s=60, segment_ms=segment_ms)
        for name in sorted({device.group for device in devices})
    )
    facts = {device.id: DeviceFacts(driver="modbus-tcp/1 (fast)") for device in devices}
    recorder = open_recorder(folder, PARTY, groups, facts, limits=recorder_limits(devices))
    collector = Collector(
        Plant(party=PARTY, groups=groups, devices=tuple(devices)), registry.driver, recorder
    )
    running = asyncio.create_task(collector.run())
    try:
        await _all_up(collector, len(devices))
        warm_s, seconds, sample_s = spans_s
        await asyncio.sleep(warm_s)
        run.links_least = len(devices)
        run.start_us, cpu_s = time.time_ns() // 1_000, time.process_time()
        beside_s = _cpu_s(beside)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            run.rss_mb.append(_rss_mb())
            await asyncio.sleep(min(sample_s, left))
            up = sum(link.up_since is not None for link in collector.links.values())
            run.links_least = min(run.links_least, up)
            if len(run.rss_mb) % 60 == 0:
                told(f"{up} links up, {run.rss_mb[-1]:.0f} MB")
        run.end_us, run.cpu_s = time.time_ns() // 1_000, time.process_time() - cpu_s
        run.beside_cpu_s = _cpu_s(beside) - beside_s
    finally:
        collector.stop()
        await running
        await asyncio.get_running_loop().run_in_executor(None, recorder.close)


async def _all_up(collector: Collector, wanted: int) -> None:
    until = time.monotonic() + CONNECT_S_MAX
    while sum(link.up_since is not None for link in collector.links.values()) < wanted:
        if time.monotonic() > until:
            raise RuntimeError(f"not all of {wanted} devices were connected in {CONNECT_S_MAX} s")
        await asyncio.sleep(0.1)


def _read_back(folder: Path, run: Run) -> None:
    """Count what is durable, in the measured span."""
    reader = LogReader(folder)
    position = 0
    times: dict[str, list[npt.NDArray[np.int64]]] = {}
    while position < reader.next:
        batch = reader.segments(position, segments_max=20)
        for _, segment in batch.segments:
            for frame in segment.frames:
                stamps = frame.received_us
                inside = (stamps >= run.start_us) & (stamps < run.end_us)
                run.rows += int(inside.sum())
                if len(stamps) and run.start_us <= int(stamps[-1]) < run.end_us:
                    run.counts += frame.counts
                times.setdefault(frame.device, []).append(stamps[inside])
        if batch.next <= position:
            break
        position = batch.next
    run.times_us = {device: np.concatenate(parts) for device, parts in times.items()}
    run.log_bytes = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def raise_descriptors() -> None:
    """As many open files as the system allows: a thousand links need more than the usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        wanted = 65_536 if hard == resource.RLIM_INFINITY else min(65_536, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


@contextmanager
def folder_of_log() -> Iterator[Path]:
    """A folder that is gone afterwards; where ``TMPDIR`` says, which should be on a disk."""
    with tempfile.TemporaryDirectory(prefix="xinlian-bench-") as folder:
        yield Path(folder)


def _cpu_s(process: int | None) -> float:
    """Processor time of a process so far; 0 for none."""
    if process is None:
        return 0.0
    text = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * PAGE / 1e6
