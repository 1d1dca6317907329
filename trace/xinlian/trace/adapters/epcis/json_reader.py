"""EPCIS 2.0 in JSON-LD: documents, query documents and single events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xinlian.trace.adapters.epcis.document import EVENTS_MAX, HEADER, RawEvent
from xinlian.trace.model.epcis.names import Names, names_of_context
from xinlian.trace.model.epcis.shape import FIELDS
from xinlian.trace.model.epcis.times import stamp_ms
from xinlian.trace.model.json_stream import outline
from xinlian.trace.model.sources import SourceError, short

__all__ = ["json_events"]


def json_events(data: bytes) -> Iterator[RawEvent]:
    """The events of a document, each parsed when its turn comes.

    Raises ``SourceError``, before the first event, where the document as a whole is no good.
    """
    found = outline(data, ("epcisBody", "eventList"), EVENTS_MAX)
    document = found.table
    if document.get("type", document.get("isA")) in FIELDS:
        yield "event", document, _names(document, None)
        return
    names = _check_document(document)
    place, events = _event_list(document)
    if len(events) > EVENTS_MAX:
        raise SourceError(place, f"more than {EVENTS_MAX} events", f"事件超过 {EVENTS_MAX} 个")
    if document.get(HEADER):
        yield HEADER, document[HEADER], names
    for index, event in enumerate(events or found.entries()):
        own = _names(event, names) if isinstance(event, dict) and "@context" in event else names
        yield f"{place}[{index}]", event, own


def _names(event: dict[str, Any], outer: Names | None) -> Names | SourceError:
    try:
        if "@context" not in event:
            raise SourceError("@context", "is missing", "缺失")
        return names_of_context(event["@context"], outer=outer)
    except SourceError as exc:
        return exc


def _check_document(document: dict[str, Any]) -> Names:
    kind = document.get("type")
    if kind not in ("EPCISDocument", "EPCISQueryDocument"):
        raise SourceError(
            "type",
            f"{short(str(kind))!r} is neither EPCISDocument, EPCISQueryDocument nor an event",
            f"“{short(str(kind))}”不是 EPCISDocument、EPCISQueryDocument 或事件类型",
        )
    if "@context" not in document:
        raise SourceError("@context", "is missing", "缺失")
    names = names_of_context(document["@context"])
    version = str(document.get("schemaVersion", ""))
    if version not in ("2.0", "2.0.0", "2", "2.0.1"):
        raise SourceError(
            "schemaVersion",
            f"is {short(version)!r}, only 2.0 is read",
            f"为“{short(version)}”，只接受 2.0",
        )
    created = document.get("creationDate")
    if not isinstance(created, str) or stamp_ms(created) is None:
        raise SourceError(
            "creationDate", "must be a date and time with offset", "应为带时区的日期时间"
        )
    return names


def _event_list(document: dict[str, Any]) -> tuple[str, list[Any]]:
    body, place = document.get("epcisBody"), "epcisBody"
    for name in ("queryResults", "resultsBody"):
        if isinstance(body, dict) and name in body:
            body, place = body[name], f"{place}.{name}"
    if isinstance(body, dict) and "eventList" in body:
        events = body["eventList"]
        if isinstance(events, list):
            return f"{place}.eventList", events
        raise SourceError(f"{place}.eventList", "must be a list", "应为列表")
    if isinstance(body, dict) and isinstance(body.get("event"), dict):
        return f"{place}.event", [body["event"]]
    raise SourceError(f"{place}.eventList", "is missing", "缺失")
