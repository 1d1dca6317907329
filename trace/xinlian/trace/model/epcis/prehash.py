"""Event hash ids of CBV 2.0 (section 8.9): the pre-hash string of an event and its SHA-256.

Works on the document form of ``normal``: expanded names and numbers as text. Beside the standard
the algorithm's published reference data decide: lists of business transactions, sources and
destinations follow the sensor data, in the order of the strings made of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from xinlian.trace.model.codes.gs1 import canonical_uri
from xinlian.trace.model.epcis.times import stamp_ms, stamp_of
from xinlian.trace.model.epcis.vocabulary import web_form

__all__ = ["event_hash_id", "prehash"]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_NUMBER_CHARS_MAX: Final = 40
_ORDER: Final = (
    "eventTime",
    "eventTimeZoneOffset",
    "certificationInfo",
    "parentID",
    "epcList",
    "inputEPCList",
    "childEPCs",
    "quantityList",
    "childQuantityList",
    "inputQuantityList",
    "outputEPCList",
    "outputQuantityList",
    "action",
    "transformationID",
    "bizStep",
    "disposition",
    "persistentDisposition",
    "readPoint",
    "bizLocation",
    "sensorElementList",
)
_EPC_LISTS: Final = frozenset({"epcList", "inputEPCList", "childEPCs", "outputEPCList"})
_PAIR_LISTS: Final = {
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}
_QUANTITY_ORDER: Final = ("epcClass", "quantity", "uom")
_METADATA_ORDER: Final = (
    "time",
    "startTime",
    "endTime",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "bizRules",
)
_REPORT_ORDER: Final = (
    "type",
    "exception",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "time",
    "microorganism",
    "chemicalSubstance",
    "value",
    "component",
    "stringValue",
    "booleanValue",
    "hexBinaryValue",
    "uriValue",
    "minValue",
    "maxValue",
    "meanValue",
    "sDev",
    "percRank",
    "percValue",
    "uom",
    "coordinateReferenceSystem",
)
_LEFT_OUT: Final = frozenset({"type", "recordTime", "eventID", "errorDeclaration", *_ORDER})
_COMMENTS: Final = frozenset(
    {"rdfs:comment", "comment", "{http://www.w3.org/2000/01/rdf-schema#}comment"}
)


def event_hash_id(document: Mapping[str, Any]) -> str:
    """``ni:///sha-256;…?ver=CBV2.0`` of an event's document."""
    digest = hashlib.sha256(prehash(document).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def prehash(document: Mapping[str, Any]) -> str:
    """The pre-hash string of an event's document.

    Record time, event id and an error declaration take no part, so that an event and its
    withdrawal have the same hash id.
    """
    parts = [f"eventType={document['type']}"]
    parts += [_standard(name, document[name]) for name in _ORDER if name in document]
    tail = [_tail(name, value) for name, value in document.items() if name not in _LEFT_OUT]
    return "".join(parts) + "".join(sorted(text for part in tail for text in part))


def _standard(name: str, value: Any) -> str:
    if name in _EPC_LISTS:
        return _list(name, (f"epc={_canonical(epc)}" for epc in value))
    if name.endswith("QuantityList") or name == "quantityList":
        made = (_ordered(element, _QUANTITY_ORDER) for element in value)
        return _list(name, (f"quantityElement{text}" for text in made if text))
    if name == "sensorElementList":
        return _list(name, (f"sensorElement{_sensor(element)}" for element in value))
    if name == "persistentDisposition":
        inner = _ordered(value, ("set", "unset"))
    elif name in ("readPoint", "bizLocation"):
        inner = _ordered(value, ("id",))
    else:
        return _leaf(name, value)
    return name + inner if inner else ""


def _list(name: str, texts: Iterable[str]) -> str:
    made = "".join(sorted(texts))
    return name + made if made else ""


def _sensor(element: Mapping[str, Any]) -> str:
    made = ""
    if "sensorMetadata" in element:
        inner = _ordered(element["sensorMetadata"], _METADATA_ORDER)
        made += f"sensorMetadata{inner}" if inner else ""
    reports = (_ordered(report, _REPORT_ORDER) for report in element.get("sensorReport", ()))
    made += "".join(sorted(f"sensorReport{text}" for text in reports if text))
    return made + _extensions(element)


def _ordered(element: Mapping[str, Any], order: tuple[str, ...]) -> str:
    made = "".join(_leaf(name, element[name]) for name in order if name in element)
    return made + _extensions(element)


def _leaf(name: str, value: Any) -> str:
    """``name=value`` of a text, or of each of a list in the order of the strings made of them."""
    if isinstance(value, list):
        return "".join(sorted(_leaf(name, item) for item in value))
    lower = name.lower()
    text = str(value).strip()
    if "time" in lower and "offset" not in lower:
        ms = stamp_ms(text)
        text = text if ms is None else stamp_of(ms)
    else:
        text = _canonical(text)
    return f"{name}={text}" if text else ""


def _extensions(element: Mapping[str, Any]) -> str:
    """Extensions within an element, which stand behind its own fields."""
    found = [_tail(name, value) for name, value in element.items() if name.startswith("{")]
    return "".join(sorted(text for part in found for text in part))


def _tail(name: str, value: Any) -> list[str]:
    """The strings of a field that the order does not name: one for each of its values."""
    if name in _COMMENTS:
        return []
    if name in _PAIR_LISTS:
        pair = ("type", _PAIR_LISTS[name])
        return [_list(name, (_ordered(element, pair) for element in value))]
    if isinstance(value, list):
        return [text for item in value for text in _tail(name, item)]
    if isinstance(value, Mapping):
        inner = [_tail(key, item) for key, item in value.items() if key != "#text"]
        text = str(value.get("#text", "")).strip()
        own = f"={_canonical(text)}" if text else ""
        return [name + own + "".join(sorted(text for part in inner for text in part))]
    text = str(value).strip()
    return [f"{name}={_canonical(text)}" if text else name]


@lru_cache(maxsize=16_384)
def _canonical(text: str) -> str:
    """A value in its canonical form: web vocabulary, plain number, canonical Digital Link."""
    text = web_form(text)
    if text[:1] in "+-.0123456789" and _NUMBER.fullmatch(text) and len(text) <= _NUMBER_CHARS_MAX:
        return _plain_number(text)
    return canonical_uri(text) or text


def _plain_number(text: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value:
        return "0"
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
