"""Vouchers, pieces, offers, documents and financings as the API shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.vouchers import FinancingState, PieceState, RootState
from xinlian.services.api.schemas.common import (
    AmountFen,
    BlockNo,
    Body,
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
)
from xinlian.services.app.books import DocumentRow, FinancingRow, PieceRow, RootRow

__all__ = [
    "AmountBody",
    "CreditNoteBody",
    "DeclineBody",
    "DishonourBody",
    "DocumentBody",
    "DocumentView",
    "FinancingView",
    "IssueBody",
    "LineageView",
    "MergeBody",
    "PieceStateWord",
    "PieceView",
    "PiecesBody",
    "RedeemBody",
    "TransferBody",
    "VoucherView",
]

PIECES_MAX = 100
PieceStateWord = Literal[
    "issued", "held", "offered", "locked", "financed", "redeemed", "cancelled", "merged"
]
RootStateWord = Literal[
    "offered", "active", "matured", "dishonoured", "settled", "written_off", "cancelled"
]
FinancingStateWord = Literal["locked", "registered", "disbursed", "released", "repaid"]
DocumentKindWord = Literal["contract", "order", "delivery", "invoice", "bundle"]
DOCUMENT_KINDS: dict[int, DocumentKindWord] = {
    1: "contract",
    2: "order",
    3: "delivery",
    4: "invoice",
    5: "bundle",
}
DOCUMENT_NUMBERS: dict[DocumentKindWord, int] = {
    word: number for number, word in DOCUMENT_KINDS.items()
}
OfferSeconds = Annotated[int, Field(ge=60, le=31_622_400, examples=[604_800])]


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
        piece = row.piece
        return cls(
            piece=row.id,
            root=row.root,
            state=_word(piece.state),
            holder=piece.holder,
            offeree=piece.offeree or None,
            start_fen=piece.start,
            end_fen=piece.end,
            amount_fen=piece.amount,
            expiry=piece.expiry or None,
            depth=piece.depth,
            parent=row.root << 16 | piece.parent if row.id & 0xFFFF else None,
            hops=row.hops,
            issuer=row.issuer,
            due_day=iso_of(Day(row.due_day)),
            since_block=row.since_block,
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
    def of(cls, row: RootRow) -> VoucherView:
        """The view of a row."""
        root = row.root
        return cls(
            root=row.id,
            state=_root_word(row.state),
            issuer=root.issuer,
            payee=row.payee,
            paying_bank=root.paying_bank,
            face_fen=root.face,
            unpaid_fen=row.unpaid,
            due_day=iso_of(Day(root.due_day)),
            issued_day=iso_of(Day(root.issued_day)),
            pieces=root.pieces,
            policy=root.policy,
            document=hex32(root.document),
            terms=hex32(row.terms),
            block=row.block,
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
    since_block: BlockNo

    @classmethod
    def of(cls, row: DocumentRow) -> DocumentView:
        """The view of a row."""
        document = row.document
        return cls(
            document=hex32(row.key),
            kind=DOCUMENT_KINDS[document.kind],
            buyer=document.buyer,
            seller=document.seller,
            usable_fen=document.usable,
            used_fen=document.used,
            shortfall_fen=document.shortfall,
            since_block=row.since_block,
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
    since_block: BlockNo

    @classmethod
    def of(cls, row: FinancingRow) -> FinancingView:
        """The view of a row."""
        financing = row.financing
        return cls(
            financing=row.id,
            state=_financing_word(financing.state),
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
            registration=hex32(financing.registration) if any(financing.registration) else None,
            since_block=row.since_block,
        )


class LineageView(View):
    """Where a piece comes from: itself and those it was cut off, the voucher, the document.

    ``document`` is absent where the documents' contract does not know it any more.
    """

    pieces: list[PieceView]
    voucher: VoucherView
    document: DocumentView | None


class NewVoucher(Body):
    """A voucher to be issued. The offer to the payee stands for ``offer_seconds``."""

    payee: PartyNo
    paying_bank: PartyNo
    face_fen: AmountFen
    due_day: DayText
    offer_seconds: OfferSeconds
    document: Hex32
    terms: Hex32 | None = None


class IssueBody(Body):
    """Up to 50 vouchers under one signature; all are issued or none."""

    vouchers: Annotated[list[NewVoucher], Field(min_length=1, max_length=50)]


class PiecesBody(Body):
    """Pieces to be dealt with under one signature, all or none."""

    pieces: Annotated[list[PieceNo], Field(min_length=1, max_length=PIECES_MAX)]


class DeclineBody(PiecesBody):
    """Offers to be declined; giving a reason is free, and declining has no side effect."""

    reason: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0


class TransferBody(Body):
    """An amount to be offered to a party, from the front of the piece's range or its back."""

    amount_fen: AmountFen
    to: PartyNo
    purpose: Annotated[int, Field(ge=1, le=2**32 - 1, description="code of the payment's purpose")]
    back: bool = False
    offer_seconds: OfferSeconds = 604_800


class MergeBody(Body):
    """The piece to be joined; it ends."""

    other: PieceNo


class AmountBody(Body):
    """An amount."""

    amount_fen: AmountFen


class RedeemBody(AmountBody):
    """What the paying bank paid for a piece, and the hash of its receipt."""

    receipt: Hex32


class DishonourBody(Body):
    """Hash of the evidence."""

    evidence: Hex32


class DocumentBody(Body):
    """A trade document of yours, as its buyer, with the amount that vouchers may stand on."""

    document: Hex32
    kind: DocumentKindWord
    seller: PartyNo
    amount_fen: AmountFen


class CreditNoteBody(AmountBody):
    """A credit note: its key, and the amount that it takes back."""

    note: Hex32


def _word(state: PieceState) -> PieceStateWord:
    return PIECE_WORDS[state]


def _root_word(state: RootState) -> RootStateWord:
    return ROOT_WORDS[state]


def _financing_word(state: FinancingState) -> FinancingStateWord:
    return FINANCING_WORDS[state]


PIECE_WORDS: dict[PieceState, PieceStateWord] = {
    PieceState.ISSUED: "issued",
    PieceState.HELD: "held",
    PieceState.OFFERED: "offered",
    PieceState.LOCKED: "locked",
    PieceState.FINANCED: "financed",
    PieceState.REDEEMED: "redeemed",
    PieceState.CANCELLED: "cancelled",
    PieceState.MERGED: "merged",
}
ROOT_WORDS: dict[RootState, RootStateWord] = {
    RootState.OFFERED: "offered",
    RootState.ACTIVE: "active",
    RootState.MATURED: "matured",
    RootState.DISHONOURED: "dishonoured",
    RootState.SETTLED: "settled",
    RootState.WRITTEN_OFF: "written_off",
    RootState.CANCELLED: "cancelled",
}
FINANCING_WORDS: dict[FinancingState, FinancingStateWord] = {
    FinancingState.LOCKED: "locked",
    FinancingState.REGISTERED: "registered",
    FinancingState.DISBURSED: "disbursed",
    FinancingState.RELEASED: "released",
    FinancingState.REPAID: "repaid",
}
