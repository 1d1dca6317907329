"""Verification names what differs, and books that were spoiled are read again."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.errors import Failure, LedgerError

from tests.ledger.indexer.activity import Activity
from tests.ledger.indexer.keeping import busy, indexer
from tests.ledger.indexer.logs import CONTRACTS
from tests.ledger.indexer.model_chain import CHAIN_ID

Make = Callable[[], Engine]

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


def test_halted_books_are_read_again_and_go_on(make_engine: Make) -> None:
    engine, chain = make_engine(), busy()
    keeper = indexer(engine, chain)
    keeper.catch_up()
    with begin_write(engine) as connection:
        connection.execute(text(CHANGES["piece_versions"]))
        books.set_halted(connection, "somebody changed a holder")
    with pytest.raises(LedgerError):
        keeper.catch_up()
    assert keeper.rebuild() == len(chain.blocks) - 1
    Activity(chain, 8).run(20, per_block=5)
    keeper.catch_up()
    assert verify(engine, chain, CONTRACTS, CHAIN_ID).ok
