"""What the aspects of Catena-X twins say: parts, batches, vehicles and links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from xinlian.trace.adapters.catenax.container import Aspect, Twin, uuid_of
from xinlian.trace.model.codes import CodeError, Identified, identify
from xinlian.trace.model.epcis.times import stamp_ms
from xinlian.trace.model.facts import Fact, Gap, GapKind
from xinlian.trace.model.items import WORLD, Item, ItemId, ItemType, Scheme
from xinlian.trace.model.json_text import dump_json
from xinlian.trace.model.links import Link, LinkKind
from xinlian.trace.model.sources import SourceError, short

__all__ = ["TwinReader"]

_PARTS: Final = {
    "SerialPartTypization": ItemType.SERIAL,
    "SerialPart": ItemType.SERIAL,
    "JustInSequencePart": ItemType.SERIAL,
    "Batch": ItemType.BATCH,
}
_DOWN: Final = {
    # aspect: name of the list, name of the child's id
    "AssemblyPartRelationship": ("childParts", "childCatenaXId"),
    "SingleLevelBomAsBuilt": ("childItems", "catenaXId"),
}
_UP: Final = {
    "SingleLevelUsageAsBuilt": (("parentParts", "parentCatenaXId"), ("parentItems", "catenaXId"))
}
_DESCRIBING: Final = frozenset({"PhysicalDimension", "ProductDescription", "TractionBatteryCode"})
_UNITS: Final = {
    "piece": "C62", "kilogram": "KGM", "gram": "GRM", "tonne": "TNE", "litre": "LTR",
    "cubicMetre": "MTQ", "metre": "MTR", "squareMetre": "MTK", "millilitre": "MLT",
    "linearMetre": "MTR", "kilowattHour": "KWH",
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_LOCAL_TIME = re.compile(r"[0-9-]{10}T[0-9:]{8}(?:\.[0-9]+)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
ATTRIBUTE_CHARS_MAX: Final = 2_000
LINKS_MAX: Final = 15_000


class TwinReader:
    """Reads the twins of one container; knows of each whether it is a vehicle, part or batch."""

    def __init__(self, twins: Iterable[Twin], owner: int) -> None:
        self._owner = owner
        self._ids: dict[str, Identified] = {}
        self._down: set[bytes] = set()
        for twin in twins:
            try:
                self._ids[twin.id] = self._identified(twin)
                for aspect in twin.aspects:
                    for child, _, _ in _children(aspect):
                        self._down.add(_pair(child, twin.id))
            except SourceError:
                # The twin's own row says so.
                self._ids.setdefault(twin.id, _bare(twin.id))

    def facts(self, twin: Twin) -> tuple[Fact, ...]:
        """The facts of a twin; raises ``SourceError`` naming the place in the twin."""
        found = self._identified(twin)
        item = self._item(twin, found)
        made: list[Fact] = [item]
        for aspect in twin.aspects:
            made += self._links(twin, aspect)
            if not _understood(aspect):
                what = f"{aspect.key[:200]} ({len(aspect.payloads)})"
                made.append(Gap(found.id, GapKind.UNKNOWN_ASPECT, what))
        if len(made) > LINKS_MAX:
            raise SourceError("", f"more than {LINKS_MAX} links", f"关联超过 {LINKS_MAX} 条")
        return tuple(made)

    def _identified(self, twin: Twin) -> Identified:
        """What the twin is. A vehicle whose number (van) is a VIN is known by it, as it is to other
        sources; everything else by its id, for other numbers are seen to stand for several twins.
        """
        for aspect in twin.aspects:
            kind = _PARTS.get(aspect.name)
            for payload in aspect.payloads if kind else ():
                local = _local_ids(payload, aspect)
                van = local.get("van")
                if van is not None:
                    kind = ItemType.VEHICLE
                    found = self._identify(van, kind, aspect)
                    if found.scheme is Scheme.VIN:
                        return found
                scanned = van or local.get("partInstanceId") or local.get("batchId") or twin.id
                made = self._identify(twin.id, kind, aspect)
                return Identified(made.id, made.scheme, scanned)
        return _bare(twin.id)

    def _identify(self, text: str, kind: ItemType | None, aspect: Aspect) -> Identified:
        try:
            return identify(text, self._owner, kind)
        except CodeError as exc:
            raise SourceError(aspect.path, exc.why, exc.why_zh) from exc

    def _item(self, twin: Twin, found: Identified) -> Item:
        known: dict[str, Any] = {}
        attributes: dict[str, str] = {}
        if found.id.id != twin.id:
            attributes["catenaXId"] = twin.id
        if twin.owner:
            attributes["bpnl"] = twin.owner
        for aspect in twin.aspects:
            for payload in aspect.payloads:
                if aspect.name in _PARTS:
                    known |= _part(payload, aspect, attributes)
                elif aspect.name in _DESCRIBING:
                    attributes |= dict(_flat(aspect.name, payload))
        return found.item(**known, attributes=attributes)

    def _links(self, twin: Twin, aspect: Aspect) -> Iterator[Link]:
        for child, entry, path in _children(aspect):
            yield self._link(child, twin.id, entry, path)
        for parent, entry, path in _parents(aspect):
            # The parent's own list of parts says it better, with the quantity that went in.
            if _pair(twin.id, parent) not in self._down:
                yield self._link(twin.id, parent, {**entry, "quantity": None}, path)

    def _link(self, child: str, parent: str, entry: dict[str, Any], path: str) -> Link:
        lower, upper = self._of(child), self._of(parent)
        if child == parent:
            raise SourceError(path, f"{child} would be a part of itself", f"{child} 不能包含自身")
        quantity, unit = _quantity(entry.get("quantity"), path)
        batch = lower.type is ItemType.BATCH
        return Link(
            lower,
            upper,
            LinkKind.CONSUMED if batch else LinkKind.ASSEMBLED,
            _time(entry.get("assembledOn") or entry.get("createdOn"), path),
            quantity=quantity,
            unit=unit,
        )

    def _of(self, twin_id: str) -> ItemId:
        return (self._ids.get(twin_id) or _bare(twin_id)).id


def _pair(child: str, parent: str) -> bytes:
    """Two ids of twins in 32 bytes: a container may have a million pairs."""
    return UUID(child).bytes + UUID(parent).bytes


def _bare(twin_id: str) -> Identified:
    return Identified(ItemId(WORLD, ItemType.SERIAL, twin_id), Scheme.CATENA_X, twin_id)


def _understood(aspect: Aspect) -> bool:
    return aspect.name in (*_PARTS, *_DOWN, *_UP, *_DESCRIBING)


def _children(aspect: Aspect) -> Iterator[tuple[str, dict[str, Any], str]]:
    if aspect.name in _DOWN:
        yield from _entries(aspect, *_DOWN[aspect.name])


def _parents(aspect: Aspect) -> Iterator[tuple[str, dict[str, Any], str]]:
    for names in _UP.get(aspect.name, ()):
        yield from _entries(aspect, *names)


def _entries(aspect: Aspect, listed: str, name: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    for payload in aspect.payloads:
        entries = _table(payload, aspect.path).get(listed, [])
        if not isinstance(entries, list):
            raise SourceError(f"{aspect.path}.{listed}", "must be a list", "应为列表")
        for index, entry in enumerate(entries):
            path = f"{aspect.path}.{listed}[{index}]"
            table = _table(entry, path)
            yield uuid_of(table.get(name), f"{path}.{name}"), table, path


def _table(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceError(path, "must be an object", "应为对象")
    return value


def _local_ids(payload: object, aspect: Aspect) -> dict[str, str]:
    listed = _table(payload, aspect.path).get("localIdentifiers", [])
    path = f"{aspect.path}.localIdentifiers"
    if not isinstance(listed, list):
        raise SourceError(path, "must be a list", "应为列表")
    made = {}
    for index, entry in enumerate(listed):
        table = _table(entry, f"{path}[{index}]")
        key, value = table.get("key"), table.get("value")
        if not isinstance(key, str) or not isinstance(value, str):
            raise SourceError(f"{path}[{index}]", "needs key and value", "缺少 key 或 value")
        # Older data write PartInstanceID, newer partInstanceId.
        name = key[:1].lower() + key[1:]
        made["partInstanceId" if name.lower() == "partinstanceid" else name] = value
    return made


def _part(payload: object, aspect: Aspect, attributes: dict[str, str]) -> dict[str, Any]:
    local = _local_ids(payload, aspect)
    table = _table(payload, aspect.path)
    kind = _table(table.get("partTypeInformation", {}), f"{aspect.path}.partTypeInformation")
    making_path = f"{aspect.path}.manufacturingInformation"
    making = _table(table.get("manufacturingInformation", {}), making_path)
    for name, value in local.items():
        if name not in ("manufacturerId", "manufacturerPartId"):
            attributes[name] = value[:ATTRIBUTE_CHARS_MAX]
    shown = {**kind, "country": making.get("country")}
    for name in ("classification", "customerPartId", "nameAtCustomer", "country"):
        if isinstance(shown.get(name), str):
            attributes[name] = shown[name][:ATTRIBUTE_CHARS_MAX]
    return {
        "name": _text(kind.get("nameAtManufacturer")),
        "maker": _text(local.get("manufacturerId")),
        "part_number": _text(kind.get("manufacturerPartId") or local.get("manufacturerPartId")),
        "made_at_ms": _time(making.get("date"), f"{making_path}.date"),
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(value: object, path: str) -> int | None:
    """Unix milliseconds. The aspects write UTC, also where they leave out the offset."""
    if value is None:
        return None
    text = str(value).strip()
    if _DATE.fullmatch(text):
        text += "T00:00:00"
    if _LOCAL_TIME.fullmatch(text):
        text += "Z"
    made = stamp_ms(text)
    if made is None:
        raise SourceError(path, f"{short(text)!r} is no time", f"“{short(text)}”不是时间")
    return made


def _quantity(value: object, path: str) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    table = _table(value, f"{path}.quantity")
    number = str(table.get("quantityNumber", table.get("value", ""))).strip()
    if _NUMBER.fullmatch(number) is None:
        raise SourceError(
            f"{path}.quantity", f"{short(number)!r} is no amount", f"“{short(number)}”不是数量"
        )
    unit = table.get("measurementUnit", table.get("unit", ""))
    if isinstance(unit, dict):
        unit = unit.get("lexicalValue", "")
    word = str(unit).removeprefix("unit:")
    return number, _UNITS.get(word, word) or None


def _flat(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The leaves of an aspect as texts by their dotted names; deeper parts as JSON."""
    if isinstance(value, dict) and depth < 4:
        for key, item in value.items():
            if key != "catenaXId":
                yield from _flat(f"{name}.{key}", item, depth + 1)
    elif value is not None:
        text = value if isinstance(value, str) else dump_json(value)
        yield name, str(text)[:ATTRIBUTE_CHARS_MAX]
