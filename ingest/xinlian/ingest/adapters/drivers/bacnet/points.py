"""Addresses of BACnet objects: ``analog-input:1``, ``bv:12``, ``analog-value:3.high-limit``.

Object type (or its usual two letters), instance, and a property where it is not the present value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.adapters.drivers.endpoint import wrong_address
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag

__all__ = ["PRESENT", "Point", "judge", "point"]

PRESENT: Final = "present-value"
SHORT: Final = {
    "ai": "analog-input", "ao": "analog-output", "av": "analog-value", "bi": "binary-input",
    "bo": "binary-output", "bv": "binary-value", "mi": "multi-state-input",
    "mo": "multi-state-output", "mv": "multi-state-value",
}  # fmt: skip
KINDS: Final = frozenset((
    *SHORT.values(), "accumulator", "pulse-converter", "integer-value", "positive-integer-value",
    "large-analog-value", "loop", "device",
))  # fmt: skip
FORM: Final = re.compile(r"([a-z-]{2,30}):([0-9]{1,7})(?:\.([a-z][a-z-]{2,60}))?")
INSTANCE_MAX: Final = 4_194_302
SENSOR: Final = frozenset((1, 4, 5))
"""Reliability (clause 21): no sensor, open loop, shorted loop."""
RANGE: Final = frozenset((2, 3))
"""Over range, under range."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a tag lies."""

    kind: str
    instance: int
    member: str

    @property
    def objid(self) -> str:
        """As the library writes it."""
        return f"{self.kind},{self.instance}"


def point(tag: Tag) -> Point:
    """The point of a tag; ``TagError``."""
    found = FORM.fullmatch(tag.address)
    kind = SHORT.get(found[1], found[1]) if found else ""
    if found is None or kind not in KINDS or int(found[2]) > INSTANCE_MAX:
        raise wrong_address(
            tag.name, tag.address, "is not like analog-input:1, bv:12 or av:3.high-limit",
            "须形如 analog-input:1、bv:12 或 av:3.high-limit",
        )  # fmt: skip
    member = found[3] or PRESENT
    if tag.access is Access.READ_WRITE and (member != PRESENT or kind.endswith("-input")):
        raise wrong_address(
            tag.name, tag.address, "only present values of outputs and values are written",
            "仅输出与值对象的当前值可写",
        )  # fmt: skip
    return Point(kind, int(found[2]), member)


def judge(flags: tuple[bool, bool, bool, bool] | None, reliability: int | None) -> Quality:
    """What status flags (in alarm, fault, overridden, out of service) and reliability say of a
    present value (ASHRAE 135 clause 12)."""
    if reliability in SENSOR:
        return Quality.SENSOR
    if reliability in RANGE:
        return Quality.OUT_OF_RANGE
    if reliability:
        return Quality.BAD
    if flags is None:
        return Quality.GOOD
    _, fault, overridden, out_of_service = flags
    if fault:
        return Quality.BAD
    return Quality.UNCERTAIN if overridden or out_of_service else Quality.GOOD
