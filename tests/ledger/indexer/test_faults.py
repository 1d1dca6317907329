"""Forks, lies, halts and crashes: the books follow the chain or stand still, and say so."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.dump import table_digest
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.tables import PROJECTION
from xinlian.ledger.chain.errors import LimitExceededError, NodeUnavailableError
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.errors import Failure, LedgerError

from tests.ledger.indexer.activity import Activity
from tests.ledger.indexer.logs import CONTRACTS, encode_log
from tests.ledger.indexer.model_chain import CHAIN_ID, ModelChain

Make = Callable[[], Engine]


class Outbox:
    """Notes what the indexer tells the outbox; can fail once, in the middle of a range."""

    def __init__(self) -> None:
        self.settled: list[tuple[int, int, int]] = []
        self.unsettled: list[int] = []
        self.fail = False

    def settle(
        self,
        connection: Connection,
        through_block: int,
        executed: list[tuple[bytes, int, bytes]],
        failed: list[tuple[bytes, int, bytes, bool, bytes]],
    ) -> None:
        if self.fail:
            self.fail = False
            raise OSError("the disk is full")
        self.settled.append((through_block, len(executed), len(failed)))

    def unsettle(self, connection: Connection, above_block: int) -> None:
        self.unsettled.append(above_block)


def indexer(engine: Engine, chain: ModelChain, **more: Any) -> Indexer:
    return Indexer(engine, chain, CONTRACTS, CHAIN_ID, **more)


def digests(engine: Engine) -> dict[str, bytes]:
    with engine.connect() as connection:
        return {table.name: table_digest(connection, table).sha256 for table in PROJECTION}


def halted(engine: Engine) -> str | None:
    with engine.connect() as connection:
        state = books.read_state(connection)
    return state.halted if state else None


def busy(seed: int = 5, steps: int = 150) -> ModelChain:
    chain = ModelChain()
    Activity(chain, seed).run(steps, per_block=5)
    return chain


@pytest.mark.parametrize("back", [1, 6, 20])
def test_follows_a_fork_as_if_it_had_never_read_the_other_branch(
    make_engine: Make, back: int
) -> None:
    engine, chain, outbox = make_engine(), busy(), Outbox()
    keeper = indexer(engine, chain, settlement=outbox)
    keeper.catch_up()
    ancestor = len(chain.blocks) - 1 - back
    chain.fork(ancestor, salt="other")
    Activity(chain, 6).run(100, per_block=5)
    keeper.catch_up()
    fresh = make_engine()
    indexer(fresh, chain).catch_up()
    assert digests(engine) == digests(fresh)
    assert outbox.unsettled == [ancestor]
    assert verify(engine, chain, CONTRACTS, CHAIN_ID).ok


def test_a_shorter_fork_is_followed_too(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    keeper = indexer(engine, chain)
    height = keeper.catch_up()
    chain.fork(height - 5, salt="short")
    Activity(chain, 7).run(10, per_block=5)
    assert keeper.catch_up() == len(chain.blocks) - 1 < height
    fresh = make_engine()
    indexer(fresh, chain).catch_up()
    assert digests(engine) == digests(fresh)


def test_a_node_that_is_behind_is_no_fork(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    keeper = indexer(engine, chain)
    height = keeper.catch_up()
    gone = [chain.blocks.pop() for _ in range(4)]
    before = digests(engine)
    assert keeper.catch_up() == height
    chain.blocks += reversed(gone)
    assert keeper.catch_up() == height
    assert digests(engine) == before


def test_another_chain_is_refused_and_nothing_changed(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    indexer(engine, chain).catch_up()
    before = digests(engine)
    with pytest.raises(LedgerError) as refused:
        Indexer(engine, chain, CONTRACTS, CHAIN_ID + 1).catch_up()
    assert refused.value.code is Failure.CHAIN_MISMATCH
    other = ModelChain(salt="quite another")
    Activity(other, 1).run(30, per_block=5)
    with pytest.raises(LedgerError) as refused:
        indexer(engine, other).catch_up()
    assert refused.value.code is Failure.CHAIN_MISMATCH
    assert digests(engine) == before


def test_ranges_that_break_conservation_are_not_written_and_halt_for_good(
    make_engine: Make,
) -> None:
    engine, chain = make_engine(), busy()
    alarms: list[str] = []
    keeper = indexer(engine, chain, alarm=alarms.append)
    height = keeper.catch_up()
    before = digests(engine)
    piece, found = next(
        (n, p) for n, p in chain.books.pieces.items() if p.state == 2 and p.amount > 9
    )
    root = chain.books.roots[piece >> 16]
    lie = (piece, piece >> 16 << 16 | root.pieces, found.start, found.start + 5, 1, 1)
    chain.seal()
    lying = {**chain.blocks[-1].header}
    split = encode_log("vouchers", "PieceSplit", lie)
    merged = encode_log("vouchers", "PiecesMerged", (piece, lie[1], found.start, found.end + 3, 0))
    for number, log in enumerate((split, merged)):
        chain.blocks[-1].logs.append(
            {
                **log,
                "blockNumber": lying["number"],
                "blockHash": lying["hash"],
                "logIndex": hex(number),
                "transactionHash": lying["hash"],
                "transactionIndex": "0x0",
            }
        )
    for _ in range(2):
        with pytest.raises(LedgerError) as stopped:
            keeper.catch_up()
        assert stopped.value.code is Failure.HALTED
        assert f"root {piece >> 16}" in stopped.value.message
    with pytest.raises(LedgerError):
        indexer(engine, chain).catch_up()
    assert f"root {piece >> 16}" in (halted(engine) or "")
    assert alarms == [halted(engine)]
    assert digests(engine) == before
    with engine.connect() as connection:
        state = books.read_state(connection)
    assert state is not None
    assert state.height == height


def test_a_digest_that_differs_from_the_chain_halts(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    chain.faults.wrong_digest_of = 3
    with pytest.raises(LedgerError) as stopped:
        indexer(engine, chain).catch_up()
    assert stopped.value.code is Failure.HALTED
    assert "root 3" in (halted(engine) or "")


def test_roots_left_unchecked_by_a_crash_are_checked_by_the_next_process(
    make_engine: Make,
) -> None:
    engine, chain = make_engine(), busy()
    indexer(engine, chain).catch_up(len(chain.blocks) - 12)  # too old for the node's states
    with engine.connect() as connection:
        state = books.read_state(connection)
    assert state is not None
    assert state.checked_height == 0 < state.height
    chain.faults.wrong_digest_of = 2
    with pytest.raises(LedgerError):
        indexer(engine, chain).catch_up()


def test_a_range_is_written_whole_or_not_at_all(make_engine: Make) -> None:
    engine, chain, outbox = make_engine(), busy(), Outbox()
    keeper = indexer(engine, chain, settlement=outbox)
    keeper.catch_up(10)
    before, settled = digests(engine), list(outbox.settled)
    outbox.fail = True
    with pytest.raises(OSError, match="disk"):
        keeper.catch_up()
    assert digests(engine) == before
    assert outbox.settled == settled
    assert keeper.catch_up() == len(chain.blocks) - 1
    fresh = make_engine()
    indexer(fresh, chain).catch_up()
    assert digests(engine) == digests(fresh)


def test_an_answer_that_is_too_large_is_asked_in_smaller_ranges(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    plain = chain.call

    def limited(method: str, *params: Any) -> Any:
        if method == "eth_getLogs":
            span = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16)
            if span > 2:
                raise LimitExceededError(-32005, "too many logs")
        return plain(method, *params)

    chain.call = limited  # type: ignore[method-assign]
    assert indexer(engine, chain).catch_up() == len(chain.blocks) - 1


def test_running_survives_a_node_that_does_not_answer(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    keeper, stop, silent = indexer(engine, chain), threading.Event(), [3]
    plain = chain.call

    def flaky(method: str, *params: Any) -> Any:
        if method == "eth_blockNumber" and silent[0]:
            silent[0] -= 1
            raise NodeUnavailableError("no answer")
        return plain(method, *params)

    def wait(height: int, seconds: float = 30.0) -> Any:
        stop.set()

    chain.call = flaky  # type: ignore[method-assign]
    chain.wait_final = wait  # type: ignore[method-assign]
    keeper.run(stop)
    assert silent == [0]
    assert keeper.height == len(chain.blocks) - 1


CHANGES = {
    "piece_versions": "UPDATE piece_versions SET holder = holder + 1 WHERE piece = 65536",
    "roots": "UPDATE roots SET face = face + 1 WHERE root = 1",
    "events": "DELETE FROM events WHERE block = 5",
    "issuer_versions": "UPDATE issuer_versions SET outstanding = outstanding - 1",
    "blocks": "DELETE FROM blocks WHERE height = 4",
}


@pytest.mark.parametrize("table", CHANGES)
def test_verification_names_every_kind_of_forgery(make_engine: Make, table: str) -> None:
    engine, chain = make_engine(), busy()
    indexer(engine, chain).catch_up()
    with begin_write(engine) as connection:
        connection.execute(text(CHANGES[table]))
    report = verify(engine, chain, CONTRACTS, CHAIN_ID)
    assert not report.rebuild_identical
    assert not report.ok
    assert {difference.table for difference in report.differences} == {table}
    assert report.conservation


def test_verification_names_what_differs_from_the_chain(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    indexer(engine, chain).catch_up()
    chain.faults.wrong_digest_of = 2
    report = verify(engine, chain, CONTRACTS, CHAIN_ID)
    assert report.rebuild_identical
    assert not report.conservation
    assert "root 2" in report.chain_breaks[0]


def test_verification_without_books_says_so(make_engine: Make) -> None:
    with pytest.raises(LedgerError) as refused:
        verify(make_engine(), busy(), CONTRACTS, CHAIN_ID)
    assert refused.value.code is Failure.NOT_FOUND
