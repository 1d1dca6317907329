"""Numbers of orders: dense, each handed out once, clear of those used elsewhere."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.items import ContractName, SetThreshold
from xinlian.ledger.model.orders import Order, sign

from tests.support.network import ISSUER, SUPPLIER, Network, key
from tests.support.pipeline import Pipeline


@pytest.fixture
def line(network: Network, books: Engine) -> Pipeline:
    return Pipeline(network, books)


def test_numbers_are_dense_and_never_handed_out_twice(line: Pipeline) -> None:
    documents = ContractName.DOCUMENTS
    party = PartyId(77)
    submitter, other = line.submitter, Pipeline(line.network, line.engine).submitter
    first = [submitter.next_nonce(documents, party) for _ in range(20)]
    assert first == list(range(20))
    second = [other.next_nonce(documents, party) for _ in range(20)]
    assert not set(first) & set(second)
    assert max(second) < 64
    taken = submitter.next_nonces(documents, party, 100)
    assert len(taken) == 100
    assert not set(taken) & {*first, *second}
    assert submitter.next_nonce(ContractName.VOUCHERS, party) == 0
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: answers.extend(submitter.next_nonce(documents, party) for _ in range(30))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers) | {*first, *second, *taken}) == 120 + 140


def test_numbers_step_over_those_that_clients_chose(line: Pipeline) -> None:
    network, registry = line.network, ContractName.REGISTRY
    party = PartyId(3)
    submitter = line.submitter
    assert submitter.next_nonce(registry, party) == 0
    order = Order(party, 20, network.now + 60, (SetThreshold(1),))
    submitter.submit(
        sign(order, network.deployment.domain(registry), network.signers(party)), "threshold"
    )
    numbers = [submitter.next_nonce(registry, party) for _ in range(40)]
    assert 20 not in numbers
    assert len(set(numbers)) == 40


def test_a_new_database_starts_above_what_the_chain_has_seen(
    network: Network, books: Engine
) -> None:
    contract, account = ContractName.DESK, key("party", SUPPLIER, 1)
    cancel = "cancelNonce(uint256)"
    for number in (*range(5), 6, 7):
        network.send(account, network.address(contract), cancel, number)
    submitter = Pipeline(network, books).submitter
    assert submitter.next_nonce(contract, SUPPLIER) == 256
    assert submitter.next_nonce(contract, ISSUER) == 0
