"""Heads of evidence logs in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update
from xinlian.ledger.adapters.sql.evidence.tables import evidence_heads, evidence_logs
from xinlian.ledger.model.evidence.heads import Anchor, Head
from xinlian.ledger.usecases.evidence.ports import LogRow, StoredHead


class HeadStore:
    """Heads as cut, and the blocks that carry them."""

    def add_head(
        self, conn: Connection, row: LogRow, head: Head, subjects: int, bits: int, now_ms: int
    ) -> None:
        """A head over everything in the log; nothing waits any more."""
        conn.execute(
            insert(evidence_heads).values(
                log=row.id,
                size=head.size,
                root=head.root,
                index_root=head.index_root,
                sm3_root=head.sm3_root,
                cut_ms=now_ms,
            )
        )
        conn.execute(
            update(evidence_logs)
            .where(evidence_logs.c.id == row.id)
            .values(head_size=head.size, subjects=subjects, index_bits=bits, waiting_since_ms=None)
        )

    def head(self, conn: Connection, row: LogRow, size: int) -> StoredHead | None:
        """The head at a size."""
        table = evidence_heads
        found = conn.execute(
            select(table).where(table.c.log == row.id, table.c.size == size)
        ).first()
        return None if found is None else _head(row, found)

    def open_heads(self, conn: Connection, row: LogRow) -> list[StoredHead]:
        """Heads that no block is known to carry, the smallest first."""
        table = evidence_heads
        query = (
            select(table)
            .where(table.c.log == row.id, table.c.tx_hash.is_(None))
            .order_by(table.c.size)
        )
        return [_head(row, found) for found in conn.execute(query)]

    def last_anchored(self, conn: Connection, row: LogRow) -> StoredHead | None:
        """The largest head that a block carries."""
        table = evidence_heads
        query = (
            select(table)
            .where(table.c.log == row.id, table.c.tx_hash.is_not(None))
            .order_by(table.c.size.desc())
            .limit(1)
        )
        found = conn.execute(query).first()
        return None if found is None else _head(row, found)

    def anchor(self, conn: Connection, row: LogRow, size: int, anchor: Anchor, gaps: bytes) -> None:
        """A block carries the head."""
        table = evidence_heads
        conn.execute(
            update(table)
            .where(table.c.log == row.id, table.c.size == size)
            .values(
                tx_hash=anchor.transaction,
                block_number=anchor.block_number,
                block_hash=anchor.block_hash,
                block_time=anchor.block_time,
                gaps=gaps,
            )
        )

    def gaps(self, conn: Connection, row: LogRow) -> list[bytes]:
        """What ``anchor`` was given about each head."""
        table = evidence_heads
        query = select(table.c.gaps).where(table.c.log == row.id, table.c.gaps.is_not(None))
        return list(conn.execute(query.order_by(table.c.size)).scalars())


def _head(row: LogRow, found: Any) -> StoredHead:
    anchor = None
    if found.tx_hash is not None:
        anchor = Anchor(found.tx_hash, found.block_number, found.block_hash, found.block_time)
    head = Head(row.info.log_id, found.size, found.root, found.index_root, found.sm3_root)
    return StoredHead(head, found.cut_ms, anchor)
