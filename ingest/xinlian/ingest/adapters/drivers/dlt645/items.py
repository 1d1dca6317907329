"""Data identifiers as addresses of tags: ``00010000``, ``0201FF00#2``, ``04000B01:2.0``.

The identifier is written as in the standard, DI3 first. ``#n`` is the n-th item (from 1) of a data
block; tags of the same block are read with one request. ``:bytes.decimals`` and an ``s`` for a
sign give the format of what the table below does not hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.adapters.drivers.dlt645.codec import bcd
from xinlian.ingest.adapters.drivers.endpoint import wrong_address
from xinlian.ingest.model.tags import Access, Tag

__all__ = ["Item", "item"]

FORM: Final = re.compile(r"([0-9A-Fa-f]{8})(?:#([0-9]{1,2}))?(?::([1-8])\.([0-9]{1,2})(s?))?")
FORMATS: Final = (
    (re.compile(r"00(00|03|04)...."), 4, 2, True),
    (re.compile(r"00......"), 4, 2, False),
    (re.compile(r"0201...."), 2, 1, False),
    (re.compile(r"0202...."), 3, 3, True),
    (re.compile(r"020[34]...."), 3, 4, True),
    (re.compile(r"0205...."), 3, 4, False),
    (re.compile(r"0206...."), 2, 3, True),
    (re.compile(r"0207...."), 2, 1, False),
    (re.compile(r"020[89]...."), 2, 2, False),
    (re.compile(r"020[AB]...."), 2, 2, False),
    (re.compile(r"02800001"), 3, 3, False),
    (re.compile(r"02800002"), 2, 2, False),
    (re.compile(r"0280000[3456]"), 3, 4, False),
    (re.compile(r"02800007"), 2, 1, True),
    (re.compile(r"0280000[89]"), 2, 2, False),
    (re.compile(r"0280000A"), 4, 0, False),
)
"""Annex A, tables A.1 and A.3: identifier, bytes, decimals, sign. Energy XXXXXX.XX kWh, voltage
XXX.X V, current XXX.XXX A, power XX.XXXX kW, power factor X.XXX, angle XXX.X, distortion XX.XX %,
frequency XX.XX Hz, temperature XXX.X, battery voltage XX.XX V, battery minutes."""


@dataclass(frozen=True, slots=True)
class Item:
    """Where a tag lies and how it is written."""

    identifier: str
    number: int
    """0 for the whole answer, else the place in a block."""
    size: int
    decimals: int
    signed: bool

    @property
    def wire(self) -> bytes:
        """The identifier as sent."""
        return bytes.fromhex(self.identifier)[::-1]

    def raw(self, data: bytes, *, floating: bool) -> int | float:
        """The value in the data after the identifier: the digits as an integer, or with the
        decimals applied for a floating tag. ``IndexError`` where a block is shorter,
        ``ValueError`` for what are no digits."""
        start = max(self.number - 1, 0) * self.size
        part = data[start : start + self.size]
        if len(part) < self.size:
            raise IndexError(f"{self.identifier} has no item {self.number}")
        if self.number == 0 and len(data) != self.size:
            raise ValueError(f"{self.identifier} has {len(data)} bytes, not {self.size}")
        value = bcd(part, signed=self.signed)
        return value / 10**self.decimals if floating else value


def item(tag: Tag) -> Item:
    """The item of a tag; ``TagError``."""
    found = FORM.fullmatch(tag.address)
    if found is None:
        raise wrong_address(
            tag.name, tag.address, "is not like 00010000, 0201FF00#1 or 04000B01:2.0",
            "须形如 00010000、0201FF00#1 或 04000B01:2.0",
        )  # fmt: skip
    if tag.access is Access.READ_WRITE:
        raise wrong_address(tag.name, tag.address, "a meter is only read", "电表只读")
    identifier = found[1].upper()
    number = int(found[2] or 0)
    if found[3]:
        return Item(identifier, number, int(found[3]), int(found[4]), bool(found[5]))
    for form, size, decimals, signed in FORMATS:
        if form.fullmatch(identifier):
            if number == 0 and "FF" in (identifier[2:4], identifier[4:6], identifier[6:]):
                break
            return Item(identifier, number, size, decimals, signed)
    raise wrong_address(
        tag.name, tag.address,
        "needs its format (:bytes.decimals), or for a block the number of the item (#1)",
        "须注明格式（:字节数.小数位），数据块须注明项号（#1）",
    )  # fmt: skip
