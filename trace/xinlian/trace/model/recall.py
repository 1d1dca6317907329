"""Recalls: which vehicles are affected, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinlian.trace.model.items import ItemId

__all__ = [
    "HIDDEN",
    "REASONS",
    "Cause",
    "CauseKind",
    "Drill",
    "Finding",
    "Reason",
    "RecallDiff",
    "RecallLine",
    "RecallList",
    "Whereabouts",
]


class Finding(StrEnum):
    """How sure it is that a vehicle is affected."""

    CERTAIN = "certain"
    POSSIBLE = "possible"
    EXCLUDED = "excluded"


class Reason(StrEnum):
    """Why a vehicle stands where it does; ``REASONS`` has the sentences."""

    CONTAINS = "contains"
    SOLE_CANDIDATE = "sole-candidate"
    ALL_CANDIDATES = "all-candidates"
    CANDIDATE = "candidate"
    TIME_UNKNOWN = "time-unknown"
    WINDOW_EDGE = "window-edge"
    REMOVED = "removed"
    REMOVED_BEFORE = "removed-before"
    FITTED_BEFORE = "fitted-before"
    FITTED_AFTER = "fitted-after"
    CANDIDATE_RESOLVED = "candidate-resolved"
    OUTSIDE_WINDOW = "outside-window"
    WITHDRAWN = "withdrawn"


REASONS: Final[dict[str, tuple[str, str]]] = {
    Reason.CONTAINS: ("an affected part is in it", "车内装有受影响零件"),
    Reason.SOLE_CANDIDATE: (
        "one of several parts, of which all others are ruled out",
        "多个候选件中其余均已排除，确定为受影响零件",
    ),
    Reason.ALL_CANDIDATES: (
        "one of several parts, all of which are affected",
        "所有候选件均受影响",
    ),
    Reason.CANDIDATE: (
        "one of several parts may be in it, and not all of them are affected",
        "候选件之一受影响，无法确定装入的是哪一件",
    ),
    Reason.TIME_UNKNOWN: ("the time is not known", "时间未知"),
    Reason.WINDOW_EDGE: (
        "the work began or ended outside the time window",
        "加工跨越时间窗边界",
    ),
    Reason.REMOVED: ("the affected part was removed", "受影响零件已拆除"),
    Reason.REMOVED_BEFORE: (
        "the part was removed before it was affected",
        "零件在受影响之前已拆除",
    ),
    Reason.FITTED_BEFORE: ("fitted before the time window", "装配早于时间窗"),
    Reason.FITTED_AFTER: ("fitted after the time window", "装配晚于时间窗"),
    Reason.CANDIDATE_RESOLVED: (
        "the candidate is known to be elsewhere",
        "该候选件已确认装在别处",
    ),
    Reason.OUTSIDE_WINDOW: (
        "made or measured on the same means within a day of the time window, but outside it",
        "同一设备或量具，在时间窗前后一天内但不在窗内",
    ),
    Reason.WITHDRAWN: ("the record was withdrawn", "相关记录已撤回"),
}
"""English and Chinese sentences."""


HIDDEN: Final = (
    "{} affected things went into something that you may not see: more vehicles may be affected",
    "有 {} 个受影响对象的去向您无权查看：可能还有更多车辆受影响",
)
"""English and Chinese, with the number of things, for lists with something hidden."""


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
    least, and at most, how many are affected (see ``at_most``). Excluded vehicles are listed only
    if they share a suspicion (candidates resolved, outside the window, part removed before …);
    ``population`` is how many vehicles the owner has in all."""

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
    stock: tuple[RecallLine, ...] = ()
    """Affected parts and batches that are in nothing yet (``vehicle`` names the part)."""
    notified: tuple[ItemId, ...] = ()
    """Vehicles of the list whose holders were told by an earlier recall of the chain of diffs or by
    this one."""
    hidden: int = 0
    """Affected things that went into something that the party may not see: with any, nobody can
    say how many are affected at most."""

    @property
    def at_most(self) -> int | None:
        """How many vehicles are affected at most; ``None`` if that is not known."""
        return None if self.hidden else self.certain + self.possible


@dataclass(frozen=True, slots=True)
class Drill:
    """A trace that was timed and recorded: microseconds in all and by step, vehicles by finding."""

    drill_id: str
    made_ms: int
    causes: tuple[Cause, ...]
    took_us: int
    steps_us: Mapping[str, int]
    counts: Mapping[str, int]
