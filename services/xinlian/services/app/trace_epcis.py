"""Events as the simple event query of EPCIS 2.0 finds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Engine, Select, and_, exists, or_, select
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_items import TraceItems
from xinlian.services.app.trace_sharing import EVERYONE
from xinlian.trace.adapters.sql.codes import EVENT_TYPES
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables_facts import event_items, events
from xinlian.trace.model.codes import CodeError, identify
from xinlian.trace.model.epcis.shape import NUMBER_FIELDS
from xinlian.trace.model.epcis.times import stamp_ms
from xinlian.trace.model.epcis.vocabulary import CBV
from xinlian.trace.model.facts import EventType
from xinlian.trace.model.items import WORLD

__all__ = ["EVENTS_MAX", "EventFilter", "EventFound", "Events"]

EVENTS_MAX: Final = 100
VALUES_MAX: Final = 50
_Events = Select[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Parameters of the simple event query. Those that are given must all hold; of several values
    of one, parted by commas, any. ``page`` is the token of a page."""

    event_type: str | None = None
    event_id: str | None = None
    from_time: str | None = None
    to_time: str | None = None
    action: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    read_point: str | None = None
    biz_location: str | None = None
    any_epc: str | None = None
    any_class: str | None = None
    has_error: str | None = None
    page: str | None = None
    per_page: int = 30


@dataclass(frozen=True, slots=True)
class EventFound:
    """An event's document, and the token of the page that begins after it."""

    document: dict[str, Any]
    token: str


class Events:
    """Reads events; a reader sees what the parties recorded that it may see."""

    def __init__(self, engine: Engine, things: TraceItems) -> None:
        self._engine = engine
        self._things = things

    def find(self, wanted: EventFilter, party: int | None) -> list[EventFound]:
        """Events in the order of time, one more than fits a page if there are more. ``party``
        ``None``: everyone's."""
        reader = EVERYONE if party is None else party
        with begin_read(self._engine) as connection:
            query: _Events = select(events.c.event, events.c.event_time, events.c.document)
            seen = self._things.seen(connection, reader)
            if seen is not None:
                query = query.where(events.c.party.in_(seen))
            query = _filtered(query, wanted)
            if wanted.any_epc or wanted.any_class:
                codes = [*_values(wanted.any_epc), *_values(wanted.any_class)]
                numbers = _numbers(ItemTable(connection), codes)
                here = and_(event_items.c.event == events.c.event, event_items.c.item.in_(numbers))
                query = query.where(exists().where(here))
            query = query.order_by(events.c.event_time, events.c.event)
            rows = connection.execute(query.limit(wanted.per_page + 1)).all()
        return [
            EventFound(_shown(orjson.loads(row.document)), f"{row.event_time}-{row.event}")
            for row in rows
        ]


def _filtered(query: _Events, wanted: EventFilter) -> _Events:
    columns = events.c
    for column, given, prefix in (
        (columns.event_id, wanted.event_id, ""),
        (columns.action, wanted.action, ""),
        (columns.biz_step, wanted.biz_step, "BizStep-"),
        (columns.disposition, wanted.disposition, "Disp-"),
        (columns.read_point, wanted.read_point, ""),
        (columns.biz_location, wanted.biz_location, ""),
    ):
        if given:
            values = _values(given) if prefix or column is columns.action else [given]
            query = query.where(column.in_([_full(value, prefix) for value in values]))
    if wanted.event_type:
        query = query.where(columns.type.in_(_types(wanted.event_type)))
    if wanted.from_time:
        query = query.where(columns.event_time >= _ms(wanted.from_time, "GE_eventTime"))
    if wanted.to_time:
        query = query.where(columns.event_time < _ms(wanted.to_time, "LT_eventTime"))
    if wanted.has_error:
        query = query.where(columns.is_correction == int(wanted.has_error == "true"))
    if wanted.page:
        time, number = map(int, wanted.page.split("-"))
        later = and_(columns.event_time == time, columns.event > number)
        query = query.where(or_(columns.event_time > time, later))
    return query


def _values(given: str | None) -> list[str]:
    found = [each for each in (given or "").split(",") if each]
    if len(found) > VALUES_MAX:
        raise RefusedError(Code.INVALID, f"at most {VALUES_MAX} values in one parameter")
    return found


def _full(value: str, prefix: str) -> str:
    return f"{CBV}{prefix}{value}" if prefix and ":" not in value else value


def _types(given: str) -> list[int]:
    known = {kind.value: number for kind, number in EVENT_TYPES.number.items()}
    wrong = [each for each in _values(given) if each not in known]
    if wrong:
        raise RefusedError(
            Code.INVALID,
            f"there is no event type {wrong[0]}; there are {', '.join(EventType)}",
            field="eventType",
        )
    return [known[each] for each in _values(given)]


def _ms(text: str, field: str) -> int:
    # A plus sign in a query string that nobody escaped arrives as a blank.
    found = stamp_ms(text.replace(" ", "+"))
    if found is None:
        raise RefusedError(
            Code.INVALID,
            f"{field} is a time with its offset, such as 2026-09-07T08:00:00.000Z",
            field=field,
        )
    return found


def _numbers(table: ItemTable, codes: Iterable[str]) -> list[int]:
    ids = []
    for code in codes:
        try:
            ids.append(identify(code, WORLD).id)
        except CodeError:
            continue
    return list(table.numbers(ids).values())


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its numbers as numbers: they are kept as the decimal texts given."""
    return {name: _number(name, value) for name, value in document.items()}


def _number(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _number(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_number(name, inner) for inner in value]
    if isinstance(value, str) and (name in NUMBER_FIELDS or name == "quantity"):
        try:
            whole = int(value) if value.lstrip("-").isdecimal() else float(value)
        except ValueError:
            return value
        return whole
    return value
