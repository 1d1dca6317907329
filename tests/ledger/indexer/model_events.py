"""What the contracts tell about each kind of item, worked out from the model before and after."""

from typing import Any

from xinlian.ledger.model.book_settlement import payee_of
from xinlian.ledger.model.book_state import Books
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.items import (
    Accept,
    BlockIssuer,
    Combine,
    CreditNote,
    Decline,
    Disburse,
    Dishonour,
    Issue,
    Item,
    Merge,
    OpenFinancing,
    Redeem,
    RegisterDocument,
    RegisterFinancing,
    ReleaseFinancing,
    Repay,
    Transfer,
    UnblockIssuer,
    Withdraw,
    WriteOff,
)
from xinlian.ledger.model.vouchers import Piece, PieceState

Log = tuple[str, str, tuple[Any, ...]]
"""Contract, name of the event, values in declared order."""


def events_of(party: int, item: Item, result: int, before: Books, after: Books) -> list[Log]:
    """The events of one item that took effect, in the order in which the contracts tell them."""
    match item:
        case Issue():
            root = after.roots[result >> 16]
            offered = (
                result, root.issuer, item.payee, root.paying_bank, root.face, root.due_day,
                root.issued_day, item.expiry, root.policy, root.document, item.terms,
            )  # fmt: skip
            return [
                ("documents", "DocumentUsed", (item.document, item.face)),
                ("vouchers", "VoucherOffered", offered),
            ]
        case Accept():
            was = before.pieces[item.piece]
            minted = (_address(was.holder), _address(party), item.piece)
            return [
                ("vouchers", "OfferAccepted", (item.piece, was.holder, party)),
                ("vouchers", "Transfer", minted),
            ]
        case Decline():
            return ended(item.piece, before.pieces, 1, item.reason, after)
        case Withdraw():
            return ended(item.piece, before.pieces, 2, 0, after)
        case Transfer():
            offer = (result, party, item.to, item.expiry, item.purpose)
            return [*_split(item.piece, result, after), ("vouchers", "PieceOffered", offer)]
        case Merge():
            kept = after.pieces[result]
            gone = item.other if result == item.piece else item.piece
            merged = (result, gone, kept.start, kept.end, kept.depth)
            return [("vouchers", "PiecesMerged", merged)]
        case Redeem():
            piece = after.pieces[result]
            paid = (result, payee_of(piece), party, item.amount, item.receipt)
            return [*_split(item.piece, result, after), ("vouchers", "PieceRedeemed", paid)]
        case Dishonour():
            issuer = after.root(item.piece).issuer
            unpaid = (item.piece, issuer, party, item.evidence)
            stop = ("vouchers", "IssuerBlocked", (issuer, party, item.evidence))
            was_blocked = before.issuer(issuer).blocked
            return [
                ("vouchers", "VoucherDishonoured", unpaid),
                *([] if was_blocked else [stop]),
            ]
        case WriteOff():
            amount = before.pieces[item.piece].amount
            gone_off = (item.piece, party, amount, item.evidence)
            return [("vouchers", "PieceWrittenOff", gone_off)]
        case BlockIssuer():
            return [("vouchers", "IssuerBlocked", (item.issuer, party, item.evidence))]
        case UnblockIssuer():
            return [("vouchers", "IssuerUnblocked", (item.issuer, party, item.evidence))]
        case _:
            return _other_events(party, item, result, before, after)


def _other_events(party: int, item: Item, result: int, before: Books, after: Books) -> list[Log]:
    match item:
        case RegisterDocument():
            told = (item.document, party, item.seller, item.document_kind, item.amount)
            return [("documents", "DocumentRegistered", told)]
        case CreditNote():
            taken = before.documents[item.document].usable - after.documents[item.document].usable
            note = (item.document, item.note, party, item.amount, item.amount - taken)
            return [("documents", "CreditNoteApplied", note)]
        case Combine():
            moved = (item.target, item.source, item.amount)
            return [("documents", "DocumentsCombined", moved)]
        case OpenFinancing():
            piece = after.financings[result].piece
            locked = (piece, party, item.funder, item.expiry)
            opened = (
                result, piece, party, item.funder, item.bank, item.sale, item.recourse,
                item.price, item.maturity_day, item.expiry, item.terms,
            )  # fmt: skip
            return [
                *_split(item.piece, piece, after),
                ("vouchers", "PieceLocked", locked),
                ("desk", "FinancingOpened", opened),
            ]
        case RegisterFinancing():
            bound = (item.financing, item.registration, item.tenor_reason)
            return [("desk", "FinancingRegistered", bound)]
    assert isinstance(item, ReleaseFinancing | Disburse | Repay), item
    found = after.financings[item.financing]
    if isinstance(item, ReleaseFinancing):
        return [
            ("desk", "FinancingReleased", (item.financing, party, item.reason)),
            ("vouchers", "PieceUnlocked", (found.piece, found.seller, found.funder)),
        ]
    paid = (item.financing, party, item.amount, item.receipt)
    if isinstance(item, Disburse):
        financed = (found.piece, found.seller, found.funder, found.sale)
        return [
            ("desk", "FinancingDisbursed", paid),
            ("vouchers", "PieceFinanced", financed),
        ]
    released = (found.piece, found.funder, found.seller)
    return [("desk", "FinancingRepaid", paid), ("vouchers", "PieceReleased", released)]


def _split(piece: int, part: int, after: Books) -> list[Log]:
    if part == piece:
        return []
    cut = after.pieces[part]
    split = (piece, part, cut.start, cut.end, cut.depth, 1)
    return [
        ("vouchers", "PieceSplit", split),
        ("vouchers", "Transfer", (_address(0), _address(cut.holder), part)),
    ]


def ended(piece: int, before: dict[int, Piece], how: int, reason: int, after: Books) -> list[Log]:
    """The events of an offer that ended without acceptance."""
    was = before[piece]
    ended = ("vouchers", "OfferEnded", (piece, was.holder, was.offeree, how, reason))
    if was.state != PieceState.ISSUED:
        return [ended]
    document = after.root(piece).document
    return [("documents", "DocumentRestored", (document, was.amount)), ended]


def _address(party: int) -> str:
    return "0x584c" + "00" * 14 + PartyId(party).to_bytes(4).hex()
