"""How far recalls have come, in SQL, and which published ones name an item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import orjson
from sqlalchemy import Connection, update
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_recalls as t
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import Finding, RecallLine
from xinlian.trace.model.standing import NamedBy, RecallEntry, RecallState, Standing, Step
from xinlian.trace.usecases.ports import Seen
from xinlian.trace.usecases.recall_records import cause_of

__all__ = ["StandingTable"]

_NAMING_MAX: Final = 1_000
"""Published recalls of one item that are told of."""


class StandingTable:
    """Numbers, titles and steps of recalls; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self, party: int) -> int:
        """The number of a party's next recall."""
        found = bulk.run(
            self._connection,
            "SELECT max(number) FROM trace_recall_standings WHERE party = ?",
            party,
        )
        return int(found[0][0] or 0) + 1

    def begin_standing(self, standing: Standing, leaf: int) -> None:
        """Keep what a new recall is called, with its first step; ``leaf``: of its record."""
        row = (
            *(standing.recall_id, standing.party, standing.number, standing.title),
            standing.state.value,
        )
        bulk.insert(self._connection, t.standings, [row])
        self._keep_step(standing.recall_id, 0, standing.steps[0], leaf)

    def add_step(self, standing: Standing, step: Step, leaf: int) -> None:
        """Keep a further step."""
        here = t.standings.c.recall == standing.recall_id
        self._connection.execute(update(t.standings).where(here).values(state=step.state.value))
        self._keep_step(standing.recall_id, len(standing.steps), step, leaf)

    def standing(self, party: int, recall: str) -> Standing | None:
        """A recall of a party by its id or its number."""
        key = ("number", int(recall)) if len(recall) < 10 and recall.isdigit() else None
        column, value = key or ("recall", recall)
        found = bulk.run(
            self._connection,
            "SELECT recall, party, number, title FROM trace_recall_standings"  # noqa: S608
            f" WHERE party = ? AND {column} = ?",
            *(party, value),
        )
        return self._with_steps(found)[0] if found else None

    def recalls(self, party: int, limit: int) -> list[RecallEntry]:
        """Recalls of a party, newest first."""
        found = bulk.run(
            self._connection,
            "SELECT s.recall, s.party, s.number, s.title, r.made_ms, r.causes, r.certain,"
            " r.possible FROM trace_recall_standings s JOIN trace_recalls r ON r.recall = s.recall"
            " WHERE s.party = ? ORDER BY s.number DESC LIMIT ?",
            *(party, limit),
        )
        return [
            RecallEntry(
                standing, row[4], tuple(map(cause_of, orjson.loads(row[5]))), row[6], row[7]
            )
            for standing, row in zip(self._with_steps(found), found, strict=True)
        ]

    def numbered(self, lines: Iterable[RecallLine]) -> list[tuple[int, bool]]:
        """What lines name as affected: its number, and whether it is only possible."""
        findings = {
            line.vehicle: line.finding for line in lines if line.finding is not Finding.EXCLUDED
        }
        numbers = ItemTable(self._connection).numbers(findings)
        possible = Finding.POSSIBLE
        return sorted((number, findings[item] is possible) for item, number in numbers.items())

    def name_items(self, recall_id: str, numbered: Iterable[tuple[int, bool]]) -> None:
        """Note what a recall that is published names."""
        rows = [(number, recall_id, int(possible)) for number, possible in numbered]
        bulk.insert(self._connection, t.named, rows)

    def naming(self, item: ItemId, seen: Seen) -> list[NamedBy]:
        """Recalls of parties in ``seen`` that name an item and were published, newest first."""
        numbers = ItemTable(self._connection).numbers([item])
        rows = bulk.by_keys(self._connection, t.named, "recall possible", "item", numbers.values())
        possible = {recall: bool(each) for recall, each in rows}
        found = [
            NamedBy(
                *(recall, party, number, title),
                *(Finding.POSSIBLE if possible[recall] else Finding.CERTAIN, RecallState(state)),
            )
            for recall, party, number, title, state in bulk.by_keys(
                self._connection, t.standings, "recall party number title state", "recall", possible
            )
            if seen is None or party in seen
        ]
        found.sort(key=lambda each: (-each.number, each.party))
        return found[:_NAMING_MAX]

    def _keep_step(self, recall_id: str, place: int, step: Step, leaf: int) -> None:
        row = (recall_id, place, step.state.value, step.at_ms, step.reason, leaf)
        bulk.insert(self._connection, t.steps, [row])

    def _with_steps(self, rows: list[tuple[Any, ...]]) -> list[Standing]:
        steps: dict[str, list[tuple[int, Step]]] = defaultdict(list)
        for recall, place, state, at_ms, reason in bulk.by_keys(
            *(self._connection, t.steps, "recall step state at_ms reason", "recall"),
            [row[0] for row in rows],
        ):
            steps[recall].append((place, Step(RecallState(state), at_ms, reason)))
        return [
            Standing(
                *(recall, party, number, title),
                tuple(step for _, step in sorted(steps[recall], key=lambda each: each[0])),
            )
            for recall, party, number, title, *_ in rows
        ]
