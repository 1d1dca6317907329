"""Numbers used by others, transactions that the node refuses, lost blocks, a full disk."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import Engine, delete, select, update
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.outbox import Cargo, CarrierState, carriers
from xinlian.ledger.chain import sender
from xinlian.ledger.chain.abi import Transaction
from xinlian.ledger.chain.submitter import Submitter
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.statuses import Failed, Final, Submitted

from tests.support.network import ISSUER, REGISTRAR, Network, rows
from tests.support.pipeline import Pipeline, document

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)
_numbers = iter(range(1, 1_000_000))
SET_ROLES = (ContractName.REGISTRY, "setRoles(uint32,uint16)", [2, 2])


class StopHereError(Exception):
    pass


class Brake:
    """Breaks off the worker's round where a test says."""

    def __init__(self) -> None:
        self.at = ""

    def __call__(self, name: str) -> None:
        if name == self.at:
            raise StopHereError


@pytest.fixture
def brake() -> Brake:
    return Brake()


@pytest.fixture
def line(network: Network, books: Engine, brake: Brake) -> Pipeline:
    return Pipeline(network, books, step=brake)


def persisted(line: Pipeline, brake: Brake) -> list[bytes]:
    """An order and a call in signed carriers that were never sent."""
    digests = line.send(line.network.sign(ISSUER, document(next(_numbers))))
    line.submitter.submit_call(*SET_ROLES, f"call {digests[0].hex()}")
    brake.at = "send"
    with pytest.raises(StopHereError):
        line.submitter.pump()
    brake.at = ""
    return digests


def call_of(digests: list[bytes]) -> str:
    return f"call {digests[0].hex()}"


def test_numbers_that_others_used_cost_nothing(line: Pipeline, brake: Brake) -> None:
    digests = persisted(line, brake)
    for _ in range(2):
        line.network.call(REGISTRAR, REGISTRAR.address, b"")
    line.settle()
    status = line.submitter.status(digests[0])
    assert isinstance(status, Final)
    assert isinstance(line.submitter.call_status(call_of(digests)), Final)
    states = [row.state for row in rows(line.engine, select(carriers).order_by(carriers.c.id))]
    assert states[:2] == [CarrierState.REVERTED, CarrierState.REVERTED]
    assert len(states) == 4


def test_a_transaction_that_the_node_never_takes_is_replaced_and_its_orders_go_on(
    line: Pipeline, brake: Brake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sender, "_RESEND_S", 0.0)
    digests = persisted(line, brake)
    with begin_write(line.engine) as connection:
        for row in connection.execute(select(carriers)).all():
            foreign = Transaction(1, row.nonce, row.gas, REGISTRAR.address, b"")
            tx_hash, raw = foreign.signed(REGISTRAR)
            connection.execute(
                update(carriers).where(carriers.c.id == row.id).values(tx_hash=tx_hash, raw=raw)
            )
    with caplog.at_level(logging.ERROR):
        line.settle()
    assert "is given up" in caplog.text
    assert isinstance(line.submitter.status(digests[0]), Final)
    failed = line.submitter.call_status(call_of(digests))
    assert isinstance(failed, Failed)
    assert failed.code is Failure.EVM_ERROR
    assert failed.fields["message"]
    cargo = [row.cargo for row in rows(line.engine, select(carriers).order_by(carriers.c.id))]
    assert cargo == [Cargo.NOTHING, Cargo.NOTHING, Cargo.ORDERS]


def test_a_number_without_a_transaction_is_filled(line: Pipeline, brake: Brake) -> None:
    digests = persisted(line, brake)
    with begin_write(line.engine) as connection:
        first = connection.execute(select(carriers).order_by(carriers.c.id)).first()
        assert first is not None
        connection.execute(delete(carriers).where(carriers.c.id == first.id))
    line.submitter.pump()
    filled = rows(line.engine, select(carriers).where(carriers.c.nonce == first.nonce))
    assert [row.cargo for row in filled] == [Cargo.NOTHING]
    while not isinstance(line.submitter.call_status(call_of(digests)), Final):
        line.round()


def test_carriers_that_the_chain_no_longer_holds_are_sent_again(
    line: Pipeline, brake: Brake, caplog: pytest.LogCaptureFixture
) -> None:
    digests = persisted(line, brake)
    with begin_write(line.engine) as connection:
        # As if they had been seen in blocks that are gone.
        connection.execute(update(carriers).values(state=int(CarrierState.SETTLED), seen_block=1))
    again = Pipeline(line.network, line.engine)
    with caplog.at_level(logging.WARNING):
        again.settle()
    assert "no longer holds 2 carriers" in caplog.text
    assert isinstance(again.submitter.status(digests[0]), Final)


def test_a_second_process_for_the_same_account_is_told(network: Network, books: Engine) -> None:
    one, two = Pipeline(network, books), Pipeline(network, books)
    first = one.send(network.sign(ISSUER, document(next(_numbers))))
    one.settle()
    first += two.send(network.sign(ISSUER, document(next(_numbers))))
    two.settle()
    late = one.send(network.sign(ISSUER, document(next(_numbers))))
    with pytest.raises(LedgerError, match="another process sends") as caught:
        one.submitter.pump()
    assert caught.value.code is Failure.INTERNAL
    one.settle()
    assert {type(status) for status in one.statuses(first + late)} == {Final}


def test_another_chain_is_refused(network: Network, books: Engine) -> None:
    class Elsewhere:
        chain_id = 1
        addresses = network.deployment.addresses

    submitter = Submitter(books, network.rpc, REGISTRAR, Elsewhere())
    with pytest.raises(LedgerError) as caught:
        submitter.pump()
    assert caught.value.code is Failure.CHAIN_MISMATCH
    assert caught.value.fields["actual"] == network.deployment.chain_id


def test_a_full_disk_is_told_and_nothing_half_is_kept(network: Network, books: Engine) -> None:
    line = Pipeline(network, books)
    books.dispose()
    with books.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 8}")
        connection.rollback()
    batch = [(network.sign(ISSUER, document(next(_numbers))), str(n)) for n in range(200)]
    with pytest.raises(LedgerError, match="disk is full") as caught:
        line.submitter.submit_many(batch)
    assert caught.value.code is Failure.STORAGE
    assert line.submitter.open_count() == 0
    with books.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        connection.rollback()
    outcomes = line.submitter.submit_many(batch)
    assert {type(outcome) for outcome in outcomes} == {Submitted}
    line.settle()
