"""`./xl soak ingest`: kill -9 a collector under load; nothing acknowledged is lost or doubled.

    xl soak ingest --rounds 50 [--seed N] [--json]

In each round a process that records and stores is started, killed at a random moment and, at the
next start, goes on. It tells every acknowledgement over a pipe. After each kill, and at the end:

1. every acknowledged put is in the log exactly once, with the values that it had;
2. positions and sequences have no gap, and nothing was cut off that was acknowledged;
3. the store has each row of the log exactly once, in order, after it has caught up;
4. every segment is in exactly one evidence window, and random columns shown with their proofs lead
   to the root of their window.

Then the store is away while an hour of segments is recorded, comes back, and is held to 3 again.
At last a real collector that reads simulated Modbus devices is killed (``--live`` times), and each
row that it acknowledged must be in log and store once; and a whole network with its collector is
(``--network`` times), after which proofs must be valid under heads on the chain.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from xinlian.ingest.adapters.log.log import LogLimits
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.usecases.store_ports import TelemetryStore
from xinlian.services.soak.ingest_child import (
    GROUPS,
    PARTY,
    STREAM,
    device_group,
    frames_of,
    pump,
)
from xinlian.services.soak.ingest_judge import LogJudge, judge_proofs, judge_store
from xinlian.services.soak.ingest_life import life
from xinlian.services.soak.ingest_live import run_live
from xinlian.services.soak.ingest_site import run_site

__all__ = ["IngestReport", "main", "run"]

_MOMENT_SECONDS: Final = (0.05, 1.2)
_PACE: Final = 60.0
AWAY_SEGMENTS: Final = 3_600
"""An hour of a group whose segments are a second long."""
LIVE_ROUNDS: Final = 10
NETWORK_ROUNDS: Final = 8
Say = Callable[[str], None]


@dataclass
class IngestReport:
    """What was done and what was found; ``faults`` is empty if everything held."""

    seed: int
    kills: int = 0
    acknowledged: int = 0
    """Puts that the collector had told to be durable."""
    segments: int = 0
    rows_in_log: int = 0
    rows_in_store: int = 0
    windows: int = 0
    proofs: int = 0
    away_segments: int = 0
    """Recorded while the store was away, and caught up."""
    collector_kills: int = 0
    """Of a real collector that reads simulated Modbus devices."""
    collector_rows_acknowledged: int = 0
    collector_rows: int = 0
    network_kills: int = 0
    """Of collector, API and node of a network that records windows on its chain."""
    network_windows: int = 0
    network_proofs: int = 0
    """Handed out between kills or made at the end; all valid under heads on the chain."""
    network_proofs_between: int = 0
    """Of these, handed out between kills."""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Everything held."""
        return not self.faults


def main(arguments: list[str]) -> int:
    """Run the soak; 0 if everything held."""
    parser = argparse.ArgumentParser(
        prog="xl soak ingest", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--away", type=int, default=AWAY_SEGMENTS, help="segments without a store")
    parser.add_argument("--live", type=int, default=LIVE_ROUNDS, help="kills of a real collector")
    parser.add_argument("--network", type=int, default=NETWORK_ROUNDS, help="kills in a network")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(1 << 32) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory(prefix="xinlian-ingest-") as folder:
        report = run(
            Path(folder), options.rounds, seed, options.away, options.live, options.network
        )
    found = asdict(report) | {"ok": report.ok}
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:18} {value}" for name, value in found.items()))
    return 0 if report.ok else 1


def _say(text: str) -> None:
    print(f"ingest: {text}", file=sys.stderr, flush=True)


def run(
    folder: Path,
    rounds: int,
    seed: int,
    away: int = AWAY_SEGMENTS,
    live: int = LIVE_ROUNDS,
    network: int = 0,
    say: Say = _say,
) -> IngestReport:
    """Do the rounds in ``folder``, then judge; then leave the store away for ``away`` segments;
    then kill a real collector ``live`` times, and parts of a network ``network`` times."""
    began = time.monotonic()
    report = IngestReport(seed)
    chance = random.Random(seed)  # noqa: S311
    told: list[tuple[int, int]] = []
    number = 0
    judge = LogJudge(folder / "log" / STREAM)
    say(f"seed {seed}, {rounds} kills")
    for _ in range(rounds):
        told += _round(folder, number, chance.uniform(*_MOMENT_SECONDS))
        report.kills += 1
        number = max([number, *[each + 1 for _, each in told]]) + 1000
        judge.read()
        judge.acknowledged(told)
        say(f"{report.kills}/{rounds}: {len(told)} acknowledged, {judge.segments} segments")
        if judge.faults:
            break
    report.acknowledged = len(told)
    _store_and_proofs(folder, judge, report, chance)
    if away and report.ok:
        _away(folder, number, away, report)
        judge.read()
        _store_and_proofs(folder, judge, report, chance)
    if live and report.ok:
        found = run_live(folder / "live", live, chance, say)
        report.collector_kills, report.collector_rows = found.kills, found.rows
        report.collector_rows_acknowledged = found.acknowledged_rows
        report.faults += found.faults
    if network and report.ok:
        kept = run_site(folder / "network", network, chance, say)
        report.network_kills, report.network_windows = kept.kills, kept.windows
        report.network_proofs = kept.proofs
        report.network_proofs_between = kept.proofs_between
        report.faults += kept.faults
    report.seconds = round(time.monotonic() - began, 1)
    say(f"done in {report.seconds} s: {'all held' if report.ok else report.faults[:3]}")
    return report


def _round(folder: Path, number: int, seconds: float) -> list[tuple[int, int]]:
    """One life of the child; what it acknowledged."""
    lines = life("ingest_child", [str(folder), str(number), "3600", str(_PACE)], seconds)
    pairs = [line.split() for line in lines]
    return [(int(group), int(put)) for group, put in pairs]


def _store_and_proofs(
    folder: Path, judge: LogJudge, report: IngestReport, chance: random.Random
) -> None:
    store = open_duckdb(folder / "store", memory_mb=512, threads=1)
    log = folder / "log" / STREAM
    reader = LogReader(log)
    try:
        _catch_up(store, reader, log)
        report.segments, report.rows_in_log = judge.segments, judge.rows
        found, report.rows_in_store = judge_store(store, judge)
        report.faults += judge.faults + found
        found, report.windows, report.proofs = judge_proofs(
            reader, judge, chance, final=bool(report.away_segments)
        )
        report.faults += found
    finally:
        reader.close()
        store.close()


def _catch_up(store: TelemetryStore, reader: LogReader, log: Path) -> None:
    while pump(store, reader, log):
        pass


def _away(folder: Path, number: int, segments: int, report: IngestReport) -> None:
    """Record segments one by one while nobody stores them."""
    limits = LogLimits(file_bytes=1 << 20)
    log = folder / "log" / STREAM
    groups = [device_group(each) for each in range(GROUPS)]
    recorder = open_recorder(log, PARTY, groups, {}, log_limits=limits)
    before = recorder.status.position
    for each in range(segments):
        group = each % GROUPS
        while not recorder.put(f"line-{group}", frames_of(group, number + each)):
            time.sleep(0.01)
    if not recorder.close():
        report.faults.append("the recorder could not write what waited")
    report.away_segments = segments
    if LogReader(log).next <= before:
        report.faults.append("nothing was recorded while the store was away")
