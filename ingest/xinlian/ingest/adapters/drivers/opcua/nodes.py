# mypy: disable-error-code="attr-defined, arg-type"
# (asyncua exports names without saying so, and has types of its own for plain integers.)
"""Addresses, types and status codes of OPC UA.

Sources: OPC 10000-6, 5.3.1.10 (text of node ids: ``ns=2;s=Temp``, ``nsu=URI;i=5``); OPC 10000-4,
7.39 (status codes: the two highest bits are good, uncertain, bad).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from asyncua import ua
from xinlian.ingest.adapters.drivers.endpoint import wrong_address
from xinlian.ingest.adapters.drivers.reported import Told, judge_time, taken
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, ValueType

__all__ = ["TYPES", "Reading", "quality_of", "reading", "split_address"]

TYPES: Final = {
    ValueType.BOOL: ua.VariantType.Boolean, ValueType.INT8: ua.VariantType.SByte,
    ValueType.UINT8: ua.VariantType.Byte, ValueType.INT16: ua.VariantType.Int16,
    ValueType.UINT16: ua.VariantType.UInt16, ValueType.INT32: ua.VariantType.Int32,
    ValueType.UINT32: ua.VariantType.UInt32, ValueType.INT64: ua.VariantType.Int64,
    ValueType.UINT64: ua.VariantType.UInt64, ValueType.FLOAT32: ua.VariantType.Float,
    ValueType.FLOAT64: ua.VariantType.Double,
}  # fmt: skip
_CODES: Final = ua.StatusCodes
_BAD: Final = {
    _CODES.BadNodeIdUnknown: Quality.UNKNOWN_TAG,
    _CODES.BadNodeIdInvalid: Quality.UNKNOWN_TAG,
    _CODES.BadAttributeIdInvalid: Quality.UNKNOWN_TAG,
    _CODES.BadNoCommunication: Quality.NO_CONNECTION,
    _CODES.BadNotConnected: Quality.NO_CONNECTION,
    _CODES.BadWaitingForInitialData: Quality.NO_CONNECTION,
    _CODES.BadTimeout: Quality.TIMEOUT,
    _CODES.BadSensorFailure: Quality.SENSOR,
    _CODES.BadDeviceFailure: Quality.DEVICE_ERROR,
    _CODES.BadNotReadable: Quality.DEVICE_ERROR,
    _CODES.BadUserAccessDenied: Quality.DEVICE_ERROR,
    _CODES.BadConfigurationError: Quality.DEVICE_ERROR,
}
_OLDEST: Final = datetime(1971, 1, 1, tzinfo=UTC)

Reading = tuple[Told, int | None]
"""A value with its quality, and the source time in UTC microseconds."""


def split_address(tag: Tag) -> tuple[str, str]:
    """Namespace URI (empty where the address has an index) and node id; ``TagError``."""
    uri, text = "", tag.address.strip()
    if text.startswith("nsu="):
        uri, _, text = text[4:].partition(";")
        if not uri or text.startswith("ns="):
            text = ""
    try:
        ua.NodeId.from_string(text)
    except (ua.UaError, ValueError) as exc:
        raise wrong_address(
            tag.name, tag.address, "write it as ns=2;s=Temp, i=2258 or nsu=URI;s=Temp",
            "应写作 ns=2;s=Temp、i=2258 或 nsu=URI;s=Temp",
        ) from exc  # fmt: skip
    return uri, text


def quality_of(code: int) -> Quality:
    """The quality that a status code tells."""
    severity = code >> 30
    if severity == 0:
        return Quality.GOOD
    if severity == 1:
        return Quality.UNCERTAIN
    return _BAD.get(code & 0xFFFF0000, Quality.BAD)


def reading(tag: Tag, told: ua.DataValue) -> Reading:
    """What a server says of a tag."""
    quality = Quality.GOOD if told.StatusCode is None else quality_of(told.StatusCode.value)
    source_us, usable = _time(told.SourceTimestamp)
    if quality >= Quality.BAD:
        return (None, quality), source_us
    if not usable:
        return (None, Quality.CLOCK), None
    value: Any = None if told.Value is None else told.Value.Value
    made, judged = taken(tag, value)
    return (made, judged or quality), source_us


def _time(told: datetime | None) -> tuple[int | None, bool]:
    """Source time, and whether values with it can be used. On the wire all times are UTC."""
    if told is None:
        return None, True
    when = told.replace(tzinfo=UTC) if told.tzinfo is None else told
    if when < _OLDEST:  # servers without a clock send the beginning of their calendar
        return None, True
    source_us = judge_time(int(when.timestamp()) * 1_000_000 + when.microsecond, "us")
    return source_us, source_us is not None
