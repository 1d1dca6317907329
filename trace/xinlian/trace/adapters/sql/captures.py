"""Captures and records of rows in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.codes import STATUSES
from xinlian.trace.adapters.sql.tables import captures, kept, records, rows
from xinlian.trace.model.capture import CaptureReceipt, RowResult, RowStatus

__all__ = ["CaptureTable"]


class CaptureTable:
    """Captures; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_record(self) -> int:
        """The number of the next record."""
        return (
            int(bulk.run(self._connection, "SELECT max(record) FROM trace_records")[0][0] or 0) + 1
        )

    def add_records(self, lines: Sequence[tuple[int, int, int, bytes, int, str]]) -> None:
        """Record, party, leaf, leaf hash, time of capture, source."""
        bulk.insert(self._connection, records, lines)

    def leaf_hashes(self, wanted: Sequence[int]) -> Mapping[int, bytes]:
        """Leaf hashes of records."""
        found = bulk.by_keys(self._connection, records, "record leaf_hash", "record", wanted)
        return {record: bytes(leaf_hash) for record, leaf_hash in found}

    def kept(self, party: int, digests: Sequence[str]) -> Mapping[str, int]:
        """Records of rows without facts, by digest of their source."""
        return dict(
            bulk.by_keys(
                *(self._connection, kept, "digest record", "digest", digests),
                where="t.party = ?",
                values=(party,),
            )
        )

    def add_kept(self, party: int, lines: Sequence[tuple[str, int]]) -> None:
        """Remember rows without facts."""
        bulk.insert(self._connection, kept, [(party, *line) for line in lines])

    def captures_of(self, party: int, key: str) -> int:
        """How many captures a party made under a key."""
        found = bulk.run(
            self._connection,
            "SELECT count(*) FROM trace_captures WHERE party = ? AND capture_key = ?",
            *(party, key),
        )
        return int(found[0][0])

    def begin_capture(self, capture: str, party: int, key: str, now_ms: int) -> None:
        """Open a capture."""
        line = (capture, party, key, now_ms, 0, "{}", "", None)
        bulk.insert(self._connection, captures, [line])

    def add_rows(
        self, capture: str, results: Sequence[RowResult], numbers: Sequence[int | None]
    ) -> None:
        """Results of rows and the records they stand for."""
        lines = [
            (
                *(capture, each.number, record, each.place, STATUSES.number[each.status]),
                *(each.field, each.why, each.why_zh),
            )
            for each, record in zip(results, numbers, strict=True)
        ]
        bulk.insert(self._connection, rows, lines)

    def end_capture(
        self, capture: str, taken: bool, counts: str, log_id: str, included_by_ms: int | None
    ) -> None:
        """Close a capture."""
        mark = "?" if bulk.is_sqlite(self._connection) else "%s"
        bulk.driver(self._connection).execute(
            "UPDATE trace_captures SET taken = ?, counts = ?, log_id = ?, included_by_ms = ?"
            " WHERE capture = ?".replace("?", mark),
            (int(taken), counts, log_id, included_by_ms, capture),
        )

    def receipt(self, capture: str, party: int, after: int = -1, limit: int = 10_000) -> Any:
        """A party's receipt with one page of rows (those with a number above ``after``), or
        ``None``. Ids of rows are not kept."""
        found = bulk.run(
            self._connection,
            "SELECT taken, counts, log_id, included_by_ms FROM trace_captures"
            " WHERE capture = ? AND party = ?",
            *(capture, party),
        )
        if not found:
            return None
        taken, counts, log_id, included_by_ms = found[0]
        lines = bulk.run(
            self._connection,
            "SELECT w.number, w.place, w.status, w.field, w.why, w.why_zh, r.leaf_hash"  # noqa: S608
            " FROM trace_rows w LEFT JOIN trace_records r ON r.record = w.record"
            f" WHERE w.capture = ? AND w.number > ? ORDER BY w.number LIMIT {int(limit)}",
            *(capture, after),
        )
        results = tuple(
            RowResult(
                *(number, place, STATUSES.word[status], field, why, why_zh),
                bytes(leaf_hash or b"").hex(),
            )
            for number, place, status, field, why, why_zh, leaf_hash in lines
        )
        by_status = {RowStatus(name): count for name, count in json.loads(counts).items()}
        return CaptureReceipt(capture, bool(taken), results, log_id, included_by_ms, by_status)

    def captures(self, party: int, limit: int = 100) -> list[tuple[str, str, int, bool, str]]:
        """A party's captures, newest first: id, key, time, whether taken, counts as JSON."""
        found = bulk.run(
            self._connection,
            "SELECT capture, capture_key, made_ms, taken, counts FROM trace_captures"  # noqa: S608
            f" WHERE party = ? ORDER BY made_ms DESC, capture LIMIT {int(limit)}",
            party,
        )
        return [(row[0], row[1], row[2], bool(row[3]), row[4]) for row in found]
