"""The books in SQL against the plain model, on both databases, through random business."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from xinlian.ledger.adapters.sql import queries, tables
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.book_state import Books
from xinlian.ledger.model.days import day_at
from xinlian.ledger.model.vouchers import PieceState, shown_state

from tests.ledger.indexer.activity import Activity
from tests.ledger.indexer.logs import CONTRACTS
from tests.ledger.indexer.model_chain import CHAIN_ID, ModelChain

Make = Callable[[], Engine]


def indexer(engine: Engine, chain: ModelChain) -> Indexer:
    return Indexer(engine, chain, CONTRACTS, CHAIN_ID)


def assert_equal(engine: Engine, books: Books, at: int | None, today: int) -> None:
    """Everything that the queries tell equals the model."""
    with engine.connect() as connection:
        for root, facts in books.roots.items():
            view = queries.voucher(connection, root, at)
            assert view is not None
            assert (view.issuer, view.face, view.due_day) == (
                facts.issuer, facts.face, facts.due_day,
            )  # fmt: skip
            assert view.state == shown_state(facts, books.pieces_of(root), today)
            pieces = queries.pieces_of(connection, root, at)
            found = [
                (p.holder, p.offeree, p.start, p.end, p.expiry, p.state, p.depth, p.parent)
                for p in pieces
            ]
            expected = [
                (p.holder, p.offeree, p.start, p.end, p.expiry, p.state, p.depth, p.parent)
                for p in books.pieces_of(root)
            ]
            assert found == expected
        exposures = queries.exposure_by_issuer(connection, at)
        assert {(e.issuer, e.limit, e.outstanding, e.blocked) for e in exposures} == {
            (party, i.limit, i.outstanding, i.blocked) for party, i in books.issuers.items()
        }
        sums: dict[PieceState, int] = {}
        for piece in books.pieces.values():
            if piece.amount:
                sums[piece.state] = sums.get(piece.state, 0) + piece.amount
        assert queries.sums_by_state(connection, at) == sums
        for key, document in books.documents.items():
            seen = queries.document(connection, key, at)
            assert seen is not None
            assert (seen.usable, seen.used, seen.shortfall, seen.kind) == (
                document.usable, document.used, document.shortfall, document.kind,
            )  # fmt: skip
        for number, financing in books.financings.items():
            told = queries.financing(connection, number, at)
            assert told is not None
            assert (told.piece, told.state, told.registration, told.price) == (
                financing.piece, financing.state, financing.registration, financing.price,
            )  # fmt: skip
        for party in queries.parties(connection, at):
            known = books.parties[party.party]
            assert (party.roles, party.status, party.accounts) == (
                known.roles, known.status, tuple(sorted(known.accounts)),
            )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_books_equal_the_model_now_and_as_of_every_block(make_engine: Make, seed: int) -> None:
    engine, chain = make_engine(), ModelChain()
    keeper = indexer(engine, chain)
    activity = Activity(chain, seed)
    for _ in range(6):
        activity.run(70, per_block=7)
        keeper.catch_up()
    assert_equal(engine, chain.books, None, day_at(chain.net.now))
    for height in range(1, len(chain.blocks), 9):
        block = chain.blocks[height]
        today = day_at(int(block.header["timestamp"], 16))
        assert_equal(engine, block.books, height, today)
    with engine.connect() as connection:
        states = set(connection.execute(select(tables.piece_versions.c.state)).scalars())
        head = queries.head(connection)
    assert states == set(range(1, 9))
    assert head is not None
    assert head.checked_height == len(chain.blocks) - 1


def test_a_second_reading_gives_the_same_bytes(make_engine: Make) -> None:
    engine, chain = make_engine(), ModelChain()
    keeper = indexer(engine, chain)
    activity = Activity(chain, 3)
    for _ in range(5):
        activity.run(40, per_block=3)
        keeper.catch_up()
    report = verify(engine, chain, CONTRACTS, CHAIN_ID)
    assert report.ok, report
    assert report.height == len(chain.blocks) - 1
    assert {digest.name for digest in report.tables} == {t.name for t in tables.PROJECTION}
    # The model has no evidence logs; test_logs.py has.
    empty = {"document_sources", "log_versions", "anchored_heads"}
    assert all(digest.rows for digest in report.tables if digest.name not in empty)
