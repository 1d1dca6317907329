"""The plain model, rule by rule: redemption, dishonour, write-off, financing."""

from typing import Any

import pytest
from xinlian.ledger.model.book_settlement import payee_of
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import FinancingId, PieceId
from xinlian.ledger.model.items import (
    Disburse,
    Dishonour,
    Redeem,
    RegisterFinancing,
    ReleaseFinancing,
    Repay,
    UnblockIssuer,
    WriteOff,
)
from xinlian.ledger.model.parties import PartyStatus
from xinlian.ledger.model.vouchers import FinancingState, PieceState, RootState

from tests.ledger.book.network import TODAY, Network, key, refused

DAY = 86_400
PROOF = key("proof")


@pytest.fixture
def net() -> Network:
    return Network()


def test_redemption_needs_the_paying_bank_and_takes_the_front(net: Network) -> None:
    piece = net.held(1_000)
    with refused(Failure.VOUCHERS_NOT_PAYING_BANK, party=net.bank2):
        net.run(net.bank2, Redeem(piece, 100, PROOF))
    with refused(Failure.VOUCHERS_RECEIPT):
        net.run(net.bank, Redeem(piece, 100, bytes(32)))
    with refused(Failure.VOUCHERS_AMOUNT, amount=1_001):
        net.run(net.bank, Redeem(piece, 1_001, PROOF))
    part = PieceId(net.run(net.bank, Redeem(piece, 400, PROOF))[0])
    assert (net.piece(part).start, net.piece(part).end) == (0, 400)
    assert net.piece(part).state is PieceState.REDEEMED
    assert net.book.books.issuers[net.issuer].outstanding == 600
    with refused(Failure.VOUCHERS_PIECE_STATE, state=6):
        net.run(net.bank, Redeem(part, 400, PROOF))
    offered = net.pass_on(net.supplier, piece, 600, net.supplier2)
    net.book.set_status(net.supplier, PartyStatus.SUSPENDED)
    net.run(net.bank, Redeem(offered, 600, PROOF))
    assert net.book.root_state(1, net.now) is RootState.SETTLED


def test_dishonour_by_the_bank_at_once_and_by_the_holder_after_the_grace_days(
    net: Network,
) -> None:
    piece, other = net.held(1_000), net.held(1_000)
    net.now += 90 * DAY
    with refused(Failure.VOUCHERS_NOT_DUE, day=TODAY + 90, today=TODAY + 90):
        net.run(net.bank, Dishonour(piece, PROOF))
    net.now += DAY
    with refused(Failure.VOUCHERS_NOT_DUE, day=TODAY + 93):
        net.run(net.supplier, Dishonour(piece, PROOF))
    with refused(Failure.VOUCHERS_NOT_HOLDER):
        net.run(net.supplier2, Dishonour(piece, PROOF))
    with refused(Failure.VOUCHERS_EVIDENCE):
        net.run(net.bank, Dishonour(piece, bytes(32)))
    net.run(net.bank, Dishonour(piece, PROOF))
    assert net.book.books.issuers[net.issuer].blocked
    with refused(Failure.VOUCHERS_ROOT_STATE):
        net.run(net.bank, Dishonour(piece, PROOF))
    net.now += 3 * DAY
    net.run(net.supplier, Dishonour(other, PROOF))
    with refused(Failure.DIRECTORY_MISSING_ROLE):
        net.run(net.operator, UnblockIssuer(net.issuer, PROOF))
    net.run(net.regulator, UnblockIssuer(net.issuer, PROOF))
    with refused(Failure.VOUCHERS_ISSUER_NOT_BLOCKED):
        net.run(net.regulator, UnblockIssuer(net.issuer, PROOF))
    net.run(net.bank, Redeem(piece, 1_000, PROOF))
    assert net.book.root_state(1, net.now) is RootState.SETTLED
    net.run(net.supplier, WriteOff(other, PROOF))
    assert net.book.root_state(2, net.now) is RootState.WRITTEN_OFF
    assert net.book.books.issuers[net.issuer].outstanding == 0


def test_only_dishonoured_pieces_are_written_off(net: Network) -> None:
    piece = net.held(1_000)
    with refused(Failure.VOUCHERS_NOT_DISHONOURED, root=1):
        net.run(net.supplier, WriteOff(piece, PROOF))
    with refused(Failure.VOUCHERS_NOT_HOLDER):
        net.run(net.issuer, WriteOff(piece, PROOF))


def test_a_sale_moves_the_piece_to_the_funder_for_good_without_recourse(net: Network) -> None:
    piece = net.held(1_000)
    number, locked = net.locked(piece, 400)
    with refused(Failure.VOUCHERS_PIECE_STATE, state=4):
        net.pass_on(net.supplier, locked, 100, net.supplier2)
    with refused(Failure.DESK_AMOUNT, amount=359, expected=360):
        net.run(net.bank, Disburse(number, 359, PROOF))
    net.run(net.bank, Disburse(number, 360, PROOF))
    assert net.piece(locked).holder == net.funder
    assert payee_of(net.piece(locked)) == net.funder
    with refused(Failure.DESK_NO_RECOURSE):
        net.run(net.bank, Repay(number, 360, PROOF))


def test_a_sale_with_recourse_comes_back_after_dishonour(net: Network) -> None:
    piece = net.held(1_000)
    number, locked = net.locked(piece, 1_000, recourse=True)
    net.run(net.bank, Disburse(number, 900, PROOF))
    with refused(Failure.DESK_NOT_DISHONOURED):
        net.run(net.bank, Repay(number, 900, PROOF))
    net.now += 91 * DAY
    net.run(net.bank, Dishonour(locked, PROOF))
    net.run(net.bank, Repay(number, 950, PROOF))
    assert net.piece(locked).holder == net.supplier
    assert net.piece(locked).state is PieceState.HELD
    assert net.book.books.financings[number].state is FinancingState.REPAID


def test_a_pledge_gives_the_money_to_the_lien_holder_until_it_is_repaid(net: Network) -> None:
    piece = net.held(1_000)
    number, locked = net.locked(piece, 1_000, sale=False)
    net.run(net.bank, Disburse(number, 900, PROOF))
    assert net.piece(locked).holder == net.supplier
    part = PieceId(net.run(net.bank, Redeem(locked, 100, PROOF))[0])
    assert payee_of(net.piece(part)) == net.funder
    net.run(net.bank, Repay(number, 900, PROOF))
    assert net.piece(locked).offeree == 0
    with refused(Failure.DESK_STATE, state=5):
        net.run(net.bank, Repay(number, 900, PROOF))


def test_desk_refusals(net: Network) -> None:
    piece = net.held(1_000, due=TODAY + 200)
    opening = net.opening(piece, 500)
    changed: dict[str, Any] = {name: getattr(opening, name) for name in opening.__slots__}

    def open_(**changes: Any) -> None:
        net.run(net.supplier, type(opening)(**(changed | changes)))

    with refused(Failure.DESK_SELF):
        open_(funder=net.supplier)
    with refused(Failure.DIRECTORY_MISSING_ROLE, role=4):
        open_(funder=net.supplier2)
    with refused(Failure.DESK_PRICE):
        open_(price=501)
    with refused(Failure.DESK_MATURITY):
        open_(maturity_day=TODAY - 1)
    with refused(Failure.DESK_TERMS):
        open_(terms=bytes(32))
    number = FinancingId(net.run(net.supplier, opening)[0])
    with refused(Failure.DESK_UNKNOWN):
        net.run(net.funder, RegisterFinancing(FinancingId(9), PROOF, PROOF))
    with refused(Failure.DESK_NOT_FUNDER):
        net.run(net.supplier, RegisterFinancing(number, PROOF, PROOF))
    with refused(Failure.DESK_REGISTRATION):
        net.run(net.funder, RegisterFinancing(number, bytes(32), PROOF))
    with refused(Failure.DESK_NEEDS_TENOR_REASON, due_day=TODAY + 200):
        net.run(net.funder, RegisterFinancing(number, PROOF, bytes(32)))
    with refused(Failure.DESK_STATE):
        net.run(net.bank, Disburse(number, 450, PROOF))
    net.run(net.funder, RegisterFinancing(number, PROOF, PROOF))
    with refused(Failure.DESK_LOCK_RUNS):
        net.run(net.supplier, ReleaseFinancing(number, 1))
    with refused(Failure.DESK_NOT_PARTY):
        net.run(net.bank, ReleaseFinancing(number, 1))
    again = FinancingId(net.run(net.supplier, net.opening(piece, 100))[0])
    with refused(Failure.DESK_REGISTRATION_USED, financing=number):
        net.run(net.funder, RegisterFinancing(again, PROOF, PROOF))
    net.now += 2 * DAY
    with refused(Failure.DESK_LOCK_EXPIRED):
        net.run(net.bank, Disburse(number, 450, PROOF))
    net.run(net.supplier, ReleaseFinancing(number, 1))
    net.run(net.funder, ReleaseFinancing(again, 1))
    states = {p.state for p in net.book.books.pieces_of(1)}
    assert states == {PieceState.HELD}
