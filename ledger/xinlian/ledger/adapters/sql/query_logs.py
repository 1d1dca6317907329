"""Queries of the evidence logs and their heads, as the books have them from the chain."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select
from xinlian.ledger.adapters.sql.rows import as_of, page
from xinlian.ledger.adapters.sql.tables import anchored_heads, blocks, log_versions
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.views import HeadOnChain, LogView, LogWriterView


def evidence_log(connection: Connection, log: bytes, at: int | None = None) -> LogView | None:
    """One log as of a block, or None if it was not open then."""
    query = select(log_versions).where(as_of(log_versions, at), log_versions.c.log == log)
    row = connection.execute(query).one_or_none()
    return None if row is None else _log_view(row)


def evidence_logs(
    connection: Connection,
    at: int | None = None,
    *,
    party: int | None = None,
    limit: int = 100,
    after: bytes = b"",
) -> list[LogView]:
    """Logs in the order of their ids, all or those of a party."""
    query = select(log_versions).where(as_of(log_versions, at), log_versions.c.log > after)
    if party is not None:
        query = query.where(log_versions.c.party == party)
    rows = connection.execute(query.order_by(log_versions.c.log).limit(page(limit)))
    return [_log_view(row) for row in rows]


def log_writers(connection: Connection, log: bytes) -> list[LogWriterView]:
    """Every account that was the log's writer, oldest first; empty before the log is open."""
    begun, ended = blocks.alias(), blocks.alias()
    query = (
        select(log_versions.c.writer, begun.c.time.label("since"), ended.c.time.label("until"))
        .join(begun, begun.c.height == log_versions.c.from_block)
        .outerjoin(ended, ended.c.height == log_versions.c.to_block)
        .where(log_versions.c.log == log)
        .order_by(log_versions.c.from_block)
    )
    return [
        LogWriterView(Address(bytes(row.writer)), row.since, row.until)
        for row in connection.execute(query)
    ]


def newest_head(connection: Connection, log: bytes, at: int | None = None) -> HeadOnChain | None:
    """The head of a log as of a block; None before the first."""
    query = _heads(log).order_by(anchored_heads.c.size.desc()).limit(1)
    if at is not None:
        query = query.where(anchored_heads.c.block <= at)
    return _one(connection, query)


def covering_head(connection: Connection, log: bytes, size: int) -> HeadOnChain | None:
    """The first head of at least ``size`` leaves: the one that fixed leaf ``size - 1``."""
    query = _heads(log).where(anchored_heads.c.size >= size)
    return _one(connection, query.order_by(anchored_heads.c.size).limit(1))


def heads_of(
    connection: Connection, log: bytes, *, limit: int = 100, after: int = 0
) -> list[HeadOnChain]:
    """Heads of a log with more than ``after`` leaves, smallest first."""
    query = _heads(log).where(anchored_heads.c.size > after).order_by(anchored_heads.c.size)
    return [_head_view(row) for row in connection.execute(query.limit(page(limit)))]


def _heads(log: bytes) -> Select[Any]:
    head = anchored_heads
    block = select(head, blocks.c.hash.label("block_hash"), blocks.c.time)
    return block.join(blocks, blocks.c.height == head.c.block).where(head.c.log == log)


def _one(connection: Connection, query: Select[Any]) -> HeadOnChain | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else _head_view(row)


def _log_view(row: Any) -> LogView:
    return LogView(
        bytes(row.log),
        row.from_block,
        PartyId(row.party),
        row.stream,
        bytes(row.key_commitment),
        Address(bytes(row.writer)),
        bool(row.sm3),
    )


def _head_view(row: Any) -> HeadOnChain:
    return HeadOnChain(
        bytes(row.log),
        PartyId(row.party),
        row.size,
        bytes(row.root),
        bytes(row.index_root),
        bytes(row.sm3_root),
        row.block,
        bytes(row.block_hash),
        row.time,
        bytes(row.tx_hash),
    )
