"""Which records a kept recall rests on, so that a third party can reckon it again."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final

import orjson
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.specs import SPECS, Spec
from xinlian.trace.adapters.sql.tables import descriptions, links, records
from xinlian.trace.model.facts import Event, Inspection, ProcessRecord
from xinlian.trace.usecases.ports import Edge, Seen

__all__ = ["DisclosureTable"]

_Target = tuple[int, str, str]
"""What a correction is of: party, kind, name."""
_WORK: Final = (SPECS[ProcessRecord], SPECS[Inspection])


class DisclosureTable:
    """Records under a recall; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def recall_bound(self, recall_id: str) -> int:
        """The number of the last record there was when a recall was kept."""
        found = bulk.run(
            self._connection, "SELECT details FROM trace_recalls WHERE recall = ?", recall_id
        )
        return int(orjson.loads(zlib.decompress(bytes(found[0][0])))["last_record"])

    def leaves_of(
        self,
        numbers: Iterable[int],
        edges: Collection[Edge],
        last_record: int,
        seen: Seen,
        *,
        with_work: bool,
    ) -> dict[int, list[int]]:
        """Leaves, by party, of what the parties in ``seen`` said of items and links up to a record,
        and of what each of them corrected of that; work only if it is asked for."""
        wanted = list(numbers)
        targets: set[_Target] = set()
        found = self._leaf_links(edges, targets)
        rows: Iterable[tuple[Any, ...]] = bulk.by_keys(
            self._connection, descriptions, "party record", "item", wanted
        )
        found |= {record for party, record in rows if _sees(seen, party)}
        for spec in _WORK if with_work else ():
            found |= self._leaf_facts(spec, "item", wanted, seen, targets)
        events = {
            row[0] for row in bulk.by_keys(self._connection, t.event_items, "event", "item", wanted)
        }
        found |= self._leaf_facts(SPECS[Event], "event", events, seen, targets)
        found |= self._leaf_corrections(targets)
        leaves: dict[int, list[int]] = defaultdict(list)
        for party, leaf in bulk.by_keys(
            *(self._connection, records, "party leaf", "record", found),
            where="t.record <= ?",
            values=(last_record,),
        ):
            leaves[party].append(leaf)
        return {party: sorted(each) for party, each in leaves.items()}

    def _leaf_links(self, edges: Collection[Edge], targets: set[_Target]) -> set[int]:
        ids = ItemTable(self._connection).ids(
            {end for edge in edges for end in (edge.parent, edge.child)}
        )
        targets |= {(e.party, "link", f"{ids[e.child].id}>{ids[e.parent].id}") for e in edges}
        said = {(edge.parent, edge.child, edge.valid_from, edge.party) for edge in edges}
        rows = bulk.by_pairs(
            *(self._connection, links, "parent child valid_from party record end_record"),
            *("parent child", sorted({each[:2] for each in said})),
        )
        found = {record for row in rows if row[:4] in said for record in row[4:]}
        return {record for record in found if record is not None}

    def _leaf_facts(
        self, spec: Spec, key: str, keys: Iterable[int], seen: Seen, targets: set[_Target]
    ) -> set[int]:
        found = set()
        for party, record, name in bulk.by_keys(
            self._connection, spec.table, f"party record {spec.id_column}", key, keys
        ):
            if _sees(seen, party):
                found.add(record)
                targets.add((party, spec.kind, name))
        return found

    def _leaf_corrections(self, targets: set[_Target]) -> set[int]:
        found = set()
        for party in {target[0] for target in targets}:
            names = {target[2] for target in targets if target[0] == party}
            found |= {
                record
                for kind, name, record in bulk.by_keys(
                    *(self._connection, t.corrections, "kind target record", "target", names),
                    where="t.party = ?",
                    values=(party,),
                )
                if (party, kind, name) in targets
            }
        return found


def _sees(seen: Seen, party: int) -> bool:
    return seen is None or party in seen
