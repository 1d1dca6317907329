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

from sqlalchemy import ColumnElement, Engine, Row, Select, or_, select, true
from xinlian.ledger.adapters.sql.tables import (
    document_versions,
    financing_versions,
    piece_versions,
    roots,
)
from xinlian.ledger.model.days import day_at
from xinlian.ledger.model.ids import DocumentKey, FinancingId, PartyId, PieceId, RootId
from xinlian.ledger.model.vouchers import (
    Document,
    Financing,
    FinancingState,
    Piece,
    PieceState,
    Root,
    RootState,
    StoredState,
    shown_state,
)
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.reading import Moment, Reader

__all__ = [
    "Books",
    "DocumentRow",
    "FinancingRow",
    "PieceRow",
    "Relation",
    "RootRow",
]

Rows = Row[tuple[Any, ...]]


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
    """A piece as of a block, with what belongs to its root."""

    id: PieceId
    root: RootId
    piece: Piece
    issuer: PartyId
    due_day: int
    hops: int
    since_block: int


@dataclass(frozen=True, slots=True)
class RootRow:
    """A root as of a block. ``unpaid`` is the sum of its pieces that are still owed, fen."""

    id: RootId
    root: Root
    payee: PartyId
    terms: bytes
    block: int
    state: RootState
    unpaid: int


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A trade document as of a block."""

    key: DocumentKey
    document: Document
    since_block: int


@dataclass(frozen=True, slots=True)
class FinancingRow:
    """A financing as of a block."""

    id: FinancingId
    financing: Financing
    since_block: int


class Books:
    """The reads. ``at`` always names a block; lists give up to ``limit`` rows after an id."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # -- pieces --------------------------------------------------------------------------------

    def piece(self, reader: Reader, piece: int, moment: Moment) -> PieceRow:
        """One piece; refused with ``NOT_FOUND`` if there is none that concerns the reader."""
        query = _pieces(moment.at).where(
            piece_versions.c.piece == piece, _piece_concerns(reader.party)
        )
        row = self._first(query)
        if row is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no piece {piece} that concerns you")
        return _piece_row(row)

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
        """Pieces in order of their ids."""
        query = _pieces(moment.at).where(
            piece_versions.c.piece > after, _piece_relation(reader.party, relation, moment.at)
        )
        if states:
            query = query.where(piece_versions.c.state.in_([int(state) for state in states]))
        if root is not None:
            query = query.where(piece_versions.c.root == root)
        return [
            _piece_row(row)
            for row in self._all(query.order_by(piece_versions.c.piece).limit(limit))
        ]

    def offers(
        self, reader: Reader, moment: Moment, *, incoming: bool, limit: int = 50, after: int = 0
    ) -> list[PieceRow]:
        """Pieces on offer to the reader, or by the reader; of everybody for who reads all."""
        states = (PieceState.ISSUED, PieceState.OFFERED)
        relation = Relation.OFFEREE if incoming else Relation.HOLDER
        return self.pieces(
            reader, moment, relation=relation, states=states, limit=limit, after=after
        )

    def history(self, reader: Reader, piece: int, moment: Moment) -> list[PieceRow]:
        """Every version of a piece up to the moment, oldest first."""
        self.piece(reader, piece, moment)
        query = (
            _piece_columns()
            .where(piece_versions.c.piece == piece, piece_versions.c.from_block <= moment.at)
            .order_by(piece_versions.c.from_block)
        )
        return [_piece_row(row) for row in self._all(query)]

    def ancestors(self, reader: Reader, piece: int, moment: Moment) -> list[PieceRow]:
        """The piece and those it was cut off, up to the first of its root, as of the moment."""
        found = [self.piece(reader, piece, moment)]
        while found[-1].id & 0xFFFF:
            parent = found[-1].root << 16 | found[-1].piece.parent
            row = self._first(_pieces(moment.at).where(piece_versions.c.piece == parent))
            if row is None or row.piece >= found[-1].id:
                break
            found.append(_piece_row(row))
        return found

    # -- vouchers ------------------------------------------------------------------------------

    def root(self, reader: Reader, root: int, moment: Moment) -> RootRow:
        """One voucher; refused with ``NOT_FOUND`` if there is none that concerns the reader."""
        query = select(roots).where(
            roots.c.root == root, roots.c.block <= moment.at, _root_concerns(reader.party)
        )
        row = self._first(query)
        if row is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no voucher {root} that concerns you")
        return self._root_rows([row], moment)[0]

    def roots(
        self,
        reader: Reader,
        moment: Moment,
        *,
        relation: Relation = Relation.ANY,
        document: bytes | None = None,
        limit: int = 50,
        after: int = 0,
    ) -> list[RootRow]:
        """Vouchers in order of their numbers."""
        query = select(roots).where(
            roots.c.root > after,
            roots.c.block <= moment.at,
            _root_relation(reader.party, relation, moment.at),
        )
        if document is not None:
            query = query.where(roots.c.document == document)
        return self._root_rows(self._all(query.order_by(roots.c.root).limit(limit)), moment)

    def _root_rows(self, rows: Sequence[Rows], moment: Moment) -> list[RootRow]:
        numbers = [row.root for row in rows]
        pieces: dict[int, list[Piece]] = {number: [] for number in numbers}
        query = _pieces(moment.at).where(piece_versions.c.root.in_(numbers))
        for row in self._all(query.order_by(piece_versions.c.piece)):
            pieces[row.root].append(_piece(row))
        return [_root_row(row, pieces[row.root], moment) for row in rows]

    # -- documents and financings --------------------------------------------------------------

    def document(self, reader: Reader, key: bytes, moment: Moment) -> DocumentRow:
        """One trade document on chain, if it concerns the reader."""
        row = self._first(_documents(reader.party, moment.at).where(_doc.document == key))
        if row is None:
            raise RefusedError(
                Code.NOT_FOUND, f"there is no document 0x{key.hex()} that concerns you"
            )
        return _document_row(row)

    def find_document(self, key: bytes, moment: Moment) -> DocumentRow | None:
        """One trade document on chain, whomever it concerns; ``None`` if there is none."""
        row = self._first(_documents(None, moment.at).where(_doc.document == key))
        return None if row is None else _document_row(row)

    def documents(
        self, reader: Reader, moment: Moment, *, limit: int = 50, after: bytes = b""
    ) -> list[DocumentRow]:
        """Trade documents on chain in order of their keys."""
        query = _documents(reader.party, moment.at).where(_doc.document > after)
        return [_document_row(row) for row in self._all(query.order_by(_doc.document).limit(limit))]

    def financing(self, reader: Reader, number: int, moment: Moment) -> FinancingRow:
        """One financing, if it concerns the reader."""
        row = self._first(_financings(reader.party, moment.at).where(_fin.financing == number))
        if row is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no financing {number} that concerns you")
        return _financing_row(row)

    def financings(
        self,
        reader: Reader,
        moment: Moment,
        *,
        state: FinancingState | None = None,
        limit: int = 50,
        after: int = 0,
    ) -> list[FinancingRow]:
        """Financings in order of their numbers."""
        query = _financings(reader.party, moment.at).where(_fin.financing > after)
        if state is not None:
            query = query.where(_fin.state == int(state))
        rows = self._all(query.order_by(_fin.financing).limit(limit))
        return [_financing_row(row) for row in rows]

    def _first(self, query: Select[Any]) -> Rows | None:
        with self._engine.connect() as connection:
            return connection.execute(query).first()

    def _all(self, query: Select[Any]) -> Sequence[Rows]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()


_doc = document_versions.c
_fin = financing_versions.c


def _piece_columns() -> Select[Any]:
    return select(piece_versions, roots.c.issuer, roots.c.due_day).join(
        roots, roots.c.root == piece_versions.c.root
    )


def _pieces(at: int) -> Select[Any]:
    return _piece_columns().where(piece_versions.c.from_block <= at, piece_versions.c.to_block > at)


def _documents(party: int | None, at: int) -> Select[Any]:
    query = select(document_versions).where(_doc.from_block <= at, _doc.to_block > at)
    return query if party is None else query.where(or_(_doc.buyer == party, _doc.seller == party))


def _financings(party: int | None, at: int) -> Select[Any]:
    query = select(financing_versions).where(_fin.from_block <= at, _fin.to_block > at)
    if party is None:
        return query
    return query.where(or_(_fin.seller == party, _fin.funder == party, _fin.bank == party))


def _touched(party: int, column: ColumnElement[int]) -> Select[Any]:
    """Pieces or roots (by ``column`` of a second look at the versions) that were in its hands."""
    hand = piece_versions.alias("hand")
    return select(hand.c[column.key or ""]).where(
        or_(hand.c.holder == party, hand.c.offeree == party)
    )


def _piece_concerns(party: int | None) -> ColumnElement[bool]:
    if party is None:
        return true()
    return or_(
        roots.c.issuer == party,
        roots.c.paying_bank == party,
        piece_versions.c.piece.in_(_touched(party, piece_versions.c.piece)),
    )


def _root_concerns(party: int | None) -> ColumnElement[bool]:
    if party is None:
        return true()
    return or_(
        roots.c.issuer == party,
        roots.c.paying_bank == party,
        roots.c.root.in_(_touched(party, piece_versions.c.root)),
    )


def _piece_relation(party: int | None, relation: Relation, at: int) -> ColumnElement[bool]:
    if party is None or relation is Relation.ANY:
        return _piece_concerns(party)
    if relation is Relation.HOLDER:
        return piece_versions.c.holder == party
    if relation is Relation.OFFEREE:
        return piece_versions.c.offeree == party
    if relation is Relation.ISSUER:
        return roots.c.issuer == party
    if relation is Relation.PAYING_BANK:
        return roots.c.paying_bank == party
    past = piece_versions.alias("past")
    held = select(past.c.piece).where(past.c.holder == party, past.c.to_block <= at)
    return piece_versions.c.piece.in_(held) & (piece_versions.c.holder != party)


def _root_relation(party: int | None, relation: Relation, at: int) -> ColumnElement[bool]:
    if party is None or relation is Relation.ANY:
        return _root_concerns(party)
    if relation is Relation.ISSUER:
        return roots.c.issuer == party
    if relation is Relation.PAYING_BANK:
        return roots.c.paying_bank == party
    hand = piece_versions.alias("hand")
    query = select(hand.c.root)
    if relation is Relation.FORMER_HOLDER:
        return roots.c.root.in_(query.where(hand.c.holder == party, hand.c.to_block <= at))
    column = hand.c.holder if relation is Relation.HOLDER else hand.c.offeree
    return roots.c.root.in_(
        query.where(column == party, hand.c.from_block <= at, hand.c.to_block > at)
    )


def _piece(row: Rows) -> Piece:
    return Piece(
        holder=PartyId(row.holder),
        offeree=PartyId(row.offeree),
        start=row.range_start,
        end=row.range_end,
        expiry=row.expiry,
        state=PieceState(row.state),
        depth=row.depth,
        parent=row.parent,
    )


def _piece_row(row: Rows) -> PieceRow:
    return PieceRow(
        id=PieceId(row.piece),
        root=RootId(row.root),
        piece=_piece(row),
        issuer=PartyId(row.issuer),
        due_day=row.due_day,
        hops=row.hops,
        since_block=row.from_block,
    )


def _root_row(row: Rows, pieces: list[Piece], moment: Moment) -> RootRow:
    stored = StoredState.OPEN
    if row.cancelled_block <= moment.at:
        stored = StoredState.CANCELLED
    elif row.dishonoured_block <= moment.at:
        stored = StoredState.DISHONOURED
    root = Root(
        issuer=PartyId(row.issuer),
        paying_bank=PartyId(row.paying_bank),
        face=row.face,
        due_day=row.due_day,
        issued_day=row.issued_day,
        pieces=len(pieces),
        state=stored,
        policy=row.policy,
        document=DocumentKey(bytes(row.document)),
    )
    from xinlian.ledger.model.vouchers import UNPAID_STATES

    return RootRow(
        id=RootId(row.root),
        root=root,
        payee=PartyId(row.payee),
        terms=bytes(row.terms),
        block=row.block,
        state=shown_state(root, pieces, day_at(moment.time)),
        unpaid=sum(piece.amount for piece in pieces if piece.state in UNPAID_STATES),
    )


def _document_row(row: Rows) -> DocumentRow:
    return DocumentRow(
        key=DocumentKey(bytes(row.document)),
        document=Document(
            usable=row.usable,
            used=row.used,
            buyer=PartyId(row.buyer),
            seller=PartyId(row.seller),
            kind=row.kind,
            shortfall=row.shortfall,
        ),
        since_block=row.from_block,
    )


def _financing_row(row: Rows) -> FinancingRow:
    return FinancingRow(
        id=FinancingId(row.financing),
        financing=Financing(
            piece=row.piece,
            seller=PartyId(row.seller),
            funder=PartyId(row.funder),
            bank=PartyId(row.bank),
            expiry=row.expiry,
            state=FinancingState(row.state),
            sale=bool(row.sale),
            recourse=bool(row.recourse),
            price=row.price,
            maturity_day=row.maturity_day,
            terms=bytes(row.terms),
            registration=bytes(row.registration),
        ),
        since_block=row.from_block,
    )
