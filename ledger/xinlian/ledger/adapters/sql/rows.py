"""Rows of the tables as views, and the one condition that every query as of a block shares."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, select
from xinlian.ledger.adapters.sql import tables
from xinlian.ledger.adapters.sql.tables import OPEN
from xinlian.ledger.model.days import day_at
from xinlian.ledger.model.ids import DocumentKey, FinancingId, PartyId, PieceId, RootId
from xinlian.ledger.model.parties import PartyStatus, Role
from xinlian.ledger.model.views import DocumentView, FinancingView, PartyView, PieceView
from xinlian.ledger.model.vouchers import FinancingState, PieceState

PAGE_MAX: Final = 1_000
"""Most rows of one page of a list."""


def page(limit: int) -> int:
    """The size of a page: at least one row, at most ``PAGE_MAX``."""
    return max(1, min(limit, PAGE_MAX))


def as_of(table: Table, at: int | None) -> ColumnElement[bool]:
    """The versions that held after block ``at``, or that hold now."""
    if at is None:
        return table.c.to_block == OPEN
    return and_(table.c.from_block <= at, table.c.to_block > at)


def day_as_of(connection: Connection, at: int | None) -> int:
    """The day in China at a block, or at the last one; 0 before the first."""
    blocks = tables.blocks.c
    top = OPEN if at is None else at
    time = connection.execute(
        select(blocks.time).where(blocks.height <= top).order_by(blocks.height.desc()).limit(1)
    ).scalar()
    return 0 if time is None else day_at(time)


def piece_view(row: Any) -> PieceView:
    """A row of ``piece_versions``."""
    return PieceView(
        PieceId(row.piece),
        RootId(row.root),
        row.from_block,
        PartyId(row.holder),
        PartyId(row.offeree),
        row.range_start,
        row.range_end,
        row.expiry,
        PieceState(row.state),
        row.depth,
        row.parent,
        row.hops,
    )


def document_view(row: Any) -> DocumentView:
    """A row of ``document_versions``."""
    return DocumentView(
        DocumentKey(bytes(row.document)),
        row.kind,
        PartyId(row.buyer),
        PartyId(row.seller),
        row.usable,
        row.used,
        row.shortfall,
    )


def financing_view(row: Any) -> FinancingView:
    """A row of ``financing_versions``."""
    return FinancingView(
        FinancingId(row.financing),
        PieceId(row.piece),
        PartyId(row.seller),
        PartyId(row.funder),
        PartyId(row.bank),
        row.expiry,
        FinancingState(row.state),
        bool(row.sale),
        bool(row.recourse),
        row.price,
        row.maturity_day,
        bytes(row.terms),
        bytes(row.registration),
        row.from_block,
    )


def party_view(row: Any, accounts: list[Any]) -> PartyView:
    """A row of ``party_versions`` with the party's accounts."""
    return PartyView(
        PartyId(row.party),
        bytes(row.id_hash),
        Role(row.roles),
        PartyStatus(row.status),
        row.threshold,
        tuple(accounts),
    )
