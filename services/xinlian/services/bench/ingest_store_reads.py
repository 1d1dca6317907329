"""Reads of the bench of the store: keyed windows beside a writer, newest values, steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Self

import numpy as np
from xinlian.ingest.model.query import Downsample, Window
from xinlian.ingest.usecases.store_ports import TelemetryStore
from xinlian.services.bench.ingest_store_load import BEGIN_US, TAGS, Plant

__all__ = ["Pace", "timed", "windows"]

WINDOW_US: Final = 5_000_000
_TAGS_ASKED: Final = ("v03", "v07")


class Pace:
    """A writer in its own thread that appends at ``points_per_s`` until it is stopped."""

    def __init__(
        self, store: TelemetryStore, plant: Plant, second: int, points_per_s: float
    ) -> None:
        self.store = store
        self.plant = plant
        self.second = second
        self.points_per_s = points_per_s
        self.written = 0
        self.rate = 0.0
        self._stop = threading.Event()
        self._failed: list[Exception] = []
        self._thread = threading.Thread(target=self._run, name="bench-writer")
        self._began = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        self._thread.start()
        return self

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self.store.append("bench", self.second, self.plant.second(self.second))
                self.second += 1
                self.written += self.plant.points
                due = self._began + self.written / self.points_per_s
                self._stop.wait(max(0.0, due - time.perf_counter()))
        except Exception as exc:  # noqa: BLE001 - told to the bench when the writer is left
            self._failed.append(exc)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.rate = self.written / (time.perf_counter() - self._began)
        if self._failed:
            raise self._failed[0]


def windows(store: TelemetryStore, plant: Plant, seconds: int, count: int) -> tuple[float, float]:
    """Mean and 99th percentile in ms of ``count`` windows of 5 s of a random device at a random
    time among ``seconds`` that are there; two tags each."""
    random = np.random.default_rng(7)
    names = plant.names()
    took = []
    for _ in range(count):
        begin = BEGIN_US + int(random.integers(max(1, seconds - 5))) * 1_000_000
        request = Window(
            device=names[int(random.integers(len(names)))],
            tags=_TAGS_ASKED,
            start_us=begin,
            end_us=begin + WINDOW_US,
        )
        began = time.perf_counter()
        found = store.window(request)
        took.append((time.perf_counter() - began) * 1e3)
        if len(found[0]) != min(5, seconds) * plant.rows:
            raise RuntimeError(f"a window has {len(found[0])} rows")
    return float(np.mean(took)), float(np.percentile(took, 99))


def timed(store: TelemetryStore, plant: Plant, seconds: int) -> dict[str, float]:
    """Medians in ms of the other reads."""
    names = plant.names()
    end = BEGIN_US + seconds * 1_000_000
    whole = Downsample(
        devices=(names[17],),
        tags=("v03",),
        start_us=BEGIN_US,
        end_us=end,
        step_us=max(1, seconds) * 1_000,
    )
    minute = (max(BEGIN_US, end - 60_000_000), end)
    return {
        "latest_one_ms": _median(lambda: store.latest([names[5]]), TAGS),
        "latest_all_ms": _median(lambda: store.latest(names, ["v03"]), len(names)),
        "downsample_ms": _median(lambda: store.downsample(whole), 1),
        "across_ms": _median(
            lambda: store.across("v03", names[:1_000], minute, 1_000_000), min(1_000, len(names))
        ),
    }


def _median(read: Callable[[], list[Any]], rows: int, tries: int = 5) -> float:
    took = []
    for _ in range(tries):
        began = time.perf_counter()
        found = read()
        took.append((time.perf_counter() - began) * 1e3)
        if len(found) != rows:
            raise RuntimeError(f"{len(found)} rows came back, not {rows}")
    return float(np.median(took))
