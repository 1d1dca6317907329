"""Walks over links: what lies below or above, within bounds, in the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Set
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.codes import LINK_KINDS
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import links
from xinlian.trace.model.circles import circle_link, deepest
from xinlian.trace.model.limits import DEPTH_MAX
from xinlian.trace.model.links import LinkKind
from xinlian.trace.usecases.ports import Edge, Seen, Tangle

__all__ = ["Graph"]

_CLOSURE_MAX: Final = 300_000
_ALL: Final = 1 << 62
_PACKED: Final = LINK_KINDS.number[LinkKind.PACKED]
_ABOVE_MAX: Final = 20_000
_COLUMNS: Final = (
    "parent child valid_from party valid_to kind certainty withdrawn quantity unit candidate_group"
)


class _Walk(NamedTuple):
    below: str
    above: str


_DOWN: Final = _Walk("child", "parent")
_UP: Final = _Walk("parent", "child")


class Graph:
    """Links as a graph; within the owner's transaction."""

    fresh: Set[int] = frozenset()
    """As of ``SignalTable``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _start(self, seeds: Sequence[int]) -> tuple[str, Any]:
        if bulk.is_sqlite(self._connection):
            return "SELECT value FROM json_each(?)", json.dumps(list(seeds))
        return "SELECT unnest(?::bigint[])", bulk.array(list(seeds))

    def _each(self, side: str, more: str) -> str:
        """Joins the links of each item of ``w``, one item after the other, by the index.

        Both planners would at times rather read the whole table: SQLite for a Bloom filter (what
        the plus signs in conditions prevent), PostgreSQL for a hash (what OFFSET 0 prevents, which
        also keeps the order in which a walk that is cut off was made).
        """
        condition = f"l.{side} = w.item{more}"
        if bulk.is_sqlite(self._connection):
            return f"CROSS JOIN trace_links l ON {condition}"
        return f"CROSS JOIN LATERAL (SELECT * FROM trace_links l WHERE {condition} OFFSET 0) l"  # noqa: S608

    def below(
        self, seeds: Sequence[int], limit: int, at_ms: int | None = None, seen: Seen = None
    ) -> list[Edge]:
        """Links under the seeds, ``limit`` at most, nearest first; those that hold at a time, and
        of the parties in ``seen`` alone."""
        return self._walk(_DOWN, seeds, limit, at_ms, seen)

    def above(
        self, seeds: Sequence[int], limit: int, at_ms: int | None = None, seen: Seen = None
    ) -> list[Edge]:
        """Links over the seeds, as ``below``."""
        return self._walk(_UP, seeds, limit, at_ms, seen)

    def made_of(self, seeds: Sequence[int], limit: int = _ALL, seen: Seen = None) -> list[Edge]:
        """What the seeds consist of or ever did: links under them, withdrawn ones too, packing
        left out."""
        return self._walk(_DOWN, seeds, limit, None, seen, every=True)

    def went_into(self, seeds: Sequence[int], limit: int = _ALL, seen: Seen = None) -> list[Edge]:
        """What the seeds ever went into, as ``made_of``."""
        return self._walk(_UP, seeds, limit, None, seen, every=True)

    def _walk(
        self,
        walk: _Walk,
        seeds: Sequence[int],
        limit: int,
        at_ms: int | None,
        seen: Seen = None,
        *,
        every: bool = False,
    ) -> list[Edge]:
        start, given = self._start(seeds)
        times: tuple[int, ...] = ()
        holds = _by(seen) + (f" AND l.kind <> {_PACKED}" if every else "")
        alive = "" if every else " AND +l.withdrawn = 0"
        if at_ms is not None:
            holds += " AND +l.valid_from <= ? AND (l.valid_to IS NULL OR l.valid_to > ?)"
            times = (at_ms, at_ms)
        listed = ", ".join(f"l.{name}" for name in _COLUMNS.split())
        found = bulk.run(
            self._connection,
            f"WITH RECURSIVE w(item) AS ({start} UNION"  # noqa: S608
            f" SELECT l.{walk.below} FROM w {self._each(walk.above, alive + holds)})"
            f" SELECT {listed} FROM w {self._each(walk.above, holds)}"
            f" LIMIT {int(limit)}",
            *(given, *times, *times),
        )
        return [Edge(*row) for row in found]

    def parents_of(self, children: Iterable[int]) -> list[Edge]:
        """Links directly over items, withdrawn ones too."""
        return [
            Edge(*row) for row in bulk.by_keys(self._connection, links, _COLUMNS, "child", children)
        ]

    def fitted(
        self, children: Iterable[int], party: int, own_max: int, others_max: int
    ) -> list[Edge]:
        """Known links by assembly directly over items: of a party, and of others, so many each."""
        start, given = self._start(list(children))
        listed = ", ".join(f"l.{name}" for name in _COLUMNS.split())
        found: list[Edge] = []
        for sign, most in (("=", own_max), ("<>", others_max)):
            holds = f"+l.party {sign} ? AND l.kind = 0 AND l.certainty = 0 AND l.withdrawn = 0"
            if bulk.is_sqlite(self._connection):
                # Reads the index of children only as far as needed.
                join = (
                    "CROSS JOIN trace_links l ON l.child = w.item AND l.parent IN"  # noqa: S608
                    " (SELECT parent"
                    f" FROM trace_links n WHERE n.child = w.item AND {holds.replace('l.', 'n.')}"
                    f" LIMIT {int(most)}) AND {holds}"
                )
                values: tuple[int, ...] = (party, party)
            else:
                join = (
                    "CROSS JOIN LATERAL"  # noqa: S608
                    " (SELECT * FROM trace_links l WHERE l.child = w.item"
                    f" AND {holds} LIMIT {int(most)}) l"
                )
                values = (party,)
            found += [
                Edge(*row)
                for row in bulk.run(
                    self._connection,
                    f"WITH w(item) AS ({start}) SELECT {listed} FROM w {join}",  # noqa: S608
                    *(given, *values),
                )
            ]
        return found

    def children_of(self, parents: Iterable[int]) -> list[Edge]:
        """Links directly under items, withdrawn ones too."""
        return [
            Edge(*row) for row in bulk.by_keys(self._connection, links, _COLUMNS, "parent", parents)
        ]

    def ended_in(self, parents: Iterable[int]) -> list[Edge]:
        """Links under items that ended."""
        return [
            Edge(*row)
            for row in bulk.by_keys(
                *(self._connection, links, _COLUMNS, "parent", parents),
                where="t.valid_to IS NOT NULL AND t.withdrawn = 0",
            )
        ]

    def having(self, side: str, numbers: Iterable[int], seen: Seen = None) -> set[int]:
        """Those that are the ``parent`` or the ``child`` of some link."""
        start, given = self._start(list(numbers))
        name = "value" if bulk.is_sqlite(self._connection) else "unnest"
        rows = bulk.run(
            self._connection,
            f"SELECT {name} FROM ({start}) j WHERE EXISTS"  # noqa: S608
            f" (SELECT 1 FROM trace_links l WHERE l.{side} = j.{name} AND l.withdrawn = 0"
            # One look into the index per item, as in _each.
            f"{_by(seen)}{'' if bulk.is_sqlite(self._connection) else ' OFFSET 0'})",
            given,
        )
        return {row[0] for row in rows}

    def tangle(self, new: Sequence[Sequence[Any]], party: int) -> Tangle | None:
        """A new link that closes a circle, or makes chains of more than ``DEPTH_MAX`` links.

        Only the party's own links are judged: what others say may not stop it. So links of several
        parties may form a circle; walks end at what they met before.
        """
        pairs = [(row[0], row[1]) for row in new]
        own = frozenset({party})
        parents = {parent for parent, _ in pairs}
        may = {child for _, child in pairs if child not in self.fresh or child in parents}
        inner = self.having("parent", may, own) if may else set()
        if not inner:
            return None
        inside = self.having("child", {parent for parent, child in pairs if child in inner}, own)
        odd = [pair for pair in pairs if pair[1] in inner and pair[0] in inside]
        return self._tangle(odd, own) if odd else None

    def _tangle(self, odd: Sequence[tuple[int, int]], own: Seen) -> Tangle | None:
        edges = self.below([child for _, child in odd], _CLOSURE_MAX, seen=own)
        full = len(edges) == _CLOSURE_MAX
        if full and len(odd) > 1:
            half = len(odd) // 2
            return self._tangle(odd[:half], own) or self._tangle(odd[half:], own)
        # What lies above may be a million vehicles; a chain too deep shows in the nearest links.
        edges += self.above([parent for parent, _ in odd], _ABOVE_MAX, seen=own)
        pairs = {(edge.parent, edge.child) for edge in edges if not edge.withdrawn} | set(odd)
        circle = circle_link(pairs, odd)
        if circle is None and not full and deepest(pairs) <= DEPTH_MAX:
            return None
        parent, child = circle or odd[0]
        ids = ItemTable(self._connection).ids([parent, child])
        return Tangle(ids[parent], ids[child], circle is not None)


def _by(seen: Seen) -> str:
    if seen is None:
        return ""
    listed = ", ".join(str(int(party)) for party in sorted(seen)) or "-1"
    return f" AND +l.party IN ({listed})"
