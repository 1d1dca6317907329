"""The chain's own view, read after a life of vouchers that touched every struct."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from xinlian.ledger.chain.reader import ChainReader
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import FinancingId, PartyId, piece_id
from xinlian.ledger.model.items import (
    Accept,
    ContractName,
    OpenFinancing,
    RegisterFinancing,
    Transfer,
)
from xinlian.ledger.model.parties import Member, Role
from xinlian.ledger.model.statuses import Final
from xinlian.ledger.model.vouchers import (
    Document,
    FinancingState,
    Issuer,
    Piece,
    PieceState,
    RootState,
    StoredState,
)

from tests.support.network import (
    BANK,
    CAREFUL,
    FUNDER,
    GUARDIAN,
    ISSUER,
    POLICY,
    SUPPLIER,
    SUPPLIER_2,
    TODAY,
    Network,
    key,
)
from tests.support.pipeline import Pipeline, document, document_key, issue

HASH = b"\7" * 32


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_every_view_tells_what_the_orders_did(network: Network, books: Engine) -> None:
    line, later = Pipeline(network, books), network.now + 3_600
    digests = line.send(
        network.sign(ISSUER, document(1)),
        network.sign(ISSUER, issue(1)),
        network.sign(SUPPLIER, Accept(piece_id(1, 0))),
        network.sign(SUPPLIER, Transfer(piece_id(1, 0), 400, True, SUPPLIER_2, later, 1)),
        network.sign(
            SUPPLIER,
            OpenFinancing(
                piece_id(1, 0), 1_000, False, FUNDER, BANK, False, False, 900, TODAY + 90, later,
                HASH,
            ),
        ),
        network.sign(FUNDER, RegisterFinancing(FinancingId(1), HASH, bytes(32))),
    )  # fmt: skip
    line.settle()
    assert {type(status) for status in line.statuses(digests)} == {Final}
    reader = ChainReader(network.rpc, network.deployment.addresses)

    assert reader.pieces_of(1) == reader.pieces([piece_id(1, index) for index in range(3)])
    assert reader.pieces_of(1) == [
        Piece(SUPPLIER, PartyId(0), 1_000, 10**6 - 400, 0, PieceState.HELD, 0, 0),
        Piece(SUPPLIER, SUPPLIER_2, 10**6 - 400, 10**6, later, PieceState.OFFERED, 1, 0),
        Piece(SUPPLIER, FUNDER, 0, 1_000, later, PieceState.LOCKED, 1, 0),
    ]
    root = reader.root(1)
    assert (root.issuer, root.paying_bank, root.face, root.pieces) == (ISSUER, BANK, 10**6, 3)
    assert (root.due_day, root.issued_day, root.document) == (TODAY + 90, TODAY, document_key(1))
    assert root.state is StoredState.OPEN
    assert reader.root_state(1) is RootState.ACTIVE
    assert reader.issuer(ISSUER) == Issuer(10**15, 10**6, blocked=False)
    assert reader.policy(1) == POLICY
    assert reader.document(document_key(1)) == Document(10**6, 10**6, ISSUER, SUPPLIER, 4, 0)
    financing = reader.financing(1)
    assert (financing.state, financing.price) == (FinancingState.REGISTERED, 900)
    assert (financing.terms, financing.registration, financing.sale) == (HASH, HASH, False)
    assert (reader.root_count(), reader.financing_count(), reader.party_count()) == (1, 1, 8)
    assert reader.today() == TODAY

    accounts = tuple(key("party", CAREFUL, number).address for number in range(2))
    assert reader.accounts_of(CAREFUL) == accounts
    for contract in ContractName:
        member = Member(CAREFUL, Role.SUPPLIER, 1, 2)
        known, unknown = reader.members_of([accounts[1], GUARDIAN.address], contract)
        assert known == reader.party(CAREFUL, contract) == member
        assert unknown.party == 0
        assert not reader.paused(contract)

    # The issuer's second order, numbered 2, was the one to this contract.
    assert reader.nonces_used(ContractName.VOUCHERS, ISSUER, [1, 2, 3]) == [False, True, False]
    height = line.indexer.catch_up()
    assert set(reader.root_digests([1], height)) == {1}
    assert reader.root_count(height) == 1
    with pytest.raises(LedgerError) as caught:
        reader.piece(piece_id(9, 9))
    assert caught.value.code is Failure.VOUCHERS_UNKNOWN_PIECE
