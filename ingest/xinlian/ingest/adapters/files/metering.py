"""Meters in a plant file, and as a collector leaves them for those who read its stores.

A collector writes ``metering/STREAM.json`` into its party's folder when it begins and when it reads
its plant anew: who stands above whom, and whose connection counts. The newest file wins where two
streams name one meter.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from xinlian.ingest.adapters.files.fleets import plain
from xinlian.ingest.adapters.files.marked_yaml import Marked
from xinlian.ingest.adapters.files.places import Place
from xinlian.ingest.model.devices import Device, Plant
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.metering import KILO, Meter, check_tree
from xinlian.ingest.model.tags import Role, TagTable

__all__ = [
    "FOLDER", "Metering", "Stamp", "check_meters", "keep_metering", "meter_in", "read_metering",
    "stamp_of",
]  # fmt: skip

Stamp = tuple[tuple[str, int, int], ...]

FOLDER: Final = "metering"
FILE_BYTES_MAX: Final = 1 << 25
STREAMS_MAX: Final = 1_000
_MEMBERS: Final[dict[str, type]] = {
    "parent": str, "tag": str, "multiplier": str, "rollover_kwh": str, "contract_kw": str,
    "factor_least": str,
}  # fmt: skip


@dataclass(frozen=True)
class Metering:
    """Meters by device, and the key devices of each group that has some."""

    meters: Mapping[str, Meter] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def meter_in(place: Place, given: Marked, name: str, table: TagTable) -> Meter | None:
    """The member ``meter`` of a device; ``TagError`` with its line."""
    if "meter" not in given:
        return None
    line = given.lines["meter"]
    told = given["meter"]
    if isinstance(told, Marked):
        for key, value in told.items():
            if isinstance(value, Decimal):  # a number without quotes is meant as it is written
                told[key] = str(value)
    members = plain(place.members(told, _MEMBERS, line, "a meter"))
    try:
        meter = Meter.from_json({"device": name, **members})
    except EnergyError as exc:
        raise place.refuse(line, str(exc), exc.zh) from exc
    counts = [tag for tag in table.tags if tag.unit in KILO and (
        tag.name == meter.tag if meter.tag else tag.role is Role.ENERGY_IMPORT)]  # fmt: skip
    if not counts:
        wanted = repr(meter.tag) if meter.tag else "active_energy_import"
        raise place.refuse(
            line, f"meter {name!r} has no tag {wanted} that counts energy",
            f"电表 {name!r} 没有计量电能的点位 {wanted}",
        )  # fmt: skip
    return meter


def check_meters(place: Place, line: int, devices: Mapping[str, Device]) -> None:
    """The tree as a whole; ``TagError``."""
    try:
        check_tree({each.id: each.meter for each in devices.values() if each.meter is not None})
    except EnergyError as exc:
        raise place.refuse(line, str(exc), exc.zh) from exc


def keep_metering(folder: Path, stream: str, plant: Plant) -> None:
    """Leave a plant's meters in its party's folder; the file appears whole or not at all."""
    keys: dict[str, list[str]] = {}
    for each in plant.devices:
        if each.key:
            keys.setdefault(each.group, []).append(each.id)
    told = {
        "meters": [each.meter.to_json() for each in plant.devices if each.meter is not None],
        "keys": keys,
    }
    path = folder / FOLDER / f"{stream}.json"
    data = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    if not any(told.values()) and not path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as stream_out:
        stream_out.write(data)
        stream_out.flush()
        os.fsync(stream_out.fileno())
    fresh.replace(path)


def read_metering(folder: Path) -> Metering:
    """What the collectors of a party left; ``EnergyError`` for a file that is none of theirs."""
    meters: dict[str, Meter] = {}
    keys: dict[str, tuple[str, ...]] = {}
    for path in sorted((folder / FOLDER).glob("*.json"), key=_age)[-STREAMS_MAX:]:
        try:
            if path.stat().st_size > FILE_BYTES_MAX:
                raise ValueError("too long")
            told: Any = json.loads(path.read_bytes())
            found = [Meter.from_json(each) for each in told["meters"]]
            meters |= {each.device: each for each in found}
            keys |= {group: tuple(map(str, each)) for group, each in told["keys"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            raise EnergyError(
                f"{path} cannot be read ({exc!r}): run or reload the collector again",
                f"{path} 无法读取（{exc!r}）：请重新启动或重新加载采集器",
            ) from exc
    check_tree(meters)
    return Metering(meters, keys)


def stamp_of(folder: Path) -> Stamp:
    """Changes when one of the files does."""
    found = ((path.name, path.stat()) for path in sorted((folder / FOLDER).glob("*.json")))
    return tuple((name, each.st_mtime_ns, each.st_size) for name, each in found)


def _age(path: Path) -> tuple[int, str]:
    return (path.stat().st_mtime_ns, path.name)
