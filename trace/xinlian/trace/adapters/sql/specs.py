"""How facts lie in their tables: key, content, and the way back.

A key makes a fact one of its kind within its party; the content is compared when the same key comes
again, and the first field that differs is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Table
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.codes import (
    CLAIM_KINDS,
    EVENT_TYPES,
    RESULTS,
)
from xinlian.trace.adapters.sql.items import json_text, texts
from xinlian.trace.model.facts import Claim, Event, Inspection, ProcessRecord
from xinlian.trace.model.items import ItemId

__all__ = ["SPECS", "Spec", "difference"]

Numbers = Mapping[ItemId, int]


@dataclass(frozen=True, slots=True)
class Spec:
    """One kind of fact with an id of its own.

    The table's columns are: number, party, id (an event's also whether it is a correction), record,
    then ``fields``, then ``withdrawn``.
    """

    kind: str
    table: Table
    number: str
    id_column: str
    fields: tuple[str, ...]
    id_of: Callable[[Any], str]
    content: Callable[[Any, Numbers], tuple[Any, ...]]
    fact: Callable[[str, Sequence[Any], Mapping[int, ItemId]], Any]
    items_of: Callable[[Any], tuple[ItemId, ...]]


def difference(fields: Sequence[str], old: Sequence[Any], new: Sequence[Any]) -> str | None:
    """The first field in which two contents differ; inside JSON the member, after a dot."""
    for name, before, after in zip(fields, old, new, strict=True):
        if before != after:
            return name + _member(before, after)
    return None


def _member(before: Any, after: Any) -> str:
    if not (isinstance(before, str) and isinstance(after, str)):
        return ""
    if not (before.startswith("{") and after.startswith("{")):
        return ""
    one, two = orjson.loads(before), orjson.loads(after)
    names = [name for name in sorted({*one, *two}) if one.get(name) != two.get(name)]
    return f".{names[0]}" if names else ""


def _event(fact: Event, numbers: Numbers) -> tuple[Any, ...]:
    return (
        fact.hash_id,
        EVENT_TYPES.number[fact.type],
        fact.event_time_ms,
        fact.action,
        fact.biz_step,
        fact.disposition,
        fact.read_point,
        fact.biz_location,
        " ".join(fact.corrective_event_ids),
        ",".join([str(numbers[item]) for item in fact.items]),
        orjson.dumps(fact.document, option=orjson.OPT_SORT_KEYS).decode(),
    )


def _event_back(key: str, row: Sequence[Any], ids: Mapping[int, ItemId]) -> Event:
    hash_id, kind, time, action, step, disposition, point, place, corrective, items, doc = row
    return Event(
        key,
        hash_id,
        EVENT_TYPES.word[kind],
        time,
        orjson.loads(doc),
        tuple(ids[int(number)] for number in items.split(",") if number),
        action,
        step,
        disposition,
        point,
        place,
        False,
        tuple(corrective.split()),
    )


def _inspection(fact: Inspection, numbers: Numbers) -> tuple[Any, ...]:
    return (
        numbers[fact.item],
        fact.characteristic,
        RESULTS.number[fact.result],
        fact.time_ms,
        fact.value,
        fact.unit,
        fact.nominal,
        fact.lower,
        fact.upper,
        int(fact.key),
        fact.gauge,
        fact.operator,
        fact.station,
        fact.machine,
        fact.shift,
        fact.sample_size,
        fact.defects,
        fact.method,
        json_text(fact.attributes),
    )


def _inspection_back(key: str, row: Sequence[Any], ids: Mapping[int, ItemId]) -> Inspection:
    item, characteristic, result, time = row[:4]
    values = dict(zip(_INSPECTION[4:], row[4:], strict=True))
    values["key"] = bool(values["key"])
    values["attributes"] = texts(values["attributes"])
    return Inspection(key, ids[item], characteristic, RESULTS.word[result], time, **values)


def _process(fact: ProcessRecord, numbers: Numbers) -> tuple[Any, ...]:
    return (
        numbers[fact.item],
        fact.station,
        fact.start_ms,
        fact.end_ms,
        fact.machine,
        fact.recipe,
        fact.shift,
        fact.operator,
        json_text(fact.parameters),
        fact.telemetry,
    )


def _process_back(key: str, row: Sequence[Any], ids: Mapping[int, ItemId]) -> ProcessRecord:
    item, station, start, end, machine, recipe, shift, operator, parameters, telemetry = row
    return ProcessRecord(
        *(key, ids[item], station, start, end, machine, recipe, shift, operator),
        texts(parameters),
        telemetry,
    )


def _claim(fact: Claim, numbers: Numbers) -> tuple[Any, ...]:
    return (
        numbers[fact.item],
        CLAIM_KINDS.number[fact.kind],
        fact.time_ms,
        fact.code,
        fact.finding,
    )


def _claim_back(key: str, row: Sequence[Any], ids: Mapping[int, ItemId]) -> Claim:
    item, kind, time, code, finding = row
    return Claim(key, ids[item], CLAIM_KINDS.word[kind], time, code, finding)


def _fields(table: Table, after: str, last: str = "withdrawn") -> tuple[str, ...]:
    names = [column.name for column in table.columns]
    return tuple(names[names.index(after) + 1 : names.index(last)])


def _one_item(fact: Any) -> tuple[ItemId, ...]:
    return (fact.item,)


_INSPECTION: Final = _fields(t.inspections, "record")

SPECS: Final[dict[type, Spec]] = {
    Event: Spec(
        "event",
        t.events,
        "event",
        "event_id",
        _fields(t.events, "record"),
        lambda fact: fact.event_id,
        _event,
        _event_back,
        lambda fact: fact.items,
    ),
    Inspection: Spec(
        "inspection",
        t.inspections,
        "inspection",
        "inspection_id",
        _fields(t.inspections, "record"),
        lambda fact: fact.inspection_id,
        _inspection,
        _inspection_back,
        _one_item,
    ),
    ProcessRecord: Spec(
        "processrecord",
        t.processes,
        "process",
        "record_id",
        _fields(t.processes, "record"),
        lambda fact: fact.record_id,
        _process,
        _process_back,
        _one_item,
    ),
    Claim: Spec(
        "claim",
        t.claims,
        "claim",
        "claim_id",
        _fields(t.claims, "record"),
        lambda fact: fact.claim_id,
        _claim,
        _claim_back,
        _one_item,
    ),
}
"""By the type of fact."""
