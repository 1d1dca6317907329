"""Facts as records of the evidence log, and back: whoever has the records can reckon again.

One record per captured row, which stands in the chain of every item that the row speaks of
(``subjects_of``). Items are written ``type:owner:id``; what is empty or unknown is left out; an
event's document is not in the record, but its CBV hash id and the hash of the source are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from xinlian.trace.model.capture import Row
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Event,
    EventType,
    Fact,
    Gap,
    GapKind,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.items import WORLD, Item, ItemId, ItemType, Scheme
from xinlian.trace.model.links import Certainty, Link, LinkKind

__all__ = [
    "SCHEMA",
    "correction_subject",
    "facts_of",
    "item_of",
    "item_text",
    "record_of",
    "subject_of",
    "subjects_of",
    "time_text",
]

SCHEMA: Final = "xinlian-trace/1"
_SINGLY_MAX: Final = 1_000
"""An event of more items has several to a field, one a line: a record has few thousand fields."""
_TOGETHER: Final = 100
_Json = dict[str, Any]


def item_text(item: ItemId) -> str:
    """``type:owner:id``."""
    return f"{item.type.value}:{item.owner}:{item.id}"


def item_of(text: str) -> ItemId:
    """The reverse of ``item_text``."""
    kind, owner, name = text.split(":", 2)
    return ItemId(int(owner), ItemType(kind), name)


def subject_of(item: ItemId) -> str:
    """The subject under which an item's records stand in the evidence log: its id, after the number
    of its owner where the id means something to that owner alone."""
    return item.id if item.owner == WORLD else f"{item.owner}:{item.id}"


def time_text(time_ms: int) -> str:
    """``YYYY-MM-DDTHH:MM:SS.sssZ``."""
    seconds, millis = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03}Z"


def correction_subject(kind: str, target: str) -> str:
    """The subject under which corrections of one fact stand."""
    return f"correction:{kind}:{target}"


def record_of(row: Row, captured_ms: int) -> _Json:
    """The record of a row. Its subject is the first of ``subjects_of``; its time that of the first
    fact that has one, else of the capture."""
    times = [time for time in map(_time, row.facts) if time is not None]
    return {
        "schema": SCHEMA,
        "subject": _first_subject(row),
        "event_time": time_text(times[0] if times else captured_ms),
        "place": row.place,
        "source_sha256": hashlib.sha256(row.source.encode()).hexdigest(),
        "facts": [_FACTS[type(fact)](fact) for fact in row.facts],
    }


def subjects_of(row: Row) -> list[str]:
    """The subjects in whose chains the record of a row stands, each once: the parent of its links
    if they have one parent, then every item it speaks of, in order, and what it corrects.

    Of a link that is the parent, and the child unless that is a batch: one that goes into 100,000
    vehicles would get a chain that no file holds. Its links stand in the chains of the parents.
    """
    first = _first_subject(row)
    return list(dict.fromkeys((first, *(name for fact in row.facts for name in _subjects(fact)))))


def _first_subject(row: Row) -> str:
    parents = {fact.parent for fact in row.facts if isinstance(fact, Link)}
    if len(parents) == 1:
        return subject_of(parents.pop())
    return next((name for fact in row.facts for name in _subjects(fact)), f"row:{row.place}")


def _subjects(fact: Fact) -> Iterable[str]:
    if isinstance(fact, Item):
        return (subject_of(fact.id),)
    if isinstance(fact, Event):
        return map(subject_of, fact.items)
    if isinstance(fact, Link):
        if fact.child.type is ItemType.BATCH:
            return (subject_of(fact.parent),)
        return subject_of(fact.parent), subject_of(fact.child)
    if isinstance(fact, Correction):
        return (correction_subject(fact.kind, fact.target),)
    return (subject_of(fact.item),)


def _time(fact: Fact) -> int | None:
    if isinstance(fact, Event):
        return fact.event_time_ms
    if isinstance(fact, Inspection | Claim | Correction):
        return fact.time_ms
    if isinstance(fact, ProcessRecord):
        return fact.end_ms
    if isinstance(fact, Link):
        return fact.valid_to_ms if fact.valid_from_ms is None else fact.valid_from_ms
    return fact.made_at_ms if isinstance(fact, Item) else None


def _kept(kind: str, values: Mapping[str, Any]) -> _Json:
    found = {name: value for name, value in values.items() if value or value == 0}
    return {"fact": kind, **found}


def _item(f: Item) -> _Json:
    return _kept(
        "item",
        {
            "item": item_text(f.id),
            "scanned": None if f.scanned == f.id.id else f.scanned,
            "scheme": f.scheme.value,
            "name": f.name,
            "maker": f.maker,
            "part_number": f.part_number,
            "made_at_ms": f.made_at_ms,
            "attributes": dict(f.attributes),
        },
    )


def _link(f: Link) -> _Json:
    return _kept(
        "link",
        {
            "child": item_text(f.child),
            "parent": item_text(f.parent),
            "kind": f.kind.value,
            "valid_from_ms": f.valid_from_ms,
            "valid_to_ms": f.valid_to_ms,
            "quantity": f.quantity,
            "unit": f.unit,
            "certainty": f.certainty.value if f.certainty is Certainty.CANDIDATE else None,
            "candidate_group": f.candidate_group,
        },
    )


def _event(f: Event) -> _Json:
    return _kept(
        "event",
        {
            "id": f.event_id,
            "hash_id": f.hash_id,
            "type": f.type.value,
            "time_ms": f.event_time_ms,
            "items": ",".join(map(item_text, f.items)) if len(f.items) == 1 else None,
            "item_list": list(_listed(f.items)) if len(f.items) > 1 else None,
            "action": f.action,
            "biz_step": f.biz_step,
            "disposition": f.disposition,
            "read_point": f.read_point,
            "biz_location": f.biz_location,
            "is_correction": f.is_correction or None,
            "corrective_event_ids": list(f.corrective_event_ids),
        },
    )


def _listed(items: tuple[ItemId, ...]) -> Iterator[str]:
    together = 1 if len(items) <= _SINGLY_MAX else _TOGETHER
    for at in range(0, len(items), together):
        yield "\n".join(map(item_text, items[at : at + together]))


def _plain(kind: str, fact: Any, names: Iterable[str]) -> _Json:
    values: _Json = {"item": item_text(fact.item)}
    for name in names:
        value = getattr(fact, name)
        if isinstance(value, Mapping):
            values[name] = dict(value)
        else:
            values[name] = value.value if isinstance(value, StrEnum) else value
    return _kept(kind, values)


_INSPECTION: Final = tuple(n for n in Inspection.__dataclass_fields__ if n not in ("item", "key"))
_PROCESS: Final = tuple(n for n in ProcessRecord.__dataclass_fields__ if n != "item")
_CLAIM: Final = tuple(n for n in Claim.__dataclass_fields__ if n != "item")


def _inspection(f: Inspection) -> _Json:
    return {**_plain("inspection", f, _INSPECTION), **({"key": True} if f.key else {})}


_FACTS: Final[Mapping[type, Any]] = {
    Item: _item,
    Link: _link,
    Event: _event,
    Inspection: _inspection,
    ProcessRecord: lambda f: _plain("process", f, _PROCESS),
    Claim: lambda f: _plain("claim", f, _CLAIM),
    Gap: lambda f: _plain("gap", f, ("kind", "what", "since_ms")),
    Correction: lambda f: _kept(
        "correction",
        {"target": f.target, "kind": f.kind, "reason": f.reason, "time_ms": f.time_ms},
    ),
}


def facts_of(record: Mapping[str, Any]) -> tuple[Fact, ...]:
    """The facts in a record of a row; raises ``ValueError`` or ``KeyError`` if it is none."""
    if record["schema"] != SCHEMA:
        raise ValueError(f"not a record of {SCHEMA}")
    return tuple(_back(dict(each)) for each in record["facts"])


def _back(v: _Json) -> Fact:
    kind = v.pop("fact")
    if kind == "item":
        item = item_of(v.pop("item"))
        scanned = v.pop("scanned", item.id)
        return Item(item, scanned, Scheme(v.pop("scheme")), **v)
    if kind == "link":
        return Link(
            item_of(v.pop("child")),
            item_of(v.pop("parent")),
            LinkKind(v.pop("kind")),
            certainty=Certainty(v.pop("certainty", "known")),
            **v,
        )
    if kind == "event":
        return _event_back(v)
    if kind == "correction":
        return Correction(v["target"], v["kind"], v.get("reason", ""), v["time_ms"])
    v["item"] = item_of(v["item"])
    if kind == "inspection":
        return Inspection(**{**v, "result": Result(v["result"])})
    if kind == "process":
        return ProcessRecord(**{"station": "", **v})
    if kind == "claim":
        return Claim(**{**v, "kind": ClaimKind(v["kind"])})
    return Gap(v["item"], GapKind(v["kind"]), v.get("what", ""), v.get("since_ms"))


def _event_back(v: _Json) -> Event:
    items = v.pop("item_list", None) or ([v.pop("items")] if "items" in v else [])
    items = [name for line in items for name in line.split("\n")]
    return Event(
        v.pop("id"),
        v.pop("hash_id"),
        EventType(v.pop("type")),
        v.pop("time_ms"),
        {},
        tuple(map(item_of, items)),
        corrective_event_ids=tuple(v.pop("corrective_event_ids", ())),
        **v,
    )
