"""A log of more than 65,536 leaves: nodes of three levels of tiles, and a proof reads few rows."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.tree import (
    MemoryNodes,
    inclusion,
    multiproof,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from xinlian.ledger.usecases.evidence import EvidenceLogs, Request
from xinlian.ledger.usecases.evidence.ports import StoredLeaf, StoredRecord, Tree
from xinlian.ledger.usecases.evidence.reading import TileNodes

from tests.ledger.evidence.plainly import logs_on, recomputed

SIZE = 66_000
ROWS_MAX = 12


class Counting(SqlEvidence):
    """Counts what is asked for."""

    def __init__(self) -> None:
        self.rows = 0

    def tiles(
        self, conn: Connection, log: int, tree: Tree, level: int, numbers: Sequence[int]
    ) -> dict[int, bytes]:
        self.rows += len(numbers)
        return super().tiles(conn, log, tree, level, numbers)

    def buckets(
        self, conn: Connection, log: int, bits: int, numbers: Sequence[int]
    ) -> dict[int, bytes]:
        self.rows += len(numbers)
        return super().buckets(conn, log, bits, numbers)

    def leaves(self, conn: Connection, log: int, indices: Iterable[int]) -> dict[int, StoredLeaf]:
        wanted = list(indices)
        self.rows += len(wanted)
        return super().leaves(conn, log, wanted)

    def records(
        self, conn: Connection, log: int, indices: Iterable[int]
    ) -> dict[int, tuple[StoredLeaf, StoredRecord]]:
        wanted = list(indices)
        self.rows += len(wanted)
        return super().records(conn, log, wanted)


def record(at: int) -> dict[str, Any]:
    return {
        "schema": "test/1",
        "subject": f"part {at % 7_000}",
        "event_time": "2026-11-22T08:00:00.000Z",
    }


@pytest.fixture
def log(sqlite: Engine) -> tuple[bytes, list[bytes]]:
    """A log with a head over it; its id and leaf hashes."""
    logs, info = logs_on(sqlite)
    for first in range(0, SIZE, 22_000):
        with begin_write(sqlite) as conn:
            logs.append(conn, info.log_id, [record(first + at) for at in range(22_000)])
    with begin_write(sqlite) as conn:
        logs.cut_head(conn, info.log_id)
    return info.log_id, recomputed(sqlite, info)


def test_proofs_read_few_rows_and_are_right(sqlite: Engine, log: tuple[bytes, list[bytes]]) -> None:
    log_id, hashes = log
    whole = MemoryNodes(hashes)
    store = Counting()
    logs = EvidenceLogs(store)
    rnd = random.Random(1)
    places = [0, 255, 256, 65_535, 65_536, SIZE - 1, *(rnd.randrange(SIZE) for _ in range(20))]
    with begin_read(sqlite) as conn:
        head = logs.newest_head(conn, log_id)
        assert head is not None
        root = head.head.root
        for index in places:
            store.rows = 0
            logs.prove(conn, {log_id: Request(indices=[index])})
            assert store.rows <= ROWS_MAX
            proof = inclusion(TileNodes(conn, store, 1), index, SIZE)
            assert proof == inclusion(whole, index, SIZE)
            assert verify_inclusion(index, SIZE, hashes[index], proof, root)
        store.rows = 0
        logs.prove(conn, {log_id: Request(subjects=["part 17"])})
        assert store.rows <= 10 * ROWS_MAX  # ten records, by their links
        some = sorted(rnd.sample(range(SIZE), 300))
        nodes = TileNodes(conn, store, 1)
        nodes.load(some, SIZE)
        assert multiproof(nodes, some, SIZE) == multiproof(whole, some, SIZE)
        for old in (1, 300, 65_535, 65_536, 65_537, SIZE - 1):
            joined = logs.consistency(conn, log_id, old, SIZE)
            old_root = MemoryNodes(hashes[:old])
            assert verify_consistency(old, root_of(old_root, old), SIZE, root, joined)
