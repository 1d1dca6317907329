"""The parts of telemetry, wired: sites of parties, what is asked of them, and their worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Engine
from xinlian.ingest.model.query import Retention
from xinlian.ingest.usecases.store_ports import StoreError, TelemetryStore
from xinlian.services.app.clock import Clock
from xinlian.services.app.energy_ledger import EnergyLedger
from xinlian.services.app.energy_meters import EnergyMeters
from xinlian.services.app.evidence import Evidence
from xinlian.services.app.task_worker import Task, TaskWorker
from xinlian.services.app.telemetry_evidence import TelemetryEvidence
from xinlian.services.app.telemetry_flags import TelemetryFlags
from xinlian.services.app.telemetry_links import TelemetryLinks
from xinlian.services.app.telemetry_proofs import TelemetryProofs
from xinlian.services.app.telemetry_pump import TelemetryPump
from xinlian.services.app.telemetry_query import TelemetryReads
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.telemetry_windows import RecordedWindows
from xinlian.services.app.trace_wiring import TraceParts
from xinlian.services.settings import Settings

__all__ = ["TelemetryParts", "make_telemetry", "telemetry_parts"]

_STORE_SECONDS: Final = 0.25
_RECORD_SECONDS: Final = 1.0
_ROLL_SECONDS: Final = 20.0
_RETAIN_SECONDS: Final = 3_600.0
_FLAG_SECONDS: Final = 0.5


@dataclass(frozen=True)
class TelemetryParts:
    """What the services do with telemetry."""

    sites: TelemetrySites
    reads: TelemetryReads
    windows: RecordedWindows


class Wired(Protocol):
    """What is wired already."""

    settings: Settings
    engine: Engine
    clock: Clock
    trace: TraceParts
    telemetry: TelemetryParts


def make_telemetry(settings: Settings, engine: Engine) -> TelemetryParts:
    """The parts over a data folder; a store is opened when it is first asked for."""

    def open_store(folder: Path) -> TelemetryStore:
        dsn = settings.clickhouse_dsn()
        if dsn is not None:
            return _clickhouse(dsn, f"xinlian_{folder.parent.name}", settings)
        from xinlian.ingest.adapters.store.duckdb import open_duckdb

        return open_duckdb(folder, memory_mb=settings.telemetry_memory_mb)

    sites = TelemetrySites(settings.telemetry_dir, open_store)
    return TelemetryParts(sites, TelemetryReads(sites), RecordedWindows(engine))


def _clickhouse(dsn: str, database: str, settings: Settings) -> TelemetryStore:
    try:
        from xinlian.ingest.adapters.store.clickhouse import open_clickhouse
    except ImportError as exc:
        raise StoreError(
            "ClickHouse needs a library that is not installed: pip install 'xinlian[cluster]'",
            "ClickHouse 所需的库未安装：请运行 pip install 'xinlian[cluster]'",
        ) from exc
    return open_clickhouse(dsn, database=database, cluster=settings.telemetry_clickhouse_cluster)


def telemetry_parts(store: Wired, evidence: Evidence) -> dict[str, Any]:
    """The parts that need the evidence logs, and the workers that bring stores and evidence up to
    the logs; dossiers show curves from now on."""
    sites = store.telemetry.sites
    pump = TelemetryPump(sites)
    meters = EnergyMeters(sites, store.clock)
    recorder = TelemetryEvidence(store.engine, evidence, sites, meters.keys)
    flags = TelemetryFlags(store.engine, evidence, sites, store.clock, meters.meters)
    store.trace.dossiers.telemetry_of = TelemetryLinks(store.engine, sites, evidence.logs).of

    rolling, retaining = sites.turns("rolling readings up"), sites.turns("dropping old days")
    policy = Retention(raw_days=store.settings.telemetry_keep_days)

    def roll() -> int:
        return sites.each(rolling, lambda site: site.store.rollup())

    def retain() -> int:
        now_us = 1_000_000 * store.clock.now()
        return sites.each(retaining, lambda site: site.store.retain(policy, now_us))

    return {
        "energy_meters": meters,
        "energy_ledger": EnergyLedger(store.engine, evidence, sites, meters, store.clock),
        "telemetry_flags": flags,
        "telemetry_proofs": TelemetryProofs(store.engine, evidence, sites, store.clock),
        "telemetry_worker": TaskWorker(Task("telemetry evidence", _RECORD_SECONDS, recorder.round)),
        # Evidence needs logs and the books alone: it never waits for a store that hangs.
        "telemetry_stores": TaskWorker(
            Task("telemetry store", _STORE_SECONDS, pump.round),
            Task("telemetry roll-ups", _ROLL_SECONDS, roll),
            Task("telemetry flags", _FLAG_SECONDS, flags.round),
            Task("telemetry retention", _RETAIN_SECONDS, retain),
        ),
    }
