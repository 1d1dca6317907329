"""Signals in SQL, and the one that captures raise themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.codes import ITEM_TYPES
from xinlian.trace.adapters.sql.graph import Graph
from xinlian.trace.adapters.sql.items import ItemTable, json_text, texts
from xinlian.trace.adapters.sql.tables import items
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.records import item_text
from xinlian.trace.model.signals import DOUBLE_FITTED, Signal
from xinlian.trace.usecases.ports import Edge

__all__ = ["SignalTable"]

_SINGLE: Final = {ITEM_TYPES.number[ItemType.SERIAL], ITEM_TYPES.number[ItemType.VEHICLE]}
_ABOVE_MAX: Final = 1_000
_COLUMNS: Final = "signal party kind raised_ms subject detail"


class SignalTable:
    """Signals; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def raise_signal(
        self, party: int, kind: str, subject: str, detail: Mapping[str, Any], now_ms: int
    ) -> bool:
        """Raise a signal once; false if it was raised before."""
        known = bulk.run(
            self._connection,
            "SELECT 1 FROM trace_signals WHERE party = ? AND kind = ? AND subject = ?",
            *(party, kind, subject),
        )
        if known:
            return False
        top = bulk.run(self._connection, "SELECT max(signal) FROM trace_signals")[0][0] or 0
        row = (top + 1, party, kind, now_ms, subject, json_text(detail))
        bulk.insert(self._connection, t.signals, [row])
        return True

    def signals(
        self, parties: Sequence[int], after: int = 0, limit: int = 1_000, kind: str = ""
    ) -> list[Signal]:
        """Signals to any of the parties with a number above ``after``, in order."""
        marks = ", ".join("?" * len(parties))
        columns = _COLUMNS.replace(" ", ", ")
        more, values = (" AND kind = ?", (kind,)) if kind else ("", ())
        rows = bulk.run(
            self._connection,
            f"SELECT {columns} FROM trace_signals WHERE signal > ?"  # noqa: S608
            f" AND party IN ({marks}){more} ORDER BY signal LIMIT {int(limit)}",
            *(after, *parties, *values),
        )
        return [Signal(row[0], row[1], row[2], row[3], row[4], texts(row[5])) for row in rows]

    def double_fits(self, links: Sequence[Sequence[Any]], now_ms: int) -> int:
        """Raise a signal for each serial part among the links' children that is in two things at
        once, neither of which is in the other; how many."""
        children = {row[1] for row in links if row[7] == row[8] == row[9] == 0}
        single = {
            number
            for number, kind in bulk.by_keys(self._connection, items, "item type", "item", children)
            if kind in _SINGLE
        }
        by_child: dict[int, list[Edge]] = defaultdict(list)
        graph = Graph(self._connection)
        for edge in graph.parents_of(single):
            if edge.kind == edge.certainty == edge.withdrawn == 0:
                by_child[edge.child].append(edge)
        raised = 0
        for child, edges in by_child.items():
            for one, two in combinations(edges, 2):
                if _at_once(one, two) and not self._nested(graph, one.parent, two.parent):
                    raised += self._double(child, one, two, now_ms)
        return raised

    def _nested(self, graph: Graph, one: int, two: int) -> bool:
        above = {edge.parent for edge in graph.above([one], _ABOVE_MAX)}
        return two in above or one in {edge.parent for edge in graph.above([two], _ABOVE_MAX)}

    def _double(self, child: int, one: Edge, two: Edge, now_ms: int) -> int:
        """Each of the parties hears of it; what is another's stays unnamed."""
        names = ItemTable(self._connection).ids([child, one.parent, two.parent])
        raised = 0
        for party in {one.party, two.party}:
            own = sorted(
                (item_text(names[edge.parent]), edge.valid_from, edge.valid_to)
                for edge in (one, two)
                if edge.party == party
            )
            detail = {
                "part": item_text(names[child]),
                "in": [
                    {"item": item, "from_ms": None if begins < 0 else begins, "to_ms": ends}
                    for item, begins, ends in own
                ],
                "other_parties": int(one.party != two.party),
            }
            subject = f"{item_text(names[child])} in {' and '.join(each[0] for each in own)}"
            raised += self.raise_signal(party, DOUBLE_FITTED, subject, detail, now_ms)
        return raised


def _at_once(one: Edge, two: Edge) -> bool:
    if one.parent == two.parent:
        return False
    return (one.valid_to is None or two.valid_from < one.valid_to) and (
        two.valid_to is None or one.valid_from < two.valid_to
    )
