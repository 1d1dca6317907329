"""Information units of real-time reports (GB/T 32960.3-2016, 7.2.3, tables 9 to 21), as values with
names: ``vehicle.speed``, ``motor.1.torque``, ``battery.1.cell.12``.

Values are the integers on the wire; a tag's scale and offset make engineering values of them
(speed 0.1 km/h, current 0.1 A from -1,000 A, temperature 1 degree from -40 ...). All ones say that
a value is invalid, all ones less one that it is abnormal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from xinlian.ingest.adapters.drivers.endpoint import wrong_address
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag

__all__ = ["Values", "check_address", "encode", "units"]

Values = dict[str, tuple[int | None, Quality]]
Fields = tuple[tuple[str, int], ...]

VEHICLE: Final[Fields] = (
    ("state", 1), ("charging", 1), ("mode", 1), ("speed", 2), ("odometer", 4), ("voltage", 2),
    ("current", 2), ("soc", 1), ("dcdc", 1), ("gear", 1), ("insulation", 2), ("accelerator", 1),
    ("brake", 1),
)  # fmt: skip
MOTOR: Final[Fields] = (
    ("state", 1), ("controller_temperature", 1), ("speed", 2), ("torque", 2), ("temperature", 1),
    ("voltage", 2), ("current", 2),
)  # fmt: skip
FUEL_CELL: Final[Fields] = (("voltage", 2), ("current", 2), ("consumption", 2))
HYDROGEN: Final[Fields] = (
    ("temperature_max", 2), ("temperature_probe", 1), ("concentration_max", 2),
    ("concentration_sensor", 1), ("pressure_max", 2), ("pressure_sensor", 1), ("dcdc", 1),
)  # fmt: skip
ENGINE: Final[Fields] = (("state", 1), ("speed", 2), ("consumption", 2))
EXTREME: Final[Fields] = (
    ("voltage_max_battery", 1), ("voltage_max_cell", 1), ("voltage_max", 2),
    ("voltage_min_battery", 1), ("voltage_min_cell", 1), ("voltage_min", 2),
    ("temperature_max_battery", 1), ("temperature_max_probe", 1), ("temperature_max", 1),
    ("temperature_min_battery", 1), ("temperature_min_probe", 1), ("temperature_min", 1),
)  # fmt: skip
ALARMS: Final = ("battery", "motor", "engine", "other")
BATTERY: Final[Fields] = (("voltage", 2), ("current", 2), ("cells", 2))
CUSTOM_MIN: Final = 0x80


class _Body:
    """A cursor over bytes that never reads past the end: ``ValueError`` says which unit was cut."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, size: int) -> bytes:
        part = self.data[self.place : self.place + size]
        if len(part) != size:
            raise ValueError(f"the report ends within a unit at byte {self.place}")
        self.place += size
        return part

    def plain(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def count(self, size: int = 1) -> int:
        """A number of parts; "abnormal" and "invalid" mean that there are none."""
        value = self.plain(size)
        return 0 if value >= (1 << (8 * size)) - 2 else value


def _judged(value: int, size: int) -> tuple[int | None, Quality]:
    top = (1 << (8 * size)) - 1
    if value == top:
        return None, Quality.BAD
    return (None, Quality.SENSOR) if value == top - 1 else (value, Quality.GOOD)


def _fields(body: _Body, prefix: str, fields: Fields, into: Values) -> None:
    for name, size in fields:
        into[f"{prefix}.{name}"] = _judged(body.plain(size), size)


def _vehicle(body: _Body, into: Values) -> None:
    _fields(body, "vehicle", VEHICLE, into)


def _motors(body: _Body, into: Values) -> None:
    for _ in range(body.count()):
        _fields(body, f"motor.{body.plain(1)}", MOTOR, into)


def _fuel_cell(body: _Body, into: Values) -> None:
    _fields(body, "fuel_cell", FUEL_CELL, into)
    for number, each in enumerate(body.take(body.count(2)), 1):
        into[f"fuel_cell.probe.{number}"] = _judged(each, 1)
    _fields(body, "hydrogen", HYDROGEN, into)


def _engine(body: _Body, into: Values) -> None:
    _fields(body, "engine", ENGINE, into)


def _position(body: _Body, into: Values) -> None:
    """Table 14: bit 0 invalid, bit 1 south, bit 2 west; degrees in millionths."""
    state = body.plain(1)
    for bit, name in ((2, "longitude"), (1, "latitude")):
        value, quality = _judged(body.plain(4), 4)
        if value is not None:
            value = -value if state >> bit & 1 else value
            quality = Quality.UNCERTAIN if state & 1 else quality
        into[f"position.{name}"] = value, quality
    into["position.state"] = state, Quality.GOOD


def _extreme(body: _Body, into: Values) -> None:
    _fields(body, "extreme", EXTREME, into)


def _alarms(body: _Body, into: Values) -> None:
    into["alarm.level"] = _judged(body.plain(1), 1)
    into["alarm.flags"] = body.plain(4), Quality.GOOD
    for kind in ALARMS:
        count = body.count()
        into[f"alarm.{kind}.count"] = count, Quality.GOOD
        for number in range(1, count + 1):
            into[f"alarm.{kind}.{number}"] = body.plain(4), Quality.GOOD


def _voltages(body: _Body, into: Values) -> None:
    for _ in range(body.count()):
        prefix = f"battery.{body.plain(1)}"
        _fields(body, prefix, BATTERY, into)
        first = body.plain(2)
        for number in range(body.plain(1)):
            into[f"{prefix}.cell.{first + number}"] = _judged(body.plain(2), 2)


def _temperatures(body: _Body, into: Values) -> None:
    for _ in range(body.count()):
        prefix = f"battery.{body.plain(1)}"
        for number, each in enumerate(body.take(body.count(2)), 1):
            into[f"{prefix}.probe.{number}"] = _judged(each, 1)


UNITS: Final[Mapping[int, Callable[[_Body, Values], None]]] = {
    1: _vehicle, 2: _motors, 3: _fuel_cell, 4: _engine, 5: _position, 6: _extreme, 7: _alarms,
    8: _voltages, 9: _temperatures,
}  # fmt: skip


def units(data: bytes) -> Values:
    """All values of a report (what follows the time). ``ValueError`` where it is cut short or holds
    a reserved unit, whose length nobody knows. Users' own units (80H to FEH) are passed over."""
    body = _Body(data)
    into: Values = {}
    while body.place < len(data):
        kind = body.plain(1)
        read = UNITS.get(kind)
        if read is not None:
            read(body, into)
        elif CUSTOM_MIN <= kind < 0xFF:
            body.take(body.plain(2))
        else:
            raise ValueError(f"unit 0x{kind:02x} is reserved")
    return into


def _names(prefix: str, fields: Fields) -> Iterator[str]:
    for name, _ in fields:
        yield rf"{prefix}\.{name}"


NUMBER: Final = "[1-9][0-9]{0,4}"
FORM: Final = re.compile(
    "|".join((
        *_names("vehicle", VEHICLE), *_names(rf"motor\.{NUMBER}", MOTOR),
        *_names("fuel_cell", FUEL_CELL), rf"fuel_cell\.probe\.{NUMBER}",
        *_names("hydrogen", HYDROGEN), *_names("engine", ENGINE), *_names("extreme", EXTREME),
        r"position\.(longitude|latitude|state)", r"alarm\.(level|flags)",
        rf"alarm\.({'|'.join(ALARMS)})\.(count|{NUMBER})",
        *_names(rf"battery\.{NUMBER}", BATTERY), rf"battery\.{NUMBER}\.(cell|probe)\.{NUMBER}",
    ))
)  # fmt: skip


def check_address(tag: Tag) -> None:
    """``TagError`` for a name that no report has, and for a tag that is to be written."""
    if not FORM.fullmatch(tag.address):
        raise wrong_address(
            tag.name, tag.address, "is no value of a report like vehicle.speed or motor.1.torque",
            "不是上报数据项，例如 vehicle.speed、motor.1.torque",
        )  # fmt: skip
    if tag.access is Access.READ_WRITE:
        raise wrong_address(tag.name, tag.address, "a vehicle is only read", "车辆数据只读")


def encode(values: Mapping[str, int]) -> bytes:
    """A report with the given values, for simulators; what is not given is invalid. Each unit of
    which a value is given comes, with as many motors, cells and probes as are named."""

    def put(prefix: str, fields: Fields) -> bytes:
        made = b""
        for name, size in fields:
            top = (1 << (8 * size)) - 1
            made += min(values.get(f"{prefix}.{name}", top), top).to_bytes(size, "big")
        return made

    def highest(form: str) -> int:
        found = (re.match(form, name) for name in values)
        return max((int(each[1]) for each in found if each), default=0)

    def has(prefix: str) -> bool:
        return any(name.startswith(prefix + ".") for name in values)

    made = b""
    if has("vehicle"):
        made += b"\x01" + put("vehicle", VEHICLE)
    if motors := highest(r"motor\.(\d+)"):
        made += bytes((2, motors))
        made += b"".join(
            bytes((number,)) + put(f"motor.{number}", MOTOR) for number in range(1, motors + 1)
        )
    if has("engine"):
        made += b"\x04" + put("engine", ENGINE)
    if has("position"):
        east, north = values.get("position.longitude", 0), values.get("position.latitude", 0)
        state = (4 if east < 0 else 0) | (2 if north < 0 else 0)
        made += bytes((5, state)) + abs(east).to_bytes(4, "big") + abs(north).to_bytes(4, "big")
    if has("extreme"):
        made += b"\x06" + put("extreme", EXTREME)
    if has("alarm"):
        flags = values.get("alarm.flags", 0).to_bytes(4, "big")
        made += bytes((7, values.get("alarm.level", 0))) + flags + bytes(4)
    return made + _encoded_batteries(values, highest, put)


def _encoded_batteries(
    values: Mapping[str, int],
    highest: Callable[[str], int],
    put: Callable[[str, Fields], bytes],
) -> bytes:
    batteries = highest(r"battery\.(\d+)")
    if not batteries:
        return b""
    voltages, probes = bytes((8, batteries)), bytes((9, batteries))
    for number in range(1, batteries + 1):
        prefix = f"battery.{number}"
        cells = min(highest(rf"battery\.{number}\.cell\.(\d+)"), 200)
        count = min(highest(rf"battery\.{number}\.probe\.(\d+)"), 250)
        voltages += bytes((number,)) + put(prefix, BATTERY) + b"\x00\x01" + bytes((cells,))
        for each in range(1, cells + 1):
            voltages += values.get(f"{prefix}.cell.{each}", 0xFFFF).to_bytes(2, "big")
        probes += bytes((number, 0, count))
        probes += bytes(
            min(values.get(f"{prefix}.probe.{each}", 0xFF), 0xFF) for each in range(1, count + 1)
        )
    return voltages + probes
