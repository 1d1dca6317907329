"""What an EPCIS event says of things: items, links, the event itself, gaps and corrections."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xinlian.trace.model.codes import CodeError, Identified, identify
from xinlian.trace.model.epcis.prehash import event_hash_id
from xinlian.trace.model.epcis.times import stamp_ms
from xinlian.trace.model.epcis.vocabulary import CBV
from xinlian.trace.model.facts import Correction, Event, EventType, Fact, Gap, GapKind
from xinlian.trace.model.items import WORLD, ItemId, ItemType
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.sources import SourceError

__all__ = ["LINKS_MAX", "facts_of_event"]

LINKS_MAX: Final = 15_000
"""Links that one event may make; a wider transformation goes through a transformationID."""
ATTRIBUTE_CHARS_MAX: Final = 4_096
_MADE: Final = frozenset({CBV + "BizStep-commissioning", CBV + "BizStep-creating_class_instance"})
_EPC_FIELDS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITY_FIELDS: Final = (
    "quantityList",
    "childQuantityList",
    "inputQuantityList",
    "outputQuantityList",
)


@dataclass(frozen=True, slots=True)
class _Thing:
    """A thing that an event mentions, with the quantity of it."""

    found: Identified
    quantity: str | None = None
    unit: str | None = None


class _Mentioned:
    """The things of an event by field; each identified once."""

    def __init__(self, document: Mapping[str, Any], owner: int) -> None:
        self.by_field: dict[str, list[_Thing]] = {}
        for name in _EPC_FIELDS:
            self.by_field[name] = [
                _Thing(_identify(text, owner, f"{name}[{i}]"))
                for i, text in enumerate(document.get(name, ()))
            ]
        for name in _QUANTITY_FIELDS:
            self.by_field[name] = [
                _Thing(
                    _identify(element["epcClass"], owner, f"{name}[{i}].epcClass", ItemType.BATCH),
                    element.get("quantity"),
                    element.get("uom"),
                )
                for i, element in enumerate(document.get(name, ()))
            ]
        parent = document.get("parentID")
        self.parent = None if parent is None else _identify(parent, owner, "parentID")

    def of(self, *fields: str) -> list[_Thing]:
        """The things of some fields."""
        return [thing for name in fields for thing in self.by_field[name]]

    @property
    def all(self) -> dict[ItemId, Identified]:
        """Every single thing or batch once; kinds of things without lot or serial left out."""
        found = [thing.found for things in self.by_field.values() for thing in things]
        found += [] if self.parent is None else [self.parent]
        return {item.id: item for item in found if not item.whole_class}


def facts_of_event(document: Mapping[str, Any], owner: int) -> tuple[Fact, ...]:
    """The facts of an event's document; raises ``SourceError`` where an id breaks its own rules.

    ``owner`` is the party that says so. Only what the event brings into being is described: by
    ``ilmd`` and the time of making; an item that is merely mentioned is not.
    """
    things = _Mentioned(document, owner)
    time_ms = stamp_ms(document["eventTime"]) or 0
    event = _event(document, things, time_ms)
    facts: list[Fact] = [event]
    if event.is_correction:
        declared = document["errorDeclaration"]
        facts.append(
            Correction(
                event.event_id,
                "event",
                declared.get("reason", ""),
                stamp_ms(declared["declarationTime"]) or 0,
            )
        )
        return tuple(facts)
    facts += _items(document, things, time_ms)
    facts += _links(document, things, time_ms, event.event_id)
    facts += _gaps(things, time_ms)
    return tuple(facts)


def _identify(text: str, owner: int, path: str, hint: ItemType | None = None) -> Identified:
    try:
        return identify(text, owner, hint)
    except CodeError as exc:
        raise SourceError(path, exc.why, exc.why_zh) from exc


def _event(document: Mapping[str, Any], things: _Mentioned, time_ms: int) -> Event:
    hash_id = event_hash_id(document)
    declared = document.get("errorDeclaration")
    return Event(
        event_id=document.get("eventID", hash_id),
        hash_id=hash_id,
        type=EventType(document["type"]),
        event_time_ms=time_ms,
        document=document,
        items=tuple(things.all),
        action=document.get("action", ""),
        biz_step=document.get("bizStep", ""),
        disposition=document.get("disposition", ""),
        read_point=document.get("readPoint", {}).get("id", ""),
        biz_location=document.get("bizLocation", {}).get("id", ""),
        is_correction=declared is not None,
        corrective_event_ids=tuple((declared or {}).get("correctiveEventIDs", ())),
    )


def _items(document: Mapping[str, Any], things: _Mentioned, time_ms: int) -> Iterator[Fact]:
    born: set[ItemId] = set()
    if document["type"] == "ObjectEvent" and document["action"] == "ADD":
        born = {thing.found.id for thing in things.of("epcList", "quantityList")}
    elif document["type"] == "TransformationEvent":
        outputs = things.of("outputEPCList", "outputQuantityList")
        used = {thing.found.id for thing in things.of("inputEPCList", "inputQuantityList")}
        born = {thing.found.id for thing in outputs} - used
    made = time_ms if document.get("bizStep") in _MADE else None
    attributes = _attributes(document.get("ilmd", {}))
    if made is None and not attributes:
        return
    for item_id, found in things.all.items():
        if item_id in born:
            yield found.item(made_at_ms=made, attributes=attributes)


def _attributes(ilmd: Mapping[str, Any]) -> dict[str, str]:
    made = {}
    for name, value in ilmd.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        made[name.replace("{", "").replace("}", "")] = text[:ATTRIBUTE_CHARS_MAX]
    return made


def _links(
    document: Mapping[str, Any], things: _Mentioned, time_ms: int, event_id: str
) -> Iterator[Fact]:
    kind, action = document["type"], document.get("action")
    if kind == "TransformationEvent":
        yield from _transformed(document.get("transformationID"), things, time_ms, event_id)
        return
    if kind not in ("AggregationEvent", "AssociationEvent") or things.parent is None:
        return
    parent = things.parent.id
    how = LinkKind.PACKED if kind == "AggregationEvent" else LinkKind.ASSEMBLED
    start, end = (None, time_ms) if action == "DELETE" else (time_ms, None)
    _refuse_itself(things.of("childEPCs", "childQuantityList"), {parent}, "childEPCs")
    for thing in things.of("childEPCs", "childQuantityList"):
        if not thing.found.whole_class:
            yield Link(thing.found.id, parent, how, start, end, thing.quantity, thing.unit)


def _transformed(
    joint: str | None, things: _Mentioned, time_ms: int, event_id: str
) -> Iterator[Fact]:
    inputs = _single(things.of("inputEPCList", "inputQuantityList"))
    outputs = _single(things.of("outputEPCList", "outputQuantityList"))
    # What is left over of an input comes out again as itself.
    left_over = {thing.found.id for thing in inputs}
    outputs = [thing for thing in outputs if thing.found.id not in left_over]
    if joint is not None:
        # Events that share the id are one process: what went in is joined to what came out by it.
        process = _identify(joint, WORLD, "transformationID", ItemType.BATCH)
        for thing in inputs:
            yield _consumed(thing, process.id, time_ms, None)
        for thing in outputs:
            yield Link(process.id, thing.found.id, LinkKind.CONSUMED, time_ms)
        return
    if len(inputs) * len(outputs) > LINKS_MAX:
        raise SourceError(
            "outputEPCList",
            f"{len(inputs)} inputs and {len(outputs)} outputs make more than {LINKS_MAX} links:"
            " give the transformation a transformationID and divide it",
            f"{len(inputs)} 个输入与 {len(outputs)} 个输出产生的关联超过 {LINKS_MAX}："
            "请使用 transformationID 并拆分",
        )
    sure = len(inputs) == 1 or len(outputs) == 1
    for output in outputs:
        group = None if sure else f"{event_id}>{output.found.id.id}"
        for thing in inputs:
            yield _consumed(thing, output.found.id, time_ms, group, alone=len(outputs) == 1)


def _refuse_itself(children: Sequence[_Thing], parents: set[ItemId], path: str) -> None:
    for thing in children:
        if thing.found.id in parents:
            raise SourceError(
                path,
                f"{thing.found.scanned} would be a part of itself",
                f"{thing.found.scanned} 不能是自身的组成部分",
            )


def _consumed(
    thing: _Thing, parent: ItemId, time_ms: int, group: str | None, *, alone: bool = True
) -> Link:
    # With several outputs nobody knows how much of the input went into each.
    return Link(
        thing.found.id,
        parent,
        LinkKind.CONSUMED,
        time_ms,
        quantity=thing.quantity if alone else None,
        unit=thing.unit if alone else None,
        certainty=Certainty.KNOWN if group is None else Certainty.CANDIDATE,
        candidate_group=group,
    )


def _single(things: Sequence[_Thing]) -> list[_Thing]:
    return [thing for thing in things if not thing.found.whole_class]


def _gaps(things: _Mentioned, time_ms: int) -> Iterator[Gap]:
    """Things that went in without lot or serial: nobody can say which ones."""
    pairs: list[tuple[list[ItemId], list[_Thing]]] = [
        (
            [] if things.parent is None else [things.parent.id],
            things.of("childEPCs", "childQuantityList"),
        ),
        (
            [thing.found.id for thing in _single(things.of("outputEPCList", "outputQuantityList"))],
            things.of("inputEPCList", "inputQuantityList"),
        ),
    ]
    for parents, children in pairs:
        for thing in children:
            if thing.found.whole_class:
                amount = " ".join(filter(None, (thing.quantity, thing.unit)))
                what = f"{amount} {thing.found.id.id}".strip() + ": no lot, no serial number"
                for parent in parents:
                    yield Gap(parent, GapKind.MISSING_CHILD, what, time_ms)
