"""DL/T 645-2007: published exchanges with a meter as vectors, and bytes that are no frames.

The exchanges are a capture of a meter with address 000000000161 that circulates as a teaching
example of the standard ("DLT645-2007报文解析"); the request for the address is that of clause 7.5.
"""

import pytest
from xinlian.ingest.adapters.drivers.dlt645.codec import Frame, FrameReader, bcd, to_bcd
from xinlian.ingest.adapters.drivers.dlt645.driver import Driver
from xinlian.ingest.adapters.drivers.dlt645.items import item
from xinlian.ingest.model.tags import Access, Tag, TagError, ValueType
from xinlian.services.soak.fuzzing import fuzz

from tests.ingest.drivers.sinks import device

REQUEST = bytes.fromhex("FEFEFEFE68610100000000681104333334331416")
ENERGY = bytes.fromhex("686101000000006891083333343359333333 8A16".replace(" ", ""))
VOLTAGE = bytes.fromhex("6861010000000068910633343435344310 16".replace(" ", ""))


def test_published_exchanges() -> None:
    assert Frame("000000000161", 0x11, bytes.fromhex("00000100")).to_bytes() == REQUEST
    assert Frame("A" * 12, 0x13).to_bytes(0).hex() == "68aaaaaaaaaaaa681300df16"
    energy, voltage = FrameReader().feed(ENERGY + VOLTAGE)
    assert energy.address == "000000000161"
    assert energy.is_answer
    assert not energy.refused
    tag = Tag(name="e", address="00010000", type=ValueType.UINT32)
    assert item(tag).raw(energy.data[4:], floating=False) == 26
    assert item(tag).raw(energy.data[4:], floating=True) == 0.26
    tag = Tag(name="u", address="02010100", type=ValueType.UINT16)
    assert item(tag).raw(voltage.data[4:], floating=True) == 100.1


def test_garbage_halves_wrong_sums_and_lengths_that_lie() -> None:
    reader = FrameReader()
    for byte in b"\x00\x68\x68\x16" + ENERGY[:-2] + b"\x00\x16":
        assert reader.feed(bytes((byte,))) == []
    assert reader.broken == 1
    liar = bytearray(ENERGY)
    liar[9] = 0xC8
    assert reader.feed(bytes(liar)) == []
    # The frame that lies swallows nothing once its bytes are there: the next ones are found.
    found = reader.feed(VOLTAGE * 20)
    assert len(found) >= 3
    assert {frame.control for frame in found} == {0x91}
    assert reader.feed(b"\x68" * 10_000) == []
    assert len(reader.buffer) <= 4_096
    assert len(reader.feed(b"\x00" * 300 + ENERGY)) == 1


def test_fuzz() -> None:
    reader = FrameReader()  # one for all, as on a line: what is half there meets what comes next

    def decode(data: bytes) -> list[Frame]:
        found = reader.feed(data)
        assert len(reader.buffer) <= 4_096
        for frame in found:
            assert FrameReader().feed(frame.to_bytes()) == [frame]
        return found

    run = fuzz(decode, seeds=[REQUEST, ENERGY, VOLTAGE], outcome=len)
    assert run.accepted


def test_fuzz_numbers() -> None:
    tags = [
        Tag(name="t", address=address)
        for address in ("00010000", "02030000", "0201FF00#3", "04000B01:8.4s")
    ]
    points = [item(tag) for tag in tags]

    def decode(data: bytes) -> list[float]:
        return [at.raw(data[1:], floating=bool(data[0] & 1)) for at in points[data[0] % 4 :][:1]]

    seeds = [bytes((n,)) + bytes.fromhex("5634129078563412") for n in range(4)]
    run = fuzz(decode, seeds=seeds, errors=(ValueError, IndexError))
    assert run.accepted
    assert run.refused


def test_numbers() -> None:
    assert bcd(bytes.fromhex("563412"), signed=False) == 123_456
    assert bcd(bytes.fromhex("563492"), signed=True) == -123_456
    for value in (0, 1, 99, -1, -799_999, 799_999):
        assert bcd(to_bcd(value, 3, signed=True), signed=True) == value
    assert to_bcd(100_000_001, 4, signed=False).hex() == "01000000"
    with pytest.raises(ValueError, match="packed decimal"):
        bcd(b"\xff\xff", signed=False)
    with pytest.raises(ValueError, match="sign"):
        to_bcd(-1, 2, signed=False)


@pytest.mark.parametrize(
    "address", ["", "0001000", "0001000G", "0201FF00", "04000101", "00010000:9.0", "00010000 "]
)
def test_addresses_that_cannot_be(address: str) -> None:
    tag = Tag(name="t", address=address)
    with pytest.raises(TagError) as refused:
        item(tag)
    assert refused.value.tag == "t"
    assert refused.value.zh


def test_endpoints_that_cannot_be() -> None:
    good = Tag(name="t", address="00010000")
    where = {"host": "127.0.0.1", "port": 1}
    Driver().check(device("dlt645", {**where, "meter": "000000000161"}, [good]))
    for wrong in ({"meter": "161"}, {"meters": "1"}, {"port": 70_000}, {"host": ""},
                  {"serial": "/dev/x", "parity": "X"}):  # fmt: skip
        with pytest.raises(TagError):
            Driver().check(device("dlt645", {**where, **wrong}, [good]))
    written = Tag(name="t", address="00010000", access=Access.READ_WRITE)
    with pytest.raises(TagError):
        Driver().check(device("dlt645", where, [written]))
