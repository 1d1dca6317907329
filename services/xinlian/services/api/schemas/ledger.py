"""Vouchers, pieces, offers, documents and financings as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from xinlian.ledger.model import views as ledger
from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.vouchers import UNPAID_STATES
from xinlian.services.api.schemas.common import (
    BlockNo,
    DayText,
    FinancingNo,
    Hex32,
    PartyNo,
    PieceNo,
    RootNo,
    TotalFen,
    UnixSeconds,
    View,
    hex32,
    told,
)
from xinlian.services.api.schemas.words import (
    DOCUMENT_KINDS,
    FINANCING_WORDS,
    PIECE_WORDS,
    ROOT_WORDS,
    DocumentKindWord,
    FinancingStateWord,
    PieceStateWord,
    RootStateWord,
)
from xinlian.services.app.books import PieceRow

__all__ = [
    "FINANCING_WORDS",
    "PIECE_WORDS",
    "ROOT_WORDS",
    "DocumentView",
    "EventView",
    "FinancingStateWord",
    "FinancingView",
    "LineageView",
    "PieceStateWord",
    "PieceView",
    "VoucherView",
]


class PieceView(View):
    """The range [start_fen, end_fen) of a voucher with one holder and one state.

    ``offeree`` is whom it is offered to, who locked it or who has a lien on it; ``hops`` counts
    the hands it went through since its issuer.
    """

    piece: PieceNo
    root: RootNo
    state: PieceStateWord
    holder: Annotated[int, Field(ge=0, le=2**32 - 1)]
    offeree: PartyNo | None
    start_fen: TotalFen
    end_fen: TotalFen
    amount_fen: TotalFen
    expiry: UnixSeconds | None
    depth: Annotated[int, Field(ge=0, le=255)]
    parent: PieceNo | None
    hops: Annotated[int, Field(ge=0)]
    issuer: PartyNo
    due_day: DayText
    since_block: BlockNo

    @classmethod
    def of(cls, row: PieceRow) -> PieceView:
        """The view of a row."""
        piece = row.view
        return cls(
            piece=piece.piece,
            root=piece.root,
            state=PIECE_WORDS[piece.state],
            holder=piece.holder,
            offeree=piece.offeree or None,
            start_fen=piece.start,
            end_fen=piece.end,
            amount_fen=piece.amount,
            expiry=piece.expiry or None,
            depth=piece.depth,
            parent=piece.root << 16 | piece.parent if piece.piece & 0xFFFF else None,
            hops=piece.hops,
            issuer=row.issuer,
            due_day=iso_of(Day(row.due_day)),
            since_block=piece.since,
        )


class VoucherView(View):
    """A core enterprise's promise to pay ``face_fen`` on ``due_day``."""

    root: RootNo
    state: RootStateWord
    issuer: PartyNo
    payee: PartyNo
    paying_bank: PartyNo
    face_fen: TotalFen
    unpaid_fen: TotalFen
    due_day: DayText
    issued_day: DayText
    pieces: Annotated[int, Field(ge=1)]
    policy: Annotated[int, Field(ge=0, le=255)]
    document: Hex32
    terms: Hex32
    block: BlockNo

    @classmethod
    def of(cls, root: ledger.VoucherView) -> VoucherView:
        """The view of a voucher."""
        unpaid = sum(fen for state, fen in root.by_state.items() if state in UNPAID_STATES)
        return cls(
            root=root.root,
            state=ROOT_WORDS[root.state],
            issuer=root.issuer,
            payee=root.payee,
            paying_bank=root.paying_bank,
            face_fen=root.face,
            unpaid_fen=unpaid,
            due_day=iso_of(Day(root.due_day)),
            issued_day=iso_of(Day(root.issued_day)),
            pieces=root.pieces,
            policy=root.policy,
            document=hex32(root.document),
            terms=hex32(root.terms),
            block=root.block,
        )


class DocumentView(View):
    """A trade document on chain: how much of it may stand behind vouchers and how much does."""

    document: Hex32
    kind: DocumentKindWord
    buyer: PartyNo
    seller: PartyNo
    usable_fen: TotalFen
    used_fen: TotalFen
    shortfall_fen: TotalFen

    @classmethod
    def of(cls, document: ledger.DocumentView) -> DocumentView:
        """The view of a document."""
        return cls(
            document=hex32(document.document),
            kind=DOCUMENT_KINDS[document.kind],
            buyer=document.buyer,
            seller=document.seller,
            usable_fen=document.usable,
            used_fen=document.used,
            shortfall_fen=document.shortfall,
        )


class FinancingView(View):
    """The sale or pledge of a piece to a funder."""

    financing: FinancingNo
    state: FinancingStateWord
    piece: PieceNo
    seller: PartyNo
    funder: PartyNo
    bank: PartyNo
    sale: bool
    recourse: bool
    price_fen: TotalFen
    maturity_day: DayText
    expiry: UnixSeconds
    terms: Hex32
    registration: Hex32 | None
    registration_number: str | None
    since_block: BlockNo

    @classmethod
    def of(cls, financing: ledger.FinancingView, numbers: Mapping[int, str]) -> FinancingView:
        """The view of a financing; ``numbers``: registration numbers by financing."""
        registered = any(financing.registration)
        return cls(
            financing=financing.financing,
            state=FINANCING_WORDS[financing.state],
            piece=financing.piece,
            seller=financing.seller,
            funder=financing.funder,
            bank=financing.bank,
            sale=financing.sale,
            recourse=financing.recourse,
            price_fen=financing.price,
            maturity_day=iso_of(Day(financing.maturity_day)),
            expiry=financing.expiry,
            terms=hex32(financing.terms),
            registration=hex32(financing.registration) if registered else None,
            registration_number=numbers.get(financing.financing) if registered else None,
            since_block=financing.since,
        )


class EventView(View):
    """One thing that happened, as the contracts told it; arguments by name."""

    block: BlockNo
    log_index: Annotated[int, Field(ge=0)]
    time: UnixSeconds
    name: str
    args: dict[str, Any]

    @classmethod
    def of(cls, event: ledger.EventView) -> EventView:
        """The view of an event."""
        return cls(
            block=event.block,
            log_index=event.log_index,
            time=event.time,
            name=event.name,
            args=told(event.args),
        )


class LineageStepView(View):
    """One thing that happened to a piece on the way: who acted, towards whom."""

    block: BlockNo
    time: UnixSeconds
    name: str
    sender: PartyNo
    to: PartyNo

    @classmethod
    def of(cls, step: ledger.LineageStep) -> LineageStepView:
        """The view of a step."""
        return cls(block=step.block, time=step.time, name=step.name, sender=step.sender, to=step.to)


class LineageNodeView(View):
    """A piece, what happened to it, and the pieces that its range came from."""

    piece: PieceNo
    start_fen: TotalFen
    end_fen: TotalFen
    holder: PartyNo
    state: PieceStateWord
    depth: Annotated[int, Field(ge=0)]
    hops: Annotated[int, Field(ge=0)]
    steps: list[LineageStepView]
    sources: list[LineageNodeView]

    @classmethod
    def of(cls, node: ledger.LineageNode) -> LineageNodeView:
        """The view of a node and what is behind it; as deep as the ledger tells it (bounded)."""
        return cls(
            piece=node.piece,
            start_fen=node.start,
            end_fen=node.end,
            holder=node.holder,
            state=PIECE_WORDS[node.state],
            depth=node.depth,
            hops=node.hops,
            steps=[LineageStepView.of(step) for step in node.steps],
            sources=[cls.of(source) for source in node.sources],
        )


class DocumentSourceView(View):
    """A document that a bundle was made of, and how much of it went in."""

    document: DocumentView
    amount_fen: TotalFen


class LineageView(View):
    """Where a piece comes from: the pieces before it, the voucher, the documents behind it."""

    piece: LineageNodeView
    voucher: VoucherView
    document: DocumentView | None
    document_sources: list[DocumentSourceView]

    @classmethod
    def of(cls, lineage: ledger.Lineage) -> LineageView:
        """The view of a lineage."""
        node = lineage.document
        sources = () if node is None else node.sources
        return cls(
            piece=LineageNodeView.of(lineage.node),
            voucher=VoucherView.of(lineage.voucher),
            document=None if node is None else DocumentView.of(node.document),
            document_sources=[
                DocumentSourceView(document=DocumentView.of(source.document), amount_fen=amount)
                for source, amount in sources
            ],
        )
