"""Addresses of Logix tags: ``Line.Speed``, ``Program:Main.Count``, ``Temps[3]``, ``Word.5:INT``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.adapters.drivers.endpoint import wrong_address
from xinlian.ingest.model.tags import Tag, ValueType

__all__ = ["CIP", "Point", "point"]

CIP: Final = {
    ValueType.BOOL: "BOOL", ValueType.INT8: "SINT", ValueType.UINT8: "USINT",
    ValueType.INT16: "INT", ValueType.UINT16: "UINT", ValueType.INT32: "DINT",
    ValueType.UINT32: "UDINT", ValueType.INT64: "LINT", ValueType.UINT64: "ULINT",
    ValueType.FLOAT32: "REAL", ValueType.FLOAT64: "LREAL",
}  # fmt: skip
NAME: Final = r"[A-Za-z_][A-Za-z0-9_]{0,39}(?:\[[0-9]{1,6}(?:,[0-9]{1,6}){0,2}\])?"
FORM: Final = re.compile(
    rf"((?:Program:[A-Za-z_][A-Za-z0-9_]{{0,39}}\.)?{NAME}(?:\.{NAME}){{0,7}})"
    r"(?:\.([0-9]{1,2}))?(?::([A-Z]{3,5}))?"
)


@dataclass(frozen=True, slots=True)
class Point:
    """Where a tag lies. ``name`` is what the library is asked for; ``base`` has no bit."""

    name: str
    base: str
    cip: str


def point(tag: Tag) -> Point:
    """The point of a tag; ``TagError``. The type in the controller is that of the tag unless the
    address names another; a bit lies in a DINT unless it does."""
    found = FORM.fullmatch(tag.address)
    if found is None or len(tag.address) > 255:
        raise wrong_address(
            tag.name, tag.address, "is not like Line.Speed, Temps[3] or Status.5:INT",
            "须形如 Line.Speed、Temps[3] 或 Status.5:INT",
        )  # fmt: skip
    base, bit, named = found.groups()
    cip = named or ("DINT" if bit else CIP[tag.type])
    if cip not in CIP.values():
        raise wrong_address(tag.name, tag.address, f"{cip} is no type", f"{cip} 不是数据类型")
    if bit and tag.type is not ValueType.BOOL:
        raise wrong_address(tag.name, tag.address, "a bit is a bool", "位地址的类型须为 bool")
    return Point(f"{base}.{bit}" if bit else base, base, cip)
