"""What is taken in, once, and what is refused before it costs anything."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select, update
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.outbox import orders
from xinlian.ledger.adapters.sql.tables import ledger_state
from xinlian.ledger.chain.group_commit import GroupCommit
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, PartyId, piece_id
from xinlian.ledger.model.items import Accept, ContractName
from xinlian.ledger.model.orders import Domain, Order, SignedOrder, sign
from xinlian.ledger.model.statuses import Exists, Failed, Final, Submitted

from tests.support.network import CAREFUL, ISSUER, SUPPLIER, Network, rows
from tests.support.pipeline import Pipeline, digest_of, document, issue

_numbers = iter(range(10_000, 1_000_000))


def fresh() -> int:
    return next(_numbers)


@pytest.fixture
def line(network: Network, books: Engine) -> Pipeline:
    return Pipeline(network, books)


def refused(line: Pipeline, signed: SignedOrder, key: str = "k") -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        line.submitter.submit(signed, key)
    return caught.value


def test_the_same_order_again_exists(line: Pipeline) -> None:
    signed = line.network.sign(ISSUER, document(fresh()))
    first = line.submitter.submit(signed, "a")
    assert first == Submitted(digest_of(first))
    assert line.submitter.submit(signed, "a") == Exists(first)
    # Also within one batch, and under another key: it is the same order.
    other = line.network.sign(ISSUER, document(fresh()))
    outcomes = line.submitter.submit_many([(other, "b"), (other, "b"), (signed, "c")])
    assert [type(outcome) for outcome in outcomes] == [Submitted, Exists, Exists]
    line.settle()
    again = line.submitter.submit(signed, "a")
    assert isinstance(again, Exists)
    assert isinstance(again.status, Final)


def test_the_same_key_with_other_content_names_the_field(line: Pipeline) -> None:
    network = line.network
    number = fresh()
    signed = network.sign(ISSUER, document(number))
    line.submitter.submit(signed, "key")
    order = signed.order
    changes: dict[str, Order] = {
        "contract": replace(order, items=(Accept(piece_id(1, 0)),)),
        "items": replace(order, items=(document(number, amount=2),)),
        "nonce": replace(order, nonce=order.nonce + 10**9),
        "deadline": replace(order, deadline=order.deadline + 1),
    }
    for field, changed in changes.items():
        domain = network.deployment.domain(changed.contract)
        error = refused(line, sign(changed, domain, network.signers(ISSUER)), "key")
        assert (error.code, error.fields["field"]) == (Failure.CONFLICT, field)
        assert error.fields["what"] == "the key 'key'"
    # Keys are the party's own.
    line.submitter.submit(network.sign(SUPPLIER, Accept(piece_id(1, 0))), "key")


def test_the_same_number_for_another_order_is_a_conflict(line: Pipeline) -> None:
    network = line.network
    signed = network.sign(ISSUER, document(fresh()))
    line.submitter.submit(signed, "one")
    other = network.sign(ISSUER, document(fresh()), nonce=signed.order.nonce)
    error = refused(line, other, "two")
    assert (error.code, error.fields["field"]) == (Failure.CONFLICT, "items")
    assert error.fields["what"] == "the order number"


def test_a_retry_after_the_deadline_finds_what_became_of_the_order(line: Pipeline) -> None:
    signed = line.network.sign(ISSUER, document(fresh()), deadline=line.network.now + 60)
    line.submitter.submit(signed, "k")
    line.settle()
    line.ahead = 61
    again = line.submitter.submit(signed, "k")
    assert isinstance(again, Exists)
    assert isinstance(again.status, Final)


def test_signatures_that_the_contracts_would_refuse_are_refused(line: Pipeline) -> None:
    network = line.network
    order = network.sign(SUPPLIER, Accept(piece_id(1, 0))).order
    domain = network.deployment.domain(ContractName.VOUCHERS)
    (good,) = network.signers(SUPPLIER)
    stranger, careful = LocalSigner.create(), network.signers(CAREFUL)
    for signers, where, party, code in (
        ((), domain, SUPPLIER, Failure.ORDERS_SIGNATURE_COUNT),
        ((good, good), domain, SUPPLIER, Failure.ORDERS_SIGNATURE_COUNT),
        ((stranger,), domain, SUPPLIER, Failure.ORDERS_BAD_SIGNATURE),
        ((good,), Domain(1, domain.address), SUPPLIER, Failure.ORDERS_BAD_SIGNATURE),
        ((good,), Domain(domain.chain_id, Address(b"\1" * 20)), SUPPLIER,
         Failure.ORDERS_BAD_SIGNATURE),
        ((good,), domain, ISSUER, Failure.ORDERS_BAD_SIGNATURE),
        ((stranger,), domain, PartyId(0), Failure.ORDERS_BAD_SIGNATURE),
        (careful[:1], domain, CAREFUL, Failure.ORDERS_SIGNATURE_COUNT),
        ((careful[0], careful[0]), domain, CAREFUL, Failure.ORDERS_DUPLICATE_SIGNER),
        ((careful[0], stranger), domain, CAREFUL, Failure.ORDERS_BAD_SIGNATURE),
    ):  # fmt: skip
        signed = sign(replace(order, party=party), where, signers)
        assert refused(line, signed).code is code
    cut = SignedOrder(order, (bytes(65),))
    assert refused(line, cut).fields == {"party": SUPPLIER, "signer": "0x" + "0" * 40}


def test_a_suspended_party_is_refused_and_taken_again_after(line: Pipeline) -> None:
    network, registry = line.network, line.network.address(ContractName.REGISTRY)
    line.submitter.submit(network.sign(CAREFUL, Accept(piece_id(1, 0))), str(fresh()))
    change = "setStatus(uint32,uint8,bytes32)"
    line.submitter.submit_call(registry, change, [CAREFUL, 2, bytes(31) + b"1"], str(fresh()))
    line.settle()
    # What is remembered may be a few seconds old: then the chain refuses, for good.
    (digest,) = line.send(network.sign(CAREFUL, Accept(piece_id(1, 0))))
    line.settle()
    status = line.submitter.status(digest)
    assert isinstance(status, Failed)
    assert (status.code, status.burned) == (Failure.DIRECTORY_PARTY_SUSPENDED, True)
    forgetful = Pipeline(network, line.engine)
    signed = network.sign(CAREFUL, Accept(piece_id(1, 0)))
    assert refused(forgetful, signed).code is Failure.DIRECTORY_PARTY_SUSPENDED
    line.submitter.submit_call(registry, change, [CAREFUL, 1, bytes(31) + b"2"], str(fresh()))
    line.settle()
    # A refusal is never spoken from memory.
    forgetful.submitter.submit(signed, str(fresh()))


def test_orders_that_can_never_go_are_refused(line: Pipeline) -> None:
    network = line.network
    late = network.sign(ISSUER, document(fresh()), deadline=network.now - 1)
    error = refused(line, late)
    assert (error.code, error.fields["deadline"]) == (
        Failure.ORDERS_EXPIRED,
        network.now - 1,
    )
    many = network.sign(ISSUER, *(issue(fresh()) for _ in range(150)))
    error = refused(line, many)
    assert (error.code, error.fields["most"]) == (Failure.TOO_LARGE, 75)
    too_many = network.sign(SUPPLIER, *(Accept(piece_id(n, 0)) for n in range(1, 258)))
    error = refused(line, too_many)
    assert (error.code, error.fields) == (
        Failure.ORDERS_TOO_MANY_ITEMS,
        {"items": 257, "most": 256},
    )
    good = network.sign(ISSUER, document(fresh()))
    for bad_key in ("", "k" * 201):
        assert refused(line, good, bad_key).code is Failure.INVALID
    # A batch takes what is good in it.
    outcomes = line.submitter.submit_many([(late, "x"), (good, "y"), (many, "z")])
    assert [type(outcome) for outcome in outcomes] == [LedgerError, Submitted, LedgerError]
    assert line.submitter.submit_many([]) == []


def test_calls_that_cannot_be_made_are_refused(line: Pipeline) -> None:
    call, registry = line.submitter.submit_call, ContractName.REGISTRY
    name = f"call {fresh()}"
    call(registry, "setRoles(uint32,uint16)", [1, 1], name)
    for contract, function, arguments, field in (
        (ContractName.DESK, "setRoles(uint32,uint16)", [1, 1], "target"),
        (registry, "setRole(uint32,uint16)", [1, 1], "function"),
        (registry, "setRoles(uint32,uint16)", [1, 2], "arguments"),
    ):
        with pytest.raises(LedgerError) as caught:
            call(contract, function, arguments, name)
        assert (caught.value.code, caught.value.fields["field"]) == (Failure.CONFLICT, field)
    with pytest.raises(LedgerError) as caught:
        call(registry, "setRoles(uint32,uint16)", [1], "short")
    assert caught.value.code is Failure.INVALID
    with pytest.raises(LedgerError) as caught:
        call(registry, "load(bytes)", [bytes(200_000)], "large")
    assert caught.value.code is Failure.TOO_LARGE


def test_a_full_outbox_says_busy_and_takes_more_when_it_is_empty(
    network: Network, books: Engine
) -> None:
    line = Pipeline(network, books, waiting_max=5)
    batch = [(network.sign(ISSUER, document(fresh())), str(n)) for n in range(6)]
    with pytest.raises(LedgerError) as caught:
        line.submitter.submit_many(batch)
    assert (caught.value.code, caught.value.fields) == (
        Failure.BUSY,
        {"pending": 0, "most": 5},
    )
    line.submitter.submit_many(batch[:5])
    assert refused(line, batch[5][0]).code is Failure.BUSY
    line.settle()
    line.submitter._intake._counted = 0.0  # as if a quarter of a second had passed
    line.submitter.submit(*batch[5])


def test_while_the_books_are_halted_nothing_is_taken_in_or_sent(line: Pipeline) -> None:
    network = line.network
    (digest,) = line.send(network.sign(ISSUER, document(fresh())))
    line.indexer.catch_up()
    with begin_write(line.engine) as connection:
        connection.execute(update(ledger_state).values(halted="root 7 does not add up"))
    error = refused(line, network.sign(ISSUER, document(fresh())), "new")
    assert error.code is Failure.HALTED
    assert error.fields["reason"] == "root 7 does not add up"
    with pytest.raises(LedgerError) as caught:
        line.submitter.submit_call(ContractName.REGISTRY, "pause()", [], "p")
    assert caught.value.code is Failure.HALTED
    assert not line.submitter.pump()
    assert isinstance(line.submitter.status(digest), Submitted)
    with begin_write(line.engine) as connection:
        connection.execute(update(ledger_state).values(halted=None))
    line.settle()
    assert isinstance(line.submitter.status(digest), Final)


def test_threads_share_commits_and_each_gets_its_own_answer(line: Pipeline) -> None:
    network = line.network
    signed = [network.sign(ISSUER, document(fresh())) for _ in range(48)]
    twice = network.sign(ISSUER, document(fresh()))
    found: dict[int, object] = {}

    def work(worker: int) -> None:
        for number in range(worker, len(signed), 6):
            found[number] = line.submitter.submit(signed[number], f"n{number}")
        found[-1 - worker] = line.submitter.submit(twice, "twice")

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {type(found[number]) for number in range(48)} == {Submitted}
    assert sorted(type(found[-1 - worker]).__name__ for worker in range(6)) == [
        *["Exists"] * 5,
        "Submitted",
    ]
    assert rows(line.engine, select(func.count()).select_from(orders)) == [(49,)]


def test_a_group_whose_commit_fails_fails_as_a_whole_and_the_next_goes_on() -> None:
    calls: list[list[int]] = []

    def commit(items: list[int]) -> list[int]:
        calls.append(list(items))
        if 13 in items:
            raise OSError(28, "No space left on device")
        return [item * 2 for item in items]

    group: GroupCommit[int, int] = GroupCommit(commit, most=4)  # type: ignore[arg-type]
    assert group.run([1, 2, 3, 4, 5, 6]) == [2, 4, 6, 8, 10, 12]
    with pytest.raises(OSError, match="No space"):
        group.run([13])
    assert group.run([7]) == [14]
    assert calls == [[1, 2, 3, 4, 5, 6], [13], [7]]


def test_an_interrupted_commit_leaves_nobody_waiting() -> None:
    inside, behind = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def commit(items: list[int]) -> list[int]:
        if items == [1]:
            inside.set()
            behind.wait(10)
            return items
        raise KeyboardInterrupt

    group: GroupCommit[int, int] = GroupCommit(commit, most=10)  # type: ignore[arg-type]

    def work(number: int) -> None:
        try:
            group.run([number])
        except (KeyboardInterrupt, RuntimeError) as exc:
            errors.append(exc)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2, 3)]
    threads[0].start()
    inside.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(group._queue) < 2:
        threading.Event().wait(0.001)
    behind.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert sorted(type(error).__name__ for error in errors) == ["KeyboardInterrupt", "RuntimeError"]
