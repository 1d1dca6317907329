"""`./xl bench trace`: how fast parts are traced, and how that grows with the plant.

    xl bench trace                    a table, targets beside what was measured
    xl bench trace --json             one object
    xl bench trace --quick            at most 10^4 vehicles, about a minute
    xl bench trace --vehicles 1000000 one size
    xl bench trace --postgres URL     a database to use instead of a private server (it is emptied)
    xl bench trace --no-postgres      SQLite alone

A plant is generated and loaded in bulk, past capture (see ``trace_plant.py``, ``trace_load.py``);
it lies in a temporary folder (``TMPDIR``) and is removed afterwards. Reads are warm: the pages are
in the system's cache. Capture is the real one: comparison, tables, evidence, durable commit.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.bench.figures import say
from xinlian.services.bench.trace_load import load, loading
from xinlian.services.bench.trace_measure import measure, size_mb
from xinlian.services.bench.trace_plant import Plan
from xinlian.services.bench.trace_postgres import private_postgres
from xinlian.services.migrations import upgrade

SIZES: Final = (10_000, 100_000, 1_000_000)
AT_MOST: Final = {"tree_5000_p95_ms": 100.0, "recall_s": 1.0, "enrichment_s": 10.0}
AT_LEAST: Final = {"capture_events_per_s": 5_000.0}
MEANING: Final = {
    "links": "links loaded",
    "store_mb": "size of the store after loading",
    "load_s": "seconds to generate and load it in bulk, indexes and bitmaps included",
    "tree_5000_p50_ms": "tree of a vehicle of 5,000 nodes and more, median",
    "tree_5000_p95_ms": "the same, 95 % of them within",
    "tree_chain_5000_p95_ms": "the same where the 5,000 parts are in one another, one chain",
    "tree_usual_p95_ms": "tree of a usual vehicle: 30 parts and what their batches are made of",
    "recall_vehicles": "vehicles of the largest batch (a tenth of all)",
    "recall_s": "its recall list: every vehicle by id with finding and reason",
    "recall_with_stock_s": "the same with the search for affected parts that are in nothing yet",
    "machine_vehicles": "vehicles of a machine in a window of a month, the excluded ones too",
    "machine_s": "the recall list of that window",
    "enrichment_factors": "batches, suppliers, machines, stations, shifts",
    "enrichment_s": "causes among them: bitmaps read, exact tests, what cannot be separated",
    "capture_events_per_s": "events with a part and a link, evidence included, durable, once warm",
    "capture_cpu_us": "processor time for one of them, helpers left out, microseconds",
    "capture_repeated_per_s": "the same again: everything exists",
    "sets_refresh_per_s": "events brought into the bitmaps afterwards, per second",
}


def main(arguments: list[str]) -> int:
    """The command; 0 also if targets were missed: they are marked."""
    parser = argparse.ArgumentParser(prog="xl bench trace")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="at most 10^4 vehicles")
    parser.add_argument("--vehicles", type=int, help="one size")
    parser.add_argument("--postgres", metavar="URL", help="an empty database to use")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite alone")
    options = parser.parse_args(arguments)
    sizes: Sequence[int] = SIZES[:1] if options.quick else SIZES
    if options.vehicles is not None:
        sizes = (options.vehicles,)
    began = time.monotonic()
    results: dict[str, dict[str, dict[str, float]]] = {"sqlite": {}, "postgresql": {}}
    notes: list[str] = []
    for vehicles in sizes:
        results["sqlite"][str(vehicles)] = _sqlite(vehicles)
        if options.no_postgres:
            continue
        try:
            results["postgresql"][str(vehicles)] = _postgres(vehicles, options.postgres)
        except RuntimeError as exc:
            notes.append(f"PostgreSQL at {vehicles:,} vehicles: {exc}")
    seconds = round(time.monotonic() - began)
    if options.json:
        print(json.dumps(as_json(results, seconds, notes)))
    else:
        print(as_table(results, seconds, notes))
    return 0


def _sqlite(vehicles: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="xinlian-bench-") as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'trace.db'}")
        try:
            return _measure("SQLite", engine, vehicles, Path(folder))
        finally:
            engine.dispose()


def _postgres(vehicles: int, url: str | None) -> dict[str, float]:
    if url is None:
        with private_postgres() as private:
            return _postgres(vehicles, private)
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        return _measure("PostgreSQL", engine, vehicles, None)
    finally:
        engine.dispose()


def _measure(name: str, engine: Engine, vehicles: int, folder: Path | None) -> dict[str, float]:
    say(f"{name}: loading {vehicles:,} vehicles")
    upgrade(engine)
    began = time.monotonic()
    with loading(engine) as loader:
        links = load(loader, Plan(vehicles))
    found: dict[str, float] = {"links": links, "load_s": time.monotonic() - began}
    if folder is not None:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    found["store_mb"] = size_mb(engine, folder)
    say(f"{name}: {links:,} links, {found['store_mb']:,.0f} MB, {found['load_s']:.0f} s; measuring")
    found |= measure(engine, Plan(vehicles))
    return {key: round(value, 3) if value < 100 else round(value) for key, value in found.items()}


def missed(figures: dict[str, float]) -> list[str]:
    """Targets that were not reached."""
    high = [name for name, most in AT_MOST.items() if figures[name] > most]
    low = [name for name, least in AT_LEAST.items() if figures[name] < least]
    return high + low


def as_json(results: dict[str, Any], seconds: int, notes: list[str]) -> dict[str, Any]:
    """Everything, by database and size."""
    return {
        **results,
        "missed": {
            name: {size: missed(figures) for size, figures in sizes.items()}
            for name, sizes in results.items()
        },
        "targets": {"at_most": AT_MOST, "at_least": AT_LEAST},
        "meaning": MEANING,
        "notes": notes,
        "seconds": seconds,
    }


def as_table(results: dict[str, Any], seconds: int, notes: list[str]) -> str:
    """One column per database and size; what was missed is marked with an exclamation mark."""
    columns = [
        (f"{name} {int(size):.0e}".replace("e+0", "e"), figures)
        for name, sizes in results.items()
        for size, figures in sizes.items()
    ]
    lines = [f"{'figure':26}{'target':>9}" + "".join(f"{title:>17}" for title, _ in columns)]
    for name, meaning in MEANING.items():
        target = f"<={AT_MOST[name]:g}" if name in AT_MOST else ""
        target = f">={AT_LEAST[name]:g}" if name in AT_LEAST else target
        shown = "".join(
            f"{figures[name]:>16,.4g}{'!' if name in missed(figures) else ' '}"
            if figures[name] < 1_000
            else f"{figures[name]:>16,.0f}{'!' if name in missed(figures) else ' '}"
            for _, figures in columns
        )
        lines.append(f"{name:26}{target:>9}{shown}  {meaning}")
    return "\n".join([*lines, *notes, f"{seconds} s in all; reads are warm"])
