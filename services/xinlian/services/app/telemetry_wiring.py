"""The parts of telemetry, wired: sites of parties, what is asked of them, and their worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xinlian.ingest.usecases.store_ports import TelemetryStore
from xinlian.services.app.task_worker import Task, TaskWorker
from xinlian.services.app.telemetry_pump import TelemetryPump
from xinlian.services.app.telemetry_query import TelemetryReads
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.settings import Settings

__all__ = ["TelemetryParts", "make_telemetry", "telemetry_worker"]

_STORE_SECONDS: Final = 0.25
_ROLL_SECONDS: Final = 5.0


@dataclass(frozen=True)
class TelemetryParts:
    """What the services do with telemetry."""

    sites: TelemetrySites
    reads: TelemetryReads


def make_telemetry(settings: Settings) -> TelemetryParts:
    """The parts over a data folder; a store is opened when it is first asked for."""

    def open_store(folder: Path) -> TelemetryStore:
        from xinlian.ingest.adapters.store.duckdb import open_duckdb

        return open_duckdb(folder, memory_mb=settings.telemetry_memory_mb)

    sites = TelemetrySites(settings.telemetry_dir, open_store)
    return TelemetryParts(sites, TelemetryReads(sites))


def telemetry_worker(parts: TelemetryParts) -> TaskWorker:
    """The worker that brings the stores up to the logs."""
    pump = TelemetryPump(parts.sites)

    def roll() -> None:
        for party in parts.sites.parties():
            parts.sites.site(party).store.rollup()

    return TaskWorker(
        Task("telemetry store", _STORE_SECONDS, pump.round),
        Task("telemetry roll-ups", _ROLL_SECONDS, roll),
    )
