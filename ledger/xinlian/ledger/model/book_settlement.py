"""Redemption, dishonour, write-off and the block of an issuer; holding a piece for a financing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from xinlian.ledger.model.book_offers import (
    carve,
    check_current,
    check_expiry,
    check_open,
    check_policy,
    free,
)
from xinlian.ledger.model.book_state import Books, Moment, refuse
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import NOBODY, PartyId
from xinlian.ledger.model.items import (
    ZERO32,
    BlockIssuer,
    ContractName,
    Dishonour,
    Redeem,
    UnblockIssuer,
    WriteOff,
)
from xinlian.ledger.model.parties import Party, Role
from xinlian.ledger.model.vouchers import Piece, PieceState, StoredState

_OWED: Final = (PieceState.HELD, PieceState.OFFERED, PieceState.LOCKED, PieceState.FINANCED)


def redeem(books: Books, by: Party, item: Redeem, _now: Moment) -> int:
    """The paying bank certifies a payment; the id of the piece that is redeemed.

    No policy and no offer, lock or lien stands in the way of a payment that was made.
    """
    piece = books.piece(item.piece)
    root = books.root(item.piece)
    if root.paying_bank != by.id:
        refuse(Failure.VOUCHERS_NOT_PAYING_BANK, root=item.piece >> 16, party=by.id)
    _check_owed(item.piece, piece)
    if item.receipt == ZERO32:
        refuse(Failure.VOUCHERS_RECEIPT)
    lien = piece.offeree if piece.state == PieceState.FINANCED else NOBODY
    part = carve(books, item.piece, item.amount, back=False)
    books.pieces[part] = replace(
        books.pieces[part], state=PieceState.REDEEMED, offeree=lien, expiry=0
    )
    _discharge(books, root.issuer, item.amount)
    return part


def payee_of(piece: Piece) -> PartyId:
    """To whom the money for a piece goes: the lien holder, or else the holder."""
    pledged = piece.state in (PieceState.FINANCED, PieceState.REDEEMED) and piece.offeree
    return piece.offeree if pledged else piece.holder


def dishonour(books: Books, by: Party, item: Dishonour, now: Moment) -> int:
    """The root is unpaid after its due day; the issuer is blocked.

    The paying bank may say so from the next day on; whom the piece is owed to, once the days of
    grace of the policy at issue are over too.
    """
    piece = books.piece(item.piece)
    _check_owed(item.piece, piece)
    root = books.root(item.piece)
    last = root.due_day
    if root.paying_bank != by.id:
        lien_holder = piece.state == PieceState.FINANCED and piece.offeree == by.id
        if piece.holder != by.id and not lien_holder:
            refuse(Failure.VOUCHERS_NOT_HOLDER, piece=item.piece, party=by.id)
        last += books.policies[root.policy - 1].grace_days
    check_open(books, item.piece)
    if now.day <= last:
        refuse(Failure.VOUCHERS_NOT_DUE, root=item.piece >> 16, day=last, today=now.day)
    _check_evidence(item.evidence)
    books.roots[item.piece >> 16] = replace(root, state=StoredState.DISHONOURED)
    books.issuers[root.issuer] = replace(books.issuer(root.issuer), blocked=True)
    return item.piece


def write_off(books: Books, by: Party, item: WriteOff, _now: Moment) -> int:
    """The owner gives up a piece of a dishonoured root; a pledged one is not free for that."""
    piece = books.piece(item.piece)
    if piece.holder != by.id:
        refuse(Failure.VOUCHERS_NOT_HOLDER, piece=item.piece, party=by.id)
    bought = piece.state == PieceState.FINANCED and piece.offeree == NOBODY
    if piece.state != PieceState.HELD and not bought:
        refuse(Failure.VOUCHERS_PIECE_STATE, piece=item.piece, state=int(piece.state))
    root = books.root(item.piece)
    if root.state != StoredState.DISHONOURED:
        refuse(Failure.VOUCHERS_NOT_DISHONOURED, root=item.piece >> 16)
    _check_evidence(item.evidence)
    books.pieces[item.piece] = replace(free(piece), state=PieceState.CANCELLED)
    _discharge(books, root.issuer, piece.amount)
    return item.piece


def block_issuer(books: Books, by: Party, item: BlockIssuer, _now: Moment) -> int:
    """Operator or regulator stop an issuer."""
    books.with_role(by, Role.OPERATOR | Role.REGULATOR)
    books.known(item.issuer)
    issuer = books.issuer(item.issuer)
    if issuer.blocked:
        refuse(Failure.VOUCHERS_ISSUER_BLOCKED, issuer=item.issuer)
    _check_evidence(item.evidence)
    books.issuers[PartyId(item.issuer)] = replace(issuer, blocked=True)
    return 0


def unblock_issuer(books: Books, by: Party, item: UnblockIssuer, _now: Moment) -> int:
    """The regulator clears an issuer."""
    books.with_role(by, Role.REGULATOR)
    issuer = books.issuer(item.issuer)
    if not issuer.blocked:
        refuse(Failure.VOUCHERS_ISSUER_NOT_BLOCKED, issuer=item.issuer)
    _check_evidence(item.evidence)
    books.issuers[PartyId(item.issuer)] = replace(issuer, blocked=False)
    return 0


# What the financing desk asks of the vouchers


def lock(
    books: Books,
    piece: int,
    amount: int,
    *,
    back: bool,
    holder: PartyId,
    funder: PartyId,
    expiry: int,
    now: Moment,
) -> int:
    """Lock an amount of a held piece for a funder; the id of the locked piece."""
    books.running(ContractName.VOUCHERS)
    books.held(piece, holder)
    check_current(books, piece, now)
    _, policy = books.policy_on(now.day)
    check_expiry(expiry, policy, now)
    check_policy(books, piece, amount, policy)
    part = carve(books, piece, amount, back=back)
    books.pieces[part] = replace(
        books.pieces[part], state=PieceState.LOCKED, offeree=funder, expiry=expiry
    )
    return part


def unlock(books: Books, piece: int) -> None:
    """The locked piece is its holder's again."""
    books.pieces[piece] = free(_in_state(books, piece, PieceState.LOCKED))


def finance(books: Books, piece: int, amount: int, *, sale: bool) -> None:
    """Sale: the funder holds the piece. Pledge: the funder has a lien on it.

    Part of the piece may have been paid since it was locked; then the quote no longer fits.
    """
    locked = _in_state(books, piece, PieceState.LOCKED)
    if locked.end - locked.start != amount:
        refuse(Failure.VOUCHERS_AMOUNT, amount=amount, most=locked.end - locked.start)
    if sale:
        locked = replace(locked, holder=locked.offeree, offeree=NOBODY)
    books.pieces[piece] = replace(locked, state=PieceState.FINANCED, expiry=0)


def release(books: Books, piece: int, to: PartyId) -> None:
    """The financing was paid back; the piece is free and belongs to ``to``."""
    financed = _in_state(books, piece, PieceState.FINANCED)
    books.pieces[piece] = replace(free(financed), holder=to)


def _in_state(books: Books, piece: int, state: PieceState) -> Piece:
    books.running(ContractName.VOUCHERS)
    found = books.piece(piece)
    if found.state != state:
        refuse(Failure.VOUCHERS_PIECE_STATE, piece=piece, state=int(found.state))
    return found


def _check_owed(number: int, piece: Piece) -> None:
    if piece.state not in _OWED:
        refuse(Failure.VOUCHERS_PIECE_STATE, piece=number, state=int(piece.state))


def _check_evidence(evidence: bytes) -> None:
    if evidence == ZERO32:
        refuse(Failure.VOUCHERS_EVIDENCE)


def _discharge(books: Books, issuer: PartyId, amount: int) -> None:
    stands = books.issuer(issuer)
    books.issuers[issuer] = replace(stands, outstanding=stands.outstanding - amount)
