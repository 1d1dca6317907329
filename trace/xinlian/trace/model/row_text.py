"""Rows as lines of text and back: what a capture lays aside while it reads on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
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
from xinlian.trace.model.items import Item, ItemId, ItemType, Scheme
from xinlian.trace.model.links import Certainty, Link, LinkKind

__all__ = ["line_of", "row_of"]


def line_of(row: Row) -> bytes:
    """A good row as one line of JSON; raises ``TypeError`` for what JSON does not hold."""
    facts = [(type(fact).__name__, fact) for fact in row.facts]
    return orjson.dumps((row.number, row.place, row.source, facts, row.names), default=dict) + b"\n"


def row_of(line: bytes) -> Row:
    """The reverse of ``line_of``."""
    number, place, source, facts, names = orjson.loads(line)
    return Row(number, place, source, tuple(_fact(*each) for each in facts), None, names)


def _item(value: dict[str, Any]) -> ItemId:
    return ItemId(value["owner"], ItemType(value["type"]), value["id"])


def _items(values: list[dict[str, Any]]) -> tuple[ItemId, ...]:
    return tuple(map(_item, values))


_Back = Mapping[str, Callable[[Any], Any]]
_FACTS: Final[Mapping[str, tuple[type, _Back]]] = {
    "Item": (Item, {"id": _item, "scheme": Scheme}),
    "Link": (Link, {"child": _item, "parent": _item, "kind": LinkKind, "certainty": Certainty}),
    "Event": (Event, {"type": EventType, "items": _items, "corrective_event_ids": tuple}),
    "Inspection": (Inspection, {"item": _item, "result": Result}),
    "ProcessRecord": (ProcessRecord, {"item": _item}),
    "Claim": (Claim, {"item": _item, "kind": ClaimKind}),
    "Gap": (Gap, {"item": _item, "kind": GapKind}),
    "Correction": (Correction, {}),
}
"""What a fact is made of that JSON writes as something plainer."""


def _fact(name: str, values: dict[str, Any]) -> Fact:
    kind, back = _FACTS[name]
    for field, make in back.items():
        values[field] = make(values[field])
    fact: Fact = kind(**values)
    return fact
