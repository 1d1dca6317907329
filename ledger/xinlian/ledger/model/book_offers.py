"""Issue, transfer and merge of vouchers, and how offers end.

Every operation checks everything before it changes anything, in the order in which refusals take
precedence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from xinlian.ledger.model.book_documents import check_restore, check_use
from xinlian.ledger.model.book_state import AMOUNT_MAX, TRADING, Books, Moment, refuse
from xinlian.ledger.model.days import add_months
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import NOBODY, PartyId
from xinlian.ledger.model.items import Accept, Decline, Issue, Merge, Transfer, Withdraw
from xinlian.ledger.model.parties import Party, Role
from xinlian.ledger.model.vouchers import (
    Piece,
    PieceState,
    Policy,
    Root,
    RootState,
    StoredState,
)

PIECES_MAX: Final = 2**16 - 1
DEPTH_MAX: Final = 2**8 - 1
_OFFERS: Final = (PieceState.ISSUED, PieceState.OFFERED)


def issue(books: Books, by: Party, item: Issue, now: Moment) -> int:
    """A new root, offered whole to the payee; the piece's id."""
    books.with_role(by, Role.ISSUER)
    if by.id in (item.payee, item.paying_bank):
        refuse(Failure.VOUCHERS_SELF, party=by.id)
    books.member(item.payee, Role.SUPPLIER)
    books.member(item.paying_bank, Role.PAYING_BANK)
    if not 0 < item.face <= AMOUNT_MAX:
        refuse(Failure.VOUCHERS_AMOUNT, amount=item.face, most=AMOUNT_MAX)
    number, policy = books.policy_on(now.day)
    last = add_months(now.day, policy.tenor_months_hard)
    if not now.day <= item.due_day <= last:
        refuse(Failure.VOUCHERS_DUE, due_day=item.due_day, today=now.day, last=last)
    check_expiry(item.expiry, policy, now)
    issuer = books.issuer(by.id)
    if issuer.blocked:
        refuse(Failure.VOUCHERS_ISSUER_BLOCKED, issuer=by.id)
    free = max(0, issuer.limit - issuer.outstanding)
    if item.face > free:
        refuse(Failure.VOUCHERS_LIMIT, issuer=by.id, wanted=item.face, free=free)
    document = check_use(books, item.document, by.id, PartyId(item.payee), item.face)

    root = len(books.roots) + 1
    books.documents[item.document] = document
    books.issuers[by.id] = replace(issuer, outstanding=issuer.outstanding + item.face)
    books.roots[root] = Root(
        by.id,
        PartyId(item.paying_bank),
        item.face,
        item.due_day,
        now.day,
        1,
        StoredState.OPEN,
        number,
        item.document,
    )
    books.pieces[root << 16] = Piece(
        by.id, PartyId(item.payee), 0, item.face, item.expiry, PieceState.ISSUED, 0, 0
    )
    return root << 16


def accept(books: Books, by: Party, item: Accept, now: Moment) -> int:
    """The offeree takes the piece. A block of the issuer does not stand in the way."""
    piece = _offer_to(books, item.piece, by)
    if now.time > piece.expiry:
        refuse(Failure.VOUCHERS_OFFER_EXPIRED, piece=item.piece, expiry=piece.expiry)
    if piece.state == PieceState.OFFERED:
        check_open(books, item.piece)
    books.pieces[item.piece] = replace(free(piece), holder=by.id)
    return item.piece


def decline(books: Books, by: Party, item: Decline, _now: Moment) -> int:
    """The offeree does not want the piece."""
    _offer_to(books, item.piece, by)
    return _end_offer(books, item.piece)


def withdraw(books: Books, by: Party, item: Withdraw, _now: Moment) -> int:
    """The holder takes the offer back."""
    piece = _offer(books, item.piece)
    if piece.holder != by.id:
        refuse(Failure.VOUCHERS_NOT_HOLDER, piece=item.piece, party=by.id)
    return _end_offer(books, item.piece)


def expire(books: Books, piece: int, now: Moment) -> int:
    """Anyone ends an offer whose time has run out."""
    offer = _offer(books, piece)
    if now.time <= offer.expiry:
        refuse(Failure.VOUCHERS_OFFER_RUNS, piece=piece, expiry=offer.expiry)
    return _end_offer(books, piece)


def transfer(books: Books, by: Party, item: Transfer, now: Moment) -> int:
    """The holder offers an amount onward; the id of the piece that is offered."""
    books.held(item.piece, by.id)
    if item.to == by.id:
        refuse(Failure.VOUCHERS_SELF, party=by.id)
    books.member(item.to, TRADING)
    if item.purpose == 0:
        refuse(Failure.VOUCHERS_PURPOSE, piece=item.piece)
    check_current(books, item.piece, now)
    _, policy = books.policy_on(now.day)
    check_expiry(item.expiry, policy, now)
    check_policy(books, item.piece, item.amount, policy)
    part = carve(books, item.piece, item.amount, back=item.back)
    books.pieces[part] = replace(
        books.pieces[part],
        state=PieceState.OFFERED,
        offeree=PartyId(item.to),
        expiry=item.expiry,
    )
    return part


def merge(books: Books, by: Party, item: Merge, _now: Moment) -> int:
    """Two adjacent pieces become one; the lower number survives and its id is the answer.

    A child that met no deeper stranger leaves the depth of the piece it was cut from as it is when
    it comes home; otherwise the greater depth counts.
    """
    first = books.held(item.piece, by.id)
    second = books.held(item.other, by.id)
    adjacent = first.end == second.start or second.end == first.start
    same_root = item.piece >> 16 == item.other >> 16
    if item.piece == item.other or not same_root or not adjacent:
        refuse(Failure.VOUCHERS_NOT_ADJACENT, piece=item.piece, other=item.other)
    kept_id, gone_id = sorted((int(item.piece), int(item.other)))
    kept, gone = books.pieces[kept_id], books.pieces[gone_id]
    home = gone.parent == kept_id & PIECES_MAX and gone.depth == kept.depth + 1
    books.pieces[kept_id] = replace(
        kept,
        start=min(kept.start, gone.start),
        end=max(kept.end, gone.end),
        depth=kept.depth if home else max(kept.depth, gone.depth),
    )
    books.pieces[gone_id] = replace(gone, end=gone.start, state=PieceState.MERGED)
    return kept_id


# What other operations use too


def free(piece: Piece) -> Piece:
    """The piece held, without offer, lock or lien."""
    return replace(piece, state=PieceState.HELD, offeree=NOBODY, expiry=0)


def check_open(books: Books, piece: int) -> None:
    """The root is neither cancelled nor dishonoured."""
    state = books.root(piece).state
    if state != StoredState.OPEN:
        shown = RootState.DISHONOURED if state == StoredState.DISHONOURED else RootState.CANCELLED
        refuse(Failure.VOUCHERS_ROOT_STATE, root=piece >> 16, state=int(shown))


def check_current(books: Books, piece: int, now: Moment) -> None:
    """The root is open and its due day is not past."""
    check_open(books, piece)
    if now.day >= books.root(piece).due_day:
        refuse(Failure.VOUCHERS_ROOT_STATE, root=piece >> 16, state=int(RootState.MATURED))


def check_expiry(expiry: int, policy: Policy, now: Moment) -> None:
    """An offer or lock ends later than now and not later than the policy allows."""
    most = now.time + policy.offer_seconds_max
    if not now.time < expiry <= most:
        refuse(Failure.VOUCHERS_EXPIRY, expiry=expiry, time=now.time, most=most)


def check_policy(books: Books, piece: int, amount: int, policy: Policy) -> None:
    """A cut stays within the depth and the number of pieces that the policy allows."""
    if amount == books.pieces[piece].amount:
        return
    if books.pieces[piece].depth >= policy.max_depth:
        refuse(Failure.VOUCHERS_DEPTH, piece=piece, most=policy.max_depth)
    if books.root(piece).pieces >= policy.max_pieces:
        refuse(Failure.VOUCHERS_PIECES, root=piece >> 16, most=policy.max_pieces)


def carve(books: Books, piece: int, amount: int, *, back: bool) -> int:
    """Cut an amount off the front or back as one new piece; its id, or the piece's own if whole."""
    whole, root = books.pieces[piece], books.root(piece)
    if not 0 < amount <= whole.amount:
        refuse(Failure.VOUCHERS_AMOUNT, amount=amount, most=whole.amount)
    if amount == whole.amount:
        return piece
    if root.pieces >= PIECES_MAX:
        refuse(Failure.VOUCHERS_PIECES, root=piece >> 16, most=PIECES_MAX)
    cut = whole.end - amount if back else whole.start + amount
    rest, part = ((whole.start, cut), (cut, whole.end))
    if not back:
        rest, part = part, rest
    new = (piece >> 16) << 16 | root.pieces
    books.roots[piece >> 16] = replace(root, pieces=root.pieces + 1)
    books.pieces[piece] = replace(whole, start=rest[0], end=rest[1])
    books.pieces[new] = Piece(
        whole.holder,
        NOBODY,
        part[0],
        part[1],
        0,
        whole.state,
        min(whole.depth + 1, DEPTH_MAX),
        piece & PIECES_MAX,
    )
    return new


def _offer(books: Books, piece: int) -> Piece:
    found = books.piece(piece)
    if found.state not in _OFFERS:
        refuse(Failure.VOUCHERS_PIECE_STATE, piece=piece, state=int(found.state))
    return found


def _offer_to(books: Books, piece: int, by: Party) -> Piece:
    found = _offer(books, piece)
    if found.offeree != by.id:
        refuse(Failure.VOUCHERS_NOT_OFFEREE, piece=piece, party=by.id)
    return found


def _end_offer(books: Books, piece: int) -> int:
    """A piece offered onward is its holder's again; a first offer takes the root with it."""
    found = books.pieces[piece]
    if found.state == PieceState.OFFERED:
        books.pieces[piece] = free(found)
        return piece
    root, issuer = books.root(piece), books.issuer(found.holder)
    books.documents[root.document] = check_restore(books, root.document, found.amount)
    books.issuers[found.holder] = replace(issuer, outstanding=issuer.outstanding - found.amount)
    books.roots[piece >> 16] = replace(root, state=StoredState.CANCELLED)
    books.pieces[piece] = replace(free(found), state=PieceState.CANCELLED)
    return piece
