"""Sensor elements of an EPCIS event."""

from __future__ import annotations

import re
from typing import Any, Final

from xinlian.trace.model.epcis.names import Names
from xinlian.trace.model.epcis.shape import NUMBER_FIELDS, REPORT_FIELDS, SENSOR_FIELDS
from xinlian.trace.model.epcis.values import (
    as_list,
    as_table,
    as_text,
    as_uri,
    decimal_text,
    free,
    time_text,
    word,
)
from xinlian.trace.model.epcis.vocabulary import CBV, COMPONENTS, EXCEPTIONS, GS1, MEASUREMENTS
from xinlian.trace.model.sources import SourceError, short

__all__ = ["sensor_elements"]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*", re.ASCII)
_TIMES: Final = frozenset({"time", "startTime", "endTime"})
_TEXTS: Final = frozenset({"stringValue", "uom"})
ELEMENTS_MAX: Final = 10_000


def sensor_elements(value: object, names: Names, path: str) -> list[dict[str, Any]]:
    """The document form of ``sensorElementList``; raises ``SourceError``."""
    return [
        _element(item, names, f"{path}[{index}]")
        for index, item in enumerate(as_list(value, path, ELEMENTS_MAX))
    ]


def _element(value: object, names: Names, path: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, item in as_table(value, path).items():
        place = f"{path}.{name}"
        if name in ("type", "isA"):
            continue
        if name == "sensorMetadata":
            made[name] = _fields(item, names, place, SENSOR_FIELDS["sensorMetadata"])
        elif name == "sensorReport":
            reports = as_list(item, place, ELEMENTS_MAX)
            made[name] = [
                _fields(report, names, f"{place}[{i}]", REPORT_FIELDS)
                for i, report in enumerate(reports)
            ]
        else:
            made[names.field(name, place)] = free(item, names, place)
    if not made.get("sensorReport"):
        raise SourceError(f"{path}.sensorReport", "is missing", "缺失")
    return made


def _fields(value: object, names: Names, path: str, known: frozenset[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, item in as_table(value, path).items():
        place = f"{path}.{name}"
        if name not in known:
            made[names.field(name, place)] = free(item, names, place)
        elif name in _TIMES:
            made[name] = time_text(item, place)
        elif name in NUMBER_FIELDS:
            made[name] = decimal_text(item, place)
        elif name in _TEXTS:
            made[name] = as_text(item, place)
        elif name == "type":
            made[name] = word(item, names, MEASUREMENTS, GS1, place)
        elif name == "component":
            made[name] = word(item, names, COMPONENTS, CBV + "Comp-", place)
        elif name == "exception":
            made[name] = word(item, names, EXCEPTIONS, GS1, place)
        elif name == "booleanValue":
            made[name] = _boolean(item, place)
        elif name == "hexBinaryValue":
            made[name] = as_text(item, place)
            if _HEX.fullmatch(made[name]) is None:
                raise SourceError(place, f"{short(made[name])!r} is no hex", "不是十六进制")
        else:
            made[name] = as_uri(item, names, place)
    return made


def _boolean(value: object, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = as_text(value, path)
    if text not in ("true", "false"):
        raise SourceError(path, "must be true or false", "应为 true 或 false")
    return text
