"""The clock is moved and the store is away for an hour: nothing is lost, and order is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xinlian.ingest.adapters.log.log import LogLimits
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.query import Window
from xinlian.ingest.model.segments.block import ClockState
from xinlian.ingest.model.segments.windows import WindowState
from xinlian.ingest.usecases.store_ports import StoreError, TelemetryStore
from xinlian.ingest.usecases.windows import closed_windows
from xinlian.services.app.telemetry_pump import TelemetryPump
from xinlian.services.app.telemetry_site import TelemetrySites

from tests.support.collected import LINE, frame

PARTY = 7
SECOND = 1_000_000
DAY = 86_400 * SECOND
NIGHT = 20_725 * DAY - 600 * SECOND
"""Ten minutes before a day ends: the hour without a store is one of two days."""
CLOCKS = (
    (NIGHT, "synchronised"),
    (NIGHT - 3_600 * SECOND, "jumped"),
    (NIGHT + 1_200 * SECOND, "jumped"),
    (NIGHT + 1_205 * SECOND + DAY, "unsynchronised"),
)
"""When the clock says it is, and what the kernel says of it, a quarter of an hour each."""
SEGMENTS = 900


class Away:
    """The door to a store; while it is shut the store is away."""

    def __init__(self) -> None:
        self.shut = True

    def open(self, folder: Path) -> TelemetryStore:
        if self.shut:
            raise StoreError("the store is away", "存储不可用")
        return open_duckdb(folder, memory_mb=256, threads=1)


def recorded(folder: Path, start_us: int, state: str, segments: int) -> list[int]:
    """A collector's life, one segment a second; the times of its rows."""
    recorder = open_recorder(
        folder, PARTY, [LINE], {}, clock=lambda: ClockState(state),
        log_limits=LogLimits(file_bytes=64 << 10),
    )  # fmt: skip
    times = [start_us + number * SECOND for number in range(segments)]
    for number, time_us in enumerate(times):
        assert recorder.put(LINE.id, [frame("m1", time_us, [number % 50])])
    assert recorder.close()
    return times


@pytest.fixture
def clocked(tmp_path: Path) -> tuple[TelemetrySites, Away, list[int]]:
    door = Away()
    sites = TelemetrySites(tmp_path, door.open)
    log = tmp_path / str(PARTY) / "log" / "collector"
    times: list[int] = []
    for start_us, state in CLOCKS:
        times += recorded(log, start_us, state, SEGMENTS)
        assert TelemetryPump(sites).round() == 0
    return sites, door, times


def test_the_store_catches_up_with_each_row_once_by_time(clocked: Any) -> None:
    sites, door, times = clocked
    door.shut = False
    pump = TelemetryPump(sites)
    while pump.round():
        pass
    store = sites.site(PARTY).store
    [series] = store.window(
        Window(device="m1", tags=("power",), start_us=0, end_us=NIGHT + 9 * DAY, limit=10**6)
    )
    assert len(times) == len(CLOCKS) * SEGMENTS
    assert series.times_us.tolist() == sorted(times)
    assert store.status().rows == len(times)
    # Quarters 2 and 1 follow one another by time, whatever the order in which they came.
    assert np.allclose(series.values[:3], [0.0, 0.1, 0.2])
    sites.close()


def test_windows_hold_each_segment_once_and_tell_of_the_clock(clocked: Any) -> None:
    sites, _, times = clocked
    reader, state = LogReader(sites.root / str(PARTY) / "log" / "collector"), WindowState()
    closed, more = [], True
    while more:
        found, more = closed_windows(reader, state, 500)
        closed += found
    held = [position for window in closed for position in window.positions]
    assert len(held) == len(set(held))
    assert sum(window.counts.received for window in closed) == len(times)
    told = {clock for window in closed for clock in window.clock_states}
    assert told == {"synchronised", "jumped", "unsynchronised"}
    firsts = [window.start_us for window in closed if not window.amendment]
    assert len(firsts) == len(set(firsts))
    reader.close()
