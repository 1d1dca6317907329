"""Orders from submission to the final row in the books: real node, real contracts, real indexer."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, select
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.outbox import Cargo, CarrierState, carriers, orders
from xinlian.ledger.chain.abi import OrderRow, order_bytes, relay_data
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import piece_id, to_checksum
from xinlian.ledger.model.items import Accept, AddAccount, ContractName, Withdraw
from xinlian.ledger.model.orders import SignedOrder, encode_items
from xinlian.ledger.model.statuses import Exists, Failed, Final, Included, Submitted

from tests.support.network import (
    CAREFUL,
    ISSUER,
    REGISTRAR,
    SUPPLIER,
    Network,
    key,
    rows,
)
from tests.support.pipeline import Pipeline, document, document_key, issue


@pytest.fixture
def line(network: Network, books: Engine) -> Pipeline:
    return Pipeline(network, books)


_numbers = iter(range(1, 1_000_000))


def fresh(count: int = 1) -> list[int]:
    return [next(_numbers) for _ in range(count)]


def test_orders_that_build_on_each_other_go_through_in_turn(line: Pipeline) -> None:
    sign = line.network.sign
    batch = [
        order
        for number in fresh(40)
        for order in (sign(ISSUER, document(number)), sign(ISSUER, issue(number)))
    ]
    digests = line.send(*batch)
    assert {type(status) for status in line.statuses(digests)} == {Submitted}
    line.settle()
    found = line.statuses(digests)
    assert {type(status) for status in found} == {Final}
    blocks = [status.block for status in found if isinstance(status, Final)]
    assert blocks == sorted(blocks)


def test_stages_are_told_apart(line: Pipeline) -> None:
    (digest,) = line.send(line.network.sign(ISSUER, document(*fresh())))
    assert isinstance(line.submitter.status(digest), Submitted)
    line.submitter.pump()
    line.network.rpc.wait_final(int(line.network.rpc.call("eth_blockNumber"), 16) + 1, 1)
    while not isinstance(included := line.submitter.status(digest), Included):
        line.submitter.pump()
    assert line.submitter.open_count() == 1
    line.settle()
    final = line.submitter.status(digest)
    assert isinstance(final, Final)
    assert final.tx_hash == included.tx_hash
    assert final.block <= included.seen_block
    assert line.submitter.status(bytes(32)) is None


def test_runs_of_one_contract_share_a_transaction_and_turns_are_kept(line: Pipeline) -> None:
    sign, registry = line.network.sign, ContractName.REGISTRY
    one, two, three = fresh(3)
    line.send(sign(ISSUER, document(one)), sign(ISSUER, document(two)))
    line.submitter.submit_call(registry, "setRoles(uint32,uint16)", [int(CAREFUL), 2], f"c{one}")
    line.send(sign(ISSUER, document(three)), sign(ISSUER, issue(one)), sign(ISSUER, issue(two)))
    line.settle()
    cargo = rows(line.engine, select(carriers.c.cargo).order_by(carriers.c.nonce))
    assert [row.cargo for row in cargo] == [Cargo.ORDERS, Cargo.CALL, Cargo.ORDERS, Cargo.ORDERS]
    assert isinstance(line.submitter.call_status(f"c{one}"), Final)
    contracts = rows(
        line.engine, select(orders.c.contract, orders.c.carrier).order_by(orders.c.seq)
    )
    assert [row.contract for row in contracts] == ["documents"] * 3 + ["vouchers"] * 2
    assert len({row.carrier for row in contracts}) == 3


def test_a_refused_order_is_failed_with_its_reason_and_hurts_no_other(line: Pipeline) -> None:
    number, other = fresh(2)
    sign = line.network.sign
    missing = piece_id(2**40, 0)
    good, twice, bad, after = line.send(
        sign(ISSUER, document(number)),
        sign(ISSUER, document(number)),
        sign(SUPPLIER, Accept(missing)),
        sign(ISSUER, document(other)),
    )
    line.settle()
    assert [type(status) for status in line.statuses([good, after])] == [Final, Final]
    first, second = line.statuses([twice, bad])
    assert isinstance(first, Failed)
    assert first.burned
    assert first.code is Failure.DOCUMENTS_EXISTS
    assert first.fields == {"document": "0x" + document_key(number).hex()}
    assert isinstance(second, Failed)
    assert (second.code, second.fields) == (Failure.VOUCHERS_UNKNOWN_PIECE, {"piece": missing})


def test_what_the_chain_refuses_without_burning_is_failed_and_not_dead(line: Pipeline) -> None:
    network = line.network
    taken = network.sign(ISSUER, document(*fresh()))
    other = network.sign(ISSUER, document(*fresh()), nonce=taken.order.nonce)
    relay(network, LocalSigner.create(), taken)
    (digest,) = line.send(other)
    line.settle()
    status = line.submitter.status(digest)
    assert isinstance(status, Failed)
    assert (status.code, status.burned) == (Failure.ORDERS_NONCE_USED, False)
    assert status.fields == {"party": int(ISSUER), "nonce": taken.order.nonce}


def relay(network: Network, by: LocalSigner, *signed: SignedOrder) -> str:
    """Somebody else carries orders; the transaction's hash."""
    data = [
        order_bytes(
            OrderRow(
                one.order.kind, one.order.party, one.order.deadline,
                one.order.nonce.to_bytes(32, "big"), encode_items(one.order),
                b"".join(one.signatures),
            )
        )
        for one in signed
    ]  # fmt: skip
    receipt = network.call(by, network.address(signed[0].order.contract), relay_data(data))
    assert int(receipt["status"], 16) == 1
    return str(receipt["transactionHash"])


def test_what_others_carry_counts_and_their_broken_copies_do_not(line: Pipeline) -> None:
    network, stranger = line.network, LocalSigner.create()
    signed = network.sign(ISSUER, document(*fresh()))
    broken = SignedOrder(signed.order, (LocalSigner.create().sign(b"x"),))
    (digest,) = line.send(signed)
    relay(network, stranger, broken)
    line.indexer.catch_up()
    assert isinstance(line.submitter.status(digest), Submitted)
    tx_hash = relay(network, stranger, signed)
    line.indexer.catch_up()
    status = line.submitter.status(digest)
    assert isinstance(status, Final)
    assert status.tx_hash.hex() == tx_hash[2:]
    line.settle()
    assert line.submitter.status(digest) == status


def test_calls_of_the_operator_are_kept_once_and_tell_their_reason(line: Pipeline) -> None:
    submit, registry = line.submitter.submit_call, ContractName.REGISTRY
    signature = artifact("PartyRegistry").signature("register")
    new = [(document_key(*fresh()), 2, 1, [to_checksum(LocalSigner.create().address)])]
    assert isinstance(submit(registry, signature, [new], "register"), Submitted)
    assert isinstance(submit(registry, signature, [new], "register"), Exists)
    submit(registry, signature, [new], "again")
    line.settle()
    again = submit(registry, signature, [new], "register")
    assert isinstance(again, Exists)
    assert isinstance(again.status, Final)
    failed = line.submitter.call_status("again")
    assert isinstance(failed, Failed)
    assert failed.code is Failure.REGISTRY_ID_TAKEN
    assert line.submitter.call_status("never") is None


def test_two_signatures_and_new_accounts_work_through_the_pipeline(line: Pipeline) -> None:
    network = line.network
    added = LocalSigner.create()
    (digest,) = line.send(network.sign(CAREFUL, AddAccount(added.address)))
    line.settle()
    assert isinstance(line.submitter.status(digest), Final)
    # Known at once: a refusal is never spoken from memory.
    order = network.sign(CAREFUL, Withdraw(piece_id(1, 0)))
    from xinlian.ledger.model.orders import sign

    domain = network.deployment.domain(ContractName.VOUCHERS)
    signed = sign(order.order, domain, [key("party", CAREFUL, 0), added])
    (digest,) = line.send(signed)


def test_the_worker_and_the_indexer_run_beside_each_other(line: Pipeline) -> None:
    stop = threading.Event()
    threads = [
        threading.Thread(target=target, args=(stop,))
        for target in (line.submitter.run, line.indexer.run)
    ]
    for thread in threads:
        thread.start()
    try:
        digests = line.send(*(line.network.sign(ISSUER, document(n)) for n in fresh(300)))
        assert line.submitter.wait_settled(digests, 60)
        assert line.submitter.wait_settled(None, 60)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert {type(status) for status in line.statuses(digests)} == {Final}


def test_blocks_that_are_rolled_back_open_their_orders_again(line: Pipeline) -> None:
    settlement = line.indexer._settlement
    assert settlement is not None
    (digest,) = line.send(line.network.sign(ISSUER, document(*fresh())))
    line.settle()
    final = line.submitter.status(digest)
    assert isinstance(final, Final)
    with begin_write(line.engine) as connection:
        settlement.unsettle(connection, final.block)
        assert connection.execute(select(orders.c.state)).scalar_one() == 4
        settlement.unsettle(connection, final.block - 1)
        settlement.unsettle(connection, final.block - 1)
    assert isinstance(line.submitter.status(digest), Submitted)
    with begin_write(line.engine) as connection:
        settlement.settle(connection, final.block, [(digest, final.block, final.tx_hash)], [])
    assert line.submitter.status(digest) == final
    line.settle()


def test_bytes_of_old_carriers_are_forgotten_and_hashes_kept(line: Pipeline) -> None:
    from xinlian.ledger.adapters.sql.outbox_carriers import forget_bytes

    line.send(line.network.sign(ISSUER, document(*fresh())))
    line.settle()
    line.round()
    with begin_write(line.engine) as connection:
        forget_bytes(connection, REGISTRAR.address, 10**9)
        (row,) = connection.execute(select(carriers.c.raw, carriers.c.tx_hash, carriers.c.state))
    assert (bytes(row.raw), len(row.tx_hash), row.state) == (b"", 32, CarrierState.SETTLED)
