"""`./xl bench ingest-store`: how fast readings are stored and found again.

    xl bench ingest-store                    60 s of appends, then reads at 2x10^9 points
    xl bench ingest-store --json             one object
    xl bench ingest-store --seconds 10 --points 3e8   shorter
    xl bench ingest-store --large            reads again at ten times the points
    xl bench ingest-store --no-peers         without the bare engines
    xl bench ingest-store --folder PATH      where the store lies (else TMPDIR), removed afterwards

Ten thousand devices of sixteen float32 tags, read every 10 ms; an append holds a second of all of
them, a million rows, as the consumer of the segment log would give it, and is durable when it
returns. Making the frames is counted too.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.usecases.store_ports import TelemetryStore
from xinlian.services.bench.figures import Figures, Targets, say
from xinlian.services.bench.ingest_store_load import Plant
from xinlian.services.bench.ingest_store_peers import chdb_points_per_s, duckdb_points_per_s
from xinlian.services.bench.ingest_store_reads import Pace, timed, windows

__all__ = ["TARGETS", "main", "measure"]

TARGETS: Final = Targets(
    meaning={
        "store_points_per_s": "points stored a second, wide rows of 16 floats, commits durable",
        "store_cpu_ns_per_point": "processor time a point, all threads, nanoseconds",
        "narrow_points_per_s": "the same for tables that are not fixed: a row a value",
        "peer_duckdb_points_per_s": "bare DuckDB, INSERT of the same Arrow batches",
        "peer_chdb_points_per_s": "bare ClickHouse engine (chdb), the same batches, fsync on",
        "points": "points in the store when it was read",
        "bytes_per_point": "size of the store by points",
        "window_mean_ms": "window of 5 s of one device, two tags, beside a writer at a third",
        "window_p99_ms": "the same, 99 % of them within",
        "window_writer_points_per_s": "what the writer beside them stored",
        "window_idle_mean_ms": "the same without a writer",
        "latest_one_ms": "newest readings of one device, 16 tags",
        "latest_all_ms": "newest reading of one tag of all devices",
        "downsample_ms": "one device's whole history in 1,000 steps, six aggregates",
        "across_ms": "one tag of 1,000 devices, the last minute by the second",
        "large_points": "points in the store at the second reading",
        "large_window_mean_ms": "windows then, beside a writer",
        "large_window_p99_ms": "the same, 99 % of them within",
        "large_ratio": "mean then by mean before",
    },
    at_least={"store_points_per_s": 30_000_000},
    at_most={"window_mean_ms": 5, "window_p99_ms": 20, "large_ratio": 1.5},
)
LARGE: Final = 10
"""How many times the points ``--large`` has."""
_WINDOWS: Final = 1_000
_SWITCH_S: Final = 0.0005
"""A reader waits no longer than this for the interpreter while the writer joins columns."""


def main(arguments: list[str]) -> int:
    """The command; 0 also if targets were missed: they are marked."""
    parser = argparse.ArgumentParser(prog="xl bench ingest-store")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=60.0, help="of sustained appends")
    parser.add_argument("--points", type=float, default=2e9, help="in the store before reads")
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--large", action="store_true", help="read again at ten times the points")
    parser.add_argument("--no-peers", action="store_true", help="without the bare engines")
    parser.add_argument("--folder", type=Path, help="where the store lies")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    figures = Figures(TARGETS)
    measure(
        figures,
        seconds=options.seconds,
        points=int(options.points),
        devices=options.devices,
        large=options.large,
        peers=not options.no_peers,
        folder=options.folder,
    )
    took = round(time.monotonic() - began)
    print(json.dumps(figures.as_json(took)) if options.json else figures.as_table(took))
    return 0


def measure(
    figures: Figures,
    *,
    seconds: float = 60.0,
    points: int = 2_000_000_000,
    devices: int = 10_000,
    large: bool = False,
    peers: bool = True,
    folder: Path | None = None,
) -> None:
    """Measure everything into ``figures``, in a folder that is removed afterwards."""
    plant = Plant(devices)
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        with _place(folder) as place:
            if peers:
                _peers(figures, plant, min(seconds, 10.0), place)
            _narrow(figures, devices, min(seconds, 10.0), place)
            store = open_duckdb(place / "store", memory_mb=4_096)
            try:
                second = _sustained(figures, store, plant, seconds)
                second = _filled(store, plant, second, points)
                second = _reads(figures, store, plant, second, "")
                if large:
                    second = _filled(store, plant, second, points * LARGE)
                    _reads(figures, store, plant, second, "large_")
                    ratio = figures.figures["large_window_mean_ms"]
                    figures.put("large_ratio", ratio / figures.figures["window_mean_ms"])
            finally:
                store.close()
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="xinlian-bench-", dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _peers(figures: Figures, plant: Plant, seconds: float, place: Path) -> None:
    say("the bare engines")
    found = duckdb_points_per_s(plant, seconds, place)
    figures.put("peer_duckdb_points_per_s", found, "processor: compression of columns")
    other = chdb_points_per_s(plant, seconds, place)
    if other is not None:
        figures.put("peer_chdb_points_per_s", other, "processor: sorting, compression, fsync")


def _narrow(figures: Figures, devices: int, seconds: float, place: Path) -> None:
    say("narrow rows")
    plant = Plant(max(1, devices // 10), fixed=False)
    store = open_duckdb(place / "narrow", memory_mb=4_096)
    try:
        rate, _, _ = _append(store, plant, 0, seconds, None)
    finally:
        store.close()
    figures.put("narrow_points_per_s", rate, "processor: four columns a value, and their sorting")


def _sustained(figures: Figures, store: TelemetryStore, plant: Plant, seconds: float) -> int:
    say(f"appending for {seconds:.0f} s")
    rate, cpu, second = _append(store, plant, 0, seconds, None)
    figures.put(
        "store_points_per_s",
        rate,
        f"processor: {cpu * 1e9:.1f} ns a point on 2 cores, four fifths of them DuckDB's "
        "compression; the rest joins frames in one thread",
    )
    figures.put("store_cpu_ns_per_point", cpu * 1e9)
    return second


def _filled(store: TelemetryStore, plant: Plant, second: int, points: int) -> int:
    left = points - second * plant.points
    if left > 0:
        say(f"filling up to {points:,} points")
        _, _, second = _append(store, plant, second, None, left)
    return second


def _append(
    store: TelemetryStore, plant: Plant, second: int, seconds: float | None, points: int | None
) -> tuple[float, float, int]:
    """Append whole seconds for a time or up to a number of points: rate, CPU a point, next."""
    began, cpu, first = time.perf_counter(), time.process_time(), second
    for position, frames in plant.seconds(second):
        spent = time.perf_counter() - began
        written = (position - first) * plant.points
        if (seconds is not None and spent >= seconds) or (points is not None and written >= points):
            break
        store.append("bench", position, frames)
        second = position + 1
    written = (second - first) * plant.points
    spent = time.perf_counter() - began
    return written / spent, (time.process_time() - cpu) / written, second


def _reads(figures: Figures, store: TelemetryStore, plant: Plant, second: int, prefix: str) -> int:
    status = store.status()
    say(f"reading at {status.points:,} points")
    windows(store, plant, second, 50)
    idle, _ = windows(store, plant, second, _WINDOWS // 4)
    pace = figures.figures["store_points_per_s"] / 3
    with Pace(store, plant, second, pace) as writer:
        mean, p99 = windows(store, plant, second, _WINDOWS)
    limit = "planning of the query and one row group a batch; the writer's share of 2 cores"
    figures.put(f"{prefix}points", status.points)
    figures.put(f"{prefix}window_mean_ms", mean, limit)
    figures.put(f"{prefix}window_p99_ms", p99)
    if not prefix:
        figures.put("bytes_per_point", status.bytes / status.points, "noise of two decimals")
        figures.put("window_writer_points_per_s", writer.rate)
        figures.put("window_idle_mean_ms", idle)
        for name, value in timed(store, plant, second).items():
            figures.put(name, value)
    return writer.second
