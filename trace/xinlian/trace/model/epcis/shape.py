"""What an EPCIS 2.0 event may hold, by type: names of fields and their kinds."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

__all__ = [
    "ACTIONS",
    "FIELDS",
    "METADATA_FIELDS",
    "NUMBER_FIELDS",
    "REPORT_FIELDS",
    "Kind",
    "allowed",
]


class Kind(Enum):
    """Kinds of fields."""

    TIME = auto()
    OFFSET = auto()
    URI = auto()
    URIS = auto()
    URI_OR_URIS = auto()
    QUANTITIES = auto()
    ACTION = auto()
    BIZ_STEP = auto()
    DISPOSITION = auto()
    PERSISTENT = auto()
    PLACE = auto()
    TRANSACTIONS = auto()
    SOURCES = auto()
    DESTINATIONS = auto()
    SENSORS = auto()
    FREE = auto()
    ERROR = auto()


ACTIONS: Final = ("ADD", "OBSERVE", "DELETE")
_COMMON: Final = {
    "eventTime": Kind.TIME,
    "recordTime": Kind.TIME,
    "eventTimeZoneOffset": Kind.OFFSET,
    "eventID": Kind.URI,
    "certificationInfo": Kind.URI_OR_URIS,
    "bizStep": Kind.BIZ_STEP,
    "disposition": Kind.DISPOSITION,
    "persistentDisposition": Kind.PERSISTENT,
    "readPoint": Kind.PLACE,
    "bizLocation": Kind.PLACE,
    "bizTransactionList": Kind.TRANSACTIONS,
    "sourceList": Kind.SOURCES,
    "destinationList": Kind.DESTINATIONS,
    "sensorElementList": Kind.SENSORS,
    "errorDeclaration": Kind.ERROR,
}
_WHOLE: Final = {
    "parentID": Kind.URI,
    "childEPCs": Kind.URIS,
    "childQuantityList": Kind.QUANTITIES,
    "action": Kind.ACTION,
}
FIELDS: Final = {
    "ObjectEvent": _COMMON
    | {
        "epcList": Kind.URIS,
        "quantityList": Kind.QUANTITIES,
        "action": Kind.ACTION,
        "ilmd": Kind.FREE,
    },
    "AggregationEvent": _COMMON | _WHOLE,
    "AssociationEvent": _COMMON | _WHOLE,
    "TransactionEvent": _COMMON
    | {
        "parentID": Kind.URI,
        "epcList": Kind.URIS,
        "quantityList": Kind.QUANTITIES,
        "action": Kind.ACTION,
    },
    "TransformationEvent": _COMMON
    | {
        "inputEPCList": Kind.URIS,
        "outputEPCList": Kind.URIS,
        "inputQuantityList": Kind.QUANTITIES,
        "outputQuantityList": Kind.QUANTITIES,
        "transformationID": Kind.URI,
        "ilmd": Kind.FREE,
    },
}
"""Fields by type of event, all others being extensions with a name space."""

NUMBER_FIELDS: Final = frozenset(
    {"value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"}
)
_URI_FIELDS: Final = (
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "microorganism",
    "chemicalSubstance",
    "uriValue",
    "coordinateReferenceSystem",
    "bizRules",
)
METADATA_FIELDS: Final = frozenset(
    {"time", "startTime", "endTime", *_URI_FIELDS[:4], "bizRules", "dataProcessingMethod"}
)
REPORT_FIELDS: Final = frozenset(
    {
        "type",
        "exception",
        "time",
        "component",
        "stringValue",
        "booleanValue",
        "hexBinaryValue",
        "uom",
        *_URI_FIELDS[:-1],
        *NUMBER_FIELDS,
    }
)


def allowed(event_type: str) -> dict[str, Kind] | None:
    """The fields of a type of event, or None if there is no such type."""
    return FIELDS.get(event_type)
