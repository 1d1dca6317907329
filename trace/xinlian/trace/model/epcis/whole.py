"""What the standard demands of a type of event beyond its single fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xinlian.trace.model.sources import SourceError

__all__ = ["check_whole"]

_INPUTS: Final = ("inputEPCList", "inputQuantityList")
_OUTPUTS: Final = ("outputEPCList", "outputQuantityList")
_CHILDREN: Final = ("childEPCs", "childQuantityList")
_NEEDED: Final = {
    "ObjectEvent": ("action",),
    "AggregationEvent": ("action",),
    "AssociationEvent": ("action", "parentID"),
    "TransactionEvent": ("action", "bizTransactionList"),
    "TransformationEvent": (),
}


def check_whole(event: Mapping[str, Any]) -> None:
    """Raise ``SourceError`` for a field or one of a group of fields that is missing."""
    needed = ("eventTime", "eventTimeZoneOffset", *_NEEDED[event["type"]])
    # Only an observation may leave out in what the children are.
    if event["type"] == "AggregationEvent" and event.get("action") != "OBSERVE":
        needed += ("parentID",)
    for name in needed:
        if not event.get(name):
            raise SourceError(name, "is missing", "缺失")
    for group in _groups(event):
        if not any(event.get(name) for name in group):
            raise SourceError(
                group[0],
                f"one of {', '.join(group)} must list something",
                f"{'、'.join(group)} 中至少一项须有内容",
            )


def _groups(event: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    match event["type"]:
        case "ObjectEvent":
            return (("epcList", "quantityList", "sensorElementList"),)
        case "AggregationEvent" | "AssociationEvent":
            # Without children a DELETE means all of them.
            return () if event.get("action") == "DELETE" else (_CHILDREN,)
        case "TransactionEvent":
            return (("epcList", "quantityList", "parentID"),)
        case _:
            joined = "transformationID" in event
            return ((*_INPUTS, *_OUTPUTS),) if joined else (_INPUTS, _OUTPUTS)
