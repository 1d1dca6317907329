"""Filling a log for `./xl bench evidence`: the records of a plant, appended as services append.

A round is made before the clock runs: records in memory, helpers idle. While the clock runs they
are prepared (helpers) and appended in batches, each batch one durable transaction; a head is cut
whenever 65,536 leaves wait or 30 s have passed, and marked as carried by a block.
"""

from __future__ import annotations

import gc
import os
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.heads import Anchor, LogInfo
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.usecases.evidence import EvidenceLogs, Prepared, Preparer
from xinlian.services.bench.vouchers_meter import Meter, Usage

BATCH: Final = 8_192
AHEAD: Final = 6
ROUND: Final = 16 * BATCH
CADENCE_LEAVES: Final = 65_536
CADENCE_SECONDS: Final = 30.0
VEHICLES_AT_ONCE: Final = 20_000
RECORDS_PER_VEHICLE: Final = 40
HELPERS: Final = 2
BLOCK_TIME: Final = 1_795_345_200

Record = dict[str, Any]


def records(first: int, count: int) -> list[Record]:
    """Records ``first`` onwards of a plant: inspections, 10 fields each.

    At any time 20,000 vehicles are being built; each gets 40 records before it leaves the line.
    """
    rnd = random.Random(first)  # noqa: S311  the same plant in every run
    made = []
    for at in range(first, first + count):
        vehicle = at // RECORDS_PER_VEHICLE + rnd.randrange(VEHICLES_AT_ONCE)
        value = rnd.randrange(2_000, 3_000)
        clock = f"{at // 3_600 % 10:02}:{at // 60 % 60:02}:{at % 60:02}"
        made.append(
            {
                "schema": "inspection/1",
                "subject": vehicle_id(vehicle),
                "event_time": f"2026-11-22T{clock}.250Z",
                "station": f"OP{at % 40 * 10:03}",
                "characteristic": f"torque-M8-{at % 12}",
                "value": f"{value // 100}.{value % 100:02}",
                "unit": "N.m",
                "result": "ok" if value < 2_990 else "nok",
                "operator": f"E{at % 300:04}",
                "gauge": f"TW-{at % 77:04}",
            }
        )
    return made


def vehicle_id(vehicle: int) -> str:
    """The number of a vehicle as its subject id."""
    return f"LXLAA49J0{vehicle:08}"


@dataclass(slots=True)
class Load:
    """What filling a log took: seconds that count, and those of the last million leaves."""

    leaves: int = 0
    seconds: float = 0.0
    preparing_seconds: float = 0.0
    heads: int = 0
    head_seconds: float = 0.0
    slowest_head_seconds: float = 0.0
    usages: list[Usage] = field(default_factory=list)
    rates: list[tuple[int, float]] = field(default_factory=list)
    """(leaves in the log, leaves/s of the round that ended there)."""


class Filler:
    """One log that is filled; ``close`` ends the helpers."""

    def __init__(self, engine: Engine, *, helpers: int = HELPERS, sm3: bool = False) -> None:
        self._engine = engine
        self._preparer = Preparer(helpers)
        self.logs = EvidenceLogs(SqlEvidence(), self._preparer)
        self.load = Load()
        with begin_write(engine) as conn:
            self.info = self._create(conn, sm3)
        self._preparer.prepare(records(0, 2 * BATCH)).wait()  # the helpers are up

    def _create(self, conn: Connection, sm3: bool) -> LogInfo:
        return self.logs.create(
            conn,
            chain_id=31_337,
            contract=Address(b"\xe1" * 20),
            party=PartyId(7),
            stream="line-1",
            sm3=sm3,
        )

    def fill(self, leaves: int, say: Callable[[str], None]) -> None:
        """Append until the log has so many leaves, and cut a head over all of them."""
        load = self.load
        said = time.monotonic()
        while load.leaves < leaves:
            made = records(load.leaves, min(ROUND, leaves - load.leaves))
            gc.collect()
            gc.freeze()  # what the bench holds is no work of the log
            began = time.perf_counter()
            with Meter(self._pids()) as meter:
                self._round(made, last=load.leaves + len(made) >= leaves)
            seconds = time.perf_counter() - began
            gc.unfreeze()
            load.seconds += seconds
            load.usages.append(meter.usage)
            load.rates.append((load.leaves, len(made) / seconds))
            if time.monotonic() - said > 20:
                said = time.monotonic()
                say(f"{load.leaves:,} leaves, {load.leaves / load.seconds:,.0f}/s so far")

    def _pids(self) -> dict[str, int | None]:
        pool = self._preparer._pool
        found = list(pool._processes) if pool else []
        return {"appender": os.getpid(), **{f"helper {at}": pid for at, pid in enumerate(found)}}

    def _round(self, made: list[Record], *, last: bool) -> None:
        batches = deque(made[at : at + BATCH] for at in range(0, len(made), BATCH))
        ahead: deque[Prepared] = deque()
        waiting, since = 0, time.monotonic()
        while batches or ahead:
            while batches and len(ahead) < AHEAD:
                ahead.append(self.logs.prepare(batches.popleft()))
            prepared = ahead.popleft()
            began = time.perf_counter()
            prepared.wait()
            self.load.preparing_seconds += time.perf_counter() - began
            with begin_write(self._engine) as conn:
                self.logs.append(conn, self.info.log_id, prepared)
            self.load.leaves += len(prepared)
            waiting += len(prepared)
            over = time.monotonic() - since >= CADENCE_SECONDS
            if waiting >= CADENCE_LEAVES or over or (last and not batches and not ahead):
                self._cut()
                waiting, since = 0, time.monotonic()

    def _cut(self) -> None:
        began = time.perf_counter()
        with begin_write(self._engine) as conn:
            head = self.logs.cut_head(conn, self.info.log_id)
        if head is not None:
            anchor = Anchor(bytes(32), 1 + self.load.heads, bytes(32), BLOCK_TIME)
            with begin_write(self._engine) as conn:
                self.logs.mark_anchored(conn, self.info.log_id, head.size, anchor)
        seconds = time.perf_counter() - began
        self.load.heads += 1
        self.load.head_seconds += seconds
        self.load.slowest_head_seconds = max(self.load.slowest_head_seconds, seconds)

    def close(self) -> None:
        """End the helpers."""
        self._preparer.close()
