"""EPCIS in XML (2.0, and the events of 1.2 in it), streamed: each event as the JSON structure.

Entities and document types are refused; memory holds one event at a time.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from xinlian.trace.adapters.epcis.document import DOCUMENT_BYTES_MAX, EVENTS_MAX, HEADER, RawEvent
from xinlian.trace.model.epcis.names import Names
from xinlian.trace.model.epcis.shape import FIELDS, NUMBER_FIELDS
from xinlian.trace.model.sources import NumberText, SourceError, short

__all__ = ["xml_events"]

_NAMESPACES: Final = frozenset(
    {
        f"urn:epcglobal:{name}:xsd:{version}"
        for name in ("epcis", "epcis-query")
        for version in (1, 2)
    }
)
_ROOTS: Final = frozenset({"EPCISDocument", "EPCISQueryDocument"})
_NAMES: Final = Names.of_xml()
# A document type that declares nothing, as GS1's own examples have it, is harmless and left out;
# one with declarations or an address stays, and is refused by the parser.
_EMPTY_DOCTYPE = re.compile(rb"<!DOCTYPE\s+[A-Za-z_:][\w:.\-]*\s*>")
_PROLOG_BYTES: Final = 4096
_HEADER: Final = "EPCISHeader"
_WRAPPERS: Final = frozenset({"extension", "baseExtension"})
_LISTS: Final = {
    "epcList": "epc",
    "childEPCs": "epc",
    "inputEPCList": "epc",
    "outputEPCList": "epc",
    "quantityList": "quantityElement",
    "childQuantityList": "quantityElement",
    "inputQuantityList": "quantityElement",
    "outputQuantityList": "quantityElement",
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
    "sensorElementList": "sensorElement",
    "correctiveEventIDs": "correctiveEventID",
}
_TYPED: Final = frozenset({"bizTransaction", "source", "destination"})
_NUMBERS: Final = NUMBER_FIELDS | {"quantity"}
DEPTH_MAX: Final = 40
INNER_MAX: Final = 500_000
"""Elements within one event."""


def xml_events(data: bytes) -> Iterator[RawEvent]:
    """The events of a document; raises ``SourceError`` where the document as a whole is no good."""
    if len(data) > DOCUMENT_BYTES_MAX:
        raise SourceError(
            "",
            f"the document has {len(data)} bytes, at most {DOCUMENT_BYTES_MAX} are read: divide it",
            f"文件有 {len(data)} 字节，上限为 {DOCUMENT_BYTES_MAX}：请拆分",
        )
    try:
        yield from _stream(data)
    except DefusedXmlException as exc:
        raise SourceError(
            "",
            "declares entities or a document type, which are refused",
            "声明了实体或文档类型，拒绝接收",
        ) from exc
    except ParseError as exc:
        raise SourceError("", f"no XML: {exc}", f"不是合法 XML：{exc}") from exc


class _Stream:
    """Follows the elements of a document and gives each event as it ends."""

    def __init__(self) -> None:
        self._path: list[Element] = []
        self._event_depth = 0
        self._inner = 0
        self._found = 0
        self.seen_list = False

    def start(self, element: Element) -> None:
        """An element begins."""
        space, name = _split(element.tag)
        if not self._path:
            _check_root(space, name, element)
        self._path.append(element)
        self._inner = self._inner + 1 if self._event_depth else 0
        if len(self._path) > DEPTH_MAX or self._inner > INNER_MAX:
            raise SourceError("", "nested too deep or an event too large", "嵌套过深或事件过大")
        if name == "EventList":
            self.seen_list = True
        elif name == _HEADER and len(self._path) == 2:
            self._event_depth = 2
        elif self.seen_list and not space and name in FIELDS and not self._event_depth:
            self._event_depth = len(self._path)

    def end(self, element: Element) -> RawEvent | None:
        """An element ends; its event, if it is one. What was seen is dropped."""
        made = None
        if self._event_depth == len(self._path):
            self._event_depth = 0
            made = self._event(element)
        self._path.pop()
        if not self._event_depth:
            element.clear()
            if self._path:
                self._path[-1].remove(element)
        return made

    def _event(self, element: Element) -> RawEvent:
        if element.tag == _HEADER:
            return HEADER, _free(element), _NAMES
        self._found += 1
        if self._found > EVENTS_MAX:
            raise SourceError(
                "EventList", f"more than {EVENTS_MAX} events", f"事件超过 {EVENTS_MAX} 个"
            )
        name = str(element.tag)
        place = f"EventList/{name}[{self._found}]"
        try:
            return place, {"type": name, **_event(element)}, _NAMES
        except SourceError as exc:
            return place, {"type": name}, exc


def _stream(data: bytes) -> Iterator[RawEvent]:
    stream = _Stream()
    prolog = _EMPTY_DOCTYPE.sub(b"", data[:_PROLOG_BYTES], count=1)
    data = prolog + data[_PROLOG_BYTES:]
    for step, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
        if step == "start":
            stream.start(element)
            continue
        event = stream.end(element)
        if event is not None:
            yield event
    if not stream.seen_list:
        raise SourceError("EPCISBody", "holds no EventList", "没有 EventList")


def _check_root(space: str, name: str, root: Element) -> None:
    if name not in _ROOTS or space not in _NAMESPACES:
        found = short(space) or "-"
        raise SourceError(
            short(name),
            f"the root is no EPCISDocument of urn:epcglobal:epcis:xsd:2 (its name space: {found})",
            f"根元素不是 urn:epcglobal:epcis:xsd:2 的 EPCISDocument（命名空间：{found}）",
        )
    version = root.get("schemaVersion", "")
    if version not in ("1.2", "2", "2.0", "2.0.0", "2.0.1"):
        raise SourceError(
            "schemaVersion",
            f"is {short(version)!r}, only 1.2 and 2.0 are read",
            f"为“{short(version)}”，只接受 1.2 和 2.0",
        )


def _split(tag: object) -> tuple[str, str]:
    space, _, name = str(tag).rpartition("}")
    return space.lstrip("{"), name


def _key(tag: object) -> str:
    """The name of a field: bare for EPCIS's own, ``{space}local`` for an extension."""
    space, name = _split(tag)
    return f"{{{space}}}{name}" if space else name


def _event(element: Element) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for child in _flattened(element):
        name = _key(child.tag)
        value = _standard(name, child)
        if name == "certificationInfo" and name in made:
            earlier = made[name]
            made[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        elif name in made and not name.startswith("{"):
            raise SourceError(name, "stands twice", "重复出现")
        else:
            _add(made, name, value)
    return made


def _flattened(element: Element) -> Iterator[Element]:
    """Children, those of the wrappers that XML's versions need taken out of them."""
    for child in element:
        if child.tag in _WRAPPERS:
            yield from _flattened(child)
        else:
            yield child


def _standard(name: str, element: Element) -> Any:
    if name in _LISTS:
        return [_entry(child) for child in element if _listed(name, child)]
    if name in ("readPoint", "bizLocation", "persistentDisposition", "errorDeclaration"):
        return _fields(element)
    if name == "ilmd":
        made: dict[str, Any] = {}
        for child in _flattened(element):
            _add(made, _key(child.tag), _free(child))
        return made
    return _free(element) if name.startswith("{") else _text(element)


def _listed(name: str, child: Element) -> bool:
    if child.tag != _LISTS[name]:
        raise SourceError(
            name,
            f"holds {short(str(child.tag))}, not {_LISTS[name]}",
            f"含 {short(str(child.tag))}，应为 {_LISTS[name]}",
        )
    return True


def _entry(element: Element) -> Any:
    name = element.tag
    if name in ("epc", "correctiveEventID"):
        return _text(element)
    if name in _TYPED:
        made: dict[str, Any] = {_key(key): value for key, value in element.items()}
        made[str(name)] = _text(element)
        return made
    return _fields(element)


def _fields(element: Element) -> dict[str, Any]:
    """Attributes and children of an element of EPCIS as one table."""
    made: dict[str, Any] = {}
    for key, value in element.items():
        name = _key(key)
        made[name] = NumberText(value) if name in _NUMBERS else value
    for child in _flattened(element):
        name = _key(child.tag)
        if name in _LISTS:
            made[name] = _standard(name, child)
        elif name in ("sensorReport", "set", "unset"):
            made.setdefault(name, []).append(
                _fields(child) if name == "sensorReport" else _text(child)
            )
        elif name == "sensorMetadata":
            made[name] = _fields(child)
        elif name.startswith("{"):
            _add(made, name, _free(child))
        else:
            made[name] = NumberText(_text(child)) if name in _NUMBERS else _text(child)
    return made


def _free(element: Element) -> Any:
    """Content of an extension: a text, or a table of attributes and children."""
    text = _text(element)
    if not len(element) and not element.attrib:
        return text
    made: dict[str, Any] = {_key(key): value for key, value in element.items()}
    for child in element:
        _add(made, _key(child.tag), _free(child))
    if text:
        made["#text"] = text
    return made


def _add(made: dict[str, Any], name: str, value: Any) -> None:
    """Set a field; a name that stands again makes a list."""
    if name not in made:
        made[name] = value
    elif isinstance(made[name], list):
        made[name].append(value)
    else:
        made[name] = [made[name], value]


def _text(element: Element) -> str:
    return (element.text or "").strip()
