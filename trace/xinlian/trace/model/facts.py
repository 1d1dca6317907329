"""Facts about items: events, inspections, process records, claims, gaps, corrections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.links import Link

__all__ = [
    "Claim",
    "ClaimKind",
    "Correction",
    "Event",
    "EventType",
    "Fact",
    "Gap",
    "GapKind",
    "Inspection",
    "ProcessRecord",
    "Result",
]


class EventType(StrEnum):
    """Types of EPCIS 2.0 events."""

    OBJECT = "ObjectEvent"
    AGGREGATION = "AggregationEvent"
    TRANSACTION = "TransactionEvent"
    TRANSFORMATION = "TransformationEvent"
    ASSOCIATION = "AssociationEvent"


@dataclass(frozen=True, slots=True)
class Event:
    """An EPCIS 2.0 event. ``document`` is its JSON as captured (expanded names, no floats: numbers
    of sensors stay as the decimal texts of the source); ``hash_id`` its CBV 2.0 event hash id.

    ``event_id`` is the source's id, or ``hash_id`` where it gives none. An error declaration
    repeats the ``event_id`` of the event that it withdraws: ``is_correction`` is then true.
    """

    event_id: str
    hash_id: str
    type: EventType
    event_time_ms: int
    document: Mapping[str, Any]
    items: tuple[ItemId, ...] = ()
    action: str = ""
    biz_step: str = ""
    disposition: str = ""
    read_point: str = ""
    biz_location: str = ""
    is_correction: bool = False
    corrective_event_ids: tuple[str, ...] = ()


class Result(StrEnum):
    """Outcome of an inspection; not measured is not failed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not-measured"


@dataclass(frozen=True, slots=True)
class Inspection:
    """One characteristic of one item, looked at once.

    ``value``, ``nominal``, ``lower``, ``upper`` are decimal texts in ``unit``; attribute
    inspections give counts in ``defects`` of ``sample_size``. ``key`` marks a key characteristic.
    ``inspection_id`` is unique with its owner; it makes repeating harmless.
    """

    inspection_id: str
    item: ItemId
    characteristic: str
    result: Result
    time_ms: int
    value: str | None = None
    unit: str = ""
    nominal: str | None = None
    lower: str | None = None
    upper: str | None = None
    key: bool = False
    gauge: str = ""
    operator: str = ""
    station: str = ""
    machine: str = ""
    shift: str = ""
    sample_size: int | None = None
    defects: int | None = None
    method: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """What a station did to an item. ``parameters`` are decimal texts or words by name.

    ``telemetry`` names the device group whose readings of the window belong to the record.
    """

    record_id: str
    item: ItemId
    station: str
    start_ms: int
    end_ms: int
    machine: str = ""
    recipe: str = ""
    shift: str = ""
    operator: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    telemetry: str = ""


class ClaimKind(StrEnum):
    """Where a failure showed itself."""

    FIELD = "field"
    ZERO_KM = "zero-km"
    RETURNED = "returned-part"


@dataclass(frozen=True, slots=True)
class Claim:
    """A failure of an item. ``code`` is the failure code of whoever reports it."""

    claim_id: str
    item: ItemId
    kind: ClaimKind
    time_ms: int
    code: str = ""
    finding: str = ""


class GapKind(StrEnum):
    """What should be known and is not."""

    MISSING_CHILD = "missing-child"
    MISSING_CERTIFICATE = "missing-certificate"
    MISSING_ITEM = "missing-item"
    """A link names an item that nobody described."""
    UNKNOWN_ASPECT = "unknown-aspect"
    """The source said something that this system keeps but does not understand."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that should be known of ``item`` and is not; listed, never hidden."""

    item: ItemId
    kind: GapKind
    what: str
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A fact is withdrawn (and maybe replaced by others of the same row); both stay on record.

    ``target`` is the id of the event, inspection, process record or claim; ``kind`` its type's
    name in lower case; for links and items the id is ``child>parent`` or the item's id.
    """

    target: str
    kind: str
    reason: str
    time_ms: int


Fact = Item | Link | Event | Inspection | ProcessRecord | Claim | Gap | Correction
