"""Loads the generated plant in bulk: straight into the tables and bitmaps, past capture.

What is loaded has no evidence records and no source rows; the tables are otherwise what a capture
would have written, and a test holds the bitmaps against those that are made anew from the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection, Engine, Table, event
from xinlian.ledger.adapters.sql.engine import begin_write, make_engine
from xinlian.services.bench.trace_plant import (
    CHAINS,
    DEEP,
    DEEP_NODES,
    SERIALS,
    START_MS,
    SUPPLIERS,
    Plan,
    spare_batch,
    time_of,
    work_of,
)
from xinlian.services.bench.trace_sets import MAKER, PARTIES, PARTY, sets_of
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.factors import FactorTable
from xinlian.trace.adapters.sql.tables import descriptions, items, links, vehicles, views
from xinlian.trace.model.factors import FactorKind

__all__ = ["PARTIES", "PARTY", "batch_id", "claimed", "load", "loading", "vehicle_id"]

_AT_ONCE: Final = 200_000
_SERIAL, _BATCH, _VEHICLE = 0, 1, 2
_REPLACED_AFTER_MS: Final = 1_000_000
_LOADED: Final[Sequence[Table]] = (items, descriptions, links, vehicles, t.processes, t.claims)


def batch_id(number: int) -> str:
    """A batch's id."""
    return f"LOT-{number:06}"


def vehicle_id(ordinal: int) -> str:
    """A vehicle's id."""
    return f"LXL{ordinal:014}"


@contextmanager
def loading(engine: Engine) -> Iterator[Engine]:
    """An engine for loading: on SQLite without a journal, since what fails is thrown away."""
    if engine.dialect.name != "sqlite":
        yield engine
        return
    engine.dispose()
    fast = make_engine(str(engine.url))

    @event.listens_for(fast, "connect")
    def _quick(driver: Any, _record: Any) -> None:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
            driver.execute(f"PRAGMA {pragma}")

    try:
        yield fast
    finally:
        fast.dispose()


def load(engine: Engine, plan: Plan) -> int:
    """Load everything in one transaction; how many links. Indexes are made afterwards."""
    with begin_write(engine) as connection:
        indexes = [index for table in _LOADED for index in table.indexes]
        for index in indexes:
            index.drop(connection)
        spares = _Spares(plan)
        _put(connection, items, _items(plan))
        _put(connection, vehicles, ((v, plan.vehicle_first + v) for v in range(plan.vehicles)))
        count = _put(connection, links, _batch_links(plan))
        count += _put(connection, links, _vehicle_links(plan, spares))
        count += _put(connection, links, _serial_links(plan, spares))
        _put(connection, items, spares.items())
        _put(connection, descriptions, _descriptions(plan))
        _put(connection, descriptions, spares.descriptions())
        _put(connection, t.processes, _processes(plan))
        _put(connection, t.claims, _claims(plan))
        for index in indexes:
            index.create(connection)
        _sets(connection, plan)
    if engine.dialect.name == "postgresql":  # whose own service would do it a little later
        with engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    return count


def _sets(connection: Connection, plan: Plan) -> None:
    """The sets of the view that sees both parties, and of which vehicles the first one spoke."""
    changes, nothing = sets_of(plan), BitMap().serialize()
    spoken = {key: each for key, each in changes.items() if key[0] is FactorKind.PARTY}
    met = {key: each for key, each in changes.items() if key not in spoken}
    parties = ",".join(map(str, sorted(PARTIES)))
    for view, name, held in ((0, "", spoken), (1, parties, met)):
        bulk.insert(connection, views, [(view, name, "{}", nothing, 0, 1 << 60)])
        FactorTable(connection).apply(view, held)


def _put(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> int:
    source, count = iter(rows), 0
    while part := list(islice(source, _AT_ONCE)):
        bulk.insert(connection, table, part)
        count += len(part)
    return count


class _Spares:
    """Parts beyond the ten of each vehicle: replacements, then the deep ones."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.replaced: dict[int, int] = {}
        for block in plan.blocks():
            for at in np.flatnonzero(block.replaced):
                self.replaced[block.first + int(at)] = plan.spare_first + len(self.replaced)
        self.deep_first = plan.spare_first + len(self.replaced)
        self.deep = {int(v): self.deep_first + n * DEEP_NODES for n, v in enumerate(plan.deep)}
        chains = list(self.deep)[DEEP - CHAINS :]
        self.chains = set(chains)

    def descriptions(self) -> Iterator[tuple[Any, ...]]:
        for number, *_ in self.items():
            yield number, PARTY, 0, 0, None, "part", "", f"PN-X{number % 89}", START_MS, ""

    def items(self) -> Iterator[tuple[int, int, int, str]]:
        last = self.deep_first + len(self.deep) * DEEP_NODES
        for number in range(self.plan.spare_first, last):
            yield number, _SERIAL, 0, f"X-{number:09}"


def _items(plan: Plan) -> Iterator[tuple[int, int, int, str]]:
    for number in range(1, plan.vehicle_first):
        yield number, _BATCH, 0, batch_id(number)
    for v in range(plan.vehicles):
        yield plan.vehicle_first + v, _VEHICLE, 0, vehicle_id(v)
    for at in range(SERIALS * plan.vehicles):
        yield plan.serial_first + at, _SERIAL, 0, f"S{at % SERIALS}-{at // SERIALS:08}"


def _link(
    parent: int,
    child: int,
    begins: int,
    kind: int,
    ends: int | None = None,
    group: str | None = None,
    party: int = PARTY,
) -> tuple[Any, ...]:
    certainty = 0 if group is None else 1
    return (
        *(parent, child, begins, party, 0, None if ends is None else 0, ends, kind, certainty, 0),
        *(None, None, group),
    )


def _batch_links(plan: Plan) -> Iterator[tuple[Any, ...]]:
    # A raw lot is the child of the batches made of it, as their makers say.
    for number in range(1, plan.component_batches + plan.raw_batches + 1):
        yield _link(number, int(plan.source_of(number)), START_MS, 1, party=MAKER)


def _vehicle_links(plan: Plan, spares: _Spares) -> Iterator[tuple[Any, ...]]:
    direct = list(plan.direct_places)
    doubtful = direct.index(plan.candidate_place)
    for block in plan.blocks():
        batches = block.places[:, direct].tolist()
        others = block.other.tolist()
        for at, (here, other) in enumerate(zip(batches, others, strict=True)):
            v = block.first + at
            parent, begins = plan.vehicle_first + v, time_of(plan, v)
            if other:
                yield _link(parent, other, begins, 1, group="g")
            for k, child in enumerate(here):
                group = "g" if other and k == doubtful else None
                yield _link(parent, child, begins, 1, group=group)
            first = plan.serial_first + SERIALS * v
            spare = spares.replaced.get(v)
            ends = None if spare is None else begins + _REPLACED_AFTER_MS
            yield _link(parent, first, begins, 0, ends)
            for child in range(first + 1, first + SERIALS):
                yield _link(parent, child, begins, 0)
            if spare is not None:
                yield _link(parent, spare, begins + _REPLACED_AFTER_MS, 0)
            if v in spares.deep:
                yield _link(parent, spares.deep[v], begins, 0)


def _serial_links(plan: Plan, spares: _Spares) -> Iterator[tuple[Any, ...]]:
    places = list(plan.serial_places)
    for block in plan.blocks():
        for at, here in enumerate(block.places[:, places].tolist()):
            first = plan.serial_first + SERIALS * (block.first + at)
            begins = time_of(plan, block.first + at)
            for k, child in enumerate(here):
                yield _link(first + k, child, begins, 1)
    for v, spare in spares.replaced.items():
        yield _link(spare, spare_batch(plan, v), time_of(plan, v), 1)
    for v, first in spares.deep.items():
        pairs = plan.deep_links(first, plan.vehicle_first + v, chain=v in spares.chains)
        for parent, child in islice(pairs, 1, None):
            yield _link(parent, child, START_MS, 0)


def _descriptions(plan: Plan) -> Iterator[tuple[Any, ...]]:
    for number in range(1, plan.vehicle_first):
        maker = f"SUP-{number % SUPPLIERS:02}"
        yield number, PARTY, 0, 0, None, "batch", maker, f"PN-{number % 97}", START_MS, ""
    for v in range(plan.vehicles):
        yield plan.vehicle_first + v, PARTY, 0, 2, None, "car", "", "M1", time_of(plan, v), ""
    for at in range(SERIALS * plan.vehicles):
        part = f"PN-S{at % SERIALS}"
        made = time_of(plan, at // SERIALS)
        yield plan.serial_first + at, PARTY, 0, 0, None, "part", "", part, made, ""


def _processes(plan: Plan) -> Iterator[tuple[Any, ...]]:
    for v in range(plan.vehicles):
        machine, station, shift = work_of(plan, v)
        end = time_of(plan, v)
        head = (v + 1, PARTY, f"P{v}", 0, plan.vehicle_first + v, station, end - 60_000, end)
        yield *head, machine, "", shift, "", "", "", 0


def claimed(plan: Plan) -> BitMap:
    """Vehicles that failed: one in 200, and one in 10 of those with one bad batch."""
    rng = np.random.default_rng(plan.seed + 1)
    some = np.flatnonzero(rng.random(plan.vehicles) < 0.005)
    lot = plan.lots[-3]
    bad = np.arange(lot, min(2 * lot, plan.vehicles))
    return BitMap(some) | BitMap(bad[rng.random(len(bad)) < 0.1])


def _claims(plan: Plan) -> Iterator[tuple[Any, ...]]:
    for number, v in enumerate(claimed(plan), 1):
        when = time_of(plan, v) + _REPLACED_AFTER_MS
        yield number, PARTY, f"C{v}", 0, plan.vehicle_first + v, 0, when, "E42", "", 0
