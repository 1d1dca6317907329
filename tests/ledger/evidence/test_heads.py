"""Heads: what waits for one, what a block says about one, how late records were fixed."""

import random

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.evidence.errors import EvidenceError
from xinlian.ledger.model.evidence.heads import Anchor

from tests.ledger.evidence.plainly import ANCHOR, logs_on, records_of


def test_waiting_logs_and_the_marks_of_blocks(engine: Engine) -> None:
    now = [1_000]
    logs, info = logs_on(engine, now_ms=lambda: now[0])
    with begin_write(engine) as conn:
        assert logs.pending(conn) == []
        logs.append(conn, info.log_id, records_of(random.Random(1), 5, 2))
        now[0] = 1_400
        logs.append(conn, info.log_id, records_of(random.Random(1), 5, 2))
        (waiting,) = logs.pending(conn)
        assert (waiting.info, waiting.leaves, waiting.age_ms) == (info, 10, 400)
        head = logs.cut_head(conn, info.log_id)
        assert head is not None
        assert logs.cut_head(conn, info.log_id) is None
        assert logs.pending(conn) == []
        assert [stored.head for stored in logs.unanchored(conn, info.log_id)] == [head]
        assert logs.last_anchored(conn, info.log_id) is None
        logs.mark_anchored(conn, info.log_id, 10, ANCHOR)
        logs.mark_anchored(conn, info.log_id, 10, ANCHOR)
        assert logs.unanchored(conn, info.log_id) == []
        stored = logs.last_anchored(conn, info.log_id)
        assert stored is not None
        assert (stored.head, stored.anchor) == (head, ANCHOR)
        with pytest.raises(EvidenceError):
            logs.mark_anchored(conn, info.log_id, 9, ANCHOR)


def test_gaps_between_event_and_block(sqlite: Engine) -> None:
    logs, info = logs_on(sqlite, gap_alarm_ms=60_000)
    base = records_of(random.Random(1), 4, 2)
    for record, minutes in zip(base, ("10:00", "09:59", "09:00", "10:01"), strict=True):
        record["event_time"] = f"2026-11-22T{minutes}:00.000Z"
    ten = 1_795_341_600
    with begin_write(sqlite) as conn:
        logs.append(conn, info.log_id, base[:2])
        logs.cut_head(conn, info.log_id)
        logs.mark_anchored(conn, info.log_id, 2, Anchor(bytes(32), 1, bytes(32), ten))
        found = logs.gaps(conn, info.log_id)
        assert (found.count, found.max_ms, found.future, found.late) == (2, 60_000, 0, 0)
        assert not found.alarm
        logs.append(conn, info.log_id, base[2:])
        logs.cut_head(conn, info.log_id)
        logs.mark_anchored(conn, info.log_id, 4, Anchor(bytes(32), 2, bytes(32), ten))
        found = logs.gaps(conn, info.log_id)
        assert (found.count, found.max_ms, found.future, found.late) == (4, 3_600_000, 1, 1)
        assert found.alarm
