"""Sets of vehicles by factor: compressed bitmaps of vehicles' ordinals, in chunks of 65,536.

``ever`` has a vehicle in which the factor is or was by any link that was not withdrawn, also one
that ended or is one of several candidates. ``sure`` has a vehicle that the factor reaches by known
links that hold. Each view has sets of its own (``views.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pyroaring import BitMap
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.codes import Codes
from xinlian.trace.adapters.sql.tables import factor_sets, factors
from xinlian.trace.model.factors import FactorKind

__all__ = ["FACTOR_KINDS", "Change", "FactorTable", "Key", "Sets"]

FACTOR_KINDS: Final = Codes(
    *(FactorKind.BATCH, FactorKind.SUPPLIER, FactorKind.MACHINE, FactorKind.STATION),
    *(FactorKind.SHIFT, FactorKind.GAUGE, FactorKind.PARTY, FactorKind.WHEREABOUTS),
    FactorKind.WITHDRAWN,
)
_CHUNK_BITS: Final = 16
Key = tuple[FactorKind, str]
Sets = tuple[BitMap, BitMap]
"""``ever`` and ``sure`` of a factor."""


@dataclass(slots=True)
class Change:
    """What becomes of a factor's sets: ordinals to add and to drop."""

    ever: BitMap = field(default_factory=BitMap)
    gone: BitMap = field(default_factory=BitMap)
    sure: BitMap = field(default_factory=BitMap)
    unsure: BitMap = field(default_factory=BitMap)

    def ordinals(self) -> BitMap:
        """All that are touched."""
        return self.ever | self.gone | self.sure | self.unsure

    def within(self, span: BitMap) -> Change:
        """The part of it that concerns some ordinals."""
        return Change(self.ever & span, self.gone & span, self.sure & span, self.unsure & span)

    def onto(self, sets: Sets) -> Sets:
        """What becomes of ``ever`` and ``sure``."""
        ever, sure = sets
        return (ever | self.ever) - self.gone, (sure | self.sure) - self.unsure


class FactorTable:
    """Factors and their sets by view; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def factor_numbers(self, keys: Iterable[Key], *, make: bool = False) -> dict[Key, int]:
        """Numbers of factors; those that are missing are made if asked for."""
        wanted = set(keys)
        found: dict[Key, int] = {}
        by_kind: dict[FactorKind, list[str]] = defaultdict(list)
        for kind, name in wanted:
            by_kind[kind].append(name)
        for kind, names in by_kind.items():
            for number, name in bulk.by_keys(
                *(self._connection, factors, "factor name", "name", names),
                where="t.kind = ?",
                values=(FACTOR_KINDS.number[kind],),
            ):
                found[kind, name] = number
        missing = sorted(wanted - found.keys()) if make else []
        if missing:
            top = bulk.run(self._connection, "SELECT max(factor) FROM trace_factors")[0][0] or 0
            rows = [
                (top + at, FACTOR_KINDS.number[key[0]], key[1]) for at, key in enumerate(missing, 1)
            ]
            bulk.insert(self._connection, factors, rows)
            found |= {key: row[0] for key, row in zip(missing, rows, strict=True)}
        return found

    def sets(self, view: int, keys: Iterable[Key]) -> dict[Key, Sets]:
        """``ever`` and ``sure`` of factors that have any vehicle, as one view keeps them."""
        numbers = self.factor_numbers(keys)
        by_number = {number: key for key, number in numbers.items()}
        found: dict[Key, Sets] = {}
        for number, ever, sure in bulk.by_keys(
            *(self._connection, factor_sets, "factor ever sure", "factor", by_number),
            where="t.view = ?",
            values=(view,),
        ):
            old = found.setdefault(by_number[number], (BitMap(), BitMap()))
            for known, chunk in zip(old, (ever, sure), strict=True):
                known |= BitMap.deserialize(bytes(chunk))
        return found

    def all_sets(
        self, view: int, kinds: Iterable[FactorKind]
    ) -> Iterator[tuple[FactorKind, str, BitMap]]:
        """Every factor of some kinds with the vehicles in which it ever was."""
        codes = ", ".join(str(FACTOR_KINDS.number[kind]) for kind in kinds)
        rows = bulk.driver(self._connection).execute(
            "SELECT s.factor, f.kind, f.name, s.ever FROM trace_factor_sets s"  # noqa: S608
            f" JOIN trace_factors f ON s.factor = f.factor WHERE s.view = {int(view)}"
            f" AND f.kind IN ({codes}) ORDER BY s.factor, s.chunk"
        )
        current: tuple[int, FactorKind, str, BitMap] | None = None
        for factor, kind, name, ever in rows:
            chunk = BitMap.deserialize(bytes(ever))
            if current is not None and current[0] == factor:
                current[3].update(chunk)
                continue
            if current is not None:
                yield current[1:]
            current = factor, FACTOR_KINDS.word[kind], name, chunk
        if current is not None:
            yield current[1:]

    def apply(self, view: int, changes: Mapping[Key, Change]) -> None:
        """Bring the sets of a view up to date."""
        numbers = self.factor_numbers(changes, make=True)
        parts: dict[tuple[int, int], Change] = {}
        for key, change in changes.items():
            for chunk in _chunks(change.ordinals()):
                parts[numbers[key], chunk] = change
        old: dict[tuple[int, int], Sets] = {}
        for factor, chunk, ever, sure in bulk.by_pairs(
            *(self._connection, factor_sets, "factor chunk ever sure", "factor chunk", parts),
            where="t.view = ?",
            values=(view,),
        ):
            old[factor, chunk] = (
                BitMap.deserialize(bytes(ever)),
                BitMap.deserialize(bytes(sure)),
            )
        new, changed = [], []
        for place, change in sorted(parts.items(), key=lambda part: part[0]):
            low = place[1] << _CHUNK_BITS
            here = change.within(BitMap(range(low, low + (1 << _CHUNK_BITS))))
            ever, sure = here.onto(old.get(place, (BitMap(), BitMap())))
            for each in (ever, sure):
                each.run_optimize()
            if place in old:
                changed.append((ever.serialize(), sure.serialize(), view, *place))
            elif ever or sure:
                new.append((view, *place, ever.serialize(), sure.serialize()))
        bulk.insert(self._connection, factor_sets, new)
        if changed:
            mark = "?" if bulk.is_sqlite(self._connection) else "%s"
            bulk.driver(self._connection).cursor().executemany(
                "UPDATE trace_factor_sets SET ever = ?, sure = ?"
                " WHERE view = ? AND factor = ? AND chunk = ?".replace("?", mark),
                changed,
            )


def _chunks(ordinals: BitMap) -> list[int]:
    found = []
    at = 0
    while ordinals and at <= ordinals.max():
        first = ordinals.next_set_bit(at)
        found.append(first >> _CHUNK_BITS)
        at = (found[-1] + 1) << _CHUNK_BITS
    return found
