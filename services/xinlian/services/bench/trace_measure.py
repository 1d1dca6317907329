"""What `./xl bench trace` measures on one store."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.usecases.evidence import (
    Appended,
    EvidenceLogs,
    NewRecord,
    Prepared,
    Preparer,
    Records,
    helpers,
)
from xinlian.services.bench.trace_load import PARTIES, PARTY, batch_id, vehicle_id
from xinlian.services.bench.trace_plant import CHAINS, DEEP_NODES, START_MS, YEAR_MS, Plan
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.adapters.sql.store import SqlTrace
from xinlian.trace.model.capture import Row
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.model.facts import Event, EventType
from xinlian.trace.model.items import WORLD, Item, ItemId, ItemType, Scheme
from xinlian.trace.model.links import Link
from xinlian.trace.model.recall import Cause, CauseKind
from xinlian.trace.model.tree import Direction
from xinlian.trace.usecases.capture import Capture
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.ports import Everything, Seen
from xinlian.trace.usecases.quality import root_cause
from xinlian.trace.usecases.recall import Recalls
from xinlian.trace.usecases.vehicle_sets import bring_up

__all__ = ["Logs", "measure", "size_mb"]

NOW_MS: Final = START_MS + 2 * YEAR_MS
_REPEATS: Final = 5
CAPTURE_ROWS: Final = 40_000
_FILE_ROWS: Final = 5_000
_WARMING: Final = 60_000
"""Where the rows of a file begin that is taken in before the clock runs, as by a server at work."""
_KINDS: Final = (
    *(FactorKind.BATCH, FactorKind.SUPPLIER, FactorKind.MACHINE, FactorKind.STATION),
    FactorKind.SHIFT,
)


class Partners:
    """The two parties see each other's records."""

    def parties(self, connection: Any, reader: int) -> Seen:  # noqa: ARG002
        """As ``Visibility``."""
        return PARTIES


class Logs:
    """Evidence logs as the application keeps them; no chain is needed to append."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._logs = EvidenceLogs(SqlEvidence(), Preparer(helpers()))

    def ensure_log(self, party: PartyId, stream: str) -> bytes:
        """The party's log."""
        with begin_write(self._engine) as connection:
            found = self._logs.find(connection, party, stream)
            if found is None:
                contract = Address(bytes(20))
                found = self._logs.create(
                    connection, chain_id=1, contract=contract, party=party, stream=stream
                )
        return found.log_id

    def prepare(self, records: Sequence[NewRecord]) -> Prepared:
        """Commit to records."""
        return self._logs.prepare(records)

    def close(self) -> None:
        """End the helper processes."""
        self._logs.preparer.close()

    def append(
        self,
        connection: Any,
        log_id: bytes,
        records: Records,
        also: Sequence[Sequence[str]] = (),
    ) -> list[Appended]:
        """Append records."""
        return self._logs.append(connection, log_id, records, also)


def measure(engine: Engine, plan: Plan) -> dict[str, float]:
    """Every figure of one store."""
    site, logs = SqlTrace(engine), Logs(engine)
    genealogy = Genealogy(site, Everything())
    found = _trees(genealogy, plan)
    found |= _recalls(Recalls(site, Partners(), logs), plan)
    found |= _enrichment(engine)
    try:
        return found | _capture(site, logs, plan)
    finally:
        logs.close()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _trees(genealogy: Genealogy, plan: Plan) -> dict[str, float]:
    deep = [int(v) for v in plan.deep]
    bushy, chains = deep[:-CHAINS], deep[-CHAINS:]
    plain = [v * plan.vehicles // 200 + 1 for v in range(199)]

    def tree(vehicle: int, least: int) -> float:
        item = ItemId(WORLD, ItemType.VEHICLE, vehicle_id(vehicle))
        seconds, found = _timed(lambda: genealogy.tree(PARTY, item, Direction.DOWN))
        if found is None or len(found.nodes) < least or found.truncations:
            raise RuntimeError(f"the tree of vehicle {vehicle} is not whole")
        return seconds * 1e3

    wide = [tree(v, DEEP_NODES) for _ in range(_REPEATS) for v in bushy]
    long = [tree(v, DEEP_NODES) for _ in range(_REPEATS) for v in chains]
    usual = [tree(v, 30) for v in plain]
    return {
        "tree_5000_p50_ms": statistics.median(wide),
        "tree_5000_p95_ms": _p95(wide),
        "tree_chain_5000_p95_ms": _p95(long),
        "tree_usual_p95_ms": _p95(usual),
    }


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _recalls(recalls: Recalls, plan: Plan) -> dict[str, float]:
    batch = (Cause(CauseKind.ITEMS, (batch_id(plan.largest),)),)
    window = (Cause(CauseKind.MACHINE, ("M-007",), START_MS, START_MS + YEAR_MS // 12),)

    def scope(causes: tuple[Cause, ...], *, stock: bool) -> tuple[float, Any]:
        work = [
            _timed(lambda: recalls.scope(PARTY, causes, NOW_MS, with_stock=stock))
            for _ in range(_REPEATS)
        ]
        return statistics.median(each[0] for each in work), work[0][1]

    seconds, found = scope(batch, stock=False)
    with_stock, _ = scope(batch, stock=True)
    machine, by_machine = scope(window, stock=True)
    return {
        "recall_vehicles": len(found.lines),
        "recall_s": seconds,
        "recall_with_stock_s": with_stock,
        "machine_vehicles": len(by_machine.lines),
        "machine_s": machine,
    }


def _enrichment(engine: Engine) -> dict[str, float]:
    def work() -> int:
        with begin_read(engine) as connection:
            return root_cause(SqlQuality(connection, Partners()), PARTY, kinds=_KINDS).tested

    runs = [_timed(work) for _ in range(3)]
    return {
        "enrichment_factors": runs[0][1],
        "enrichment_s": statistics.median(each[0] for each in runs),
    }


def _rows(plan: Plan, first: int, count: int) -> Iterator[Row]:
    """Station scans: a part, the event of fitting it, and the link."""
    for at in range(first, first + count):
        car = ItemId(WORLD, ItemType.VEHICLE, vehicle_id(plan.vehicles + at // 10))
        part = ItemId(WORLD, ItemType.SERIAL, f"NEW-{at:08}")
        when = NOW_MS + at
        document = {
            "type": "AssociationEvent",
            "eventID": f"urn:uuid:{at:032x}",
            "eventTime": when,
            "parentID": car.id,
            "childEPCs": [part.id],
            "action": "ADD",
            "bizStep": "assembling",
            "readPoint": {"id": f"OP-{at % 20}"},
        }
        event = Event(
            *(f"urn:uuid:{at:032x}", f"ni:///sha-256;{at:064x}?ver=CBV2.0"),
            EventType.ASSOCIATION,
            when,
            document,
            (car, part),
            "ADD",
            "assembling",
            read_point=f"OP-{at % 20}",
        )
        source = f'{{"row":{at},"car":"{car.id}","part":"{part.id}","time":{when}}}'
        facts = (Item(part, part.id, Scheme.MAKER), event, Link(part, car, valid_from_ms=when))
        yield Row(at, f"event {at}", source, facts)


def _capture(site: SqlTrace, logs: Logs, plan: Plan) -> dict[str, float]:
    capture = Capture(site, logs, lambda now_ms: now_ms + 60_000)
    files = [list(_rows(plan, at, _FILE_ROWS)) for at in range(0, CAPTURE_ROWS, _FILE_ROWS)]

    def take(key: str) -> None:
        for number, rows in enumerate(files):
            receipt = capture.take(PARTY, rows, now_ms=NOW_MS, capture_key=f"{key} {number}")
            if not receipt.taken:
                raise RuntimeError("a file was not taken in")

    warm = capture.take(PARTY, _rows(plan, _WARMING, 2_000), now_ms=NOW_MS, capture_key="warm")
    if not warm.taken:
        raise RuntimeError("the file before the clock was not taken in")
    began = time.process_time()
    seconds, _ = _timed(lambda: take("first"))
    worked = time.process_time() - began
    again, _ = _timed(lambda: take("again"))

    sets, _ = _timed(lambda: bring_up(site, PARTIES))
    return {
        "capture_events_per_s": CAPTURE_ROWS / seconds,
        "capture_cpu_us": 1e6 * worked / CAPTURE_ROWS,
        "capture_repeated_per_s": CAPTURE_ROWS / again,
        "sets_refresh_per_s": CAPTURE_ROWS / sets,
    }


def size_mb(engine: Engine, folder: Path | None) -> float:
    """How large the store is."""
    if folder is not None:
        return sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT pg_database_size(current_database())")
        return float(found.scalar_one()) / 1e6
