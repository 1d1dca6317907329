"""EPCIS 2.0 in JSON-LD: documents, query documents and single events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from xinlian.trace.adapters.epcis.document import DOCUMENT_BYTES_MAX, EVENTS_MAX, RawEvent
from xinlian.trace.model.epcis.names import EpcisError, Names, NumberText, names_of_context, short
from xinlian.trace.model.epcis.shape import FIELDS
from xinlian.trace.model.epcis.times import stamp_ms

__all__ = ["json_events", "load_json"]

_NUMBER_CHARS_MAX: Final = 60


def load_json(data: bytes, most: int = DOCUMENT_BYTES_MAX) -> Any:
    """JSON of at most ``most`` bytes, numbers as ``NumberText``; raises ``EpcisError``.

    Refused beside what is no JSON: names that stand twice in an object, NaN and infinities, and
    nesting deeper than the parser goes (about a thousand).
    """
    if len(data) > most:
        raise EpcisError(
            "",
            f"the document has {len(data)} bytes, at most {most} are read: divide it",
            f"文件有 {len(data)} 字节，上限为 {most}：请拆分",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise EpcisError(
            "", f"not UTF-8 at byte {exc.start}", f"第 {exc.start} 字节处不是 UTF-8"
        ) from exc
    try:
        return json.loads(
            text,
            object_pairs_hook=_table,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as exc:
        raise EpcisError(
            "",
            f"no JSON: {exc.msg} in line {exc.lineno}, column {exc.colno}",
            f"不是合法 JSON：第 {exc.lineno} 行第 {exc.colno} 列（{exc.msg}）",
        ) from exc
    except RecursionError as exc:
        raise EpcisError("", "nested too deep", "嵌套过深") from exc


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise EpcisError(short(name), "stands twice in one object", "在同一对象中重复出现")
            seen.add(name)
    return made


def _number(text: str) -> NumberText:
    if len(text) > _NUMBER_CHARS_MAX:
        raise EpcisError("", f"the number {text[:20]}… is too long", f"数值 {text[:20]}… 过长")
    return NumberText(text)


def _constant(text: str) -> NoReturn:
    raise EpcisError("", f"{text} is no number", f"{text} 不是数值")


def json_events(data: bytes) -> Iterator[RawEvent]:
    """The events of a document; raises ``EpcisError`` where the document as a whole is no good."""
    document = load_json(data)
    if not isinstance(document, dict):
        raise EpcisError("", "an EPCIS document is an object", "EPCIS 文件应为对象")
    if document.get("type", document.get("isA")) in FIELDS:
        yield "event", document, _names(document, None)
        return
    names = _check_document(document)
    place, events = _event_list(document)
    if len(events) > EVENTS_MAX:
        raise EpcisError(place, f"more than {EVENTS_MAX} events", f"事件超过 {EVENTS_MAX} 个")
    for index, event in enumerate(events):
        own = _names(event, names) if isinstance(event, dict) and "@context" in event else names
        yield f"{place}[{index}]", event, own


def _names(event: dict[str, Any], outer: Names | None) -> Names | EpcisError:
    try:
        if "@context" not in event:
            raise EpcisError("@context", "is missing", "缺失")
        return names_of_context(event["@context"], outer=outer)
    except EpcisError as exc:
        return exc


def _check_document(document: dict[str, Any]) -> Names:
    kind = document.get("type")
    if kind not in ("EPCISDocument", "EPCISQueryDocument"):
        raise EpcisError(
            "type",
            f"{short(str(kind))!r} is neither EPCISDocument, EPCISQueryDocument nor an event",
            f"“{short(str(kind))}”不是 EPCISDocument、EPCISQueryDocument 或事件类型",
        )
    if "@context" not in document:
        raise EpcisError("@context", "is missing", "缺失")
    names = names_of_context(document["@context"])
    version = str(document.get("schemaVersion", ""))
    if version not in ("2.0", "2.0.0", "2", "2.0.1"):
        raise EpcisError(
            "schemaVersion",
            f"is {short(version)!r}, only 2.0 is read",
            f"为“{short(version)}”，只接受 2.0",
        )
    created = document.get("creationDate")
    if not isinstance(created, str) or stamp_ms(created) is None:
        raise EpcisError(
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
        raise EpcisError(f"{place}.eventList", "must be a list", "应为列表")
    if isinstance(body, dict) and isinstance(body.get("event"), dict):
        return f"{place}.event", [body["event"]]
    raise EpcisError(f"{place}.eventList", "is missing", "缺失")
