"""Signals in SQL, and the one that captures raise themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
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
_ABOVE_MAX: Final = 200
_OWN_MAX: Final = 64
_OTHERS_MAX: Final = 16
_PAIRS_MAX: Final = 64
_RAISED_MAX: Final = 8
"""Bounds on what is looked at, and raised, for one part in one chunk of a capture: what one file
says of one part must not hold up everyone else."""
_COLUMNS: Final = "signal party kind raised_ms subject detail"


class SignalTable:
    """Signals; within the owner's transaction."""

    fresh: Set[int] = frozenset()
    """Items of which nobody said anything before what is being captured just now."""

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

    def double_fits(self, links: Sequence[Sequence[Any]], party: int, now_ms: int) -> int:
        """Raise a signal for each serial part among the links' children that is in two things at
        once, neither of which is in the other; how many. ``links`` are those that the party just
        captured. A part that is in very many things is told of by some of them."""
        new: dict[int, list[Edge]] = defaultdict(list)
        for row in links:
            if row[7] == row[8] == row[9] == 0 and len(new[row[1]]) < _PAIRS_MAX:
                new[row[1]].append(Edge(*row[:4], *row[6:13]))
        once = [child for child, edges in new.items() if len(edges) == 1 and child in self.fresh]
        for child in once:
            del new[child]
        if not new:
            return 0
        single = {
            number
            for number, kind in bulk.by_keys(self._connection, items, "item type", "item", new)
            if kind in _SINGLE
        }
        graph = Graph(self._connection)
        others: dict[int, list[Edge]] = defaultdict(list)
        for edge in graph.fitted(single, party, _OWN_MAX, _OTHERS_MAX):
            others[edge.child].append(edge)
        above: dict[tuple[int, frozenset[int]], set[int]] = {}
        return sum(
            self._of_part(graph, new[child], edges, above, now_ms)
            for child, edges in others.items()
        )

    def _of_part(
        self,
        graph: Graph,
        new: Sequence[Edge],
        others: Sequence[Edge],
        above: dict[tuple[int, frozenset[int]], set[int]],
        now_ms: int,
    ) -> int:
        pairs = {
            (one.party != two.party, min(one, two, key=_key), max(one, two, key=_key))
            for one in new
            for two in others
            if _at_once(one, two)
        }
        raised = 0
        for _, one, two in sorted(pairs, key=_own_first)[:_PAIRS_MAX]:
            if raised < _RAISED_MAX and not self._nested(graph, one, two, above):
                raised += self._double(one.child, one, two, now_ms)
        return raised

    def _nested(
        self,
        graph: Graph,
        one: Edge,
        two: Edge,
        above: dict[tuple[int, frozenset[int]], set[int]],
    ) -> bool:
        """Whether one of the parents is in the other, as the two parties say."""
        said = frozenset({one.party, two.party})
        for low, high in ((one.parent, two.parent), (two.parent, one.parent)):
            if (low, said) not in above:
                over = graph.above([low], _ABOVE_MAX, seen=said)
                above[low, said] = {edge.parent for edge in over}
            if high in above[low, said]:
                return True
        return False

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


def _key(edge: Edge) -> tuple[int, int, int, int]:
    return edge.parent, edge.child, edge.valid_from, edge.party


def _own_first(pair: tuple[bool, Edge, Edge]) -> tuple[bool, Any, Any]:
    return pair[0], _key(pair[1]), _key(pair[2])
