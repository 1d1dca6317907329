"""The plain model, rule by rule: orders, parties and documents."""

from typing import Any

import pytest
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import PieceId
from xinlian.ledger.model.items import (
    Accept,
    AddAccount,
    Combine,
    ContractName,
    CreditNote,
    Decline,
    RegisterDocument,
    RemoveAccount,
    SetThreshold,
)
from xinlian.ledger.model.orders import Order
from xinlian.ledger.model.parties import PartyStatus, Role

from tests.ledger.book.network import Network, account, key, refused

DAY = 86_400
PROOF = key("proof")


@pytest.fixture
def net() -> Network:
    return Network()


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
    with refused(Failure.ORDERS_NONCE_USED, nonce=1):
        accept(two)  # The order that met the suspension is dead.
    net.book.cancel_nonce(ContractName.VOUCHERS, two[0], 2)
    with refused(Failure.ORDERS_NONCE_USED, nonce=2):
        accept(two, nonce=2)
    accept(two, nonce=3)
    with refused(Failure.ORDERS_NONCE_USED, nonce=3):
        accept(two, nonce=3)
    with refused(Failure.VOUCHERS_PIECE_STATE):
        accept(two, nonce=4)
    with refused(Failure.ORDERS_NONCE_USED, nonce=4):
        accept(two, nonce=4)


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
