"""First-pass yield, rework and PPM of stations, from inspections on record."""

from __future__ import annotations

from collections.abc import Iterable

from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.quality.yields import Yields, line_yields
from xinlian.trace.usecases.quality.ports import INSPECTIONS_MAX, QualityReader

__all__ = ["yields", "yields_of"]


def yields_of(inspections: Iterable[Inspection]) -> Yields:
    """Yields of stations from inspections in the order of time.

    A unit passes a station at the first try when the first result of every characteristic is good;
    it was worked on again where a characteristic was looked at again; in the end it is good when
    every latest result is. What was not measured counts for nothing.
    """
    seen: dict[tuple[str, ItemId], dict[str, list[bool]]] = {}
    for one in inspections:
        if one.result is not Result.NOT_MEASURED:
            results = seen.setdefault((one.station or one.characteristic, one.item), {})
            results.setdefault(one.characteristic, []).append(one.result is Result.PASSED)
    passes = []
    for (station, item), results in seen.items():
        unit = f"{item.owner}/{item.type.value}/{item.id}"
        passes.append((unit, station, all(tries[0] for tries in results.values())))
        if any(len(tries) > 1 for tries in results.values()):
            passes.append((unit, station, all(tries[-1] for tries in results.values())))
    return line_yields(passes)


def yields(
    reader: QualityReader,
    owner: int,
    *,
    station: str = "",
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> Yields:
    """Yields of what was inspected in a time; ``QualityError`` where nothing was."""
    return yields_of(
        reader.inspections(
            owner, station=station, since_ms=since_ms, until_ms=until_ms, limit=INSPECTIONS_MAX
        )
    )
