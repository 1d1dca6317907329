"""Tells what a scanned, typed or given text identifies, and its normal form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from xinlian.trace.model.codes.battery import is_battery_code, parse_battery_code
from xinlian.trace.model.codes.gs1 import (
    parse_digital_link,
    parse_element_string,
    parse_epc_urn,
)
from xinlian.trace.model.codes.gs1_keys import Gs1Key
from xinlian.trace.model.codes.text import CodeError, plain, refuse_look_alikes
from xinlian.trace.model.codes.vin import VIN_LENGTH, VinVerdict, judge_vin
from xinlian.trace.model.items import WORLD, Item, ItemId, ItemType, Scheme

__all__ = ["Identified", "identify"]

_UUID = re.compile(
    r"(?:urn:uuid:)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
    re.ASCII | re.IGNORECASE,
)
_VIN_URN = re.compile(r"urn:vin:(.+)", re.ASCII | re.IGNORECASE)
_URI = re.compile(r"[a-z][a-z0-9+.\-]{1,30}:[^\s]+", re.ASCII | re.IGNORECASE)
_HTTP = re.compile(r"https?://", re.ASCII | re.IGNORECASE)
_UNMARKED = re.compile(r"(?:00[0-9]{18}|01[0-9]{14}(?:21|10|235).+)", re.ASCII)
_GS1_TYPES: Final = {
    ("01", "21"): (ItemType.SERIAL, Scheme.SGTIN),
    ("01", "235"): (ItemType.SERIAL, Scheme.SGTIN),
    ("01", "10"): (ItemType.BATCH, Scheme.LGTIN),
    ("01", ""): (ItemType.BATCH, Scheme.LGTIN),
    ("00", ""): (ItemType.PACKAGE, Scheme.SSCC),
    ("414", ""): (ItemType.SERIAL, Scheme.GLN),
    ("414", "254"): (ItemType.SERIAL, Scheme.GLN),
    ("417", ""): (ItemType.SERIAL, Scheme.GLN),
    ("8010", "8011"): (ItemType.SERIAL, Scheme.CPI),
    ("8010", ""): (ItemType.BATCH, Scheme.CPI),
    ("8003", ""): (ItemType.PACKAGE, Scheme.URI),
}


@dataclass(frozen=True, slots=True)
class Identified:
    """What a text identifies. ``note`` says what a person should know of it (a check digit that is
    only advisory, a vehicle id that is no VIN); empty if all is plain.

    ``whole_class`` marks a trade item without lot or serial: all of its kind ever made.
    """

    id: ItemId
    scheme: Scheme
    scanned: str
    note: str = ""
    note_zh: str = ""
    whole_class: bool = False

    def item(
        self,
        *,
        name: str = "",
        maker: str = "",
        part_number: str = "",
        made_at_ms: int | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> Item:
        """The item with what else is known of it."""
        return Item(
            self.id,
            self.scanned,
            self.scheme,
            name,
            maker,
            part_number,
            made_at_ms,
            dict(attributes or {}),
        )


def identify(text: str, owner: int, hint: ItemType | None = None) -> Identified:
    """What ``text`` identifies. ``owner`` is the party in whose number space plain codes lie;
    ``hint`` is what the source says the thing is, which decides where the text leaves it open.

    Raises ``CodeError`` if the text deceives the eye (look-alike letters, invisible characters), or
    claims a form of GS1 and breaks its rules. A vehicle whose id is no VIN gets a vehicle id,
    with a note, if the source says that it is a vehicle.
    """
    made = plain(text)
    refuse_look_alikes(made)
    gs1 = _gs1(made)
    if gs1 is not None:
        return _of_gs1(gs1, text, hint)
    if "\x1d" in made:
        raise CodeError("a group separator stands in a code not of GS1", "非 GS1 编码中含分组符")
    match = _UUID.fullmatch(made)
    if match is not None:
        urn = f"urn:uuid:{match.group(1).lower()}"
        return Identified(_world(hint or ItemType.SERIAL, urn), Scheme.CATENA_X, text)
    match = _VIN_URN.fullmatch(made)
    if match is not None:
        return _of_vehicle(match.group(1), text, owner, sure=True)
    if hint is ItemType.VEHICLE or (hint is None and len(made) == VIN_LENGTH):
        return _of_vehicle(made, text, owner, sure=hint is not None)
    if hint in (None, ItemType.SERIAL) and is_battery_code(made):
        code = parse_battery_code(made).text
        return Identified(_world(ItemType.SERIAL, code), Scheme.BATTERY, text)
    if _URI.fullmatch(made) is not None:
        return Identified(_world(hint or ItemType.SERIAL, made), Scheme.URI, text)
    return Identified(ItemId(owner, hint or ItemType.SERIAL, made), Scheme.MAKER, text)


def _world(kind: ItemType, text: str) -> ItemId:
    return ItemId(WORLD, kind, text)


def _gs1(text: str) -> Gs1Key | None:
    if text.startswith(("urn:epc:id", "urn:epc:class:")):
        return parse_epc_urn(text)
    if text.startswith(("]", "(")):
        return parse_element_string(text)
    if _HTTP.match(text):
        try:
            return parse_digital_link(text)
        except CodeError:
            # Another web address, unless only the check digit is at fault.
            try:
                parse_digital_link(text, checked=False)
            except CodeError:
                return None
            raise
    if _UNMARKED.fullmatch(text):
        # Digits alone may be anything: a fitting check digit decides.
        try:
            return parse_element_string(text)
        except CodeError:
            return None
    return None


def _of_gs1(key: Gs1Key, text: str, hint: ItemType | None) -> Identified:
    qualifier = key.qualifier[0] if key.qualifier else ""
    kind, scheme = _GS1_TYPES.get((key.ai, qualifier), (ItemType.SERIAL, Scheme.URI))
    # An asset or component number may stand for a vehicle; a lot never stands for one thing.
    if hint is not None and kind is ItemType.SERIAL:
        kind = hint
    whole_class = not qualifier and key.ai in ("01", "8010")
    return Identified(_world(kind, key.uri), scheme, text, whole_class=whole_class)


def _of_vehicle(made: str, text: str, owner: int, *, sure: bool) -> Identified:
    vin = judge_vin(made)
    if vin.is_vin:
        return Identified(_world(ItemType.VEHICLE, vin.text), Scheme.VIN, text, vin.why, vin.why_zh)
    note, note_zh = f"no VIN: {vin.why}", f"不是 VIN：{vin.why_zh}"
    if sure:
        kind, scheme = ItemType.VEHICLE, Scheme.VEHICLE_ID
        if vin.verdict is VinVerdict.BAD_CHECK_DIGIT:
            made = vin.text
    else:
        kind, scheme = ItemType.SERIAL, Scheme.MAKER
    return Identified(ItemId(owner, kind, made), scheme, text, note, note_zh)
