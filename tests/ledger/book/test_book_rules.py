"""The plain model, rule by rule: issue, transfer, merge and how offers end."""

from typing import Any

import pytest
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.items import (
    Accept,
    BlockIssuer,
    Decline,
    Dishonour,
    Issue,
    Merge,
    Redeem,
    Transfer,
    Withdraw,
)
from xinlian.ledger.model.parties import PartyStatus
from xinlian.ledger.model.vouchers import PieceState, Policy, RootState

from tests.ledger.book.network import LIMIT, POLICY, TODAY, Network, key, refused

DAY = 86_400
PROOF = key("proof")


@pytest.fixture
def net() -> Network:
    return Network()


def test_an_offer_becomes_the_payees_when_accepted(net: Network) -> None:
    piece = net.offer(1_000)
    assert net.piece(piece).holder == net.issuer
    assert net.book.root_state(1, net.now) is RootState.OFFERED
    with refused(Failure.VOUCHERS_NOT_OFFEREE, piece=piece, party=net.supplier2):
        net.run(net.supplier2, Accept(piece))
    net.run(net.supplier, Accept(piece))
    assert net.piece(piece).holder == net.supplier
    assert net.book.root_state(1, net.now) is RootState.ACTIVE
    assert net.book.books.issuers[net.issuer].outstanding == 1_000


def test_an_offer_can_be_accepted_until_its_last_second_even_from_a_blocked_issuer(
    net: Network,
) -> None:
    piece = net.offer(1_000, days=1)
    net.run(net.regulator, BlockIssuer(net.issuer, PROOF))
    with refused(Failure.VOUCHERS_OFFER_RUNS):
        net.book.expire([piece], net.now + DAY)
    net.now += DAY
    net.run(net.supplier, Accept(piece))
    late = net.pass_on(net.supplier, piece, 400, net.supplier2)
    net.now += DAY + 1
    with refused(Failure.VOUCHERS_OFFER_EXPIRED, piece=late):
        net.run(net.supplier2, Accept(late))
    net.book.expire([late], net.now)
    assert net.piece(late).state is PieceState.HELD


@pytest.mark.parametrize("how", ["decline", "withdraw", "expire"])
def test_an_issue_that_comes_to_nothing_frees_limit_and_document(net: Network, how: str) -> None:
    document = net.document(1_000)
    piece = PieceId(net.run(net.issuer, net.issue(document, 1_000))[0])
    with refused(Failure.DOCUMENTS_INSUFFICIENT, wanted=1, free=0):
        net.run(net.issuer, net.issue(document, 1))
    if how == "decline":
        net.run(net.supplier, Decline(piece, 3))
    elif how == "withdraw":
        net.run(net.issuer, Withdraw(piece))
    else:
        net.book.expire([piece], net.now + 6 * DAY)
    books = net.book.books
    assert books.issuers[net.issuer].outstanding == 0
    assert books.documents[document].used == 0
    assert net.piece(piece).state is PieceState.CANCELLED
    assert net.book.root_state(1, net.now) is RootState.CANCELLED
    with refused(Failure.VOUCHERS_PIECE_STATE, piece=piece, state=7):
        net.run(net.supplier, Accept(piece))
    net.run(net.issuer, net.issue(document, 1_000))


def test_issue_refusals_in_order_of_precedence(net: Network) -> None:
    document = net.document(1_000)

    def issue(by: int, **changes: Any) -> None:
        fields = {name: getattr(base, name) for name in base.__slots__} | changes
        net.run(by, Issue(**fields))

    base = net.issue(document, 1_000)
    with refused(Failure.DIRECTORY_MISSING_ROLE, party=net.supplier, role=1):
        issue(net.supplier)
    with refused(Failure.VOUCHERS_SELF):
        issue(net.issuer, payee=net.issuer)
    with refused(Failure.DIRECTORY_UNKNOWN_PARTY, party=77):
        issue(net.issuer, payee=PartyId(77))
    with refused(Failure.DIRECTORY_MISSING_ROLE, party=net.funder, role=2):
        issue(net.issuer, payee=net.funder)
    with refused(Failure.DIRECTORY_MISSING_ROLE, party=net.supplier, role=8):
        issue(net.issuer, paying_bank=net.supplier)
    for face in (0, 2**48):
        with refused(Failure.VOUCHERS_AMOUNT, amount=face):
            issue(net.issuer, face=face)
    for due in (TODAY - 1, TODAY + 366):
        with refused(Failure.VOUCHERS_DUE, due_day=due, last=TODAY + 365):
            issue(net.issuer, due_day=due)
    for expiry in (net.now, net.now + POLICY.offer_seconds_max + 1):
        with refused(Failure.VOUCHERS_EXPIRY, expiry=expiry):
            issue(net.issuer, expiry=expiry)
    net.book.set_issuer_limit(net.issuer, 999)
    with refused(Failure.VOUCHERS_LIMIT, wanted=1_000, free=999):
        issue(net.issuer)
    net.book.set_issuer_limit(net.issuer, LIMIT)
    with refused(Failure.DOCUMENTS_UNKNOWN):
        issue(net.issuer, document=key("no such"))
    net.book.set_issuer_limit(net.issuer2, LIMIT)
    with refused(Failure.DOCUMENTS_NOT_PARTY, party=net.issuer2):
        issue(net.issuer2)
    with refused(Failure.DOCUMENTS_NOT_SELLER, seller=net.supplier):
        issue(net.issuer, payee=net.supplier2)
    net.run(net.regulator, BlockIssuer(net.issuer, PROOF))
    with refused(Failure.VOUCHERS_ISSUER_BLOCKED):
        issue(net.issuer)
    net.book.set_status(net.supplier, PartyStatus.SUSPENDED)
    with refused(Failure.DIRECTORY_PARTY_SUSPENDED, party=net.supplier):
        issue(net.issuer)


def test_a_transfer_cuts_one_piece_off_the_front_or_the_back(net: Network) -> None:
    whole = net.held(1_000)
    front = net.pass_on(net.supplier, whole, 300, net.supplier2)
    back = net.pass_on(net.supplier, whole, 200, net.supplier3, back=True)
    assert (front & 0xFFFF, back & 0xFFFF) == (1, 2)
    ranges = [(net.piece(p).start, net.piece(p).end) for p in (front, whole, back)]
    assert ranges == [(0, 300), (300, 800), (800, 1_000)]
    assert [net.piece(p).depth for p in (front, whole, back)] == [1, 0, 1]
    assert net.piece(front).holder == net.supplier
    rest = net.pass_on(net.supplier, whole, 500, net.supplier2)
    assert rest == whole


def test_transfer_refusals_in_order_of_precedence(net: Network) -> None:
    piece = net.held(1_000)

    def transfer(by: int, amount: int = 100, to: int = 4, purpose: int = 1, hours: int = 1) -> None:
        expiry = net.now + hours * 3_600
        net.run(by, Transfer(piece, amount, False, PartyId(to), expiry, purpose))

    with refused(Failure.VOUCHERS_UNKNOWN_PIECE, piece=999):
        net.run(net.supplier, Transfer(PieceId(999), 1, False, net.supplier2, net.now + 9, 1))
    with refused(Failure.VOUCHERS_NOT_HOLDER, party=net.supplier2):
        transfer(net.supplier2)
    with refused(Failure.VOUCHERS_SELF):
        transfer(net.supplier, to=net.supplier)
    with refused(Failure.DIRECTORY_MISSING_ROLE, party=net.bank, role=7):
        transfer(net.supplier, to=net.bank)
    with refused(Failure.VOUCHERS_PURPOSE):
        transfer(net.supplier, purpose=0)
    with refused(Failure.VOUCHERS_EXPIRY):
        transfer(net.supplier, hours=0)
    for amount in (0, 1_001):
        with refused(Failure.VOUCHERS_AMOUNT, amount=amount, most=1_000):
            transfer(net.supplier, amount=amount)
    net.now += 91 * DAY
    with refused(Failure.VOUCHERS_ROOT_STATE, state=int(RootState.MATURED)):
        transfer(net.supplier)
    net.run(net.bank, Dishonour(piece, PROOF))
    with refused(Failure.VOUCHERS_ROOT_STATE, state=int(RootState.DISHONOURED)):
        transfer(net.supplier)


def test_the_policy_in_force_bounds_depth_and_number_of_pieces(net: Network) -> None:
    net.book.add_policy(Policy(TODAY + 1, 6, 12, 1, 3, 86_400, 0))
    piece = net.held(1_000)
    net.now += DAY
    first = net.given(net.supplier, piece, 100, net.supplier2)
    with refused(Failure.VOUCHERS_DEPTH, most=1):
        net.pass_on(net.supplier2, first, 50, net.supplier3)
    net.given(net.supplier, piece, 100, net.supplier2)
    with refused(Failure.VOUCHERS_PIECES, most=3):
        net.pass_on(net.supplier, piece, 100, net.supplier2)
    net.pass_on(net.supplier2, first, 100, net.supplier3)
    net.run(net.bank, Redeem(piece, 1, PROOF))
    with refused(Failure.VOUCHERS_POLICY):
        net.book.add_policy(Policy(TODAY, 6, 12, 1, 3, 86_400, 0))


def test_merging_restores_the_range_and_keeps_the_right_depth(net: Network) -> None:
    whole = net.held(1_000)
    child = net.pass_on(net.supplier, whole, 400, net.supplier2)
    net.run(net.supplier2, Decline(child, 0))
    with refused(Failure.VOUCHERS_NOT_ADJACENT):
        net.run(net.supplier, Merge(whole, whole))
    assert net.run(net.supplier, Merge(child, whole)) == [whole]
    assert (net.piece(whole).start, net.piece(whole).end, net.piece(whole).depth) == (0, 1_000, 0)
    assert net.piece(child).state is PieceState.MERGED
    assert net.piece(child).amount == 0
    a = net.given(net.supplier, whole, 100, net.supplier2)
    b = net.given(net.supplier, whole, 100, net.supplier3)
    b = net.given(net.supplier3, b, 50, net.supplier2)
    assert net.run(net.supplier2, Merge(a, b)) == [a]
    assert net.piece(a).depth == 2
    far = net.given(net.supplier, whole, 10, net.supplier2, back=True)
    with refused(Failure.VOUCHERS_NOT_ADJACENT):
        net.run(net.supplier2, Merge(a, far))
