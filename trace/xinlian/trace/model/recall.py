"""Recalls: which vehicles are affected, how sure that is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xinlian.trace.model.items import ItemId

__all__ = ["Cause", "Finding", "RecallDiff", "RecallLine", "RecallList", "Whereabouts"]


class Finding(StrEnum):
    """How sure it is that a vehicle is affected."""

    CERTAIN = "certain"
    POSSIBLE = "possible"
    EXCLUDED = "excluded"


class Whereabouts(StrEnum):
    """Whether a vehicle can still be stopped."""

    STOPPABLE = "stoppable"
    """In production, stock or transport."""
    FIELD = "field"
    """Handed over."""
    UNKNOWN = "unknown"


class CauseKind(StrEnum):
    """What a recall starts from."""

    ITEMS = "items"
    """Batches or parts by their ids."""
    MACHINE = "machine"
    SHIFT = "shift"
    GAUGE = "gauge"
    SUPPLIER = "supplier"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Cause:
    """What a recall starts from: ids or names of one kind, with a time window in milliseconds where
    the kind has one (``None``: unbounded)."""

    kind: CauseKind
    names: tuple[str, ...]
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RecallLine:
    """One vehicle. ``reason`` is a stable code with its sentence made by the reader's language;
    ``path`` leads from the cause to the vehicle (ids)."""

    vehicle: ItemId
    finding: Finding
    reason: str
    path: tuple[str, ...] = ()
    whereabouts: Whereabouts = Whereabouts.UNKNOWN


@dataclass(frozen=True, slots=True)
class RecallDiff:
    """What changed since an earlier recall: vehicles added, removed, changed in finding."""

    earlier_id: str
    added: tuple[ItemId, ...]
    removed: tuple[ItemId, ...]
    changed: tuple[tuple[ItemId, Finding, Finding], ...]


@dataclass(frozen=True, slots=True)
class RecallList:
    """The scope of a recall as of ``made_at_ms``. ``certain`` to ``possible`` are the bounds: at
    least, and at most, how many are affected. Excluded vehicles are listed only if they share a
    suspicion (candidates resolved, outside the window, part removed before …); ``population`` is
    how many vehicles the owner has in all."""

    recall_id: str
    causes: tuple[Cause, ...]
    made_at_ms: int
    lines: tuple[RecallLine, ...]
    population: int
    certain: int
    possible: int
    excluded: int
    gaps: int
    diff: RecallDiff | None = None
