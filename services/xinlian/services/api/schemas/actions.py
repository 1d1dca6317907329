"""What parties ask for: vouchers, offers, transfers, redemption, documents."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from xinlian.services.api.schemas.common import AmountFen, Body, DayText, Hex32, PartyNo, PieceNo
from xinlian.services.api.schemas.words import DocumentKindWord

__all__ = [
    "CreditNoteBody",
    "DeclineBody",
    "DishonourBody",
    "DocumentBody",
    "IssueBody",
    "MergeBody",
    "PiecesBody",
    "RedeemBody",
    "TransferBody",
]

PIECES_MAX = 100
OfferSeconds = Annotated[int, Field(ge=60, le=31_622_400, examples=[604_800])]


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
