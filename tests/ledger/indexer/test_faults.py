"""Forks, lies, halts and crashes: the books follow the chain or stand still, and say so."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import make_engine as make_engine_of
from xinlian.ledger.adapters.sql.errors import StoreError
from xinlian.ledger.chain.errors import LimitExceededError, NodeUnavailableError
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.errors import Failure, LedgerError

from tests.ledger.indexer.activity import Activity
from tests.ledger.indexer.keeping import Outbox, busy, digests, halted, indexer
from tests.ledger.indexer.logs import CONTRACTS
from tests.ledger.indexer.model_chain import CHAIN_ID, ModelChain

Make = Callable[[], Engine]


@pytest.mark.parametrize("back", [1, 6, 20])
def test_follows_a_fork_as_if_it_had_never_read_the_other_branch(
    make_engine: Make, back: int
) -> None:
    engine, chain, outbox = make_engine(), busy(), Outbox()
    keeper = indexer(engine, chain, settlement=outbox, reorganises=True)
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
    keeper = indexer(engine, chain, reorganises=True)
    height = keeper.catch_up()
    chain.fork(height - 5, salt="short")
    Activity(chain, 7).run(10, per_block=5)
    assert keeper.catch_up() == len(chain.blocks) - 1 < height
    fresh = make_engine()
    indexer(fresh, chain).catch_up()
    assert digests(engine) == digests(fresh)


def test_a_node_that_is_behind_is_no_fork(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    keeper = indexer(engine, chain, reorganises=True)
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
    child = piece >> 16 << 16 | root.pieces
    chain.pending = [
        ("vouchers", "PieceSplit", (piece, child, found.start, found.start + 5, 1, 1)),
        ("vouchers", "PiecesMerged", (piece, child, found.start, found.end + 3, 0)),
    ]
    chain.seal()
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
    with pytest.raises(StoreError, match="disk"):
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


STRANGE = {
    "of a piece never cut": ("vouchers", "OfferAccepted", (99 << 16, 1, 2)),
    "of a cut out of turn": ("vouchers", "PieceSplit", (1 << 16, (1 << 16) + 900, 0, 1, 1, 1)),
    "of an unknown financing": ("desk", "FinancingRepaid", (99, 7, 5, bytes(32))),
    "of an unknown document": ("documents", "DocumentUsed", (bytes(32), 5)),
}


@pytest.mark.parametrize("what", STRANGE)
def test_events_that_do_not_fit_the_books_halt_them(make_engine: Make, what: str) -> None:
    engine, chain = make_engine(), busy()
    keeper = indexer(engine, chain)
    keeper.catch_up()
    before = digests(engine)
    chain.pending = [STRANGE[what]]
    chain.seal()
    with pytest.raises(LedgerError) as stopped:
        keeper.catch_up()
    assert stopped.value.code is Failure.HALTED
    assert f"blocks {len(chain.blocks) - 1} to" in (halted(engine) or "")
    assert digests(engine) == before


def test_a_log_of_another_shape_halts_the_books(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    next(block for block in chain.blocks[9:] if block.logs).logs[0]["data"] += "00"
    with pytest.raises(LedgerError) as stopped:
        indexer(engine, chain).catch_up()
    assert stopped.value.code is Failure.HALTED
    assert "not known here" in (halted(engine) or "")


def test_two_indexers_take_turns_on_one_database(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    keepers = [indexer(engine, chain), indexer(engine, chain)]
    activity = Activity(chain, 9)
    for turn in range(12):
        keepers[turn % 3 % 2].catch_up()
        activity.run(15, per_block=4)
    threads = [threading.Thread(target=keeper.catch_up) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = verify(engine, chain, CONTRACTS, CHAIN_ID)
    assert report.ok, report
    assert report.height == len(chain.blocks) - 1


def test_a_full_disk_keeps_the_books_whole_and_they_go_on_when_there_is_space(
    tmp_path: Path,
) -> None:
    engine, chain = make_engine_of(f"sqlite:///{tmp_path / 'full.db'}"), busy(steps=60)
    metadata.create_all(engine)
    keeper = indexer(engine, chain)
    keeper.catch_up()
    before = digests(engine)
    Activity(chain, 10).run(200, per_block=5)
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()

    @event.listens_for(engine, "begin")
    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1}")

    with pytest.raises(StoreError, match="full"):
        keeper.catch_up()
    pages = 2**30
    assert digests(engine) == before
    assert keeper.catch_up() == len(chain.blocks) - 1
    assert verify(engine, chain, CONTRACTS, CHAIN_ID).ok
    engine.dispose()
