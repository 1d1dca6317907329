"""Events as the simple event query of EPCIS 2.0 finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, Select, and_, exists, or_, select
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_items import TraceItems
from xinlian.services.app.trace_sharing import EVERYONE
from xinlian.trace.adapters.sql.codes import EVENT_TYPES
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import records
from xinlian.trace.adapters.sql.tables_facts import event_items, events
from xinlian.trace.model.codes import CodeError, identify
from xinlian.trace.model.epcis.output import jsonld_document
from xinlian.trace.model.epcis.query import EventQuery, parse_query
from xinlian.trace.model.epcis.times import stamp_of
from xinlian.trace.model.facts import EventType
from xinlian.trace.model.items import WORLD
from xinlian.trace.model.sources import SourceError

__all__ = ["EventPage", "Events", "read_query"]

SCANNED_MAX: Final = 50_000
"""Events that one request looks at; ``nextPageToken`` goes on behind them."""
_CHUNK: Final = 500
_Row = tuple[int, int, int, str, str]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events as an EPCISQueryDocument (JSON text), how many, and the token of the page after."""

    document: str
    count: int
    token: str


def read_query(parameters: Iterable[tuple[str, str]]) -> EventQuery:
    """A query from the parameters of an address; refused with ``INVALID`` naming the parameter."""
    try:
        return parse_query(parameters)
    except SourceError as exc:
        raise RefusedError(
            Code.INVALID,
            f"the query cannot be answered: {exc.path}: {exc.why}",
            field=exc.path,
            why_zh=exc.why_zh,
        ) from exc


class Events:
    """Reads events; a reader sees what the parties recorded that it may see."""

    def __init__(self, engine: Engine, things: TraceItems) -> None:
        self._engine = engine
        self._things = things

    def find(self, wanted: EventQuery, party: int | None, now_ms: int) -> EventPage:
        """A page of events. ``party`` ``None``: everyone's. Refused with ``INVALID`` for a token
        that was not given out, ``BODY_TOO_LARGE`` for more events than the query allows."""
        most = wanted.per_page
        if wanted.event_count_limit is not None:
            most = min(most, wanted.event_count_limit)
        found: list[tuple[dict[str, Any], dict[str, str]]] = []
        token, last = "", ""
        with begin_read(self._engine) as connection:
            for scanned, row in enumerate(self._rows(connection, wanted, party)):
                if len(found) == most or scanned == SCANNED_MAX:
                    token = last
                    break
                event, time, captured, event_id, text = row
                last = f"{time if wanted.order_by == 'eventTime' else captured}-{event}"
                document = orjson.loads(text)
                if wanted.matches(document, captured):
                    found.append(
                        (document, {"eventID": event_id, "recordTime": stamp_of(captured)})
                    )
        if wanted.event_count_limit is not None and len(found) >= wanted.event_count_limit:
            token = ""
        if wanted.max_event_count is not None and (len(found) > wanted.max_event_count or token):
            raise RefusedError(
                Code.BODY_TOO_LARGE, f"more than {wanted.max_event_count} events match the query"
            )
        return EventPage(jsonld_document(found, stamp_of(now_ms)), len(found), token)

    def _rows(
        self, connection: Connection, wanted: EventQuery, party: int | None
    ) -> Iterator[_Row]:
        """Events in the order wanted, narrowed by what the database can tell."""
        query = self._query(connection, wanted, party)
        by_time = wanted.order_by == "eventTime"
        order = events.c.event_time if by_time else records.c.captured_ms
        place = _place(wanted.next_page_token)
        while True:
            step = query
            if place is not None:
                step = step.where(_beyond(order, place, descending=wanted.descending))
            keys = (order, events.c.event)
            step = step.order_by(*(key.desc() if wanted.descending else key for key in keys))
            rows = connection.execute(step.limit(_CHUNK)).all()
            for row in rows:
                yield (row.event, row.event_time, row.captured_ms, row.event_id, row.document)
            if len(rows) < _CHUNK:
                return
            end = rows[-1]
            place = (end.event_time if by_time else end.captured_ms, end.event)

    def _query(self, connection: Connection, wanted: EventQuery, party: int | None) -> Select[Any]:
        columns = events.c
        query: Select[Any] = select(
            columns.event,
            columns.event_time,
            columns.event_id,
            columns.document,
            records.c.captured_ms,
        ).join(records, records.c.record == columns.record)
        seen = self._things.seen(connection, EVERYONE if party is None else party)
        if seen is not None:
            query = query.where(columns.party.in_(seen))
        if wanted.event_types:
            kinds = [EVENT_TYPES.number[EventType(kind)] for kind in wanted.event_types]
            query = query.where(columns.type.in_(kinds))
        if wanted.actions:
            query = query.where(columns.action.in_(wanted.actions))
        for name, column in (
            ("EQ_bizStep", columns.biz_step),
            ("EQ_disposition", columns.disposition),
        ):
            if name in wanted.words:
                query = query.where(column.in_(wanted.words[name]))
        if "GE_eventTime" in wanted.times:
            query = query.where(columns.event_time >= wanted.times["GE_eventTime"])
        if "LT_eventTime" in wanted.times:
            query = query.where(columns.event_time < wanted.times["LT_eventTime"])
        for codes in wanted.match.values():
            if not any(code.endswith("/*") for code in codes):
                numbers = _numbers(ItemTable(connection), codes)
                here = and_(event_items.c.event == columns.event, event_items.c.item.in_(numbers))
                query = query.where(exists().where(here))
        return query


def _place(token: str) -> tuple[int, int] | None:
    if not token:
        return None
    time, _, number = token.partition("-")
    if not (time.isdecimal() and number.isdecimal() and len(token) <= 40):
        raise RefusedError(
            Code.INVALID, "this token of a page was not given out here", field="nextPageToken"
        )
    return int(time), int(number)


def _beyond(order: Any, place: tuple[int, int], *, descending: bool) -> Any:
    time, number = place
    if descending:
        return or_(order < time, and_(order == time, events.c.event < number))
    return or_(order > time, and_(order == time, events.c.event > number))


def _numbers(table: ItemTable, codes: Iterable[str]) -> list[int]:
    ids = []
    for code in codes:
        try:
            ids.append(identify(code, WORLD).id)
        except CodeError:
            continue
    return list(table.numbers(ids).values())
