"""Recalls and drills as the API shows them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints
from xinlian.services.api.schemas.common import Body, View
from xinlian.services.api.schemas.trace import CodeText, Millis
from xinlian.services.api.schemas.trace_rows import Name
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.recall import (
    REASONS,
    Cause,
    CauseKind,
    Drill,
    Finding,
    RecallDiff,
    RecallLine,
    RecallList,
    Whereabouts,
)
from xinlian.trace.model.standing import RecallEntry, RecallState, Standing

__all__ = [
    "RECALL_PATTERN",
    "DrillBody",
    "DrillView",
    "NoticeBody",
    "NoticeView",
    "ReasonBody",
    "RecallBody",
    "RecallLineView",
    "RecallShortView",
    "RecallView",
]

RECALL_PATTERN: Final = r"^([0-9a-f]{32}|[1-9][0-9]{0,8})$"
"""An id, or a number among a party's recalls."""
Title = Annotated[
    str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Count = Annotated[int, Field(ge=0)]


class CauseBody(Body):
    """What a recall starts from: items (by their codes), machines, shifts, gauges, suppliers or
    stations (by their names), in a window of time."""

    kind: Annotated[CauseKind, Field(strict=False)]
    names: Annotated[list[CodeText], Field(min_length=1, max_length=100)]
    from_ms: Millis | None = None
    to_ms: Millis | None = None

    @property
    def cause(self) -> Cause:
        """The cause of the model."""
        return Cause(self.kind, tuple(self.names), self.from_ms, self.to_ms)


class DrillBody(Body):
    """From what a drill starts."""

    causes: Annotated[list[CauseBody], Field(min_length=1, max_length=20)]


class RecallBody(DrillBody):
    """From what a recall starts; ``earlier`` is one to compare it with (its id or number),
    ``title`` what people call it: pages show it once the recall is published."""

    earlier: Annotated[str, Field(pattern=RECALL_PATTERN)] | None = None
    title: Title | None = None


class ReasonBody(Body):
    """Why a recall ends."""

    reason: Name


class NoticeBody(Body):
    """Vehicles whose holders were told, and how."""

    codes: Annotated[list[CodeText], Field(min_length=1, max_length=500)]
    channel: Name


class NoticeView(View):
    """How many were told for the first time."""

    told: Count


class CauseView(View):
    """A cause as it was understood."""

    kind: CauseKind
    names: list[str]
    from_ms: Millis | None
    to_ms: Millis | None

    @classmethod
    def of(cls, cause: Cause) -> CauseView:
        """A cause of the model."""
        return cls(
            kind=cause.kind, names=list(cause.names), from_ms=cause.from_ms, to_ms=cause.to_ms
        )


class RecallLineView(View):
    """One vehicle, or with ``stock`` a part that is in none yet; ``trail`` leads from the cause to
    it."""

    id: str
    type: ItemType
    finding: Finding
    whereabouts: Whereabouts
    why: str
    why_zh: str
    trail: list[str]
    notified: bool

    @classmethod
    def of(cls, line: RecallLine, recall: RecallList) -> RecallLineView:
        """A line of the model."""
        why, why_zh = REASONS.get(line.reason, (line.reason, line.reason))
        return cls(
            id=line.vehicle.id,
            type=line.vehicle.type,
            finding=line.finding,
            whereabouts=line.whereabouts,
            why=why,
            why_zh=why_zh,
            trail=list(line.path),
            notified=line.vehicle in recall.notified,
        )


class ChangeView(View):
    """A vehicle whose finding changed."""

    id: str
    before: Finding
    now: Finding


class DiffView(View):
    """What changed since an earlier recall."""

    earlier: str
    added: list[str]
    removed: list[str]
    changes: list[ChangeView]

    @classmethod
    def of(cls, diff: RecallDiff) -> DiffView:
        """A difference of the model."""
        return cls(
            earlier=diff.earlier_id,
            added=[item.id for item in diff.added],
            removed=[item.id for item in diff.removed],
            changes=[
                ChangeView(id=item.id, before=before, now=now) for item, before, now in diff.changed
            ],
        )


class RecallStepView(View):
    """When and why a recall came to a state."""

    state: RecallState
    at_ms: Millis
    reason: str


class RecallView(View):
    """A recall: at least ``certain``, at most ``at_most`` of ``population`` vehicles; there is no
    such bound where affected things went into something ``hidden`` from the party (how many).
    ``in_field`` and ``stoppable`` count those that are affected or may be. ``number``
    stands for the id wherever a recall is named."""

    recall: str
    number: Annotated[int, Field(ge=1)]
    title: str
    state: RecallState
    steps: list[RecallStepView]
    causes: list[CauseView]
    made_at_ms: Millis
    population: Count
    certain: Count
    possible: Count
    excluded: Count
    at_most: Count | None
    hidden: Count
    in_field: Count
    stoppable: Count
    gap_count: Count
    stock: list[RecallLineView]
    diff: DiffView | None

    @classmethod
    def of(cls, recall: RecallList, standing: Standing) -> RecallView:
        """A list of the model, and how far it has come."""
        affected = [line for line in recall.lines if line.finding is not Finding.EXCLUDED]
        return cls(
            recall=recall.recall_id,
            number=standing.number,
            title=standing.title,
            state=standing.state,
            steps=[
                RecallStepView(state=step.state, at_ms=step.at_ms, reason=step.reason)
                for step in standing.steps
            ],
            causes=[CauseView.of(cause) for cause in recall.causes],
            made_at_ms=recall.made_at_ms,
            population=recall.population,
            certain=recall.certain,
            possible=recall.possible,
            excluded=recall.excluded,
            at_most=recall.at_most,
            hidden=recall.hidden,
            in_field=sum(line.whereabouts is Whereabouts.FIELD for line in affected),
            stoppable=sum(line.whereabouts is Whereabouts.STOPPABLE for line in affected),
            gap_count=recall.gaps,
            stock=[RecallLineView.of(line, recall) for line in recall.stock[:500]],
            diff=None if recall.diff is None else DiffView.of(recall.diff),
        )


class RecallShortView(View):
    """A recall in a list."""

    recall: str
    number: Annotated[int, Field(ge=1)]
    title: str
    state: RecallState
    made_ms: Millis
    certain: Count
    possible: Count
    causes: list[CauseView]

    @classmethod
    def of(cls, entry: RecallEntry) -> RecallShortView:
        """A recall as it is listed."""
        return cls(
            recall=entry.standing.recall_id,
            number=entry.standing.number,
            title=entry.standing.title,
            state=entry.standing.state,
            made_ms=entry.made_ms,
            certain=entry.certain,
            possible=entry.possible,
            causes=[CauseView.of(cause) for cause in entry.causes],
        )


class DrillView(View):
    """A trace that was timed: microseconds in all and by step, vehicles by finding."""

    drill: str
    made_ms: Millis
    causes: list[CauseView]
    took_us: Count
    steps_us: dict[str, int]
    findings: dict[str, int]

    @classmethod
    def of(cls, drill: Drill) -> DrillView:
        """A drill of the model."""
        return cls(
            drill=drill.drill_id,
            made_ms=drill.made_ms,
            causes=[CauseView.of(cause) for cause in drill.causes],
            took_us=drill.took_us,
            steps_us=dict(drill.steps_us),
            findings=dict(drill.counts),
        )
