"""A gauge found out of calibration: which measurements, items and vehicles it touches."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from xinlian.trace.model.items import ItemId
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.usecases.quality.ports import INSPECTIONS_MAX, QualityReader

__all__ = ["GaugeImpact", "gauge_out"]


@dataclass(frozen=True, slots=True)
class GaugeImpact:
    """Measurements in doubt: those after the last check that found the gauge right, up to the one
    that found it wrong. ``truncated``: there are more than could be read."""

    gauge: str
    since_ms: int
    until_ms: int
    inspection_ids: tuple[str, ...]
    items: tuple[ItemId, ...]
    vehicles: tuple[str, ...]
    characteristics: dict[str, int]
    passed: int
    truncated: bool

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "gauge": self.gauge,
            "since_ms": self.since_ms,
            "until_ms": self.until_ms,
            "inspections": list(self.inspection_ids),
            "items": [
                {"owner": one.owner, "type": one.type.value, "id": one.id} for one in self.items
            ],
            "vehicles": list(self.vehicles),
            "characteristics": dict(self.characteristics),
            "passed": self.passed,
            "truncated": self.truncated,
        }


def gauge_out(
    reader: QualityReader,
    owner: int,
    gauge: str,
    *,
    last_good_ms: int,
    found_bad_ms: int,
    limit: int = INSPECTIONS_MAX,
) -> GaugeImpact:
    """What a gauge measured between its last good check (itself not in doubt) and the moment it
    was found wrong (included). ``passed`` counts those that were accepted: they may be wrong."""
    if not gauge:
        raise QualityError("name the gauge")
    if last_good_ms > found_bad_ms:
        raise QualityError("the last good check lies after the one that found the gauge wrong")
    found = list(
        reader.inspections(
            owner,
            gauge=gauge,
            since_ms=last_good_ms + 1,
            until_ms=found_bad_ms + 1,
            limit=limit + 1,
        )
    )
    truncated = len(found) > limit
    found = found[-limit:]
    items = tuple(dict.fromkeys(one.item for one in found))
    vehicles = reader.vehicles_of(owner, items)
    return GaugeImpact(
        gauge=gauge,
        since_ms=last_good_ms,
        until_ms=found_bad_ms,
        inspection_ids=tuple(one.inspection_id for one in found),
        items=items,
        vehicles=tuple(sorted({one for held in vehicles.values() for one in held})),
        characteristics=dict(Counter(one.characteristic for one in found)),
        passed=sum(one.result.value == "passed" for one in found),
        truncated=truncated,
    )
