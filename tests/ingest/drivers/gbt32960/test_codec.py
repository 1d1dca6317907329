"""GB/T 32960.3: a packet published with another implementation, packets built from the tables, and
bytes that are none."""

import pytest
from xinlian.ingest.adapters.drivers.gbt32960.codec import (
    Packet,
    PacketReader,
    read_time,
    write_time,
)
from xinlian.ingest.adapters.drivers.gbt32960.driver import Driver
from xinlian.ingest.adapters.drivers.gbt32960.units import check_address, encode, units
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagError
from xinlian.services.soak.fuzzing import fuzz

from tests.ingest.drivers.gbt32960.vectors import REPORT, TIME, TIME_US, VIN, packet
from tests.ingest.drivers.sinks import device

PROBES = "3a" * 11 + "2e" + "3a" * 11 + "30" + "3a" * 36
PUBLISHED = bytes.fromhex(
    "232302fe4c474843345631443548453230353631370101aa140409071f110102030103b6000002940b402aee5f0106"
    "00c70000020101033b4e414fd85f0bb82738030000000000000006646464646464003c01003c01003c010105000"
    "6f00572026130bd0601052ee0010c03e801013a010a2e0700000000000000010000000601000000080801010b402a"
    "ee00780001780cf00cf00cf00cf02ee00cf00cf00cf00cf00cf00cf003e8" + "0cf0" * 108 + "090101003c"
    + PROBES + "ea"
)  # fmt: skip
"""A real-time report in the tests of github.com/guodongym/tools (tools-protocol, UnPack32960Util):
120 cells, of which the fifth reads 12.000 V and the twelfth 1.000 V, and 60 probes."""


def test_the_published_report() -> None:
    [told] = PacketReader().feed(PUBLISHED)
    assert (told.command, told.answer, told.vin) == (2, 0xFE, "LGHC4V1D5HE205617")
    values = units(told.data[6:])
    good = {name: value for name, (value, quality) in values.items() if quality == 0}
    assert good["vehicle.speed"] == 950
    assert good["vehicle.voltage"] == 2_880
    assert good["vehicle.soc"] == 95
    assert good["battery.1.cell.5"] == 12_000
    assert good["battery.1.cell.12"] == 1_000
    assert good["battery.1.cell.120"] == 3_312
    assert good["battery.1.probe.12"] == 0x2E
    assert good["battery.1.probe.60"] == 0x3A
    assert good["extreme.voltage_max_cell"] == 5
    assert good["extreme.voltage_max"] == 12_000
    assert good["fuel_cell.probe.6"] == 100
    assert good["alarm.other.1"] == 8


def test_the_tables() -> None:
    [told] = PacketReader().feed(packet(2, REPORT))
    assert told == Packet(2, 0xFE, VIN, REPORT)
    assert told.to_bytes() == packet(2, REPORT)
    assert read_time(REPORT) == TIME_US
    assert write_time(TIME_US) == TIME
    values = units(REPORT[6:])
    wanted = {
        "vehicle.speed": 1_005, "vehicle.odometer": 123_456, "vehicle.current": 9_875,
        "motor.1.speed": 23_000, "motor.1.torque": 21_205, "motor.1.controller_temperature": 100,
        "position.longitude": -116_404_000, "position.latitude": 39_915_000, "alarm.level": 2,
        "alarm.flags": 0x401, "alarm.battery.1": 0xABCD, "alarm.battery.count": 1,
        "battery.1.cell.3": 4_002, "battery.1.probe.1": 65, "battery.1.voltage": 3_801,
    }  # fmt: skip
    assert {name: values[name][0] for name in wanted} == wanted
    assert values["vehicle.accelerator"] == (None, Quality.SENSOR)
    assert values["vehicle.brake"] == (None, Quality.BAD)
    assert values["battery.1.cell.2"] == (None, Quality.SENSOR)
    assert values["battery.1.probe.2"] == (None, Quality.BAD)
    known = {name: value for name, (value, _) in values.items() if value is not None}
    again = units(encode(known))
    for name, value in known.items():
        if not name.startswith("alarm.") and name != "position.state":
            assert again[name][0] == value, name


def test_times_that_are_none() -> None:
    assert read_time(b"") is None
    assert read_time(bytes((26, 13, 1, 0, 0, 0))) is None
    assert read_time(bytes((26, 2, 29, 0, 0, 0))) is None
    assert read_time(b"\xff" * 6) is None


@pytest.mark.parametrize(
    "cut", [REPORT[6:-1], REPORT[6:20], b"\x0a\x00", b"\x80\xff\xff\x00", b"\x03" + b"\x00" * 6
            + b"\xff\xfd", b"\x00", b"\xff"]
)  # fmt: skip
def test_reports_that_are_cut_or_lie(cut: bytes) -> None:
    with pytest.raises(ValueError, match="unit"):
        units(cut)


def test_packets_are_found_between_garbage() -> None:
    whole = packet(2, REPORT)
    reader = PacketReader()
    found = [told for byte in b"\x00#" + whole for told in reader.feed(bytes((byte,)))]
    assert len(found) == 1
    assert len(reader.feed(whole + whole + whole[:10])) == 2
    assert len(reader.feed(whole[10:])) == 1
    wrong = bytearray(whole)
    wrong[-1] ^= 1
    assert len(reader.feed(bytes(wrong) + whole)) == 1
    assert reader.broken > 0
    flood = PacketReader()
    assert flood.feed(b"##A" * 70_000) == []
    assert flood.hopeless
    assert not flood.buffer


def test_fuzz_packets() -> None:
    readers = [PacketReader()]

    def decode(data: bytes) -> list[Packet]:
        found = readers[0].feed(data)
        assert len(readers[0].buffer) <= 140_000
        if readers[0].hopeless:
            readers[0] = PacketReader()
        for told in found:
            assert PacketReader().feed(told.to_bytes()) == [told]
        return found

    seeds = [packet(2, REPORT), packet(7, b""), PUBLISHED]
    run = fuzz(decode, seeds=seeds, outcome=len)
    assert run.accepted


def test_fuzz_reports() -> None:
    def decode(data: bytes) -> int:
        told = units(data)
        assert len(told) < 70_000
        return len(told)

    run = fuzz(decode, seeds=[REPORT[6:], PUBLISHED[30:-1]], errors=(ValueError,))
    assert run.accepted
    assert run.refused


def test_addresses_and_endpoints() -> None:
    for good in ("vehicle.speed", "motor.2.torque", "battery.1.cell.96", "alarm.other.count"):
        check_address(Tag(name="t", address=good))
    for bad in ("", "vehicle", "vehicle.colour", "motor.torque", "motor.0.torque", "battery.1"):
        with pytest.raises(TagError):
            check_address(Tag(name="t", address=bad))
    tag = Tag(name="t", address="vehicle.speed")
    Driver().check(device("gbt32960", {"vin": VIN}, [tag]))
    for wrong in ({}, {"vin": "short"}, {"vin": VIN, "user": "u"}, {"vin": VIN, "host": "x"},
                  {"vin": VIN, "port": "1"}):  # fmt: skip
        with pytest.raises(TagError):
            Driver().check(device("gbt32960", wrong, [tag]))
