"""From the causes of a recall to the items that are affected in themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from xinlian.trace.model.facts import Inspection, ProcessRecord
from xinlian.trace.model.items import Item
from xinlian.trace.model.recall import Cause, CauseKind, Finding, Reason
from xinlian.trace.model.spread import Seed

__all__ = [
    "EDGE_MS",
    "CauseError",
    "gather",
    "inspected",
    "made",
    "made_at",
    "named",
    "window",
    "worked",
]

EDGE_MS: Final = 86_400_000
"""What was made on the same means within a day of the window is listed as excluded."""
_K = TypeVar("_K")
MEANS: Final = {
    CauseKind.MACHINE: "machine",
    CauseKind.STATION: "station",
    CauseKind.SHIFT: "shift",
}


class CauseError(ValueError):
    """A cause from which no list can be made: ``name`` is on no record of its kind that the reader
    may see (``near``: names that are and look alike), or with an empty name the window ends before
    it begins."""

    def __init__(self, kind: CauseKind, name: str = "", near: Sequence[str] = ()) -> None:
        super().__init__(f"{kind.value} {name}" if name else f"{kind.value}: no such window")
        self.kind = kind
        self.name = name
        self.near = tuple(near)


def named(cause: Cause) -> Seed:
    """An item that is named: certain, by the links of the window."""
    return Seed(Finding.CERTAIN, from_ms=cause.from_ms, to_ms=cause.to_ms)


def worked(cause: Cause, record: ProcessRecord) -> Seed | None:
    """An item on which a machine, station or shift worked."""
    name = MEANS.get(cause.kind)
    if name is None or getattr(record, name) not in cause.names:
        return None
    return window(cause, record.start_ms, record.end_ms)


def inspected(cause: Cause, inspection: Inspection) -> Seed | None:
    """An item that was measured with a gauge, or while a machine, station or shift made it."""
    name = "gauge" if cause.kind is CauseKind.GAUGE else MEANS.get(cause.kind)
    if name is None or getattr(inspection, name) not in cause.names:
        return None
    return window(cause, inspection.time_ms, inspection.time_ms)


def made(cause: Cause, item: Item) -> Seed | None:
    """An item that a supplier made."""
    if cause.kind is not CauseKind.SUPPLIER or item.maker not in cause.names:
        return None
    return made_at(cause, item.made_at_ms)


def made_at(cause: Cause, made_at_ms: int | None) -> Seed | None:
    """What the supplier made at a time, which may not be known."""
    if made_at_ms is None:
        if cause.from_ms is None and cause.to_ms is None:
            return Seed(Finding.CERTAIN)
        return Seed(Finding.POSSIBLE, Reason.TIME_UNKNOWN)
    found = window(cause, made_at_ms, made_at_ms)
    return None if found is None else found._replace(since_ms=None)


def window(cause: Cause, start: int, end: int) -> Seed | None:
    """Work from ``start`` to ``end`` against the window of the cause."""
    begins = -EDGE_MS if cause.from_ms is None else cause.from_ms
    ends = cause.to_ms
    if start >= begins and (ends is None or (end <= ends and start < ends)):
        return Seed(Finding.CERTAIN, since_ms=start)
    if end >= begins and (ends is None or start < ends):
        return Seed(Finding.POSSIBLE, Reason.WINDOW_EDGE, since_ms=start)
    if end >= begins - EDGE_MS and (ends is None or start < ends + EDGE_MS):
        return Seed(Finding.EXCLUDED, Reason.OUTSIDE_WINDOW, since_ms=start)
    return None


def gather(found: Iterable[tuple[_K, Seed | None]]) -> dict[_K, tuple[Seed, ...]]:
    """The seeds of each item, without repetitions, in a fixed order."""
    seeds: dict[_K, set[Seed]] = defaultdict(set)
    for item, seed in found:
        if seed is not None:
            seeds[item].add(seed)
    return {item: tuple(sorted(several, key=repr)) for item, several in seeds.items()}
