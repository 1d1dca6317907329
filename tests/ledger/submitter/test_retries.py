"""Orders that cannot go at once: pauses, too little gas, deadlines."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select
from xinlian.ledger.adapters.sql.outbox import CarrierState, carriers, orders
from xinlian.ledger.chain import packing
from xinlian.ledger.chain.abi import selector
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.statuses import Failed, Final, Included, Submitted

from tests.support.network import (
    GUARDIAN,
    ISSUER,
    MEMBERS,
    Network,
    rows,
)
from tests.support.pipeline import Pipeline, document


@pytest.fixture
def line(network: Network, books: Engine) -> Pipeline:
    return Pipeline(network, books)


_numbers = iter(range(1, 1_000_000))


def fresh(count: int = 1) -> list[int]:
    return [next(_numbers) for _ in range(count)]


def test_while_a_contract_is_paused_orders_wait(line: Pipeline) -> None:
    network, documents = line.network, line.network.address(ContractName.DOCUMENTS)
    network.send(GUARDIAN, documents, "pause()")
    (digest,) = line.send(network.sign(ISSUER, document(*fresh())))
    for _ in range(12):
        line.round()
    assert isinstance(line.submitter.status(digest), (Submitted, Included))
    unpause(network, documents)
    line.settle()
    assert isinstance(line.submitter.status(digest), Final)
    assert rows(line.engine, select(orders.c.tries)) == [(0,)]


def unpause(network: Network, contract: Address) -> None:
    """As the council and the timelock do it; the chain's clock moves by the delay."""
    deployment = network.deployment
    arguments = (to_checksum(contract), selector("unpause()"), network.number.to_bytes(32, "big"))
    for member in MEMBERS[:2]:
        network.send(member, deployment.council, "approve(address,bytes,bytes32)", *arguments)
    network.pass_time(3_600)
    receipt = network.send(
        MEMBERS[0], deployment.timelock, "execute(address,uint256,bytes,bytes32,bytes32)",
        to_checksum(contract), 0, selector("unpause()"), bytes(32), arguments[2],
    )  # fmt: skip
    assert int(receipt["status"], 16) == 1


@pytest.mark.parametrize("factor", [10, 4])
def test_carriers_with_too_little_gas_are_packed_anew(
    line: Pipeline, monkeypatch: pytest.MonkeyPatch, factor: int
) -> None:
    gas = {kind: (gas // factor, size) for kind, (gas, size) in packing._GAS_BY_KIND.items()}
    monkeypatch.setattr(packing, "_GAS_BY_KIND", gas)
    monkeypatch.setattr(packing, "_ORDER_GAS", packing._ORDER_GAS // factor)
    numbers = fresh(60)
    digests = line.send(*(line.network.sign(ISSUER, document(number)) for number in numbers))
    line.settle()
    assert {type(status) for status in line.statuses(digests)} == {Final}
    reverted = select(func.count()).where(carriers.c.state == CarrierState.REVERTED)
    assert rows(line.engine, reverted)[0][0] >= 1


def test_an_order_that_never_fits_is_refused_and_others_go_on(
    line: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = line.send(line.network.sign(ISSUER, document(*fresh())))
    monkeypatch.setattr(packing, "GAS_MAX", 80_000)
    line.settle()
    status = line.statuses(digests)[0]
    assert isinstance(status, Failed)
    assert (status.code, status.burned) == (Failure.ORDERS_OUT_OF_GAS, False)
    assert rows(line.engine, select(orders.c.tries)) == [(packing.TRIES_MAX - 1,)]
    monkeypatch.undo()
    digests = line.send(line.network.sign(ISSUER, document(*fresh())))
    line.settle()
    assert isinstance(line.statuses(digests)[0], Final)


def test_an_order_that_waited_too_long_is_failed_and_never_sent(line: Pipeline) -> None:
    now = line.network.now
    late = line.network.sign(ISSUER, document(*fresh()), deadline=now + 5)
    good = line.network.sign(ISSUER, document(*fresh()))
    digests = line.send(late, good)
    line.ahead = 6
    line.settle()
    status, other = line.statuses(digests)
    assert isinstance(status, Failed)
    assert (status.code, status.burned, status.tx_hash) == (Failure.ORDERS_EXPIRED, False, None)
    assert status.fields == {"deadline": now + 5, "time": now + 6}
    assert isinstance(other, Final)
