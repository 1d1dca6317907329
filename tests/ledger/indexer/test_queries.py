"""The query functions on a small story whose answers are known, and the plans behind them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import make_engine as engine_for
from xinlian.ledger.adapters.sql.rows import PAGE_MAX
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.model.days import Day, date_of, day_of
from xinlian.ledger.model.items import Merge
from xinlian.ledger.model.views import LineageNode
from xinlian.ledger.model.vouchers import FinancingState, PieceState, RootState

from tests.ledger.book.network import TODAY, key
from tests.ledger.indexer.logs import CONTRACTS
from tests.ledger.indexer.model_chain import CHAIN_ID
from tests.ledger.indexer.story import BUNDLE, INVOICES, Story

Make = Callable[[], Engine]


@pytest.fixture
def story(make_engine: Make) -> Story:
    return Story(make_engine())


@pytest.fixture
def connection(story: Story) -> Iterator[Connection]:
    with story.engine.connect() as opened:
        yield opened


def names(node: LineageNode) -> list[str]:
    return [step.name for step in node.steps]


def test_lineage_leads_from_a_piece_through_every_hand_to_the_invoices(
    story: Story, connection: Connection
) -> None:
    net = story.net
    traced = queries.lineage(connection, story.second)
    assert traced is not None
    node = traced.node
    assert (node.piece, node.holder, node.depth, node.hops) == (story.second, net.supplier3, 2, 3)
    assert names(node) == ["PieceOffered", "OfferAccepted"]
    (parent,) = node.sources
    assert parent.piece == story.first
    assert names(parent) == ["PieceOffered", "OfferAccepted"]
    assert [(step.sender, step.to) for step in parent.steps] == [(net.supplier, net.supplier2)] * 2
    (origin,) = parent.sources
    assert origin.piece == story.issued
    assert names(origin) == ["VoucherOffered", "OfferAccepted"]
    assert origin.sources == ()
    assert traced.voucher.root == story.issued >> 16
    assert traced.document is not None
    assert traced.document.document.document == BUNDLE
    sources = [(source.document.document, amount) for source, amount in traced.document.sources]
    assert sources == [(invoice, 500) for invoice in INVOICES]


def test_lineage_of_merged_pieces_has_every_branch(story: Story, connection: Connection) -> None:
    chain, net = story.chain, story.net
    back = story.pass_on(net.supplier3, story.second, 200, net.supplier2)
    merged = story.deed(net.supplier2, Merge(story.first, back))
    chain.seal()
    connection.rollback()
    Indexer(story.engine, chain, CONTRACTS, CHAIN_ID).catch_up()
    traced = queries.lineage(connection, merged)
    assert traced is not None
    pieces = {source.piece for source in traced.node.sources}
    assert pieces == {story.issued, back}
    assert traced.node.hops == 4
    past = queries.lineage(connection, merged, story.passed_block)
    assert past is not None
    assert {source.piece for source in past.node.sources} == {story.issued}
    assert queries.lineage(connection, merged, 1) is None


def test_the_longest_lineage_is_found(story: Story, connection: Connection) -> None:
    found = queries.longest_lineage(connection)
    assert found is not None
    piece = queries.piece(connection, found)
    assert piece is not None
    assert piece.hops == 3
    assert queries.longest_lineage(connection, 0) is None


def test_vouchers_have_states_and_sums(story: Story, connection: Connection) -> None:
    root, refused = story.issued >> 16, story.refused >> 16
    voucher = queries.voucher(connection, root)
    assert voucher is not None
    assert voucher.state is RootState.ACTIVE
    assert voucher.by_state == {
        PieceState.HELD: 40 + 350 + 200,
        PieceState.FINANCED: 300,
        PieceState.OFFERED: 50,
        PieceState.REDEEMED: 60,
    }
    past = queries.voucher(connection, root, story.issue_block)
    assert past is not None
    assert past.state is RootState.OFFERED
    assert past.by_state == {PieceState.ISSUED: 1_000}
    cancelled = queries.voucher(connection, refused)
    assert cancelled is not None
    assert cancelled.state is RootState.CANCELLED
    assert queries.voucher(connection, root, story.issue_block - 1) is None
    assert queries.voucher(connection, 99) is None
    listed = queries.list_vouchers(connection, issuer=story.net.issuer)
    assert [view.root for view in listed] == [root, refused, story.later >> 16]
    on_bundle = queries.list_vouchers(connection, document=BUNDLE, limit=1)
    assert [view.root for view in on_bundle] == [root]
    assert queries.list_vouchers(connection, after=root, limit=1)[0].root == refused


def test_holdings_and_offers_are_told_in_pages(story: Story, connection: Connection) -> None:
    net = story.net
    first = queries.holdings(connection, net.supplier, limit=2)
    rest = queries.holdings(connection, net.supplier, limit=10, after=first[-1].piece)
    held = {piece.piece for piece in first + rest}
    assert held == {n for n, p in story.chain.books.pieces.items() if p.holder == net.supplier}
    only = queries.holdings(connection, net.supplier, states=[PieceState.FINANCED])
    assert [piece.amount for piece in only] == [300]
    assert [p.piece for p in queries.offers_to(connection, net.supplier)] == [story.offered]
    past = queries.offers_to(connection, net.supplier, story.issue_block)
    assert [piece.piece for piece in past] == [story.issued]
    assert len(queries.holdings(connection, net.supplier, limit=10**9)) <= PAGE_MAX


def test_everybody_who_was_ever_concerned(story: Story, connection: Connection) -> None:
    net = story.net
    assert queries.concerned(connection, story.issued >> 16) == {
        net.issuer, net.supplier, net.supplier2, net.supplier3, net.bank, net.funder,
    }  # fmt: skip
    assert queries.concerned(connection, 99) == set()


def test_exposures(story: Story, connection: Connection) -> None:
    net = story.net
    (issuer,) = queries.exposure_by_issuer(connection, issuer=net.issuer)
    assert issuer.outstanding == 1_000 - 60 + 100
    assert issuer.by_state[PieceState.CANCELLED] == 100
    found = {
        (row.holder, row.state): (row.amount, row.pieces)
        for row in queries.exposure_by_holder(connection)
    }
    assert found == {
        (net.supplier, PieceState.HELD): (140, 2),
        (net.supplier, PieceState.FINANCED): (300, 1),
        (net.supplier2, PieceState.HELD): (350, 1),
        (net.supplier3, PieceState.HELD): (200, 1),
        (net.supplier3, PieceState.OFFERED): (50, 1),
    }
    (own,) = queries.exposure_by_holder(connection, holder=net.supplier2)
    assert own.issuer == net.issuer


def test_maturities_by_day_and_by_month(story: Story, connection: Connection) -> None:
    days = queries.maturity_ladder(connection, bucket="day")
    assert [(step.day, step.amount) for step in days] == [(TODAY + 60, 940), (TODAY + 61, 100)]
    months = queries.maturity_ladder(connection, issuer=story.net.issuer)
    first = day_of(date_of(Day(TODAY + 60)).replace(day=1))
    assert months[0].day == first
    assert sum(step.amount for step in months) == 1_040
    assert queries.maturity_ladder(connection, holder=story.net.funder) == []
    assert queries.maturity_ladder(connection, story.issue_block) == []


def test_decline_rates_documents_financings_parties(story: Story, connection: Connection) -> None:
    net = story.net
    (rate,) = queries.decline_rates(connection)
    assert (rate.offered, rate.accepted, rate.declined) == (3, 2, 1)
    sold = queries.documents(connection, seller=net.supplier, limit=1)
    more = queries.documents(connection, seller=net.supplier, after=sold[0].document)
    assert {view.document for view in sold + more} == {*INVOICES, BUNDLE}
    bundle = queries.document(connection, BUNDLE)
    assert bundle is not None
    assert (bundle.usable, bundle.used) == (1_000, 1_000)
    (financing,) = queries.financings(connection, seller=net.supplier, funder=net.funder)
    assert financing.state is FinancingState.DISBURSED
    assert queries.financings(connection, piece=financing.piece)[0] == financing
    assert queries.financing(connection, 99) is None
    party = queries.party(connection, net.funder)
    assert party is not None
    assert len(party.accounts) == 1
    assert queries.party_of_account(connection, party.accounts[0]) == net.funder
    assert queries.party_of_account(connection, bytes(20)) is None
    assert queries.party(connection, 99) is None
    assert len(queries.parties(connection, limit=3)) == 3
    assert [view.policy for view in queries.policies(connection)] == [net.policy]


def test_orders_history_blocks_and_counts(story: Story, connection: Connection) -> None:
    executed = queries.order(connection, key("order", "", 1))
    assert [(view.executed, view.burned, view.nonce) for view in executed] == [(True, True, 1)]
    assert queries.order(connection, bytes(32)) == []
    history = queries.piece_history(connection, story.issued)
    assert history[0].name == "VoucherOffered"
    assert history[0].args["face"] == 1_000
    place = (history[1].block, history[1].log_index)
    assert queries.piece_history(connection, story.issued, after=place) == history[2:]
    past = queries.piece_history(connection, story.issued, story.issue_block)
    assert [view.name for view in past] == ["VoucherOffered"]
    head = queries.head(connection)
    assert head is not None
    assert head.block.height == len(story.chain.blocks) - 1
    assert queries.block_at(connection, head.block.height) == head.block
    assert queries.block_at(connection, 99) is None
    counts = queries.counts(connection)
    assert counts["roots"] == 3
    assert counts["pieces"] == len(story.chain.books.pieces)


def test_keyed_queries_search_an_index_and_scan_no_growing_table(tmp_path: Path) -> None:
    """Plans of SQLite: what is asked for by key must not cost more in larger books.

    Those of PostgreSQL follow the number of rows, which is small here.
    """
    engine = engine_for(f"sqlite:///{tmp_path / 'plans.db'}")
    metadata.create_all(engine)
    story = Story(engine)
    net, piece = story.net, story.second
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, parameters: Any, _x: Any, _many: Any) -> None:
        seen.append((statement, parameters))

    event.listen(story.engine, "before_cursor_execute", note)
    with story.engine.connect() as connection:
        for at in (None, story.passed_block):
            queries.piece(connection, piece, at)
            queries.pieces_of(connection, piece >> 16, at)
            queries.voucher(connection, piece >> 16, at)
            queries.vouchers(connection, [1, 2], at)
            queries.list_vouchers(connection, at, issuer=net.issuer)
            queries.list_vouchers(connection, at, document=BUNDLE)
            queries.holdings(connection, net.supplier, at)
            queries.offers_to(connection, net.supplier, at)
            queries.lineage(connection, piece, at)
            queries.piece_history(connection, piece, at)
            queries.document(connection, BUNDLE, at)
            queries.documents(connection, at, seller=net.supplier)
            queries.documents(connection, at, buyer=net.issuer)
            queries.financing(connection, 1, at)
            queries.financings(connection, at, seller=net.supplier)
            queries.financings(connection, at, funder=net.funder)
            queries.financings(connection, at, piece=piece)
            queries.party(connection, net.supplier, at)
            queries.party_of_account(connection, bytes(20), at)
            queries.exposure_by_issuer(connection, at, issuer=net.issuer)
            queries.exposure_by_holder(connection, at, holder=net.supplier)
            queries.maturity_ladder(connection, at, holder=net.supplier)
            queries.maturity_ladder(connection, at, issuer=net.issuer)
        queries.order(connection, bytes(32))
        queries.concerned(connection, 1)
        queries.head(connection)
        event.remove(story.engine, "before_cursor_execute", note)
        assert len(seen) > 40
        for statement, parameters in seen:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [row[3] for row in plan]
            scans = [
                step for step in steps if step.startswith("SCAN") and "ledger_state" not in step
            ]
            assert scans == [], f"{scans} in {statement}"
    engine.dispose()


def test_statements_name_their_tables(story: Story, connection: Connection) -> None:
    """Whoever looks into the database sees rows that speak for themselves."""
    row = connection.execute(
        text("SELECT name, args FROM events WHERE piece = :piece ORDER BY block, log_index"),
        {"piece": story.second},
    ).first()
    assert row is not None
    assert row.name == "PieceOffered"
    assert row.args.startswith('{"piece":65538,"from":4,"to":5,')
