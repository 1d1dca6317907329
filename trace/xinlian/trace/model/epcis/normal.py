"""Brings an EPCIS event to its document form, checking it against the standard on the way.

The document has the JSON structure of EPCIS 2.0 with expanded names: extensions as
``{name space}local``, CBV words as web vocabulary URIs, numbers as the decimal texts of the source.
"""

from __future__ import annotations

import re
from typing import Any, Final

from xinlian.trace.model.epcis.names import Names
from xinlian.trace.model.epcis.sensors import sensor_elements
from xinlian.trace.model.epcis.shape import ACTIONS, Kind, allowed
from xinlian.trace.model.epcis.times import LAST_MS, stamp_ms
from xinlian.trace.model.epcis.values import (
    Reader,
    as_list,
    as_table,
    as_text,
    as_uri,
    decimal_text,
    free,
    table_of,
    time_text,
    word,
)
from xinlian.trace.model.epcis.vocabulary import (
    BIZ_STEPS,
    CBV,
    DISPOSITIONS,
    ERROR_REASONS,
    PARTY_TYPES,
    TRANSACTION_TYPES,
)
from xinlian.trace.model.epcis.whole import check_whole
from xinlian.trace.model.sources import SourceError, short

__all__ = ["normal_event"]

_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)", re.ASCII)
_UOM = re.compile(r"[A-Z0-9]{2,3}", re.ASCII)
EPCS_MAX: Final = 100_000
_IGNORED: Final = frozenset({"type", "@context", "isA"})


def normal_event(raw: object, names: Names) -> dict[str, Any]:
    """The document of an event; raises ``SourceError`` naming the place within the event."""
    event = as_table(raw, "")
    kind = event.get("type", event.get("isA"))
    fields = allowed(kind) if isinstance(kind, str) else None
    if fields is None or not isinstance(kind, str):
        raise SourceError(
            "type",
            f"{short(str(kind))!r} is no type of event of EPCIS 2.0",
            f"“{short(str(kind))}”不是 EPCIS 2.0 的事件类型",
        )
    made: dict[str, Any] = {"type": kind}
    for name, value in event.items():
        if name in _IGNORED:
            continue
        field = fields.get(name)
        if field is None:
            made[names.field(name, name)] = free(value, names, name)
        elif value is not None:
            made[name] = _field(field, value, names, name)
    check_whole(made)
    return made


def _field(kind: Kind, value: object, names: Names, path: str) -> Any:  # noqa: C901 a table of cases
    match kind:
        case Kind.TIME:
            return _event_time(value, path)
        case Kind.OFFSET:
            return _offset(value, path)
        case Kind.URI:
            return as_uri(value, names, path)
        case Kind.URIS:
            return _uris(value, names, path)
        case Kind.URI_OR_URIS:
            return _uris(value if isinstance(value, list) else [value], names, path)
        case Kind.QUANTITIES:
            listed = as_list(value, path, EPCS_MAX)
            return [
                table_of(item, names, f"{path}[{i}]", _QUANTITY, "epcClass")
                for i, item in enumerate(listed)
            ]
        case Kind.ACTION:
            return _action(value, path)
        case Kind.BIZ_STEP:
            return word(value, names, BIZ_STEPS, CBV + "BizStep-", path)
        case Kind.DISPOSITION:
            return word(value, names, DISPOSITIONS, CBV + "Disp-", path)
        case Kind.PERSISTENT:
            return table_of(value, names, path, _PERSISTENT)
        case Kind.PLACE:
            return _place(value, names, path)
        case Kind.TRANSACTIONS:
            return _pairs(value, names, path, "bizTransaction", TRANSACTION_TYPES, CBV + "BTT-")
        case Kind.SOURCES:
            return _pairs(value, names, path, "source", PARTY_TYPES, CBV + "SDT-")
        case Kind.DESTINATIONS:
            return _pairs(value, names, path, "destination", PARTY_TYPES, CBV + "SDT-")
        case Kind.SENSORS:
            return sensor_elements(value, names, path)
        case Kind.FREE:
            return free(as_table(value, path), names, path)
        case Kind.ERROR:
            return table_of(value, names, path, _ERROR, "declarationTime")


def _event_time(value: object, path: str) -> str:
    text = time_text(value, path)
    ms = stamp_ms(text)
    if ms is None or not 0 <= ms < LAST_MS:
        raise SourceError(
            path,
            f"{short(text)} lies outside the years 1970 to 2099",
            f"{short(text)} 不在 1970 至 2099 年之间",
        )
    return text


def _offset(value: object, path: str) -> str:
    text = as_text(value, path)
    if _OFFSET.fullmatch(text) is None:
        raise SourceError(
            path,
            f"{short(text)!r} is no offset such as +08:00",
            f"“{short(text)}”不是 +08:00 形式的时区偏移",
        )
    return text


def _action(value: object, path: str) -> str:
    text = as_text(value, path)
    if text not in ACTIONS:
        raise SourceError(
            path,
            f"{short(text)!r} is none of ADD, OBSERVE, DELETE",
            f"“{short(text)}”不是 ADD、OBSERVE、DELETE 之一",
        )
    return text


def _uris(value: object, names: Names, path: str) -> list[str]:
    listed = as_list(value, path, EPCS_MAX)
    made = [as_uri(item, names, f"{path}[{i}]") for i, item in enumerate(listed)]
    if len(set(made)) != len(made):
        double = next(text for i, text in enumerate(made) if text in made[:i])
        raise SourceError(path, f"{short(double)} stands twice", f"{short(double)} 重复出现")
    return made


def _amount(value: object, _: Names, path: str) -> str:
    return decimal_text(value, path, positive=True)


def _unit(value: object, _: Names, path: str) -> str:
    text = as_text(value, path)
    if _UOM.fullmatch(text) is None:
        raise SourceError(
            path,
            f"{short(text)!r} is no unit code of UN/ECE recommendation 20",
            f"“{short(text)}”不是 UN/ECE 第 20 号建议书的单位代码",
        )
    return text


def _dispositions(value: object, names: Names, path: str) -> list[str]:
    return [
        word(entry, names, DISPOSITIONS, CBV + "Disp-", f"{path}[{i}]")
        for i, entry in enumerate(as_list(value, path, 100))
    ]


def _place(value: object, names: Names, path: str) -> dict[str, Any]:
    if isinstance(value, str):
        return {"id": as_uri(value, names, path)}
    return table_of(value, names, path, _PLACE, "id")


def _pairs(
    value: object, names: Names, path: str, inner: str, words: frozenset[str], space: str
) -> list[dict[str, Any]]:
    def kind(item: object, names: Names, place: str) -> str:
        return word(item, names, words, space, place)

    needed = (inner,) if inner == "bizTransaction" else ("type", inner)
    known: dict[str, Reader] = {"type": kind, inner: as_uri}
    return [
        table_of(entry, names, f"{path}[{index}]", known, *needed)
        for index, entry in enumerate(as_list(value, path, 10_000))
    ]


def _declared(value: object, _: Names, path: str) -> str:
    return _event_time(value, path)


def _reason(value: object, names: Names, path: str) -> str:
    return word(value, names, ERROR_REASONS, CBV + "ER-", path)


_QUANTITY: Final[dict[str, Reader]] = {"epcClass": as_uri, "quantity": _amount, "uom": _unit}
_PERSISTENT: Final[dict[str, Reader]] = {"set": _dispositions, "unset": _dispositions}
_PLACE: Final[dict[str, Reader]] = {"id": as_uri}
_ERROR: Final[dict[str, Reader]] = {
    "declarationTime": _declared,
    "reason": _reason,
    "correctiveEventIDs": _uris,
}
