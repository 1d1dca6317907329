"""What the engines do bare with the Arrow batches that the store's adapter makes.

Run as a program it is the ClickHouse peer: chdb wants a process of its own.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from xinlian.ingest.adapters.store.arrow import Numbers, batches
from xinlian.services.bench.ingest_store_load import Plant

__all__ = ["chdb_points_per_s", "duckdb_points_per_s"]


def _rows(plant: Plant, second: int) -> pa.Table:
    numbers = {name: number for number, name in enumerate(plant.names())}
    frames = plant.second(second)
    return batches(frames, Numbers(numbers.__getitem__, lambda _: 0, pa.int32(), pa.int32()))[
        0
    ].rows


def _rate(plant: Plant, seconds: float, insert: Callable[[pa.Table], Any]) -> float:
    """Points a second of ``insert`` alone; batches are made between."""
    spent, count = 0.0, 0
    while spent < seconds:
        rows = _rows(plant, count)
        began = time.perf_counter()
        insert(rows)
        spent += time.perf_counter() - began
        count += 1
    return count * plant.points / spent


def duckdb_points_per_s(plant: Plant, seconds: float, folder: Path) -> float:
    """``INSERT INTO ... SELECT`` of a batch, each committed by itself."""
    connection = duckdb.connect(str(folder / "peer.duckdb"), config={"threads": "2"})
    try:
        connection.register("batch", _rows(plant, 0))
        connection.execute("CREATE TABLE peer AS SELECT * FROM batch LIMIT 0")

        def insert(rows: pa.Table) -> None:
            connection.register("batch", rows)
            connection.execute("INSERT INTO peer SELECT * FROM batch")

        return _rate(plant, seconds, insert)
    finally:
        connection.close()


def chdb_points_per_s(plant: Plant, seconds: float, folder: Path) -> float | None:
    """ClickHouse's engine with both fsync settings on; ``None`` where chdb is not installed."""
    words = [str(plant.devices), str(plant.rows), str(seconds), str(folder / "chdb")]
    run = subprocess.run(
        [sys.executable, "-m", __name__, *words],
        capture_output=True,
        text=True,
        timeout=60 + 20 * seconds,
        check=False,
    )
    if run.returncode != 0:
        return None
    return float(json.loads(run.stdout.splitlines()[-1]))


def _chdb(plant: Plant, seconds: float, path: str) -> float:
    session = importlib.import_module("chdb.session").Session(path)
    first = _rows(plant, 0)
    kinds = {"int32": "Int32", "int64": "Nullable(Int64)", "float": "Float32"}
    columns = ", ".join(f'"{each.name}" {kinds[str(each.type)]}' for each in first.schema)
    columns = columns.replace('"_t" Nullable(Int64)', '"_t" Int64')
    session.query("CREATE DATABASE IF NOT EXISTS peer")
    session.query(
        f"CREATE TABLE peer.w ({columns}) ENGINE = MergeTree ORDER BY (_device, _t) "
        "PARTITION BY intDiv(_t, 86400000000) "
        "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
    )

    def insert(rows: pa.Table) -> None:
        peer_rows = rows  # chdb finds the table by its name in the caller's frame
        session.query("INSERT INTO peer.w SELECT * FROM Python(peer_rows)")
        del peer_rows

    rate = _rate(plant, seconds, insert)
    session.close()
    return rate


if __name__ == "__main__":
    found = _chdb(Plant(int(sys.argv[1]), int(sys.argv[2])), float(sys.argv[3]), sys.argv[4])
    print(json.dumps(found))
