"""Queries of documents, financings, parties, rules and orders; see ``queries``."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, select
from xinlian.ledger.adapters.sql import tables
from xinlian.ledger.adapters.sql.rows import (
    as_of,
    document_view,
    financing_view,
    page,
    party_view,
)
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.views import (
    DocumentView,
    FinancingView,
    OrderView,
    PartyView,
    PolicyView,
)
from xinlian.ledger.model.vouchers import Policy


def document(connection: Connection, key: bytes, at: int | None = None) -> DocumentView | None:
    """One trade document."""
    table = tables.document_versions
    row = connection.execute(
        select(table).where(table.c.document == key, as_of(table, at))
    ).one_or_none()
    return None if row is None else document_view(row)


def documents(
    connection: Connection,
    at: int | None = None,
    *,
    buyer: int | None = None,
    seller: int | None = None,
    limit: int = 100,
    after: bytes = b"",
) -> list[DocumentView]:
    """Documents by key, of one buyer or seller if asked for."""
    table = tables.document_versions
    query = select(table).where(as_of(table, at), table.c.document > after)
    if buyer is not None:
        query = query.where(table.c.buyer == buyer)
    if seller is not None:
        query = query.where(table.c.seller == seller)
    rows = connection.execute(query.order_by(table.c.document).limit(page(limit)))
    return [document_view(row) for row in rows]


# Financings


def financing(connection: Connection, number: int, at: int | None = None) -> FinancingView | None:
    """One financing."""
    table = tables.financing_versions
    row = connection.execute(
        select(table).where(table.c.financing == number, as_of(table, at))
    ).one_or_none()
    return None if row is None else financing_view(row)


def financings(
    connection: Connection,
    at: int | None = None,
    *,
    seller: int | None = None,
    funder: int | None = None,
    piece: int | None = None,
    limit: int = 100,
    after: int = 0,
) -> list[FinancingView]:
    """Financings by number, of one seller, funder or piece if asked for."""
    table = tables.financing_versions
    query = select(table).where(as_of(table, at), table.c.financing > after)
    if seller is not None:
        query = query.where(table.c.seller == seller)
    if funder is not None:
        query = query.where(table.c.funder == funder)
    if piece is not None:
        query = query.where(table.c.piece == piece)
    rows = connection.execute(query.order_by(table.c.financing).limit(page(limit)))
    return [financing_view(row) for row in rows]


# Parties and rules


def party(connection: Connection, number: int, at: int | None = None) -> PartyView | None:
    """One party with its accounts."""
    found = parties(connection, at, limit=1, after=number - 1)
    return found[0] if found and found[0].party == number else None


def parties(
    connection: Connection, at: int | None = None, *, limit: int = 100, after: int = 0
) -> list[PartyView]:
    """Parties by number with their accounts."""
    table, accounts = tables.party_versions, tables.account_versions
    rows = connection.execute(
        select(table)
        .where(as_of(table, at), table.c.party > after)
        .order_by(table.c.party)
        .limit(page(limit))
    ).all()
    signers: dict[int, list[Address]] = defaultdict(list)
    found = connection.execute(
        select(accounts.c.party, accounts.c.account)
        .where(as_of(accounts, at), accounts.c.party.in_([row.party for row in rows]))
        .order_by(accounts.c.account)
    )
    for number, account in found:
        signers[number].append(Address(bytes(account)))
    return [party_view(row, signers[row.party]) for row in rows]


def party_of_account(
    connection: Connection, account: bytes, at: int | None = None
) -> PartyId | None:
    """The party for which an account signs."""
    table = tables.account_versions
    number = connection.execute(
        select(table.c.party).where(table.c.account == account, as_of(table, at))
    ).scalar()
    return PartyId(number) if number else None


def policies(connection: Connection, at: int | None = None) -> list[PolicyView]:
    """All rows of market rules, oldest first; at most 255."""
    table = tables.policies
    query = select(table).order_by(table.c.number)
    if at is not None:
        query = query.where(table.c.block <= at)
    return [
        PolicyView(
            row.number,
            Policy(
                row.valid_from,
                row.tenor_months_soft,
                row.tenor_months_hard,
                row.max_depth,
                row.max_pieces,
                row.offer_seconds_max,
                row.grace_days,
            ),
        )
        for row in connection.execute(query)
    ]


# Orders


def order(connection: Connection, digest: bytes) -> list[OrderView]:
    """What became of an order each time a contract saw it, oldest first; empty if never."""
    table = tables.order_results
    rows = connection.execute(
        select(table)
        .where(table.c.digest == digest)
        .order_by(table.c.block, table.c.log_index)
        .limit(page(100))
    )
    return [
        OrderView(
            bytes(row.digest),
            row.block,
            row.log_index,
            bytes(row.tx_hash),
            row.contract,
            PartyId(row.party),
            int.from_bytes(bytes(row.nonce)),
            row.kind,
            bool(row.executed),
            bool(row.burned),
            bytes(row.reason),
        )
        for row in rows
    ]
