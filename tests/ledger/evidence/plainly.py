"""A stored log beside the plain second implementation, which gets the same records and secrets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.heads import Anchor, Head, LogInfo
from xinlian.ledger.model.evidence.index import SubjectState, root_of
from xinlian.ledger.model.evidence.leaf import Leaf, leaf_hash, leaf_prefix
from xinlian.ledger.model.evidence.tree import MemoryNodes
from xinlian.ledger.model.evidence.tree import root_of as tree_root
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.usecases.evidence import Appended, EvidenceLogs, Request

from tests.support import xlproof
from tests.support.rfc9162_plain import PlainLog

CHAIN_ID, PARTY, STREAM = 31337, PartyId(7), "quality"
CONTRACT = Address(b"\xc0" * 20)
ANCHOR = Anchor(b"\xaa" * 32, 4242, b"\xbb" * 32, xlproof.BLOCK_TIME)


def logs_on(engine: Engine, **options: Any) -> tuple[EvidenceLogs, LogInfo]:
    """A new log in an empty database."""
    logs = EvidenceLogs(SqlEvidence(), **options)
    with begin_write(engine) as conn:
        info = make_log(logs, conn)
    return logs, info


def make_log(
    logs: EvidenceLogs, conn: Connection, stream: str = STREAM, *, sm3: bool = False
) -> LogInfo:
    return logs.create(
        conn, chain_id=CHAIN_ID, contract=CONTRACT, party=PARTY, stream=stream, sm3=sm3
    )


def records_of(rnd: random.Random, count: int, subjects: int) -> list[dict[str, Any]]:
    """Records of random subjects."""
    return [
        xlproof.record(f"VIN-{rnd.randrange(subjects)}", rnd.randrange(80_000), value=str(n))
        for n in range(count)
    ]


def recomputed(engine: Engine, info: LogInfo) -> list[bytes]:
    """The leaf hashes of a log; the newest head, which covers all, is what they give."""
    prefix, store = leaf_prefix(info.log_id), SqlEvidence()
    hashes: list[bytes] = []
    subjects: dict[bytes, SubjectState] = {}
    with begin_read(engine) as conn:
        row = store.log(conn, info.log_id)
        assert row is not None
        for index, (body, previous) in store.leaves_from(conn, row.id, 0, row.size):
            leaf = Leaf.unpack(prefix + body)
            before = subjects.get(leaf.subject_tag, SubjectState(0, 0, bytes(32)))
            assert (leaf.subject_seq, leaf.previous) == (before.records, before.last_leaf)
            assert previous == before.last_index
            hashes.append(leaf_hash(prefix + body))
            subjects[leaf.subject_tag] = SubjectState(before.records + 1, index, hashes[-1])
        stored = store.head(conn, row, row.size)
    assert stored is not None
    assert row.subjects == len(subjects)
    assert stored.head.root == tree_root(MemoryNodes(hashes), len(hashes))
    assert stored.head.index_root == root_of(subjects.items())
    return hashes


class Twin:
    """Does everything twice and compares."""

    def __init__(self, engine: Engine, *, sm3: bool = False) -> None:
        self.engine = engine
        self.logs = EvidenceLogs(SqlEvidence())
        with begin_write(engine) as conn:
            self.info = make_log(self.logs, conn, sm3=sm3)
            key = self.logs.logs(conn)[0].subject_key
        self.plain = PlainLog(key=key, with_sm3=sm3)
        assert self.plain.id == self.info.log_id

    def another_process(self) -> None:
        """Go on with nothing in memory."""
        self.logs = EvidenceLogs(SqlEvidence())

    def append(
        self, records: Sequence[dict[str, Any]], also: Sequence[Sequence[str]] = ()
    ) -> list[Appended]:
        log, store = self.info.log_id, SqlEvidence()
        with begin_write(self.engine) as conn:
            done = self.logs.append(conn, log, records, also)
            row = self.logs.logs(conn)[0]
            held = store.records(conn, row.id, [one.index for one in done])
        for record, one, more in zip(records, done, also or [()] * len(records), strict=True):
            assert one.index == len(self.plain.leaves)
            assert self.plain.append(record, held[one.index][1].secret, more) == one.leaf_hash
        return done

    def cut(self) -> Head | None:
        with begin_write(self.engine) as conn:
            head = self.logs.cut_head(conn, self.info.log_id)
            if head:
                self.logs.mark_anchored(conn, self.info.log_id, head.size, ANCHOR)
        if head:
            expected = self.plain.head()
            assert head.size == expected["size"]
            assert head.root.hex() == expected["root"]
            assert head.index_root.hex() == expected["index_root"]
            assert head.sm3_root.hex() == expected.get("sm3_root", bytes(32).hex())
        return head

    def prove(self, **wanted: Any) -> bytes:
        with begin_read(self.engine) as conn:
            return self.logs.prove(conn, {self.info.log_id: Request(**wanted)})

    def expected(self, size: int, **wanted: Any) -> bytes:
        """The bundle that the plain implementation gives for the first ``size`` records."""
        return xlproof.written(xlproof.bundle(xlproof.part(self.plain, size=size, **wanted)))
