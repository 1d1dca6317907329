"""Links of a chunk: new, known, ended or other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.codes import CERTAINTIES, LINK_KINDS
from xinlian.trace.adapters.sql.tables import links
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.links import Link

__all__ = ["BEGINNING", "LinkWriter"]

BEGINNING: Final = -1
"""``valid_from`` of a link whose source gives no time."""
_REMOVED: Final = -2
"""A removal whose fitting nobody told of is a link that ended then; its ``valid_from`` is as far
below this, so that each has its own."""
_PAIR_MAX: Final = 100
"""Links of one pair that are matched anew when one comes in. Of a pair with more (a batch that is
used up in another bit by bit) a removal ends what is open when it comes in."""
_COLUMNS: Final = " ".join(column.name for column in links.columns)
_END_RECORD, _VALID_TO, _WITHDRAWN = 5, 6, 9
_FIELDS: Final = {7: "kind", 8: "certainty", 10: "quantity", 11: "unit", 12: "candidate_group"}

Pair = tuple[int, int]


class LinkWriter:
    """Compares links with what the party said before, and keeps what is new until ``flush``.

    A link that comes again with an end where none was known ends; an end once known is not undone
    by a repetition without it. A link without a beginning but with an end is a removal: in order of
    time, each ends the fitting that began last and is open then. In whichever order fittings and
    removals of a pair come in, the links are the same (``_PAIR_MAX`` at most).
    """

    def __init__(self, connection: Connection, party: int) -> None:
        self._connection = connection
        self._party = party
        self.known_record = 0
        self._known: dict[Pair, dict[int, list[Any]]] = {}
        self._new: dict[tuple[int, int, int], list[Any]] = {}
        self._restated: list[tuple[dict[int, list[Any]], list[Any]]] = []
        self._changed: dict[tuple[int, int, int], list[Any]] = {}
        self._gone: dict[tuple[int, int, int], list[Any]] = {}
        self.shrunk: set[int] = set()
        """Parents of links that the last ``flush`` took away."""

    def load(self, facts: Iterable[Link], numbers: Mapping[ItemId, int], new: set[int]) -> None:
        """Fetch what the party said of the pairs in question; items just numbered have none."""
        self._known = {}
        pairs: dict[Pair, None] = {}
        for fact in facts:
            pair = numbers[fact.parent], numbers[fact.child]
            self._known[pair] = {}
            if pair[0] not in new and pair[1] not in new:
                pairs[pair] = None
        for row in bulk.by_pairs(
            *(self._connection, links, _COLUMNS, "parent child", pairs),
            where="t.party = ?",
            values=(self._party,),
        ):
            self._known[row[0], row[1]][row[2]] = list(row)

    def offer(self, fact: Link, parent: int, child: int, record: int) -> str | None:
        """``None`` if the link is new or says something new, "" if known, else what differs."""
        known = self._known[parent, child]
        begins = BEGINNING if fact.valid_from_ms is None else fact.valid_from_ms
        if fact.valid_from_ms is None and fact.valid_to_ms is not None:
            return self._removal(fact, known, parent, child, record)
        row = [
            *(parent, child, begins, self._party, record, None, fact.valid_to_ms),
            *(LINK_KINDS.number[fact.kind], CERTAINTIES.number[fact.certainty], 0),
            *(fact.quantity, fact.unit, fact.candidate_group),
        ]
        old = known.get(begins)
        if old is None:
            self._add(known, row)
            self._match(known)
            return None
        self.known_record = old[4]
        if old[_WITHDRAWN]:
            self._restated.append((known, row))
            same = all(old[at] == row[at] for at in (_VALID_TO, *_FIELDS))
            return "" if same else None
        for place, name in _FIELDS.items():
            if old[place] != row[place]:
                return name
        if old[_VALID_TO] == fact.valid_to_ms or fact.valid_to_ms is None:
            return ""
        if old[_VALID_TO] is not None:
            return "valid_to"
        self._end(old, fact.valid_to_ms, record)
        return None

    def settle(self, *, new: bool) -> None:
        """The row that was offered is new, or not: one that only repeats what was withdrawn does
        not bring it back."""
        restated, self._restated = self._restated, []
        if new:
            for known, row in restated:
                self._add(known, row)
                self._match(known)

    def _add(self, known: dict[int, list[Any]], row: list[Any]) -> None:
        key = row[0], row[1], row[2]
        if self._gone.pop(key, None) is not None or row[2] in known:
            self._changed[key] = row
        else:
            self._new[key] = row
        known[row[2]] = row

    def _take_away(self, known: dict[int, list[Any]], row: list[Any]) -> None:
        key = row[0], row[1], row[2]
        del known[row[2]]
        self._changed.pop(key, None)
        if self._new.pop(key, None) is None:
            self._gone[key] = row

    def _end(self, old: list[Any], ends: int | None, record: int | None) -> None:
        if (old[_VALID_TO], old[_END_RECORD]) != (ends, record):
            old[_VALID_TO], old[_END_RECORD] = ends, record
            self._changed[old[0], old[1], old[2]] = old

    def _removal(
        self, fact: Link, known: dict[int, list[Any]], parent: int, child: int, record: int
    ) -> str | None:
        ends = fact.valid_to_ms or 0
        for row in known.values():
            if row[_VALID_TO] == ends and row[2] <= ends and not row[_WITHDRAWN]:
                self.known_record = row[_END_RECORD] or row[4]
                return ""
        row = [
            *(parent, child, _REMOVED - ends, self._party, record, record, ends),
            *(LINK_KINDS.number[fact.kind], CERTAINTIES.number[fact.certainty], 0),
            *(fact.quantity, fact.unit, fact.candidate_group),
        ]
        if row[2] in known:  # withdrawn
            self._restated.append((known, row))
            return ""
        if len(known) >= _PAIR_MAX and (held := _open_at(known.values(), ends)):
            self._end(max(held, key=itemgetter(2)), ends, record)
            return None
        self._add(known, row)
        self._match(known)
        return None

    def _match(self, known: dict[int, list[Any]]) -> None:
        """Say anew which removal ended which fitting; those that ended none are links of their own.

        What each was before is forgotten first, so that only what is known counts.
        """
        if not 1 < len(known) <= _PAIR_MAX:
            return
        live = [row for row in known.values() if not row[_WITHDRAWN]]
        waiting = {row[_VALID_TO]: row for row in live if _is_removal(row)}
        # An end that came with its beginning stands; so do ends that no single removal explains.
        fixed = {row[_VALID_TO] for row in live if row[_END_RECORD] is None}
        later = [row for row in live if not _is_removal(row) and row[_END_RECORD] is not None]
        several = {ends for ends, n in Counter(row[_VALID_TO] for row in later).items() if n > 1}
        fits = [row for row in later if row[_VALID_TO] not in several]
        removals = {row[_VALID_TO]: row for row in (*fits, *waiting.values())}
        for ends in fixed | several:
            removals.pop(ends, None)
        fits += [row for row in live if row[_VALID_TO] is None]
        records = {ends: row[_END_RECORD] for ends, row in removals.items()}
        begun = sorted(fits, key=lambda row: row[2])
        for ends in sorted(removals):
            held = [row for row in begun if row[2] <= ends]
            if held:
                # Of a part that was fitted again when it was taken out, the fitting before.
                row = max(held, key=lambda each: (each[2] < ends, each[2]))
                begun = [each for each in begun if each is not row]
                self._end(row, ends, records[ends])
            elif waiting.pop(ends, None) is None:
                like, at, record = removals[ends], _REMOVED - ends, records[ends]
                nothing = (None, None, None)
                self._add(
                    known, [*like[:2], at, like[3], record, record, ends, *like[7:10], *nothing]
                )
        for row in begun:
            self._end(row, None, None)
        for row in waiting.values():
            self._take_away(known, row)

    def flush(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Write; what is new and what changed, as rows of the table."""
        changed = [row for key, row in self._changed.items() if key not in self._new]
        new, self._new = list(self._new.values()), {}
        gone, self._gone = self._gone, {}
        self.shrunk = {key[0] for key in gone}
        self._changed = {}
        mark = "?" if bulk.is_sqlite(self._connection) else "%s"
        if gone:
            keys = " AND ".join(f"{column.name} = {mark}" for column in list(links.columns)[:4])
            bulk.driver(self._connection).cursor().executemany(
                f"DELETE FROM trace_links WHERE {keys}",  # noqa: S608
                [(*key, self._party) for key in gone],
            )
        bulk.insert(self._connection, links, new)
        if changed:
            sets = ", ".join(f"{column.name} = {mark}" for column in list(links.columns)[4:])
            keys = " AND ".join(f"{column.name} = {mark}" for column in list(links.columns)[:4])
            bulk.driver(self._connection).cursor().executemany(
                f"UPDATE trace_links SET {sets} WHERE {keys}",  # noqa: S608
                [(*row[4:], *row[:4]) for row in changed],
            )
        return new, changed


def _is_removal(row: Sequence[Any]) -> bool:
    return bool(row[2] < BEGINNING)


def _open_at(rows: Iterable[list[Any]], at_ms: int) -> list[list[Any]]:
    return [r for r in rows if r[_VALID_TO] is None and r[2] <= at_ms and not r[_WITHDRAWN]]
