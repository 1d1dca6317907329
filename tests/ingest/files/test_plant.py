"""Plants from YAML: strict, with lines; fleets; nonsense is refused in words."""

import contextlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.adapters.files.plant import parse_plant, read_plant
from xinlian.ingest.model.tags import Role, TagError, ValueType

from tests.ingest.collector.played import Played

PLANT = """
party: 7
groups:
  - {id: hall, window_s: 30, segment_ms: 500}
tables:
  - name: press
    version: 3
    fixed: true
    tags:
      - {name: force, address: 100, type: float32, order: CDAB, unit: kN, low: -0.5, high: 900}
      - {name: energy, address: "02", type: uint32, scale: 0.01, role: active_energy_import}
devices:
  - {id: m1, group: hall, class: air-dryer, endpoint: {host: 10.0.0.7, unit: 1}}
  - id: "press-{n:02}"
    series: {count: 3, first: 8}
    group: hall
    table: press
    driver: modbus-tcp
    machine: "P{n}"
    endpoint: {host: "10.0.1.{n}", port: "{n+1500}", serial: 0012}
    writable: true
  - {id: own, group: hall, driver: s7, tags: [{name: a, address: DB1.DBW0, access: rw}]}
"""


def parse(text: str, **more: Any) -> Any:
    return parse_plant(text, "plant.yaml", Path(), **more)


def test_a_plant_is_read_with_classes_tables_and_fleets() -> None:
    plant = parse(PLANT, drivers=lambda kind: Played())
    assert (plant.party, plant.groups[0].window_s, plant.groups[0].segment_ms) == (7, 30, 500)
    assert [device.id for device in plant.devices] == [
        "m1", "press-08", "press-09", "press-10", "own",
    ]  # fmt: skip
    first, press = plant.devices[0], plant.devices[2]
    assert first.driver == "modbus-rtu"
    assert first.table.fixed
    assert press.endpoint == {"host": "10.0.1.9", "port": 1509, "serial": "0012"}
    assert press.machine == "P9"
    assert press.table is plant.devices[3].table
    assert press.table.version == "3"
    force, energy = press.table.tags
    assert (force.type, force.address, force.low) == (ValueType.FLOAT32, "100", Decimal("-0.5"))
    assert (energy.address, energy.scale, energy.role) == (
        "02", Decimal("0.01"), Role.ENERGY_IMPORT,
    )  # fmt: skip
    assert type(press.endpoint) is dict


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("party: 7", "party: yes"), r"line 2: party is of kind int"),
        (("window_s: 30", "windows: 30"), r"line 4: a group has no 'windows'; there are: id"),
        (("window_s: 30", "window_s: 0"), r"line 4: window_s is 1 to 1800, not 0"),
        (("segment_ms: 500", "window_s: 5"), r"line 4: 'window_s' stands twice"),
        (("window_s: 30", "window_s: 3600"), r"line 4: window_s is 1 to 1800, not 3600"),
        (("segment_ms: 500", "segment_ms: 40000"), r"line 4: segment_ms is no longer than window"),
        (("unit: kN", "unit: gibberish"), r"line 10: tag 'force': unit 'gibberish' is not one of"),
        (("0.01, role", "0.01, unit: kWh, role"), r"line 11: .*not one of UCUM; write kW\.h"),
        (("0.01, role", "0.01, unit: V, role"), r"line 11: .*is in one of W\.h, kW\.h.* not in V"),
        (("order: CDAB", "period_ms: 500.5"), r"line 10: .*a period is 10 ms to a day, in whole"),
        (("groups:", "\tgroups:"), r"line 3: a tab: indent with spaces"),
        (("groups:", "groops:"), r"line 3: a plant has no 'groops'"),
        (("unit: kN", "units: kN"), r"line 10: a tag has no 'units'"),
        (("order: CDAB", "order: XXXX"), r"line 10: tag 'force': order 'XXXX' is not one of ABCD,"),
        (("high: 900", "high: -1"), r"line 10: .*the range is empty"),
        (("low: -0.5", "low: .nan"), r"line 10: tag 'force': '.nan' is no number"),
        (("low: -0.5", "low: NaN"), r"line 10: .*finite"),
        (("name: energy", "name: force"), r"line 9: tag 'force' stands twice"),
        (("class: air-dryer", "class: air-drier"), r"line 13: no device class 'air-drier'"),
        (("id: m1", "id: press-09"), r"line 14: device 'press-09' stands twice"),
        (("id: m1", "id: ../x"), r"line 13: id '../x'"),
        (("table: press", "table: pres"), r"there is no table 'pres'"),
        (("group: hall, class", "group: hal, class"), r"line 13: there is no group 'hal'"),
        (("count: 3", "count: 1000000"), r"count is 1 to 100000"),
        (('"press-{n:02}"', "press"), r"the id of a series needs \{n\}"),
        (("unit: 1}", "unit: 1, bad: true}"), r"line 13: device 'm1': device 'm1': endpoint"),
        (("driver: s7, ", ""), r"line 22: 'own' has no driver"),
        (("party: 7", "party: &a 7"), r"line 2: anchors and aliases"),
        (("party: 7", "party: !!python/name:os.system 7"), r"line 2: YAML tags"),
        (("writable: true", "writable: 1"), r"line 21: writable is of kind bool"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(change: tuple[str, str], message: str) -> None:
    text = PLANT.replace(*change, 1)
    assert text != PLANT
    with pytest.raises(TagError, match=message) as refused:
        parse(text, drivers=lambda kind: Played())
    assert str(refused.value).startswith("plant.yaml, line ")
    assert refused.value.zh.startswith("plant.yaml 第 ")


def test_one_device_does_not_stand_twice_under_two_names() -> None:
    line = next(each for each in PLANT.splitlines() if "id: m1" in each)
    twice = PLANT.replace(line, line + "\n" + line.replace("id: m1", "id: m2"), 1)
    with pytest.raises(TagError, match=r"'m1' and 'm2' have one endpoint and the same tags"):
        parse(twice)
    other = line.replace("id: m1", "id: m2").replace("air-dryer", "exhaust-fan")
    parse(PLANT.replace(line, line + "\n" + other, 1))  # machines of one controller


def test_the_devices_of_a_fleet_may_have_lists_of_their_own(tmp_path: Path) -> None:
    """A number in the name of a list: each device has its own tags, not those of the first."""
    for number in (1, 2):
        (tmp_path / f"m-{number}.csv").write_text(f"name,address\ntag_{number},{number}\n")
    fleet = (
        "party: 1\ngroups: [{id: g}]\ndevices: [{id: 'm-{n:02}', series: {count: 2}, group: g, "
        "driver: s7, tags_file: 'm-{n}.csv'}, {id: x, group: g, driver: s7, tags_file: m-2.csv}]"
    )
    plant = parse_plant(fleet, "plant.yaml", tmp_path)
    names = [device.table.tags[0].name for device in plant.devices]
    assert names == ["tag_1", "tag_2", "tag_2"]
    shared = parse_plant(fleet.replace("m-{n}.csv", "m-1.csv"), "plant.yaml", tmp_path).devices
    assert shared[0].table is shared[1].table
    assert [device.table.name for device in shared] == ["m", "m", "x"]


def test_devices_on_one_line_have_their_own_tags() -> None:
    """They are apart in the file, if not in its lines."""
    text = (
        "party: 1\ngroups: [{id: g}]\ndevices: [{id: a, group: g, driver: s7, tags: [{name: one, "
        "address: '1'}]}, {id: b, group: g, driver: s7, tags: [{name: two, address: '2'}]}]"
    )
    assert [device.table.tags[0].name for device in parse(text).devices] == ["one", "two"]


def test_a_refusal_in_chinese_is_chinese() -> None:
    with pytest.raises(TagError) as refused:
        parse(PLANT.replace("window_s", "windows", 1))
    assert "设备组 没有 'windows'；可用：id, window_s" in refused.value.zh


@pytest.mark.parametrize(
    "text", ["", "[]", "a", "{", "party: 1", "\0", "a: [" * 50, "party: 1\ngroups: 3\ndevices: []"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(TagError, match=r"plant\.yaml"):
        parse(text)


@given(st.text(max_size=200), st.integers(0, len(PLANT)))
def test_damage_is_refused_or_read_but_never_crashes(damage: str, at: int) -> None:
    with contextlib.suppress(TagError):
        parse(PLANT[:at] + damage + PLANT[at + len(damage) :])


def test_tag_lists_of_a_plant_stand_beside_it(tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("name,address\nspeed,holding:1\n", encoding="utf-8")
    path = tmp_path / "plant.yaml"
    path.write_text(
        "party: 1\ngroups: [{id: g}]\ndevices:\n"
        "  - {id: 'd{n}', series: {count: 2000}, group: g, driver: s7, tags_file: tags.csv}\n",
        encoding="utf-8",
    )
    plant = read_plant(path)
    assert len(plant.devices) == 2_000
    assert len({id(device.table) for device in plant.devices}) == 1
    (tmp_path / "tags.csv").write_text("name,address\nspeed,1\nspeed,2\n", encoding="utf-8")
    with pytest.raises(TagError, match=r"plant.yaml, line 4: tags.csv, line 3: tag 'speed' stands"):
        read_plant(path)
    with pytest.raises(TagError, match="cannot be read"):
        read_plant(tmp_path / "nowhere.yaml")
