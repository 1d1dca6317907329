"""Recalls in SQL: the lists that are kept."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.seeds import SeedTable
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import (
    Drill,
    Finding,
    RecallDiff,
    RecallLine,
    RecallList,
    Whereabouts,
)
from xinlian.trace.model.records import item_of, item_text
from xinlian.trace.usecases.ports import Seen
from xinlian.trace.usecases.recall_records import cause_of, cause_value

__all__ = ["RecallTable"]

_CHAIN_MAX: Final = 1_000


class RecallTable(SeedTable):
    """Kept lists, notices and drills; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def gap_count(self, wanted: Sequence[ItemId], seen: Seen) -> int:
        """How many gaps are listed of items."""
        listed = bulk.run(
            self._connection, "SELECT item, party FROM trace_gaps WHERE withdrawn = 0"
        )
        if not listed:
            return 0
        numbers = set(ItemTable(self._connection).numbers(wanted).values())
        return sum(item in numbers and (seen is None or party in seen) for item, party in listed)

    def packed(self, recall: RecallList) -> bytes:
        """The lines of a list as they are kept, with the last record there was when it was made;
        in the transaction in which it was reckoned."""
        diff = recall.diff
        last = bulk.run(self._connection, "SELECT max(record) FROM trace_records")[0][0]
        details = {
            "last_record": last or 0,
            "hidden": recall.hidden,
            "lines": [_line_value(line) for line in recall.lines],
            "stock": [_line_value(line) for line in recall.stock],
            "diff": None
            if diff is None
            else [
                [item_text(item) for item in diff.added],
                [item_text(item) for item in diff.removed],
                [[item_text(item), old.value, new.value] for item, old, new in diff.changed],
            ],
        }
        return zlib.compress(orjson.dumps(details), 1)

    def keep_recall(
        self, party: int, recall: RecallList, packed: bytes, digest: str, leaf: int
    ) -> None:
        """Keep a list."""
        diff = recall.diff
        line = (
            *(recall.recall_id, party, recall.made_at_ms),
            orjson.dumps([cause_value(cause) for cause in recall.causes]).decode(),
            *(recall.population, recall.gaps, recall.certain, recall.possible, recall.excluded),
            *(packed, digest, None if diff is None else diff.earlier_id, leaf),
        )
        bulk.insert(self._connection, t.recalls, [line])

    def recall(self, party: int, recall_id: str) -> RecallList | None:
        """A kept list of a party, with who was notified by now."""
        found = bulk.run(
            self._connection,
            "SELECT made_ms, causes, population, gaps, certain, possible, excluded, details,"
            " earlier FROM trace_recalls WHERE recall = ? AND party = ?",
            *(recall_id, party),
        )
        if not found:
            return None
        made_ms, causes, population, gaps, certain, possible, excluded, packed, earlier = found[0]
        details = orjson.loads(zlib.decompress(bytes(packed)))
        made = RecallList(
            recall_id,
            tuple(map(cause_of, orjson.loads(causes))),
            made_ms,
            tuple(map(_line_of, details["lines"])),
            population,
            certain,
            possible,
            excluded,
            gaps,
            None if earlier is None else _diff_of(earlier, details["diff"]),
            tuple(map(_line_of, details["stock"])),
            hidden=details.get("hidden", 0),
        )
        return replace(made, notified=self.notified(made))

    def notified(self, recall: RecallList) -> tuple[ItemId, ...]:
        """The vehicles of a list whose holders were told, by it or by those before it."""
        chain, known = [recall.recall_id], {recall.recall_id}
        before = None if recall.diff is None else recall.diff.earlier_id
        while before is not None and before not in known and len(chain) < _CHAIN_MAX:
            chain.append(before)
            known.add(before)
            found = bulk.run(
                self._connection, "SELECT earlier FROM trace_recalls WHERE recall = ?", before
            )
            before = found[0][0] if found else None
        told = {
            row[0] for row in bulk.by_keys(self._connection, t.notices, "item", "recall", chain)
        }
        if not told:
            return ()
        names = set(ItemTable(self._connection).ids(told).values())
        return tuple(line.vehicle for line in recall.lines if line.vehicle in names)

    def add_notices(
        self, recall_id: str, told: Iterable[ItemId], channel: str, now_ms: int
    ) -> list[ItemId]:
        """Note that holders were told; those that were not told by this recall before."""
        numbers = ItemTable(self._connection).numbers(told)
        known = {
            row[0]
            for row in bulk.by_keys(self._connection, t.notices, "item", "recall", [recall_id])
        }
        new = {item: number for item, number in numbers.items() if number not in known}
        rows = [(recall_id, number, now_ms, channel) for number in sorted(new.values())]
        bulk.insert(self._connection, t.notices, rows)
        return sorted(new)

    def keep_drill(self, party: int, drill: Drill, leaf: int) -> None:
        """Keep a drill; the same again replaces nothing."""
        known = bulk.run(
            self._connection, "SELECT 1 FROM trace_drills WHERE drill = ?", drill.drill_id
        )
        if known:
            return
        what = orjson.dumps([cause_value(cause) for cause in drill.causes]).decode()
        steps = orjson.dumps({"steps": drill.steps_us, "counts": drill.counts}).decode()
        line = (drill.drill_id, party, drill.made_ms, what, drill.took_us, steps, leaf)
        bulk.insert(self._connection, t.drills, [line])

    def drills(self, party: int, limit: int) -> list[Drill]:
        """Drills of a party, newest first."""
        found = bulk.run(
            self._connection,
            "SELECT drill, made_ms, what, took_us, steps FROM trace_drills WHERE party = ?"
            " ORDER BY made_ms DESC, drill LIMIT ?",
            *(party, limit),
        )
        return [
            Drill(
                *(drill, made_ms, tuple(map(cause_of, orjson.loads(what))), took_us),
                *orjson.loads(steps).values(),
            )
            for drill, made_ms, what, took_us, steps in found
        ]


def _line_value(line: RecallLine) -> list[Any]:
    return [
        *(item_text(line.vehicle), line.finding.value, line.reason, line.path),
        line.whereabouts.value,
    ]


def _line_of(value: Sequence[Any]) -> RecallLine:
    item, finding, reason, path, where = value
    return RecallLine(item_of(item), Finding(finding), reason, tuple(path), Whereabouts(where))


def _diff_of(earlier: str, value: Sequence[Any]) -> RecallDiff:
    added, removed, changed = value
    return RecallDiff(
        earlier,
        tuple(map(item_of, added)),
        tuple(map(item_of, removed)),
        tuple((item_of(item), Finding(old), Finding(new)) for item, old, new in changed),
    )
