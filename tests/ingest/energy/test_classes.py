"""The catalogue of device classes: every file loads and describes a device that can be."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from xinlian.ingest.adapters.drivers import registry
from xinlian.ingest.adapters.files.classes import class_names, load_class, parse_class
from xinlian.ingest.model.device_class import EnergyRole
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Role, Tag, TagError

KINDS = {
    "modbus-tcp", "modbus-rtu-tcp", "modbus-rtu", "opcua", "mqtt", "s7", "enip", "iec104",
    "dlt645", "bacnet", "http", "gbt32960",
}  # fmt: skip
ENDPOINTS: dict[str, dict[str, Any]] = {
    "modbus-tcp": {"host": "127.0.0.1"},
    "modbus-rtu": {"serial": "/dev/ttyS0"},
    "s7": {"host": "127.0.0.1"},
    "opcua": {"url": "opc.tcp://127.0.0.1:4840"},
    "enip": {"host": "127.0.0.1"},
    "iec104": {"host": "127.0.0.1"},
    "dlt645": {"host": "127.0.0.1", "port": 8000, "meter": "000000000001"},
}
UNITS_OF_ROLES = {
    Role.ENERGY_IMPORT: {"kW.h"},
    Role.ENERGY_EXPORT: {"kW.h"},
    Role.REACTIVE_ENERGY: {"kV.A.h{reactive}"},
    Role.POWER: {"kW"},
    Role.REACTIVE_POWER: {"kV.A{reactive}"},
    Role.POWER_FACTOR: {"1"},
    Role.VOLTAGE: {"V", "kV", "mV"},
    Role.CURRENT: {"A", "kA"},
    Role.GAS: {"m3"},
    Role.WATER: {"m3"},
    Role.STEAM: {"t"},
    Role.AIR: {"m3"},
    Role.OUTPUT: {"{piece}"},
    Role.RUN_TIME: {"s"},
    Role.STATE: {"1"},
}
"""Units as UCUM writes them (case-sensitive codes)."""
ATOMS = frozenset(
    re.findall(
        r"\S+",
        "m3 mm2 kW h V A kV mV mA kA Hz Cel bar mbar kPa MPa Pa kN N m mm um s ms min deg L mL kg "
        "t g mg ug J kJ W lx dB uS cm MOhm 1 % [pH]",
    )
)


def _fits(tag: Tag) -> bool:
    """Whether the ends of the range can be written in the tag's type."""
    if tag.low is None or tag.high is None or tag.type.is_float:
        return True
    ends = [(end - tag.offset) / tag.scale for end in (tag.low, tag.high)]
    info = np.iinfo(tag.type.dtype)
    return all(info.min <= end <= info.max for end in ends)


def test_there_are_many_classes_of_many_kinds() -> None:
    made = [load_class(name) for name in class_names()]
    assert len(made) >= 50
    assert len({each.category for each in made}) >= 15
    assert len({each.driver for each in made}) >= 6
    assert {each.energy for each in made} == set(EnergyRole)
    assert len({tuple(tag.name for tag in each.table.tags) for each in made}) == len(made)


@pytest.mark.parametrize("name", class_names())
def test_a_class_describes_a_device_that_can_be(name: str) -> None:
    made = load_class(name)
    assert made.driver in KINDS
    assert made.table.fixed
    assert re.search("[\u4e00-\u9fff]", made.label_zh)
    addresses = [tag.address for tag in made.table.tags]
    assert len(set(addresses)) == len(addresses)
    for tag in made.table.tags:
        assert tag.label
        assert re.search("[\u4e00-\u9fff]", tag.label_zh), tag.name
        assert _fits(tag), f"{name}.{tag.name}: the range does not fit {tag.type}"
        units = UNITS_OF_ROLES.get(tag.role)
        assert units is None or tag.unit in units, f"{name}.{tag.name}: {tag.unit}"
        bare = re.sub(r"\{\w+\}", "1", tag.unit)
        for atom in re.split(r"[./]", bare):
            assert not atom or atom in ATOMS or atom.rstrip("1") in ATOMS, f"{tag.name}: {tag.unit}"
        if tag.type != "bool":
            assert tag.low is not None
            assert tag.high is not None
            assert tag.low < tag.high
            assert tag.deadband <= (tag.high - tag.low) / 20, tag.name
        if tag.role is Role.POWER and made.energy is EnergyRole.CONSUMER:
            assert tag.high is not None
            assert made.rated_kw <= tag.high <= made.rated_kw * 2


@pytest.mark.parametrize(
    "name", [name for name in class_names() if load_class(name).driver in ENDPOINTS]
)
def test_the_usual_driver_takes_the_addresses(name: str) -> None:
    made = load_class(name)
    endpoint = ENDPOINTS[made.driver]
    device = Device(id="d", group="g", table=made.table, driver=made.driver, endpoint=endpoint)
    registry.driver(made.driver).check(device)


def test_a_new_class_is_a_file() -> None:
    text = """
name: kiln
label: Tunnel kiln
label_zh: 隧道窑
version: "1"
category: furnace
energy: consumer
rated_kw: "400"
idle_kw: "150"
driver: modbus-tcp
tags:
  - {name: power, address: "holding:0", type: uint16, scale: "0.1", unit: kW}
"""
    kiln = parse_class(text, "kiln.yaml")
    assert kiln.rated_kw == Decimal(400)
    assert kiln.table.tags[0].scale == Decimal("0.1")
    with pytest.raises(TagError, match=r"kiln\.yaml: .*idle") as caught:
        parse_class(text.replace('"150"', '"500"'), "kiln.yaml")
    assert "空载" in caught.value.zh
    for broken in ("", "- 1", "name: [", text.replace("uint16", "uint9"), text + "x: 1\n"):
        with pytest.raises(TagError, match=r"kiln\.yaml"):
            parse_class(broken, "kiln.yaml")
