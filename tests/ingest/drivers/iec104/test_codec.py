"""IEC 60870-5-104: frames taken from links as vectors, times, and bytes that are no frames.

The frames are those that github.com/tritaer/IEC104 decodes in its test.py.
"""

import struct
from datetime import UTC, datetime

import pytest
from xinlian.ingest.adapters.drivers.iec104 import driver
from xinlian.ingest.adapters.drivers.iec104.clock import Stamp, cp56, read_cp56, to_utc_us, zone
from xinlian.ingest.adapters.drivers.iec104.codec import (
    MONITOR,
    Asdu,
    Kind,
    Object,
    ProtocolError,
    Unnumbered,
    asdu_bytes,
    i_frame,
    objects,
    parse_asdu,
    s_frame,
    split,
    u_frame,
)
from xinlian.ingest.adapters.drivers.iec104.points import command_element, point
from xinlian.ingest.adapters.drivers.iec104.sim import element
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, TagError
from xinlian.services.soak.fuzzing import fuzz

from tests.ingest.drivers.sinks import device

GOOD, UNCERTAIN = Quality.GOOD, Quality.UNCERTAIN
FRAMES = {
    "single points in sequence": (
        "680FA6440402018214007300FB01000001", [(507, 0, GOOD), (508, 1, GOOD)]),
    "single points": (
        "6812A844040201021400 7300CC140001E4140000", [(5_324, 1, GOOD), (5_348, 0, GOOD)]),
    "double points": (
        "681212440002030214007300 5A020002EB030000", [(602, 2, GOOD), (1_003, 0, UNCERTAIN)]),
    "normalised values": (
        "681314440002098214007300890200000000EF0100", [(649, 0, GOOD), (650, 495, GOOD)]),
    "floats": (
        "6817A80004000D8201575700E70B000AD7A3BB007F6ABC3C00",
        [(3_047, pytest.approx(-0.005), GOOD), (3_048, pytest.approx(0.023), GOOD)]),
}  # fmt: skip
TIMED = {
    "681542EBD2011E0103008000B0360001AFE11D14700615": (
        14_000, 1, datetime(2021, 6, 16, 20, 29, 57, 775_000, UTC)),
    "6817BA8CF200220101000300010000010000087F0E09960415": (
        1, 1, datetime(2021, 4, 22, 9, 14, 32, 520_000, UTC)),
    "6819FE08300124010351 5100EE03004BE747420091 05320A690615": (
        1_006, pytest.approx(49.976, abs=1e-3), datetime(2021, 6, 9, 10, 50, 1, 425_000, UTC)),
}  # fmt: skip


def asdu(frame: str) -> Asdu:
    buffer = bytearray.fromhex(frame)
    whole = split(buffer)
    assert whole is not None
    assert not buffer
    return parse_asdu(whole[4:])


@pytest.mark.parametrize("name", FRAMES)
def test_published_frames(name: str) -> None:
    frame, wanted = FRAMES[name]
    assert [(each.address, each.value, each.quality) for each in objects(asdu(frame))] == wanted


@pytest.mark.parametrize("frame", TIMED)
def test_published_frames_with_time(frame: str) -> None:
    address, value, when = TIMED[frame]
    [told] = objects(asdu(frame))
    assert (told.address, told.value) == (address, value)
    assert told.stamp is not None
    assert to_utc_us(told.stamp, UTC) == int(when.timestamp() * 1_000) * 1_000
    again = cp56(int(when.timestamp() * 1_000) * 1_000, UTC)
    assert read_cp56(again) == told.stamp


def test_published_control_frames() -> None:
    activation = asdu_bytes(100, 6, 0x71, b"\0\0\0\x14")
    assert i_frame(0, 2, activation).hex() == "680e0000040064010600710000000014"
    assert u_frame(Unnumbered.STARTDT_ACT).hex() == "680407000000"
    assert u_frame(Unnumbered.TESTFR_CON).hex() == "680483000000"
    assert s_frame(5).hex() == "680401000a00"


def test_quality_bits() -> None:
    def judged(kind: Kind, body: bytes) -> Quality:
        return objects(Asdu(kind, 1, False, 3, False, False, 0, 1, b"\1\0\0" + body))[0].quality

    assert judged(Kind.SP, b"\x81") is Quality.BAD
    assert judged(Kind.SP, b"\x21") is UNCERTAIN
    assert judged(Kind.FLT, bytes(4) + b"\x01") is Quality.OUT_OF_RANGE
    assert judged(Kind.SVA, bytes(2) + b"\x40") is UNCERTAIN
    assert judged(Kind.IT, bytes(4) + b"\x80") is Quality.BAD
    assert judged(Kind.IT, bytes(4) + b"\x25") is GOOD
    assert judged(Kind.IT, bytes(4) + b"\x45") is UNCERTAIN
    assert judged(Kind.ST, b"\x83\x00") is UNCERTAIN
    assert judged(Kind.DP, b"\x03") is UNCERTAIN


def test_times_zones_and_the_summer_bit() -> None:
    raw = bytes((0xE8, 0x03, 30, 10, 1, 7, 26))  # 10:30:01 on 1 July 2026
    plain = int(datetime(2026, 7, 1, 10, 30, 1, tzinfo=UTC).timestamp()) * 1_000_000
    hour = 3_600_000_000
    assert to_utc_us(read_cp56(raw), zone("UTC")) == plain
    assert to_utc_us(read_cp56(raw), zone("+08:00")) == plain - 8 * hour
    assert to_utc_us(read_cp56(raw), zone("Asia/Shanghai")) == plain - 8 * hour
    summer = raw[:3] + bytes((10 | 0x80,)) + raw[4:]
    assert to_utc_us(read_cp56(summer), zone("Europe/Berlin")) == plain - 2 * hour
    assert to_utc_us(read_cp56(raw), zone("Europe/Berlin")) == plain - hour
    # The hour that comes twice: the bit tells the two apart.
    autumn = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()) * 1_000_000
    twice = [cp56(autumn, zone("Europe/Berlin")), cp56(autumn + hour, zone("Europe/Berlin"))]
    assert [raw[3] & 0x1F for raw in twice] == [2, 2]
    assert [to_utc_us(read_cp56(raw), zone("Europe/Berlin")) for raw in twice] == [
        autumn, autumn + hour,
    ]  # fmt: skip
    assert read_cp56(raw[:2] + bytes((30 | 0x80,)) + raw[3:]) == Stamp(None)
    assert read_cp56(b"\xff" * 7).local is None
    for wrong in ("", "8", "+25:00", "+08:60", "Mars/Olympus", "../../etc/passwd"):
        with pytest.raises(ValueError, match=r"zone|offset"):
            zone(wrong)


@pytest.mark.parametrize(
    "frame",
    ["69040700", "6803070000", "68FE", "00"],
)
def test_what_is_no_frame(frame: str) -> None:
    with pytest.raises(ProtocolError):
        split(bytearray.fromhex(frame))


def test_halves_wait_and_lengths_that_lie_are_refused() -> None:
    whole = bytes.fromhex(FRAMES["floats"][0])
    buffer = bytearray()
    for byte in whole[:-1]:
        buffer.append(byte)
        assert split(buffer) is None
    buffer += whole[-1:] + whole
    assert split(buffer) == whole[2:]
    assert split(buffer) == whole[2:]
    for count in (0, 1, 3, 127):
        body = whole[12:]
        with pytest.raises(ProtocolError):
            objects(Asdu(13, count, True, 3, False, False, 0, 1, body))
    with pytest.raises(ProtocolError):
        parse_asdu(b"\x0d\x01")


def test_fuzz() -> None:
    def decode(data: bytes) -> list[Object]:
        buffer = bytearray(data)
        told: list[Object] = []
        while (frame := split(buffer)) is not None:
            if frame[0] & 1 == 0:
                found = parse_asdu(frame[4:])
                if found.type in MONITOR:
                    told += objects(found)
        return told

    seeds = [bytes.fromhex(frame) for frame in (*(f for f, _ in FRAMES.values()), *TIMED)]
    run = fuzz(decode, seeds=seeds, errors=(ProtocolError,), outcome=len)
    assert run.accepted
    assert run.refused


def test_elements_both_ways() -> None:
    for kind, values in {
        Kind.SP: (0, 1), Kind.DP: (1, 2), Kind.ST: (-64, 63, -1), Kind.BO: (0, 0xFFFFFFFF),
        Kind.NVA: (-32_768, 32_767), Kind.SVA: (-1, 5), Kind.FLT: (1.5, -0.25),
        Kind.IT: (-(2**31), 2**31 - 1),
    }.items():  # fmt: skip
        for value in values:
            body = b"\1\0\0" + element(kind, value)
            [told] = objects(Asdu(kind, 1, False, 3, False, False, 0, 1, body))
            assert told.value == value
    assert command_element(Kind.SP, True, select=True) == b"\x81"
    assert command_element(Kind.DP, 2, select=False) == b"\x02"
    assert command_element(Kind.FLT, 2.5, select=False) == struct.pack("<fB", 2.5, 0)
    for kind, wrong in ((Kind.SP, 2), (Kind.DP, 0), (Kind.SVA, 40_000), (Kind.SVA, 1.5)):
        with pytest.raises(ValueError, match=r"integer|within"):
            command_element(kind, wrong, select=False)


@pytest.mark.parametrize("address", ["", "1", "flt:0", "flt:16777216", "xx:1", "flt:1>", "it:1>2"])
def test_addresses_that_cannot_be(address: str) -> None:
    with pytest.raises(TagError):
        point(Tag(name="t", address=address))


def test_endpoints() -> None:
    tag = Tag(name="t", address="flt:1")
    driver().check(device("iec104", {"host": "h", "time_zone": "+08:00"}, [tag]))
    for wrong in ({}, {"host": "h", "time_zone": "x"}, {"host": "h", "t2_s": 20},
                  {"host": "h", "common_address": 0}, {"host": "h", "ca": 1}):  # fmt: skip
        with pytest.raises(TagError):
            driver().check(device("iec104", wrong, [tag]))
    with pytest.raises(TagError):
        point(Tag(name="t", address="it:1", access=Access.READ_WRITE))
