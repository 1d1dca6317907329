"""Evidence logs in the books: opened, handed on, grown; read again, taken back in a fork."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address

from tests.ledger.indexer.keeping import digests, indexer
from tests.ledger.indexer.logs import CONTRACTS
from tests.ledger.indexer.model_chain import CHAIN_ID, ModelChain
from tests.ledger.indexer.model_events import Log

Make = Callable[[], Engine]
LOG, OTHER = b"\x11" * 32, b"\x22" * 32
OLD_WRITER, NEW_WRITER = b"\xaa" * 20, b"\xbb" * 20
NONE = bytes(32)


def opened(log: bytes, party: int, stream: str, sm3: bool = False) -> Log:
    name = stream.encode().ljust(32, b"\0")
    return "evidence", "LogOpened", (log, party, name, b"\x0c" * 32, OLD_WRITER, sm3)


def grown(log: bytes, party: int, size: int) -> Log:
    roots = (size.to_bytes(32, "big"), b"\x0d" * 32, NONE)
    return "evidence", "HeadAppended", (log, party, size, *roots)


def a_life(chain: ModelChain) -> list[int]:
    """Two logs; the first grows three times and gets another writer. Heights of the blocks."""
    chain.pending += [opened(LOG, 1, "quality"), opened(OTHER, 2, "line-1.telemetry", sm3=True)]
    heights = [chain.seal()]
    for size in (7, 40, 65_536):
        chain.net.now += 30
        chain.pending += [grown(LOG, 1, size)]
        heights.append(chain.seal())
    chain.pending += [("evidence", "WriterSet", (LOG, NEW_WRITER)), grown(OTHER, 2, 3)]
    return [*heights, chain.seal()]


def test_logs_and_heads_are_as_the_events_told(make_engine: Make) -> None:
    engine, chain = make_engine(), ModelChain()
    heights = a_life(chain)
    indexer(engine, chain).catch_up()
    with engine.connect() as connection:
        log = queries.evidence_log(connection, LOG)
        assert log is not None
        assert (log.party, log.stream, log.writer, log.sm3, log.since) == (
            1, "quality", NEW_WRITER, False, heights[-1],
        )  # fmt: skip
        before = queries.evidence_log(connection, LOG, heights[1])
        assert before is not None
        assert before.writer == Address(OLD_WRITER)
        first, second = queries.log_writers(connection, LOG)
        assert (first.writer, second.writer) == (Address(OLD_WRITER), NEW_WRITER)
        assert first.since < second.since == first.until
        assert second.until is None
        assert queries.log_writers(connection, b"\x33" * 32) == []
        assert queries.evidence_log(connection, LOG, heights[0] - 1) is None
        assert queries.evidence_log(connection, b"\x33" * 32) is None
        other = queries.evidence_logs(connection, party=2)
        assert [(each.log, each.stream, each.sm3) for each in other] == [
            (OTHER, "line-1.telemetry", True)
        ]
        assert [each.log for each in queries.evidence_logs(connection, after=LOG)] == [OTHER]
        heads = queries.heads_of(connection, LOG)
        assert [(head.size, head.block) for head in heads] == list(
            zip((7, 40, 65_536), heights[1:4], strict=True)
        )
        header = chain.blocks[heights[2]].header
        assert "0x" + heads[1].block_hash.hex() == header["hash"]
        assert heads[1].time == int(header["timestamp"], 16)
        assert len(heads[1].tx_hash) == 32
        assert [head.size for head in queries.heads_of(connection, LOG, after=7, limit=1)] == [40]


def test_the_head_that_fixed_a_leaf_is_the_first_that_holds_it(make_engine: Make) -> None:
    engine, chain = make_engine(), ModelChain()
    heights = a_life(chain)
    indexer(engine, chain).catch_up()
    with engine.connect() as connection:
        for size, found in ((1, 7), (7, 7), (8, 40), (41, 65_536)):
            head = queries.covering_head(connection, LOG, size)
            assert head is not None
            assert head.size == found
        assert queries.covering_head(connection, LOG, 65_537) is None
        newest, earlier = (queries.newest_head(connection, LOG, at) for at in (None, heights[2]))
        assert newest is not None
        assert earlier is not None
        assert (newest.size, earlier.size) == (65_536, 40)
        assert queries.newest_head(connection, b"\x33" * 32) is None


def test_a_second_reading_gives_the_same_bytes(make_engine: Make) -> None:
    engine, chain = make_engine(), ModelChain()
    a_life(chain)
    keeper = indexer(engine, chain)
    keeper.catch_up()
    report = verify(engine, chain, CONTRACTS, CHAIN_ID)
    assert report.ok, report
    rows = {digest.name: digest.rows for digest in report.tables}
    assert (rows["log_versions"], rows["anchored_heads"]) == (3, 4)
    before = digests(engine)
    keeper.rebuild()
    assert digests(engine) == before


def test_a_head_that_the_contract_does_not_have_is_found(make_engine: Make) -> None:
    engine, chain = make_engine(), ModelChain()
    a_life(chain)
    indexer(engine, chain).catch_up()
    chain.faults.wrong_head_of = LOG
    report = verify(engine, chain, CONTRACTS, CHAIN_ID)
    assert not report.ok
    (told,) = report.chain_breaks
    assert LOG.hex() in told
    assert "65536 records" in told


def test_heads_of_a_branch_that_was_left_are_forgotten(make_engine: Make) -> None:
    engine, chain = make_engine(), ModelChain()
    heights = a_life(chain)
    keeper = indexer(engine, chain, reorganises=True)
    keeper.catch_up()
    chain.fork(heights[1], salt="other")
    chain.net.now += 60
    chain.pending += [grown(LOG, 1, 9)]
    chain.seal()
    for _ in heights:
        chain.seal()
    keeper.catch_up()
    with engine.connect() as connection:
        assert [head.size for head in queries.heads_of(connection, LOG)] == [7, 9]
        log = queries.evidence_log(connection, LOG)
        assert log is not None
        assert log.writer == OLD_WRITER
    fresh = make_engine()
    indexer(fresh, chain).catch_up()
    assert digests(engine) == digests(fresh)


def test_a_writer_of_a_log_that_nobody_opened_stops_the_books(make_engine: Make) -> None:
    engine, chain = make_engine(), ModelChain()
    chain.pending += [("evidence", "WriterSet", (LOG, NEW_WRITER))]
    chain.seal()
    with pytest.raises(LedgerError) as caught:
        indexer(engine, chain).catch_up()
    assert caught.value.code is Failure.HALTED
