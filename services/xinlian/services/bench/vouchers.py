"""`./xl bench vouchers`: how much the network carries, and what limits it.

    xl bench vouchers            a table, targets beside what was measured
    xl bench vouchers --json     one object
    xl bench vouchers --quick    about a minute, books of at most 10^4 vouchers

Processes as in earnest use: the node (gateway and engine, fsync on, a block every 200 ms or less
often), a worker (submitter and indexer on SQLite with ``synchronous=FULL``) and a driver that hands
in orders which were signed before. A rate counts from the first order handed in until the last one
is a final row in SQL; nothing may fail. Signing is not counted.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xinlian.services.bench.figures import Figures, Targets, say
from xinlian.services.bench.vouchers_chain import index, replay, replay_direct
from xinlian.services.bench.vouchers_meter import peak_bytes
from xinlian.services.bench.vouchers_plant import Plant, Run
from xinlian.services.bench.vouchers_work import ITEMS_PER_BATCH, MIX

AT_LEAST: Final = {
    "single_orders_per_s": 1_000,
    "batched_items_per_s": 3_000,
    "replay_tx_per_s": 2_000,
    "index_events_per_s": 20_000,
}
AT_MOST: Final = {"cost_spread_percent": 25, "rss_mb_1e5": 1_500}
MEANING: Final = {
    "single_orders_per_s": f"orders each signed on its own ({MIX}), books of 10^4 vouchers",
    "batched_items_per_s": f"items in orders of {ITEMS_PER_BATCH} items, the same mix",
    "replay_tx_per_s": "journal of single-operation transactions sent by the parties themselves",
    "replay_relay_tx_per_s": "journal of the worker's transactions, each carrying many orders",
    "replay_relay_items_per_s": "the same, counted in the items that they carry",
    "index_events_per_s": "events from block 0 into empty tables, SQL and conservation included",
    "index_compare_s": "seconds to hold every voucher against the contract's digest afterwards",
    "cost_us_1e3": "wall microseconds for a single order, books of 10^3 vouchers",
    "cost_us_1e4": "the same, 10^4",
    "cost_us_1e5": "the same, 10^5",
    "cost_spread_percent": "dearest against cheapest of these",
    "rss_mb_1e5": "most memory of node, worker and driver together under load at 10^5 vouchers, MB",
    "engine_peak_mb": "most that the engine alone ever held until then, snapshots included, MB",
}
TARGETS: Final = Targets(MEANING, AT_LEAST, AT_MOST)


@dataclass(frozen=True, slots=True)
class Books:
    """Single orders are measured when the books hold so many vouchers; a unit is a new voucher
    that goes through the five operations of the mix."""

    name: str
    vouchers: int
    units: int


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done."""

    books: tuple[Books, ...]
    batched_units: int
    direct_units: int


FULL: Final = Size(
    (Books("1e3", 1_000, 1_600), Books("1e4", 10_000, 2_000), Books("1e5", 100_000, 3_000)),
    batched_units=6_000,
    direct_units=3_000,
)
QUICK: Final = Size((Books("1e3", 1_000, 400), Books("1e4", 10_000, 600)), 1_000, 600)


def main(arguments: list[str]) -> int:
    """The command; 0 also if targets were missed: they are marked."""
    parser = argparse.ArgumentParser(prog="xl bench vouchers")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="small books, about a minute")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xinlian-bench-") as folder:
        results = measure(Path(folder), QUICK if options.quick else FULL)
    seconds = round(time.monotonic() - began)
    if options.json:
        print(json.dumps(results.as_json(seconds)))
    else:
        print(results.as_table(seconds))
    return 0


def measure(folder: Path, size: Size) -> Figures:
    """Do everything, in folders of its own. From the main thread."""
    results = Figures(TARGETS)
    plant = Plant(folder / "network")
    try:
        plant.start()
        say(f"the network runs; mix: {MIX}")
        costs = {each.name: _at_size(plant, each, results) for each in size.books[:2]}
        _batched(plant, size.batched_units, results)
        _relay_replay(plant, results)
        costs |= {each.name: _at_size(plant, each, results) for each in size.books[2:]}
        if len(costs) == len(FULL.books):
            spread = (max(costs.values()) / min(costs.values()) - 1) * 100
            results.put("cost_spread_percent", spread)
        pids = {name: pid for name, pid in plant.pids.items() if name != "worker"}
        indexed = index(plant.site, folder / "index", pids)
        by = indexed.usage.limited_by()
        results.put("index_events_per_s", indexed.events / indexed.usage.seconds, by)
        results.put("index_compare_s", indexed.compare_seconds)
    finally:
        plant.stop()
    direct = replay_direct(folder / "direct", size.direct_units)
    results.put("replay_tx_per_s", direct.per_second, _replay_limit(direct.blocks))
    return results


def _at_size(plant: Plant, books: Books, results: Figures) -> float:
    missing = books.vouchers - plant.work.vouchers
    if missing > 0:
        plant.run(f"filling the books up to {books.vouchers:,} vouchers", plant.work.fill(missing))
    run = plant.run(f"single orders at {plant.work.vouchers:,}", plant.work.mix(books.units))
    limit = run.usage.limited_by()
    results.put(f"cost_us_{books.name}", run.us_per_order, limit)
    if books.name == "1e4":
        results.put("single_orders_per_s", run.orders / run.seconds, limit)
    if books.name == "1e5":
        by = ", ".join(f"{name} {mb}" for name, mb in run.usage.rss_mb_by.items())
        results.put("rss_mb_1e5", run.usage.rss_mb, f"MB by process: {by}")
        results.put("engine_peak_mb", peak_bytes(plant.site.engine_pid()) // 1_000_000)
    return run.us_per_order


def _batched(plant: Plant, units: int, results: Figures) -> None:
    run: Run = plant.run("orders of 100 items", plant.work.mix(units, ITEMS_PER_BATCH))
    results.put("batched_items_per_s", run.items / run.seconds, run.usage.limited_by())


def _relay_replay(plant: Plant, results: Figures) -> None:
    plant.worker.stop()
    done = replay(plant.site, "the worker's transactions")
    plant.start_worker()
    limit = _replay_limit(done.blocks)
    results.put("replay_relay_tx_per_s", done.per_second, limit)
    results.put("replay_relay_items_per_s", plant.items_final / done.seconds, limit)


def _replay_limit(blocks: int) -> str:
    return f"the engine: one thread executes, and reckons the state root of each of {blocks} blocks"
