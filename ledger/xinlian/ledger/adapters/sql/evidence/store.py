"""The store of evidence logs in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, and_, delete, insert, select, update
from xinlian.ledger.adapters.sql.bulk import bulk_for
from xinlian.ledger.adapters.sql.evidence.driver import put, rows_by_key
from xinlian.ledger.adapters.sql.evidence.heads import HeadStore
from xinlian.ledger.adapters.sql.evidence.runs import (
    STORED_BYTES,
    erase_record,
    pack_records,
    unpack_record,
)
from xinlian.ledger.adapters.sql.evidence.tables import (
    evidence_buckets,
    evidence_erasures,
    evidence_leaves,
    evidence_logs,
    evidence_tiles,
)
from xinlian.ledger.model.evidence.gaps import Times
from xinlian.ledger.model.evidence.heads import LogInfo
from xinlian.ledger.model.evidence.leaf import BODY, key_commitment
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.usecases.evidence.ports import (
    RUN_MAX,
    LogRow,
    Run,
    StoredLeaf,
    StoredRecord,
    Tree,
)

_STORED: Final = np.dtype(
    {"names": ["event_time"], "formats": [">i8"], "offsets": [104], "itemsize": STORED_BYTES}
)
"""Where the event time lies in a leaf as stored."""
_ROWS_AT_ONCE: Final = 1_000
_KEYS_AT_ONCE: Final = 2_000


class SqlEvidence(HeadStore):
    """Logs, leaves, nodes, index and heads in the tables of ``tables``."""

    def create(self, conn: Connection, info: LogInfo, key: bytes, now_ms: int) -> None:
        """Add a log without leaves."""
        conn.execute(
            insert(evidence_logs).values(
                log_id=info.log_id,
                chain_id=info.chain_id,
                contract=bytes(info.contract),
                party=info.party,
                stream=info.stream,
                subject_key=key,
                sm3=int(info.sm3),
                created_ms=now_ms,
                size=0,
                last_leaf=bytes(32),
                head_size=0,
                subjects=0,
                index_bits=0,
            )
        )

    def log(self, conn: Connection, log_id: bytes, *, lock: bool = False) -> LogRow | None:
        """A log; locked until the end of the transaction if it is to grow."""
        query = select(evidence_logs).where(evidence_logs.c.log_id == log_id)
        row = conn.execute(query.with_for_update() if lock else query).first()
        return None if row is None else _log(row)

    def logs(self, conn: Connection) -> list[LogRow]:
        """Every log."""
        return [_log(row) for row in conn.execute(select(evidence_logs).order_by("id"))]

    def waiting(self, conn: Connection) -> list[LogRow]:
        """Logs with leaves that no head covers, the longest waiting first."""
        since = evidence_logs.c.waiting_since_ms
        query = select(evidence_logs).where(since.is_not(None)).order_by(since, evidence_logs.c.id)
        return [_log(row) for row in conn.execute(query)]

    def add_runs(self, conn: Connection, log: int, runs: Iterable[Run], now_ms: int) -> None:
        """Write leaves and records."""
        bulk_for(conn).insert(
            conn,
            evidence_leaves,
            [
                (
                    *(log, run.first // RUN_MAX, run.first, len(run.leaves), now_ms),
                    *(b"".join(run.leaves), pack_records(run.payloads)),
                )
                for run in runs
            ],
        )

    def grow(self, conn: Connection, log: int, size: int, last_leaf: bytes, now_ms: int) -> None:
        """The log has ``size`` leaves now."""
        table = evidence_logs
        conn.execute(update(table).where(table.c.id == log).values(size=size, last_leaf=last_leaf))
        conn.execute(
            update(table)
            .where(and_(table.c.id == log, table.c.waiting_since_ms.is_(None)))
            .values(waiting_since_ms=now_ms)
        )

    def put_tiles(
        self, conn: Connection, log: int, tree: Tree, tiles: Sequence[tuple[int, int, bytes]]
    ) -> None:
        """Write or replace tiles: (level, number, hashes)."""
        put(conn, evidence_tiles, [(log, int(tree), *tile) for tile in tiles])

    def tiles(
        self, conn: Connection, log: int, tree: Tree, level: int, numbers: Sequence[int]
    ) -> dict[int, bytes]:
        """Tiles of one level by number; those that are not there are left out."""
        fixed = {"log": log, "tree": int(tree), "level": level}
        rows = rows_by_key(conn, evidence_tiles, "t.number, t.hashes", fixed, "number", numbers)
        return dict(rows)

    def leaves_from(
        self, conn: Connection, log: int, low: int, high: int
    ) -> Iterator[tuple[int, StoredLeaf]]:
        """The leaves from ``low`` to ``high`` (not included) with their indices, in order."""
        for first, start, end, leaves in self._range(conn, log, low, high):
            for index in range(start, end):
                yield index, _leaf(leaves, index - first)

    def event_times(self, conn: Connection, log: int, low: int, high: int) -> Times:
        """Event times in ms of the leaves from ``low`` to ``high`` (not included)."""
        parts = [np.empty(0, np.int64)]
        for first, start, end, leaves in self._range(conn, log, low, high):
            stored = np.frombuffer(leaves, _STORED)["event_time"]
            parts.append(stored[start - first : end - first].astype(np.int64))
        return np.concatenate(parts)

    def _range(
        self, conn: Connection, log: int, low: int, high: int
    ) -> Iterator[tuple[int, int, int, bytes]]:
        """Runs in order: first leaf, the part of them that is asked for, packed leaves."""
        table = evidence_leaves
        at = low
        while at < high:
            query = (
                select(table.c.first, table.c["count"], table.c.leaves)
                .where(table.c.log == log, table.c.block >= at // RUN_MAX)
                .order_by(table.c.block, table.c.first)
                .limit(_ROWS_AT_ONCE)
            )
            for first, count, leaves in conn.execute(query):
                if first < high and first + count > at:
                    yield first, at, min(high, first + count), leaves
                    at = min(high, first + count)

    def leaves(self, conn: Connection, log: int, indices: Iterable[int]) -> dict[int, StoredLeaf]:
        """Leaves by index."""
        found: dict[int, StoredLeaf] = {}
        by_block = _by_block(indices)
        for block, first, count, leaves in self._runs(conn, log, list(by_block), "t.leaves"):
            for index in by_block[block]:
                if first <= index < first + count:
                    found[index] = _leaf(leaves, index - first)
        return found

    def records(
        self, conn: Connection, log: int, indices: Iterable[int]
    ) -> dict[int, tuple[StoredLeaf, StoredRecord]]:
        """Leaves with their records by index; leaves of one record share it."""
        held: dict[int, tuple[StoredLeaf, StoredRecord | int]] = {}
        by_block = _by_block(indices)
        wanted = "t.leaves, t.records"
        for block, first, count, leaves, records in self._runs(conn, log, list(by_block), wanted):
            for index in by_block[block]:
                at = index - first
                if 0 <= at < count:
                    held[index] = (_leaf(leaves, at), unpack_record(records, count, at, index))
        firsts = {first for _, first in held.values() if isinstance(first, int)}
        shared = self.records(conn, log, sorted(firsts)) if firsts else {}
        return {
            index: (leaf, shared[record][1] if isinstance(record, int) else record)
            for index, (leaf, record) in held.items()
        }

    def _runs(
        self, conn: Connection, log: int, blocks: Sequence[int], columns: str
    ) -> Iterator[tuple[Any, ...]]:
        names = f"t.block, t.first, t.count, {columns}"
        for at in range(0, len(blocks), _KEYS_AT_ONCE):
            part = blocks[at : at + _KEYS_AT_ONCE]
            yield from rows_by_key(conn, evidence_leaves, names, {"log": log}, "block", part)

    def erase(
        self, conn: Connection, log: int, first: int, kept: Sequence[bytes], now_ms: int
    ) -> None:
        """Replace the record whose first leaf that is, and its secret, by the commitments to its
        fields.

        SQLite overwrites the bytes with zeros; PostgreSQL does when it next vacuums the table.
        """
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA secure_delete=ON")
        table = evidence_leaves
        block = first // RUN_MAX
        for _, start, count, records in self._runs(conn, log, [block], "t.records"):
            if not start <= first < start + count:
                continue
            conn.execute(
                update(table)
                .where(table.c.log == log, table.c.block == block, table.c.first == start)
                .values(records=erase_record(records, count, first - start, kept))
            )
            conn.execute(insert(evidence_erasures).values(log=log, leaf=first, erased_ms=now_ms))

    def buckets(
        self, conn: Connection, log: int, bits: int, numbers: Sequence[int]
    ) -> dict[int, bytes]:
        """Buckets of the index by number; empty ones are left out."""
        fixed = {"log": log, "bits": bits}
        rows = rows_by_key(conn, evidence_buckets, "t.bucket, t.entries", fixed, "bucket", numbers)
        return dict(rows)

    def put_buckets(
        self, conn: Connection, log: int, bits: int, buckets: Sequence[tuple[int, bytes]]
    ) -> None:
        """Write or replace buckets."""
        put(conn, evidence_buckets, [(log, bits, *bucket) for bucket in buckets])

    def drop_index(self, conn: Connection, log: int, bits: int) -> None:
        """Remove the buckets of that depth and the nodes above them."""
        buckets, tiles = evidence_buckets, evidence_tiles
        conn.execute(delete(buckets).where(buckets.c.log == log, buckets.c.bits == bits))
        conn.execute(delete(tiles).where(tiles.c.log == log, tiles.c.tree == int(Tree.INDEX)))


def _leaf(leaves: bytes, at: int) -> StoredLeaf:
    start = STORED_BYTES * at
    end = start + BODY.size
    return StoredLeaf(leaves[start:end], int.from_bytes(leaves[end : end + 8], "big"))


def _by_block(indices: Iterable[int]) -> dict[int, list[int]]:
    blocks: dict[int, list[int]] = {}
    for index in indices:
        blocks.setdefault(index // RUN_MAX, []).append(index)
    return blocks


def _log(row: Any) -> LogRow:
    return LogRow(
        row.id,
        LogInfo(
            row.log_id,
            row.chain_id,
            Address(row.contract),
            PartyId(row.party),
            row.stream,
            key_commitment(row.subject_key),
            bool(row.sm3),
        ),
        row.subject_key,
        row.size,
        row.last_leaf,
        row.head_size,
        row.subjects,
        row.index_bits,
        row.waiting_since_ms,
    )
