"""Reads of vouchers, pieces, documents and financings, limited to what concerns the reader.

A piece concerns its holders and offerees, past and present, and the issuer and paying bank of its
root. A root concerns whom any of its pieces concerns. A document concerns its buyer and seller, a
financing its seller, funder and bank. What does not concern a reader is answered like something
that does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, or_, select, true
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.rows import as_of, document_view, financing_view, piece_view
from xinlian.ledger.adapters.sql.tables import (
    document_versions,
    financing_versions,
    piece_versions,
    roots,
)
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.views import (
    DocumentView,
    EventView,
    FinancingView,
    Lineage,
    PieceView,
    VoucherView,
)
from xinlian.ledger.model.vouchers import FinancingState, PieceState
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.reading import Moment, Reader

__all__ = ["Books", "PieceRow", "Relation"]

Rows = Sequence[Row[tuple[Any, ...]]]
_doc = document_versions.c
_fin = financing_versions.c
_piece = piece_versions.c


class Relation(StrEnum):
    """What a party is to a piece or voucher."""

    ANY = "any"
    HOLDER = "holder"
    OFFEREE = "offeree"
    FORMER_HOLDER = "former_holder"
    ISSUER = "issuer"
    PAYING_BANK = "paying_bank"


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A piece as of a block, with its root's issuer and due day."""

    view: PieceView
    issuer: PartyId
    due_day: int


class Books:
    """The reads. Lists give up to ``limit`` rows after an id, in the order of ids."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def piece(self, reader: Reader, piece: int, moment: Moment) -> PieceRow:
        """One piece; refused with ``NOT_FOUND`` if there is none that concerns the reader."""
        query = _pieces(moment).where(_piece.piece == piece, _piece_concerns(reader.party))
        rows = self._all(query)
        if not rows:
            raise _nothing("piece", piece)
        return _piece_row(rows[0])

    def pieces(
        self,
        reader: Reader,
        moment: Moment,
        *,
        relation: Relation = Relation.ANY,
        states: Sequence[PieceState] = (),
        root: int | None = None,
        limit: int = 50,
        after: int = 0,
    ) -> list[PieceRow]:
        """Pieces that concern the reader, or to which it stands in a relation."""
        query = _pieces(moment).where(
            _piece.piece > after, _piece_relation(reader.party, relation, moment)
        )
        if states:
            query = query.where(_piece.state.in_([int(state) for state in states]))
        if root is not None:
            query = query.where(_piece.root == root)
        return [_piece_row(row) for row in self._all(query.order_by(_piece.piece).limit(limit))]

    def offers(
        self, reader: Reader, moment: Moment, *, incoming: bool, limit: int = 50, after: int = 0
    ) -> list[PieceRow]:
        """Pieces on offer to the reader, or by the reader; everybody's for who reads all."""
        states = (PieceState.ISSUED, PieceState.OFFERED)
        relation = Relation.OFFEREE if incoming else Relation.HOLDER
        return self.pieces(
            reader, moment, relation=relation, states=states, limit=limit, after=after
        )

    def history(
        self, reader: Reader, piece: int, moment: Moment, *, limit: int, after: tuple[int, int]
    ) -> list[EventView]:
        """What happened to a piece, oldest first, after a place (block, log index)."""
        self.piece(reader, piece, moment)
        with self._engine.connect() as connection:
            return queries.piece_history(connection, piece, moment.at, limit=limit, after=after)

    def lineage(self, reader: Reader, piece: int, moment: Moment) -> Lineage:
        """Where a piece comes from. Whoever may see a piece may see what stands behind it."""
        self.piece(reader, piece, moment)
        with self._engine.connect() as connection:
            found = queries.lineage(connection, piece, moment.at)
        if found is None:
            raise _nothing("piece", piece)
        return found

    def root(self, reader: Reader, root: int, moment: Moment) -> VoucherView:
        """One voucher; refused with ``NOT_FOUND`` if there is none that concerns the reader."""
        query = select(roots.c.root).where(
            roots.c.root == root, roots.c.block <= moment.at, _root_concerns(reader.party)
        )
        found = self._vouchers(query, moment)
        if not found:
            raise _nothing("voucher", root)
        return found[0]

    def roots(
        self,
        reader: Reader,
        moment: Moment,
        *,
        relation: Relation = Relation.ANY,
        document: bytes | None = None,
        limit: int = 50,
        after: int = 0,
    ) -> list[VoucherView]:
        """Vouchers that concern the reader, or to which it stands in a relation."""
        query = select(roots.c.root).where(
            roots.c.root > after,
            roots.c.block <= moment.at,
            _root_relation(reader.party, relation, moment),
        )
        if document is not None:
            query = query.where(roots.c.document == document)
        return self._vouchers(query.order_by(roots.c.root).limit(limit), moment)

    def document(self, reader: Reader, key: bytes, moment: Moment) -> DocumentView:
        """One trade document on chain, if it concerns the reader."""
        rows = self._all(_documents(reader.party, moment).where(_doc.document == key))
        if not rows:
            raise _nothing("document", f"0x{key.hex()}")
        return document_view(rows[0])

    def documents(
        self, reader: Reader, moment: Moment, *, limit: int = 50, after: bytes = b""
    ) -> list[DocumentView]:
        """Trade documents on chain."""
        query = _documents(reader.party, moment).where(_doc.document > after)
        return [document_view(row) for row in self._all(query.order_by(_doc.document).limit(limit))]

    def financing(self, reader: Reader, number: int, moment: Moment) -> FinancingView:
        """One financing, if it concerns the reader."""
        rows = self._all(_financings(reader.party, moment).where(_fin.financing == number))
        if not rows:
            raise _nothing("financing", number)
        return financing_view(rows[0])

    def financings(
        self,
        reader: Reader,
        moment: Moment,
        *,
        state: FinancingState | None = None,
        limit: int = 50,
        after: int = 0,
    ) -> list[FinancingView]:
        """Financings that concern the reader."""
        query = _financings(reader.party, moment).where(_fin.financing > after)
        if state is not None:
            query = query.where(_fin.state == int(state))
        rows = self._all(query.order_by(_fin.financing).limit(limit))
        return [financing_view(row) for row in rows]

    def receipts(self, roots: Sequence[int]) -> set[bytes]:
        """Receipts under which pieces of these roots were paid, as the chain shows them."""
        with self._engine.connect() as connection:
            return queries.receipts(connection, roots)

    def _all(self, query: Select[Any]) -> Rows:
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def _vouchers(self, query: Select[Any], moment: Moment) -> list[VoucherView]:
        with self._engine.connect() as connection:
            return queries.vouchers(connection, _numbers(connection, query), moment.at)


def _numbers(connection: Connection, query: Select[Any]) -> list[int]:
    return list(connection.execute(query).scalars())


def _pieces(moment: Moment) -> Select[Any]:
    query = select(piece_versions, roots.c.issuer, roots.c.due_day)
    query = query.join(roots, roots.c.root == _piece.root)
    return query.where(as_of(piece_versions, moment.at))


def _documents(party: int | None, moment: Moment) -> Select[Any]:
    query = select(document_versions).where(as_of(document_versions, moment.at))
    return query if party is None else query.where(or_(_doc.buyer == party, _doc.seller == party))


def _financings(party: int | None, moment: Moment) -> Select[Any]:
    query = select(financing_versions).where(as_of(financing_versions, moment.at))
    if party is None:
        return query
    return query.where(or_(_fin.seller == party, _fin.funder == party, _fin.bank == party))


def _piece_concerns(party: int | None) -> ColumnElement[bool]:
    if party is None:
        return true()
    hand = piece_versions.alias("hand")
    touched = select(hand.c.piece).where(or_(hand.c.holder == party, hand.c.offeree == party))
    return or_(roots.c.issuer == party, roots.c.paying_bank == party, _piece.piece.in_(touched))


def _root_concerns(party: int | None) -> ColumnElement[bool]:
    if party is None:
        return true()
    hand = piece_versions.alias("hand")
    touched = select(hand.c.root).where(or_(hand.c.holder == party, hand.c.offeree == party))
    return or_(roots.c.issuer == party, roots.c.paying_bank == party, roots.c.root.in_(touched))


def _piece_relation(party: int | None, relation: Relation, moment: Moment) -> ColumnElement[bool]:
    if party is None or relation is Relation.ANY:
        return _piece_concerns(party)
    if relation is Relation.HOLDER:
        return _piece.holder == party
    if relation is Relation.OFFEREE:
        return _piece.offeree == party
    if relation is Relation.ISSUER:
        return roots.c.issuer == party
    if relation is Relation.PAYING_BANK:
        return roots.c.paying_bank == party
    past = piece_versions.alias("past")
    held = select(past.c.piece).where(past.c.holder == party, past.c.to_block <= moment.at)
    return _piece.piece.in_(held) & (_piece.holder != party)


def _root_relation(party: int | None, relation: Relation, moment: Moment) -> ColumnElement[bool]:
    if party is None or relation is Relation.ANY:
        return _root_concerns(party)
    if relation is Relation.ISSUER:
        return roots.c.issuer == party
    if relation is Relation.PAYING_BANK:
        return roots.c.paying_bank == party
    hand = piece_versions.alias("hand")
    query = select(hand.c.root)
    if relation is Relation.FORMER_HOLDER:
        return roots.c.root.in_(query.where(hand.c.holder == party, hand.c.to_block <= moment.at))
    column = hand.c.holder if relation is Relation.HOLDER else hand.c.offeree
    now = (hand.c.from_block <= moment.at) & (hand.c.to_block > moment.at)
    return roots.c.root.in_(query.where(column == party, now))


def _piece_row(row: Row[tuple[Any, ...]]) -> PieceRow:
    return PieceRow(piece_view(row), PartyId(row.issuer), row.due_day)


def _nothing(what: str, number: object) -> RefusedError:
    return RefusedError(Code.NOT_FOUND, f"there is no {what} {number} that concerns you")
