"""`./xl bench evidence`: how fast evidence is taken in, proved and checked.

    xl bench evidence              a table, targets beside what was measured
    xl bench evidence --json       one object
    xl bench evidence --quick      3*10^5 leaves instead of 10^7, about a minute
    xl bench evidence --leaves N   another number of leaves

Leaves are appended by the use cases that services call, from flat records of 10 fields: canonical
JSON, secrets, commitments, leaves, links, nodes, SQL with ``synchronous=FULL``, and a head with the
subject index at each 65,536. Making the records is not counted. A proof of one record is a whole
bundle, read and made from nothing; bundles are checked by the file that auditors hold.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.bench.evidence_load import Filler, Load
from xinlian.services.bench.evidence_proofs import Prover
from xinlian.services.bench.figures import Figures, Targets, say
from xinlian.services.bench.gas_evidence import measure_appends
from xinlian.services.bench.postgres import postgres, programs
from xinlian.services.bench.vouchers_meter import peak_bytes

LEAVES: Final = 10_000_000
QUICK: Final = 300_000
POSTGRES_LEAVES: Final = 1_000_000
AT_LEAST: Final = {"append_leaves_per_s": 30_000}
AT_MOST: Final = {
    "proof_ms": 5.0,
    "bundle_make_s": 1.0,
    "bundle_verify_s": 2.0,
    "append_head_gas": 150_000,
}
MEANING: Final = {
    "append_leaves_per_s": "durable leaves, SQLite, over the whole load, heads included",
    "append_leaves_per_s_last": "the same, the last round of it",
    "append_cpu_us_per_leaf": "processor time for a leaf, helpers included, microseconds",
    "leaves": "leaves in the log when proofs are made",
    "subjects": "subjects in its index",
    "load_seconds": "what filling it took, the making of records left out",
    "head_ms": "cutting and marking a head over 65,536 leaves, mean",
    "head_ms_max": "the slowest of them (the index is cut into more buckets now and then)",
    "store_bytes_per_leaf": "size of the database, records and index included",
    "rss_mb": "most memory of the appending process, helpers not included, MB",
    "proof_ms": "a proof of one record, made from nothing, 95th percentile",
    "proof_ms_median": "the same, median",
    "bundle_make_s": "a bundle of 5,000 records, the slower of the two kinds",
    "bundle_verify_s": "checking it with the auditors' file",
    "bundle_vehicles_make_s": "everything about 125 vehicles with completeness, 5,000 records",
    "bundle_vehicles_verify_s": "checking it",
    "bundle_vehicles_mb": "size of its file, MB",
    "bundle_scattered_make_s": "5,000 records all over the log",
    "bundle_scattered_verify_s": "checking it",
    "bundle_scattered_mb": "size of its file, MB",
    "append_head_gas": "gas of a signed head on chain at 10^7 leaves, usual cadence",
    "append_head_worst_gas": "the same with the longest consistency proof",
    "postgres_append_leaves_per_s": "durable leaves on PostgreSQL, fsync on",
}
TARGETS: Final = Targets(MEANING, AT_LEAST, AT_MOST)


def main(arguments: list[str]) -> int:
    """The command; 0 also if targets were missed: they are marked."""
    parser = argparse.ArgumentParser(prog="xl bench evidence")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} leaves, about a minute")
    parser.add_argument("--leaves", type=int, help=f"leaves to append, {LEAVES:,} if not given")
    options = parser.parse_args(arguments)
    leaves = options.leaves or (QUICK if options.quick else LEAVES)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xinlian-bench-") as folder:
        results = measure(Path(folder), leaves)
    seconds = round(time.monotonic() - began)
    if options.json:
        print(json.dumps(results.as_json(seconds)))
    else:
        print(results.as_table(seconds))
    return 0


def measure(folder: Path, leaves: int) -> Figures:
    """Do everything, in a folder of its own."""
    results = Figures(TARGETS)
    database = folder / "evidence.db"
    engine = make_engine(f"sqlite:///{database}")
    try:
        _fill(engine, leaves, results)
        with engine.connect() as conn:
            conn.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        results.put("store_bytes_per_leaf", database.stat().st_size / leaves)
    finally:
        engine.dispose()
    for name, gas in measure_appends().items():
        results.put(f"{name}_gas", gas)
    _on_postgres(folder, min(leaves, POSTGRES_LEAVES), results)
    return results


def _fill(engine: Engine, leaves: int, results: Figures) -> None:
    metadata.create_all(engine)
    filler = Filler(engine)
    try:
        filler.fill(leaves, say)
        load, info = filler.load, filler.info
    finally:
        filler.close()
    results.put("append_leaves_per_s", load.leaves / load.seconds, _limit(load))
    results.put("append_leaves_per_s_last", load.rates[-1][1])
    cpu = sum(usage.seconds * sum(usage.cores.values()) for usage in load.usages)
    results.put("append_cpu_us_per_leaf", 1e6 * cpu / load.leaves)
    results.put("leaves", load.leaves)
    with engine.connect() as conn:
        results.put("subjects", filler.logs.logs(conn)[0].subjects)
    results.put("load_seconds", load.seconds)
    results.put("head_ms", 1_000 * load.head_seconds / load.heads)
    results.put("head_ms_max", 1_000 * load.slowest_head_seconds)
    results.put("rss_mb", peak_bytes(os.getpid()) / 1_000_000)
    _prove(Prover(engine, info, load.leaves), results)


def _prove(prover: Prover, results: Figures) -> None:
    single = prover.single()
    results.put("proof_ms", single.p95_ms)
    results.put("proof_ms_median", single.p50_ms)
    say(f"proofs of one record: {single.p50_ms:.2f} ms, {single.size_bytes:,} bytes")
    kinds = {"vehicles": prover.vehicles(), "scattered": prover.scattered()}
    results.put("bundle_make_s", max(bundle.make_s for bundle in kinds.values()))
    results.put("bundle_verify_s", max(bundle.verify_s for bundle in kinds.values()))
    for name, bundle in kinds.items():
        results.put(f"bundle_{name}_make_s", bundle.make_s)
        results.put(f"bundle_{name}_verify_s", bundle.verify_s)
        results.put(f"bundle_{name}_mb", bundle.size_bytes / 1_000_000)
        say(f"bundle, {name}: {bundle.records:,} records in {bundle.make_s:.2f} s")


def _on_postgres(folder: Path, leaves: int, results: Figures) -> None:
    if programs() is None:
        say("PostgreSQL is not installed here: not measured")
        return
    with postgres(folder) as url:
        engine = make_engine(url)
        metadata.create_all(engine)
        filler = Filler(engine)
        try:
            filler.fill(leaves, say)
        finally:
            filler.close()
            engine.dispose()
    load = filler.load
    results.put("postgres_append_leaves_per_s", load.leaves / load.seconds, _limit(load))


def _limit(load: Load) -> str:
    return max(load.usages, key=lambda usage: usage.seconds).limited_by()
