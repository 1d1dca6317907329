"""The part of ``./xl soak ingest`` with a real collector on simulated devices."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from xinlian.ingest.adapters.drivers.registry import simulator
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.query import Window
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.usecases.log_ports import LogError
from xinlian.services.soak.ingest_child import PARTY, STREAM, pump
from xinlian.services.soak.ingest_life import life
from xinlian.services.soak.ingest_live_child import plant
from xinlian.services.soak.site import free_port

__all__ = ["LiveReport", "Told", "judge_live", "playing", "run_live"]

_MOMENT_SECONDS: Final = (0.3, 1.5)


@dataclass
class LiveReport:
    """What was done with the real collector, and found."""

    kills: int = 0
    acknowledged_rows: int = 0
    rows: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Told:
    """Rows that collectors told to be durable: device, first and last time, how many."""

    frames: list[tuple[str, int, int, int]] = field(default_factory=list)

    def add(self, lines: list[str]) -> None:
        """Take the lines of a collector."""
        for device, first, last, rows in (line.split() for line in lines):
            self.frames.append((device, int(first), int(last), int(rows)))

    @property
    def count(self) -> int:
        """Rows of all of them."""
        return sum(each[3] for each in self.frames)


def run_live(
    folder: Path, rounds: int, chance: random.Random, say: Callable[[str], None]
) -> LiveReport:
    """Kill a collector so often while it reads simulated Modbus devices."""
    told, kills, port = Told(), 0, free_port()
    with playing(port):
        for _ in range(rounds):
            moment = chance.uniform(*_MOMENT_SECONDS)
            told.add(life("ingest_live_child", [str(folder), str(port), str(PARTY)], moment))
            kills += 1
            say(f"collector {kills}/{rounds}: {told.count} rows acknowledged")
    report = judge_live(folder, told)
    report.kills = kills
    return report


@contextmanager
def playing(port: int) -> Iterator[None]:
    """Simulated devices in a thread, which outlive the collectors."""
    ready, stop = threading.Event(), threading.Event()

    async def play() -> None:
        async with simulator("modbus-tcp", plant(port).devices, Signals()):
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(play()))
    thread.start()
    try:
        if not ready.wait(20):
            raise TimeoutError("the simulated devices did not begin")
        yield
    finally:
        stop.set()
        thread.join()


def judge_live(folder: Path, told: Told) -> LiveReport:
    """Each row that was told is in log and store once, and the store has what the log has."""
    report = LiveReport(acknowledged_rows=told.count)
    log = folder / "log" / STREAM
    reader = LogReader(log)
    store = open_duckdb(folder / "store", memory_mb=256, threads=1)
    try:
        while pump(store, reader, log):
            pass
        times, energy = _rows(reader)
        for device, first, last, rows in told.frames:
            found = times.get(device, np.zeros(0, np.int64))
            if np.searchsorted(found, last, "right") - np.searchsorted(found, first) != rows:
                report.faults.append(f"{device}: {rows} rows from {first} on were acknowledged")
        for device, found in times.items():
            report.rows += len(found)
            if len(np.unique(found)) != len(found) or np.any(np.diff(found) < 0):
                report.faults.append(f"{device}: a row stands twice, or out of order")
            request = Window(
                device=device, tags=("r7",), start_us=int(found[0]), end_us=int(found[-1]) + 1,
                limit=5_000_000,
            )  # fmt: skip
            [series] = store.window(request)
            same = np.array_equal(series.times_us, found)
            if not same or not np.array_equal(np.nan_to_num(series.values), energy[device]):
                report.faults.append(f"{device}: the store has other rows than the log")
    except (LogError, ValueError) as exc:
        report.faults.append(f"the log cannot be read: {exc}")
    finally:
        reader.close()
        store.close()
    del report.faults[20:]
    return report


Rows = dict[str, "np.ndarray[tuple[int], np.dtype[np.int64]]"]


def _rows(
    reader: LogReader,
) -> tuple[Rows, dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]]:
    """Receive times of each device in the log's order, and one column beside them."""
    times, values = defaultdict(list), defaultdict(list)
    at = 0
    while True:
        batch = reader.segments(at)
        if batch.next == at:
            break
        at = batch.next
        for _, segment in batch.segments:
            segment.check()
            for frame in segment.frames:
                times[frame.device].append(frame.received_us)
                values[frame.device].append(frame.columns[7].astype(np.float64))
    return (
        {device: np.concatenate(parts) for device, parts in times.items()},
        {device: np.concatenate(parts) for device, parts in values.items()},
    )
