"""A plant from YAML: groups, tag tables, devices, and fleets of equal devices.

::

    party: 1
    groups:
      - {id: hall-1, window_s: 60, segment_ms: 1000}
    tables:
      - {name: press-own, version: "3", fixed: true, tags_file: press.csv}
    devices:
      - {id: meter-1, group: hall-1, class: power-meter, endpoint: {host: 10.0.0.7, unit: 1}}
      - {id: meter-2, group: hall-1, class: power-meter, endpoint: {host: 10.0.0.8, unit: 1},
         meter: {parent: meter-1, multiplier: "40", rollover_kwh: "1000000"}}
      - id: "press-{n:02}"
        series: {count: 20, first: 1}
        group: hall-1
        table: press-own
        driver: modbus-tcp
        endpoint: {host: 10.0.1.1, port: "{n+1500}"}

``{n}`` is the number within a fleet, ``{n:02}`` padded, ``{n+1500}`` moved; alone it is a number.
What is unknown is refused, with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from xinlian.ingest.adapters.files import marked_yaml
from xinlian.ingest.adapters.files.classes import load_class
from xinlian.ingest.adapters.files.fleets import HOLE, filled, plain
from xinlian.ingest.adapters.files.marked_yaml import Marked
from xinlian.ingest.adapters.files.metering import check_meters, meter_in
from xinlian.ingest.adapters.files.places import Place
from xinlian.ingest.adapters.files.tag_list import read_tags
from xinlian.ingest.adapters.files.units import check_unit
from xinlian.ingest.model.devices import DEVICES_MAX, Device, DeviceGroup, Plant
from xinlian.ingest.model.tags import Tag, TagError, TagTable
from xinlian.ingest.usecases.ports import Driver

__all__ = ["parse_plant", "read_plant"]

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_GROUP: Final = {"id": str, "window_s": int, "segment_ms": int}
_TABLE: Final = {"name": str, "version": str, "fixed": bool, "tags": list, "tags_file": str}
_DEVICE: Final[dict[str, type]] = {
    "id": str, "series": dict, "group": str, "class": str, "table": str, "tags": list,
    "tags_file": str, "driver": str, "endpoint": dict, "timeout_ms": int, "machine": str,
    "product_series": str, "calibration": str, "writable": bool, "key": bool, "meter": dict,
}  # fmt: skip
_WINDOW_S_MAX: Final = 1_800
"""A window and the segment that begins at its end stay within ``LATE_US`` of proofs."""
_SEGMENT_MS: Final = (100, 60_000)
_TIMEOUT_MS: Final = (10, 120_000)
_SOURCES: Final = ("class", "table", "tags", "tags_file")


def read_plant(path: Path, drivers: Callable[[str], Driver] | None = None) -> Plant:
    """The plant in a file; ``TagError`` says where it is wrong. With ``drivers``, endpoints and
    addresses are checked by them."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise TagError(f"{path} cannot be read: {exc}", f"{path} 无法读取：{exc}") from exc
    return parse_plant(text, path.name, path.parent, drivers)


def parse_plant(
    text: str, source: str, folder: Path, drivers: Callable[[str], Driver] | None = None
) -> Plant:
    """The plant in a text; tag lists are looked for in ``folder``."""
    return _Reader(Place(source), folder, drivers).plant(marked_yaml.parse(text, source))


class _Reader:
    def __init__(self, place: Place, folder: Path, drivers: Callable[[str], Driver] | None) -> None:
        self._place, self._folder, self._drivers = place, folder, drivers
        self._tables: dict[str, TagTable] = {}
        self._groups: dict[str, DeviceGroup] = {}
        self._shared: dict[tuple[int, str], TagTable] = {}

    def plant(self, top: Marked) -> Plant:
        place = self._place
        place.members(top, {"party": int, "groups": list, "tables": list, "devices": list},
                      1, "a plant")  # fmt: skip
        party = place.needed(top, "party", "a plant")
        if party < 1:
            raise place.refuse(top.lines["party"], "party is positive", "party 须为正数")
        for each in place.list(top, "groups"):
            self._group(each, top.lines["groups"])
        for each in place.list(top, "tables") if "tables" in top else ():
            self._table(each, top.lines["tables"])
        devices: dict[str, Device] = {}
        places: dict[tuple[str, str, str], str] = {}
        for each in place.list(top, "devices"):
            given = place.members(each, _DEVICE, top.lines["devices"], "a device")
            for device in self._devices(given):
                if device.id in devices:
                    raise place.refuse(
                        given.line, f"device {device.id!r} stands twice", f"设备 {device.id!r} 重复"
                    )
                devices[device.id] = device
                self._once(device, given.line, places)
                if len(devices) > DEVICES_MAX:
                    raise place.refuse(
                        given.line, f"more than {DEVICES_MAX} devices", f"设备超过 {DEVICES_MAX} 台"
                    )
        check_meters(place, top.lines["devices"], devices)
        return Plant(party=party, groups=tuple(self._groups.values()),
                     devices=tuple(devices.values()))  # fmt: skip

    def _once(self, device: Device, line: int, places: dict[tuple[str, str, str], str]) -> None:
        """Two devices may share an endpoint (machines of one controller), but not their tags too:
        everything would be measured twice. Devices that push are told apart by their ids."""
        if device.driver == "http" or not device.endpoint:
            return
        same = (device.driver, repr(sorted(device.endpoint.items())), device.table.digest)
        other = places.setdefault(same, device.id)
        if other != device.id:
            raise self._place.refuse(
                line,
                f"devices {other!r} and {device.id!r} have one endpoint and the same tags",
                f"设备 {other!r} 与 {device.id!r} 的连接参数与点位均相同",
            )

    def _group(self, each: Any, line: int) -> None:
        place = self._place
        given = place.members(each, _GROUP, line, "a group")
        name = self._id(given, "a group")
        if name in self._groups:
            raise place.refuse(given.line, f"group {name!r} stands twice", f"设备组 {name!r} 重复")
        window_s = place.within(given, "window_s", 60, 1, _WINDOW_S_MAX)
        segment_ms = place.within(given, "segment_ms", 1_000, *_SEGMENT_MS)
        if segment_ms > 1_000 * window_s:
            raise place.refuse(
                given.lines["segment_ms"], "segment_ms is no longer than window_s",
                "segment_ms 不得长于 window_s",
            )  # fmt: skip
        self._groups[name] = DeviceGroup(id=name, window_s=window_s, segment_ms=segment_ms)

    def _id(self, given: Marked, what: str, key: str = "id") -> str:
        name: str = self._place.needed(given, key, what)
        if not _ID.fullmatch(name):
            raise self._place.refuse(
                given.lines[key],
                f"{key} {name!r:.80}: 1 to 64 letters, digits, '-', '_' and '.'",
                f"{key} {name!r:.80} 须为 1 至 64 个字母、数字或 - _ .",
            )
        return name

    def _table(self, each: Any, line: int) -> None:
        given = self._place.members(each, _TABLE, line, "a table")
        name = self._id(given, "a table", "name")
        if name in self._tables:
            raise self._place.refuse(
                given.line, f"table {name!r} stands twice", f"点表 {name!r} 重复"
            )
        fixed, version = given.get("fixed", False), given.get("version", "1")
        self._tables[name] = self._own(given, name, fixed=fixed, version=version)

    def _own(self, given: Marked, name: str, *, fixed: bool, version: str) -> TagTable:
        """A table from tags given in place or in a file."""
        place = self._place
        if ("tags" in given) == ("tags_file" in given):
            raise place.refuse(
                given.line, f"{name!r} needs either tags or tags_file",
                f"{name!r} 须给出 tags 或 tags_file 之一",
            )  # fmt: skip
        key = "tags" if "tags" in given else "tags_file"
        try:
            if key == "tags_file":
                path = self._folder / given["tags_file"]
                return read_tags(path).table(name, version=version, fixed=fixed)
            tags = tuple(self._tag(each, given.lines[key]) for each in given["tags"])
            return TagTable(name, tags, fixed, version)
        except TagError as exc:
            if str(exc).startswith(f"{place.source}, line"):
                raise
            raise place.refuse(given.lines[key], str(exc), exc.zh) from exc

    def _tag(self, each: Any, line: int) -> Tag:
        if not isinstance(each, Marked):
            raise self._place.refuse(line, "a tag is a mapping", "点位须为键值映射")
        members: dict[str, Any] = dict(each)
        if type(members.get("address")) is int:
            members["address"] = str(members["address"])
        for key in ("scale", "offset", "low", "high", "deadband"):
            if key in members and members[key] is not None:
                members[key] = str(members[key])
        known = Tag.__dataclass_fields__
        for key in each:
            if key not in known:
                raise self._place.refuse(
                    each.lines[key], f"a tag has no {key!r}; there are: {', '.join(known)}",
                    f"点位没有 {key!r}；可用：{', '.join(known)}",
                )  # fmt: skip
        for key in ("unit", "label", "label_zh", "name", "address"):
            if key in members and not isinstance(members[key], str):
                raise self._place.refuse(each.lines[key], f"{key} is a text", f"{key} 须为文字")
        try:
            return check_unit(Tag.from_json(members))
        except TagError as exc:
            raise self._place.refuse(each.line, str(exc), exc.zh) from exc

    def _devices(self, given: Marked) -> Iterator[Device]:
        """One device, or a fleet."""
        series = given.get("series")
        if series is None:
            yield self._device(given, given)
            return
        fleet = self._place.members(series, {"count": int, "first": int}, given.line, "a series")
        count = self._place.within(fleet, "count", 0, 1, DEVICES_MAX)
        first = self._place.within(fleet, "first", 1, 0, 10**9)
        if not HOLE.search(str(given.get("id", ""))):
            raise self._place.refuse(
                given.line, "the id of a series needs {n}", "系列设备的 id 须含 {n}"
            )
        for number in range(first, first + count):
            yield self._device(filled(given, number), given)

    def _device(self, given: Marked, origin: Marked) -> Device:
        place = self._place
        name = self._id(given, "a device")
        group: str = place.needed(given, "group", f"device {name!r}")
        if group not in self._groups:
            raise place.refuse(
                given.lines["group"], f"there is no group {group!r}", f"没有设备组 {group!r}"
            )
        table, usual = self._table_of(given, origin, name)
        kind = given.get("driver", usual)
        if not kind:
            raise place.refuse(given.line, f"{name!r} has no driver", f"{name!r} 缺少驱动 driver")
        device = Device(
            id=name, group=group, table=table, driver=kind,
            endpoint=plain(given.get("endpoint", {})),
            timeout_ms=place.within(given, "timeout_ms", 1_000, *_TIMEOUT_MS),
            machine=given.get("machine", ""), series=given.get("product_series", ""),
            calibration=given.get("calibration", ""), writable=given.get("writable", False),
            key=given.get("key", False), meter=meter_in(place, given, name, table),
        )  # fmt: skip
        if self._drivers is not None:
            try:
                self._drivers(kind).check(device)
            except TagError as exc:
                raise place.refuse(
                    given.line, f"device {name!r}: {exc}", f"设备 {name!r}：{exc.zh}"
                ) from exc
        return device

    def _table_of(self, given: Marked, origin: Marked, name: str) -> tuple[TagTable, str]:
        """A device's table, and the driver that its class usually speaks."""
        place = self._place
        found = [key for key in _SOURCES if key in given]
        if len(found) != 1:
            raise place.refuse(
                given.line, f"{name!r} needs one of {', '.join(_SOURCES)}",
                f"{name!r} 须给出 {', '.join(_SOURCES)} 之一",
            )  # fmt: skip
        key = found[0]
        if key == "class":
            try:
                kind = load_class(given["class"])
            except TagError as exc:
                raise place.refuse(given.lines[key], str(exc), exc.zh) from exc
            return kind.table, kind.driver
        if key == "table":
            wanted: str = given["table"]
            if wanted not in self._tables:
                raise place.refuse(
                    given.lines[key], f"there is no table {wanted!r}", f"没有点表 {wanted!r}"
                )
            return self._tables[wanted], ""
        if origin is given:
            return self._own(given, name, fixed=False, version="1"), ""
        # The devices of a fleet share one table object, and what is derived from it; not those for
        # which the name of the list has a number in it.
        cache = (id(origin), str(given.get("tags_file", "")))
        if cache not in self._shared:
            own = HOLE.sub("", origin["id"]).strip("-_.")
            self._shared[cache] = self._own(given, own or name, fixed=False, version="1")
        return self._shared[cache], ""
