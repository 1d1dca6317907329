"""The words by which the API names states and kinds of the ledger."""

from __future__ import annotations

from typing import Literal

from xinlian.ledger.model.vouchers import FinancingState, PieceState, RootState

__all__ = [
    "DOCUMENT_KINDS",
    "DOCUMENT_NUMBERS",
    "FINANCING_WORDS",
    "PIECE_WORDS",
    "ROOT_WORDS",
    "DocumentKindWord",
    "FinancingStateWord",
    "PieceStateWord",
    "RootStateWord",
]

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
