"""The plain model, rule by rule: what it does, and what it refuses with which values."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from xinlian.ledger.model.book_settlement import payee_of
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import (
    Accept,
    AddAccount,
    BlockIssuer,
    Combine,
    ContractName,
    CreditNote,
    Decline,
    Disburse,
    Dishonour,
    Issue,
    Merge,
    Redeem,
    RegisterDocument,
    RegisterFinancing,
    ReleaseFinancing,
    RemoveAccount,
    Repay,
    SetThreshold,
    Transfer,
    UnblockIssuer,
    Withdraw,
    WriteOff,
)
from xinlian.ledger.model.orders import Order
from xinlian.ledger.model.parties import PartyStatus, Role
from xinlian.ledger.model.vouchers import FinancingState, PieceState, Policy, RootState

from tests.ledger.book.network import LIMIT, POLICY, TODAY, Network, account, key

DAY = 86_400
PROOF = key("proof")


@pytest.fixture
def net() -> Network:
    return Network()


@contextmanager
def refused(code: Failure, **fields: Any) -> Iterator[None]:
    with pytest.raises(LedgerError) as found:
        yield
    assert found.value.code is code
    assert {name: found.value.fields.get(name) for name in fields} == fields


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


def test_documents_are_used_once_and_taken_back_by_credit_notes(net: Network) -> None:
    document = net.document(1_000)
    piece = net.run(net.issuer, net.issue(document, 700))[0]
    with refused(Failure.DOCUMENTS_NOT_PARTY):
        net.run(net.supplier2, CreditNote(document, key("n"), 100))
    net.run(net.supplier, CreditNote(document, key("n"), 500))
    found = net.book.books.documents[document]
    assert (found.usable, found.used, found.shortfall) == (700, 700, 200)
    with refused(Failure.DOCUMENTS_NOTE_APPLIED):
        net.run(net.issuer, CreditNote(document, key("n"), 100))
    with refused(Failure.DOCUMENTS_AMOUNT):
        net.run(net.issuer, CreditNote(document, key("m"), 501))
    net.run(net.supplier, Decline(PieceId(piece), 0))
    found = net.book.books.documents[document]
    assert (found.usable, found.used, found.shortfall) == (500, 0, 0)


def test_bundles_take_free_amounts_of_documents_of_the_same_two_parties(net: Network) -> None:
    bundle = key("bundle")
    net.run(net.issuer, RegisterDocument(bundle, 5, net.supplier, 0))
    first, other = net.document(600), net.document(600, seller=net.supplier2)
    with refused(Failure.DOCUMENTS_NOT_SELLER):
        net.run(net.issuer, Combine(bundle, other, 100))
    with refused(Failure.DOCUMENTS_KIND, kind=4):
        net.run(net.issuer, Combine(first, other, 100))
    with refused(Failure.DOCUMENTS_KIND, kind=5):
        net.run(net.issuer, Combine(bundle, bundle, 100))
    with refused(Failure.DOCUMENTS_INSUFFICIENT, wanted=601, free=600):
        net.run(net.issuer, Combine(bundle, first, 601))
    net.run(net.issuer, Combine(bundle, first, 400))
    net.run(net.issuer, net.issue(bundle, 400))
    with refused(Failure.DOCUMENTS_INSUFFICIENT, free=200):
        net.run(net.issuer, net.issue(first, 201))
    with refused(Failure.DOCUMENTS_EXISTS):
        net.run(net.issuer, RegisterDocument(first, 4, net.supplier, 1))


def test_the_items_of_an_order_succeed_or_fail_together(net: Network) -> None:
    document = net.document(1_500)
    before = net.book.books.snapshot()
    with refused(Failure.DOCUMENTS_INSUFFICIENT):
        net.run(net.issuer, net.issue(document, 1_000), net.issue(document, 1_000))
    assert vars(net.book.books) == before


def test_an_order_needs_the_signatures_that_the_policy_demands(net: Network) -> None:
    piece = net.offer(100)
    two = [account(3), account(3, 1)]

    def accept(signers: list[Any], nonce: int = 1, deadline: int = 0) -> None:
        order = Order(net.supplier, nonce, deadline or net.now, (Accept(piece),))
        net.book.submit(order, signers, net.now)

    with refused(Failure.ORDERS_EXPIRED):
        accept(two[:1], deadline=net.now - 1)
    with refused(Failure.ORDERS_SIGNATURE_COUNT, length=0):
        accept([])
    with refused(Failure.ORDERS_BAD_SIGNATURE):
        accept([account(9)])
    net.run(net.supplier, AddAccount(two[1]))
    net.run(net.supplier, SetThreshold(2))
    with refused(Failure.REGISTRY_ACCOUNT_COUNT):
        net.run(net.supplier, RemoveAccount(two[1]))
    with refused(Failure.ORDERS_SIGNATURE_COUNT, threshold=2):
        accept(two[:1])
    with refused(Failure.ORDERS_DUPLICATE_SIGNER):
        accept([two[0], two[0]])
    with refused(Failure.ORDERS_BAD_SIGNATURE, party=net.supplier):
        accept([two[0], account(9)])
    net.book.set_status(net.supplier, PartyStatus.SUSPENDED)
    with refused(Failure.DIRECTORY_PARTY_SUSPENDED):
        accept(two)
    net.book.set_status(net.supplier, PartyStatus.ACTIVE)
    net.book.cancel_nonce(ContractName.VOUCHERS, two[0], 1)
    with refused(Failure.ORDERS_NONCE_USED, nonce=1):
        accept(two)
    accept(two, nonce=2)
    with refused(Failure.ORDERS_NONCE_USED, nonce=2):
        accept(two, nonce=2)
    with refused(Failure.VOUCHERS_PIECE_STATE):
        accept(two, nonce=3)
    with refused(Failure.ORDERS_NONCE_USED, nonce=3):
        accept(two, nonce=3)


def test_parties_and_their_accounts(net: Network) -> None:
    book = net.book
    with refused(Failure.REGISTRY_ZERO):
        book.register(bytes(32), Role.SUPPLIER, [account(50)])
    with refused(Failure.REGISTRY_ID_TAKEN, party=net.issuer):
        book.register(key("issuer"), Role.SUPPLIER, [account(50)])
    with refused(Failure.REGISTRY_ROLES):
        book.register(key("new"), Role(0), [account(50)])
    with refused(Failure.REGISTRY_THRESHOLD):
        book.register(key("new"), Role.SUPPLIER, [account(50)], 3)
    with refused(Failure.REGISTRY_ACCOUNT_COUNT):
        book.register(key("new"), Role.SUPPLIER, [account(50)], 2)
    with refused(Failure.REGISTRY_ACCOUNT_TAKEN, party=net.issuer):
        book.register(key("new"), Role.SUPPLIER, [account(1)])
    book.recover_accounts(net.supplier, [account(60), account(3)], 2)
    assert book.books.parties[net.supplier].accounts == (account(60), account(3))
    with refused(Failure.REGISTRY_ACCOUNT_TAKEN):
        book.recover_accounts(net.supplier2, [account(3)], 1)
    assert book.books.accounts[account(4)] == net.supplier2
    with refused(Failure.REGISTRY_NOT_ACCOUNT):
        net.run(net.supplier2, RemoveAccount(account(3)))
    with refused(Failure.DIRECTORY_UNKNOWN_ACCOUNT):
        book.cancel_nonce(ContractName.DESK, account(99), 1)
