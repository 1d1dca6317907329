"""Sensor elements of an EPCIS event."""

from __future__ import annotations

import re
from typing import Any, Final

from xinlian.trace.model.epcis.names import Names
from xinlian.trace.model.epcis.shape import METADATA_FIELDS, NUMBER_FIELDS, REPORT_FIELDS
from xinlian.trace.model.epcis.values import (
    Reader,
    as_list,
    as_table,
    as_text,
    as_uri,
    decimal_text,
    table_of,
    time_text,
    word,
)
from xinlian.trace.model.epcis.vocabulary import CBV, COMPONENTS, EXCEPTIONS, GS1, MEASUREMENTS
from xinlian.trace.model.sources import SourceError, short

__all__ = ["sensor_elements"]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*", re.ASCII)
ELEMENTS_MAX: Final = 10_000


def sensor_elements(value: object, names: Names, path: str) -> list[dict[str, Any]]:
    """The document form of ``sensorElementList``; raises ``SourceError``."""
    return [
        _element(item, names, f"{path}[{index}]")
        for index, item in enumerate(as_list(value, path, ELEMENTS_MAX))
    ]


def _element(value: object, names: Names, path: str) -> dict[str, Any]:
    table = as_table(value, path)
    bare = {name: item for name, item in table.items() if name not in ("type", "isA")}
    made = table_of(bare, names, path, _ELEMENT)
    if not made.get("sensorReport"):
        raise SourceError(f"{path}.sensorReport", "is missing", "缺失")
    return made


def _metadata(value: object, names: Names, path: str) -> dict[str, Any]:
    return table_of(value, names, path, _METADATA)


def _reports(value: object, names: Names, path: str) -> list[dict[str, Any]]:
    return [
        table_of(report, names, f"{path}[{i}]", _REPORT)
        for i, report in enumerate(as_list(value, path, ELEMENTS_MAX))
    ]


def _time(value: object, _: Names, path: str) -> str:
    return time_text(value, path)


def _number(value: object, _: Names, path: str) -> str:
    return decimal_text(value, path)


def _text(value: object, _: Names, path: str) -> str:
    return as_text(value, path)


def _kind(words: frozenset[str], space: str) -> Reader:
    return lambda value, names, path: word(value, names, words, space, path)


def _hex(value: object, _: Names, path: str) -> str:
    text = as_text(value, path)
    if _HEX.fullmatch(text) is None:
        raise SourceError(path, f"{short(text)!r} is no hex", "不是十六进制")
    return text


def _boolean(value: object, _: Names, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = as_text(value, path)
    if text not in ("true", "false"):
        raise SourceError(path, "must be true or false", "应为 true 或 false")
    return text


_READERS: Final[dict[str, Reader]] = {
    **dict.fromkeys(("time", "startTime", "endTime"), _time),
    **dict.fromkeys(NUMBER_FIELDS, _number),
    **dict.fromkeys(("stringValue", "uom"), _text),
    "type": _kind(MEASUREMENTS, GS1),
    "component": _kind(COMPONENTS, CBV + "Comp-"),
    "exception": _kind(EXCEPTIONS, GS1),
    "booleanValue": _boolean,
    "hexBinaryValue": _hex,
}
_METADATA: Final = {name: _READERS.get(name, as_uri) for name in METADATA_FIELDS}
_REPORT: Final = {name: _READERS.get(name, as_uri) for name in REPORT_FIELDS}
_ELEMENT: Final[dict[str, Reader]] = {"sensorMetadata": _metadata, "sensorReport": _reports}
