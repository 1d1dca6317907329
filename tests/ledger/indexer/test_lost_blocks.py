"""A final chain that lost blocks: the books know better, stand still, and wait for them."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from xinlian.ledger.model.errors import Failure, LedgerError

from tests.ledger.indexer.activity import Activity
from tests.ledger.indexer.keeping import Outbox, busy, digests, halted, indexer

Make = Callable[[], Engine]


@pytest.mark.parametrize("blocks_after", [0, 3, 40])
def test_lost_blocks_halt_the_books_and_nothing_is_taken_back(
    make_engine: Make, blocks_after: int
) -> None:
    engine, chain, outbox = make_engine(), busy(), Outbox()
    alarms: list[str] = []
    keeper = indexer(engine, chain, settlement=outbox, alarm=alarms.append)
    height = keeper.catch_up()
    before = digests(engine)
    chain.fork(height - 9, salt="after the loss")
    while len(chain.blocks) <= height - 9 + blocks_after:
        chain.seal()
    for found in (keeper, indexer(engine, chain), keeper):
        with pytest.raises(LedgerError) as stopped:
            found.catch_up()
        assert stopped.value.code is Failure.HALTED
    reason = halted(engine) or ""
    assert f"up to block {height} (0x" in reason
    assert f"only up to {height - 9}." in reason
    assert "restore its journal" in reason
    assert alarms == [reason]
    assert digests(engine) == before
    assert outbox.unsettled == []


def test_the_loss_is_seen_before_anything_is_read(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    indexer(engine, chain).check_place()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM blocks").scalar() == 0
    indexer(engine, chain).catch_up()
    chain.blocks.pop()
    asked = len(chain.calls)
    with pytest.raises(LedgerError) as stopped:
        indexer(engine, chain).check_place()
    assert stopped.value.code is Failure.HALTED
    assert "eth_getLogs" not in chain.calls[asked:]


def test_the_books_go_on_when_the_blocks_are_there_again(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    keeper = indexer(engine, chain)
    height = keeper.catch_up()
    gone = chain.blocks[-4:]
    del chain.blocks[-4:]
    with pytest.raises(LedgerError):
        keeper.catch_up()
    chain.blocks += gone[:-1]
    with pytest.raises(LedgerError):
        keeper.catch_up()
    chain.blocks += gone[-1:]
    Activity(chain, 3).run(20, per_block=5)
    assert keeper.catch_up() == len(chain.blocks) - 1 > height
    assert halted(engine) is None


def test_books_that_prove_lost_blocks_are_not_forgotten(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    keeper = indexer(engine, chain)
    height = keeper.catch_up()
    before = digests(engine)
    chain.fork(height - 2, salt="other")
    with pytest.raises(LedgerError) as refused:
        keeper.rebuild()
    assert refused.value.code is Failure.HALTED
    assert digests(engine) == before
