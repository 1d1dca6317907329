"""Payloads of Sparkplug B: protocol buffers, read and written within bounds.

Source: Eclipse Sparkplug Specification 3.0.0, chapter 6.4 (the schema ``Payload`` and its data
types) and the encoding of protocol buffers (wire types 0, 1, 2 and 5). Data sets, templates,
arrays, bytes and files are stepped over: no tag is made of them. The library of the field is not
used, so that a payload can never cost more than its own length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

__all__ = ["METRICS_MAX", "DataType", "Metric", "Payload", "PayloadError", "decode", "encode"]

METRICS_MAX: Final = 65_536
TEXT_MAX: Final = 4_096
PROPERTIES_MAX: Final = 64
UINT64: Final = (1 << 64) - 1

Value = int | float | bool | str | None


class PayloadError(ValueError):
    """The bytes are no payload."""


class DataType(IntEnum):
    """Data types of metrics that a tag can be made of, and text."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15


_SIGNED: Final = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
_LONG: Final = (DataType.INT64, DataType.UINT64, DataType.DATETIME)


@dataclass(slots=True)
class Metric:
    """One metric. ``value`` is ``None`` where it is null or of a type that is stepped over."""

    name: str = ""
    alias: int | None = None
    timestamp_ms: int | None = None
    datatype: int = 0
    historical: bool = False
    null: bool = False
    value: Value = None
    skipped: bool = False
    quality: int | None = None
    """The property ``Quality``: 192 good, 500 stale, 0 bad."""


@dataclass(slots=True)
class Payload:
    """What a message holds."""

    timestamp_ms: int | None = None
    seq: int | None = None
    metrics: list[Metric] = field(default_factory=list)


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    for _ in range(10):
        if at >= len(data):
            raise PayloadError("a number is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & UINT64, at
        shift += 7
    raise PayloadError("a number has more than 10 bytes")


def _fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Field number, wire type, and number or bytes, of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if not 1 <= number < 1 << 29:
            raise PayloadError(f"field {number} cannot be")
        if wire == 0:
            value, at = _varint(data, at)
            yield number, wire, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise PayloadError(f"wire type {wire}")
        if size > len(data) - at:
            raise PayloadError("a field is cut off")
        yield number, wire, data[at : at + size]
        at += size


def _text(data: memoryview) -> str:
    if len(data) > TEXT_MAX:
        raise PayloadError(f"a text has more than {TEXT_MAX} bytes")
    try:
        return bytes(data).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise PayloadError("a text is not UTF-8") from exc


def _quality(data: memoryview) -> int | None:
    """The property ``Quality`` of a set, whose keys and values stand beside one another."""
    keys: list[memoryview] = []
    values: list[memoryview] = []
    for number, wire, value in _fields(data):
        if wire == 2 and isinstance(value, memoryview) and number in (1, 2):
            kept = keys if number == 1 else values
            if len(kept) < PROPERTIES_MAX:
                kept.append(value)
    for key, told in zip(keys, values, strict=False):
        if bytes(key) == b"Quality":
            for number, wire, value in _fields(told):
                if number == 3 and wire == 0 and isinstance(value, int):
                    return value & 0xFFFFFFFF
    return None


def _metric(data: memoryview) -> Metric:
    made = Metric()
    for number, wire, value in _fields(data):
        if isinstance(value, int):
            _number(made, number, value)
        elif wire == 2:
            if number == 1:
                made.name = _text(value)
            elif number == 9:
                made.quality = _quality(value)
            elif number == 15:
                made.value, made.skipped = _text(value), False
            elif number >= 16:
                made.value, made.skipped = None, True
        elif number == 12 and wire == 5:
            made.value, made.skipped = struct.unpack("<f", value)[0], False
        elif number == 13 and wire == 1:
            made.value, made.skipped = struct.unpack("<d", value)[0], False
    return made


def _number(made: Metric, number: int, value: int) -> None:
    match number:
        case 2:
            made.alias = value
        case 3:
            made.timestamp_ms = value
        case 4:
            made.datatype = value & 0xFFFFFFFF
        case 5:
            made.historical = bool(value)
        case 7:
            made.null = bool(value)
        case 10:
            made.value, made.skipped = value & 0xFFFFFFFF, False
        case 11:
            made.value, made.skipped = value, False
        case 14:
            made.value, made.skipped = bool(value), False


def signed(value: Value, datatype: int) -> Value:
    """Signed integers travel in unsigned fields, as two's complement of their own width."""
    try:
        bits = _SIGNED.get(DataType(datatype), 0)
    except ValueError:
        return value
    if not bits or not isinstance(value, int) or isinstance(value, bool):
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def decode(data: bytes) -> Payload:
    """A payload; ``PayloadError``. Values are as on the wire: see ``signed``."""
    made = Payload()
    for number, wire, value in _fields(memoryview(data)):
        if wire == 0 and isinstance(value, int):
            if number == 1:
                made.timestamp_ms = value
            elif number == 3:
                made.seq = value
        elif number == 2 and wire == 2 and isinstance(value, memoryview):
            if len(made.metrics) >= METRICS_MAX:
                raise PayloadError(f"more than {METRICS_MAX} metrics")
            made.metrics.append(_metric(value))
    return made


# Writing.


def _put_varint(value: int) -> bytes:
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _put(number: int, value: int) -> bytes:
    return _put_varint(number << 3) + _put_varint(value)


def _put_bytes(number: int, data: bytes) -> bytes:
    return _put_varint(number << 3 | 2) + _put_varint(len(data)) + data


def _put_metric(metric: Metric) -> bytes:
    made = bytearray()
    if metric.name:
        made += _put_bytes(1, metric.name.encode())
    for number, given in ((2, metric.alias), (3, metric.timestamp_ms)):
        if given is not None:
            made += _put(number, given)
    if metric.datatype:
        made += _put(4, metric.datatype)
    if metric.historical:
        made += _put(5, 1)
    value, kind = metric.value, metric.datatype
    if metric.null or value is None:
        return bytes(made + _put(7, 1))
    if isinstance(value, str):
        return bytes(made + _put_bytes(15, value.encode()))
    if kind == DataType.FLOAT:
        return bytes(made + _put_varint(12 << 3 | 5) + struct.pack("<f", value))
    if kind == DataType.DOUBLE:
        return bytes(made + _put_varint(13 << 3 | 1) + struct.pack("<d", value))
    if kind == DataType.BOOLEAN:
        return bytes(made + _put(14, 1 if value else 0))
    if kind in _LONG:
        return bytes(made + _put(11, int(value) & UINT64))
    return bytes(made + _put(10, int(value) & 0xFFFFFFFF))


def encode(payload: Payload) -> bytes:
    """The bytes of a payload."""
    made = bytearray()
    if payload.timestamp_ms is not None:
        made += _put(1, payload.timestamp_ms)
    for metric in payload.metrics:
        made += _put_bytes(2, _put_metric(metric))
    if payload.seq is not None:
        made += _put(3, payload.seq)
    return bytes(made)
