"""A reader over lists, for tests that need no database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap
from xinlian.trace.model.facts import Inspection
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.quality.enrichment import FactorKey
from xinlian.trace.usecases.quality.ports import INSPECTIONS_MAX, QualityReader


@dataclass
class MemoryReader(QualityReader):
    """Every question is answered from what it was given."""

    rows: Sequence[Inspection] = ()
    bitmaps: Mapping[FactorKey, BitMap] = field(default_factory=dict)
    failed: BitMap = field(default_factory=BitMap)
    count: int = 0
    holders: Mapping[ItemId, Sequence[str]] = field(default_factory=dict)

    def inspections(
        self,
        owner: int,
        *,
        characteristic: str = "",
        gauge: str = "",
        station: str = "",
        machine: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = INSPECTIONS_MAX,
    ) -> Iterable[Inspection]:
        wanted = {
            "characteristic": characteristic,
            "gauge": gauge,
            "station": station,
            "machine": machine,
        }
        found = [
            row
            for row in sorted(self.rows, key=lambda row: row.time_ms)
            if all(getattr(row, name) == text for name, text in wanted.items() if text)
            and (since_ms is None or row.time_ms >= since_ms)
            and (until_ms is None or row.time_ms < until_ms)
        ]
        return found[-limit:]

    def factors(self, owner: int, kinds: Collection[str]) -> Mapping[FactorKey, BitMap]:
        return {key: vehicles for key, vehicles in self.bitmaps.items() if key.kind in kinds}

    def failures(
        self,
        owner: int,
        *,
        code: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> BitMap:
        return self.failed

    def population(self, owner: int) -> int:
        return self.count

    def vehicles(self, owner: int, ordinals: Sequence[int]) -> Sequence[str]:
        return [f"VIN {ordinal}" for ordinal in ordinals]

    def vehicles_of(self, owner: int, items: Sequence[ItemId]) -> Mapping[ItemId, Sequence[str]]:
        return {item: self.holders.get(item, ()) for item in items}
