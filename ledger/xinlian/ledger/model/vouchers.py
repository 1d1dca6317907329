"""Root vouchers and their pieces: facts, states and the words in which the chain stores them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final

from xinlian.ledger.model.ids import DocumentKey, PartyId


class PieceState(IntEnum):
    """State of a piece, numbered as in ``ICreditVouchers``."""

    ISSUED = 1
    HELD = 2
    OFFERED = 3
    LOCKED = 4
    FINANCED = 5
    REDEEMED = 6
    CANCELLED = 7
    MERGED = 8


class RootState(IntEnum):
    """State of a root as it is shown; most of it follows from the pieces and the day."""

    OFFERED = 1
    ACTIVE = 2
    MATURED = 3
    DISHONOURED = 4
    SETTLED = 5
    WRITTEN_OFF = 6
    CANCELLED = 7


class StoredState(IntEnum):
    """The part of a root's state that is stored."""

    OPEN = 1
    CANCELLED = 2
    DISHONOURED = 3


class OfferEnd(IntEnum):
    """How an offer ended without acceptance."""

    DECLINED = 1
    WITHDRAWN = 2
    EXPIRED = 3


class FinancingState(IntEnum):
    """State of a financing, numbered as in ``IFinancingDesk``."""

    LOCKED = 1
    REGISTERED = 2
    DISBURSED = 3
    RELEASED = 4
    REPAID = 5


UNPAID_STATES: Final = frozenset(
    {
        PieceState.ISSUED,
        PieceState.HELD,
        PieceState.OFFERED,
        PieceState.LOCKED,
        PieceState.FINANCED,
    }
)
"""States in which the range is still owed by the issuer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The range [start, end) of a root, in fen, with one holder and one state.

    ``expiry`` (Unix seconds) and ``offeree`` belong to an offer, lock or lien and are 0 otherwise.
    ``depth`` counts cuts, ``parent`` is the index of the piece it was cut off.
    """

    holder: PartyId
    offeree: PartyId
    start: int
    end: int
    expiry: int
    state: PieceState
    depth: int
    parent: int

    @property
    def amount(self) -> int:
        """Length of the range in fen."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Root:
    """A voucher as issued. ``pieces`` counts the piece numbers given out."""

    issuer: PartyId
    paying_bank: PartyId
    face: int
    due_day: int
    issued_day: int
    pieces: int
    state: StoredState
    policy: int
    document: DocumentKey


@dataclass(frozen=True, slots=True)
class Issuer:
    """What an issuer may have outstanding and has, in fen, and whether it may issue."""

    limit: int = 0
    outstanding: int = 0
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """A dated row of market rules; ``valid_from`` is a day."""

    valid_from: int
    tenor_months_soft: int
    tenor_months_hard: int
    max_depth: int
    max_pieces: int
    offer_seconds_max: int
    grace_days: int


@dataclass(frozen=True, slots=True)
class Document:
    """A trade document. ``usable`` is net of credit notes; ``shortfall`` was not taken back."""

    usable: int
    used: int
    buyer: PartyId
    seller: PartyId
    kind: int
    shortfall: int = 0


@dataclass(frozen=True, slots=True)
class Financing:
    """A sale or pledge of a piece to a funder."""

    piece: int
    seller: PartyId
    funder: PartyId
    bank: PartyId
    expiry: int
    state: FinancingState
    sale: bool
    recourse: bool
    price: int
    maturity_day: int
    terms: bytes
    registration: bytes = bytes(32)


# Storage words are big-endian here; Solidity packs the first member into the lowest bits.
_ROOT_WORD: Final = Struct(">4xBBHIIQII")
_PIECE_WORD: Final = Struct(">HBBIQQII")

pack_piece_word: Final = _PIECE_WORD.pack
"""Storage word of a piece: (parent, depth, state, expiry, end, start, offeree, holder)."""
pack_root_word: Final = _ROOT_WORD.pack
"""First storage word of a root: (policy, state, pieces, issued_day, due_day, face, bank, issuer),
the bank being the paying bank."""


def piece_word(piece: Piece) -> bytes:
    """The 32 bytes in which ``CreditVouchers`` stores a piece."""
    return pack_piece_word(
        piece.parent,
        piece.depth,
        piece.state,
        piece.expiry,
        piece.end,
        piece.start,
        piece.offeree,
        piece.holder,
    )


def root_word(root: Root) -> bytes:
    """The first 32 bytes in which ``CreditVouchers`` stores a root; the document follows."""
    return pack_root_word(
        root.policy,
        root.state,
        root.pieces,
        root.issued_day,
        root.due_day,
        root.face,
        root.paying_bank,
        root.issuer,
    )


def shown_state(root: Root, pieces: list[Piece], today: int) -> RootState:
    """The state of a root on a day, from its pieces (in the order of their numbers)."""
    if root.state == StoredState.CANCELLED:
        return RootState.CANCELLED
    states = {piece.state for piece in pieces if piece.amount}
    if PieceState.ISSUED in states:
        return RootState.OFFERED
    if not states & UNPAID_STATES:
        return RootState.WRITTEN_OFF if PieceState.CANCELLED in states else RootState.SETTLED
    if root.state == StoredState.DISHONOURED:
        return RootState.DISHONOURED
    return RootState.MATURED if today > root.due_day else RootState.ACTIVE
