"""Rows of traceability as JSON: what a client states, one fact a row."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field, StringConstraints
from xinlian.services.api.schemas.common import Body
from xinlian.services.api.schemas.trace import CodeText
from xinlian.trace.model.capture import Problem, Row
from xinlian.trace.model.codes import CodeError, identify
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Fact,
    Gap,
    GapKind,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.items import ItemId, ItemType
from xinlian.trace.model.links import Certainty, Link, LinkKind

__all__ = ["ROWS_MAX", "AnyRow", "RowsBody", "row_of"]

ROWS_MAX: Final = 5_000

_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=_LINE)]
Text = Annotated[str, StringConstraints(max_length=2_000, pattern=_LINE)]
Number = Annotated[
    str,
    StringConstraints(pattern=r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"),
    Field(examples=["3.0125"], description="A decimal number as text."),
]
Time = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?"
        r"(Z|[+\-][0-9]{2}:[0-9]{2})$"
    ),
    Field(examples=["2026-10-09T10:00:00.000+08:00"]),
]
Texts = Annotated[dict[Name, Text], Field(max_length=200)]


class Ref(Body):
    """A thing by its code; ``type`` helps where the code alone does not tell."""

    id: CodeText
    type: ItemType | None = None


class _Row(Body):
    """What rows share."""

    def facts(self, owner: int) -> tuple[Fact, ...]:
        """The facts that the row states, for the party whose codes they are in."""
        raise NotImplementedError


class ItemRow(_Row):
    """A thing is described."""

    type: Literal["item"]
    item: Ref
    name: Text = ""
    maker: Text = ""
    part_number: Text = ""
    made_at: Time | None = None
    attributes: Texts = Field(default_factory=dict)

    def facts(self, owner: int) -> tuple[Fact, ...]:
        """The item."""
        try:
            found = identify(self.item.id, owner, self.item.type)
        except CodeError as exc:
            raise _RowError("item", exc.why, exc.why_zh) from exc
        made = found.item(
            name=self.name,
            maker=self.maker,
            part_number=self.part_number,
            made_at_ms=_ms(self.made_at, "made_at"),
            attributes=self.attributes,
        )
        return (made,)


class LinkRow(_Row):
    """One thing is in another."""

    type: Literal["link"]
    child: Ref
    parent: Ref
    kind: LinkKind = LinkKind.ASSEMBLED
    valid_from: Time | None = None
    valid_to: Time | None = None
    quantity: Number | None = None
    unit: Name | None = None
    certainty: Certainty = Certainty.KNOWN
    candidate_group: Name | None = None

    def facts(self, owner: int) -> tuple[Fact, ...]:
        """The link."""
        link = Link(
            child=_item(self.child, owner, "child"),
            parent=_item(self.parent, owner, "parent"),
            kind=self.kind,
            valid_from_ms=_ms(self.valid_from, "valid_from"),
            valid_to_ms=_ms(self.valid_to, "valid_to"),
            quantity=self.quantity,
            unit=self.unit,
            certainty=self.certainty,
            candidate_group=self.candidate_group,
        )
        return (link,)


class InspectionRow(_Row):
    """One characteristic of one thing was looked at."""

    type: Literal["inspection"]
    inspection_id: Name
    item: Ref
    characteristic: Name
    result: Result
    time: Time
    value: Number | None = None
    unit: Text = ""
    nominal: Number | None = None
    lower: Number | None = None
    upper: Number | None = None
    key: bool = False
    gauge: Text = ""
    operator: Text = ""
    station: Text = ""
    machine: Text = ""
    shift: Text = ""
    sample_size: Annotated[int, Field(ge=1, le=10**9)] | None = None
    defects: Annotated[int, Field(ge=0, le=10**9)] | None = None
    method: Text = ""
    attributes: Texts = Field(default_factory=dict)

    def facts(self, owner: int) -> tuple[Fact, ...]:
        """The inspection."""
        rest = self.model_dump(exclude={"type", "item", "time"})
        time_ms = _moment(self.time, "time")
        return (Inspection(item=_item(self.item, owner), time_ms=time_ms, **rest),)


class ProcessRow(_Row):
    """A station did something to a thing."""

    type: Literal["process"]
    record_id: Name
    item: Ref
    station: Name
    start: Time
    end: Time
    machine: Text = ""
    recipe: Text = ""
    shift: Text = ""
    operator: Text = ""
    parameters: Texts = Field(default_factory=dict)
    telemetry: Text = ""

    def facts(self, owner: int) -> tuple[Fact, ...]:
        """The process record."""
        start_ms, end_ms = _moment(self.start, "start"), _moment(self.end, "end")
        if end_ms < start_ms:
            raise _RowError("end", "it ends before it starts", "结束早于开始")
        rest = self.model_dump(exclude={"type", "item", "start", "end"})
        item = _item(self.item, owner)
        return (ProcessRecord(item=item, start_ms=start_ms, end_ms=end_ms, **rest),)


class ClaimRow(_Row):
    """A thing failed."""

    type: Literal["claim"]
    claim_id: Name
    item: Ref
    kind: ClaimKind
    time: Time
    code: Text = ""
    finding: Text = ""

    def facts(self, owner: int) -> tuple[Fact, ...]:
        """The claim."""
        item, time_ms = _item(self.item, owner), _moment(self.time, "time")
        return (Claim(self.claim_id, item, self.kind, time_ms, self.code, self.finding),)


class GapRow(_Row):
    """Something that should be known is not."""

    type: Literal["gap"]
    item: Ref
    kind: GapKind
    what: Name
    since: Time | None = None

    def facts(self, owner: int) -> tuple[Fact, ...]:
        """The gap."""
        item = _item(self.item, owner)
        return (Gap(item, self.kind, self.what, _ms(self.since, "since")),)


class CorrectionRow(_Row):
    """A fact that was stated earlier is withdrawn; both stay on record."""

    type: Literal["correction"]
    target: Name
    kind: Literal["item", "link", "event", "inspection", "processrecord", "claim", "gap"]
    reason: Name
    time: Time

    def facts(self, owner: int) -> tuple[Fact, ...]:  # noqa: ARG002  all rows take it
        """The correction."""
        return (Correction(self.target, self.kind, self.reason, _moment(self.time, "time")),)


AnyRow = Annotated[
    ItemRow | LinkRow | InspectionRow | ProcessRow | ClaimRow | GapRow | CorrectionRow,
    Field(discriminator="type"),
]


class RowsBody(Body):
    """Rows that are taken in together, or not at all."""

    facts: Annotated[list[AnyRow], Field(min_length=1, max_length=ROWS_MAX)]


class _RowError(ValueError):
    """A row that is no good as a whole."""

    def __init__(self, field: str, why: str, why_zh: str) -> None:
        super().__init__(why)
        self.problem = Problem(field, why, why_zh)


def row_of(number: int, row: _Row, owner: int) -> Row:
    """A row for the capture: its facts, or why it is no good."""
    given: dict[str, Any] = row.model_dump(mode="json", exclude_defaults=True)
    source = orjson.dumps(given, option=orjson.OPT_SORT_KEYS).decode()
    place = f"fact {number}"
    try:
        return Row(number, place, source, row.facts(owner))
    except _RowError as exc:
        return Row(number, place, source, problem=exc.problem)


def _item(ref: Ref, owner: int, field: str = "item") -> ItemId:
    try:
        return identify(ref.id, owner, ref.type).id
    except CodeError as exc:
        raise _RowError(field, exc.why, exc.why_zh) from exc


def _ms(time: str | None, field: str) -> int | None:
    return None if time is None else _moment(time, field)


def _moment(time: str, field: str) -> int:
    try:
        return round(datetime.fromisoformat(time).timestamp() * 1000)
    except (ValueError, OverflowError) as exc:
        why, why_zh = f"{time} is no time of any calendar", f"{time} 不是有效时间"
        raise _RowError(field, why, why_zh) from exc
