"""The driver against python-snap7's server, and python-snap7's client against our simulator."""

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from snap7.client import Client
from snap7.server import Server
from snap7.type import SrvArea
from xinlian.ingest.adapters.drivers.s7 import driver, simulator
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, ByteOrder, Tag, TagError, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.sinks import (
    KeptSink,
    Waves,
    device,
    free_port,
    in_loop,
    peer,
    silent,
)

WRITE = Access.READ_WRITE
TAGS = (
    Tag(name="speed", address="DB1.DBD4", type=ValueType.FLOAT32, access=WRITE),
    Tag(name="running", address="DB1.DBX0.3", type=ValueType.BOOL, access=WRITE),
    Tag(name="level", address="db1.dbw8", type=ValueType.INT16, access=WRITE),
    Tag(name="total", address="DB1.DBL16", type=ValueType.UINT64),
    Tag(name="swapped", address="DB2.DBD0", type=ValueType.UINT32, order=ByteOrder.CDAB),
    Tag(name="marker", address="%MW10", type=ValueType.UINT16),
    Tag(name="door", address="I0.1", type=ValueType.BOOL),
    Tag(name="valve", address="AB2", type=ValueType.UINT8),
)


@dataclass
class Controller:
    port: int = field(default_factory=free_port)
    server: Server = field(default_factory=lambda: Server(log=False))
    db1: bytearray = field(default_factory=lambda: bytearray(512))
    areas: dict[tuple[SrvArea, int], bytearray] = field(default_factory=dict)

    def start(self) -> None:
        self.db1[0] = 0b0000_1001
        struct.pack_into(">f", self.db1, 4, 1_480.5)
        struct.pack_into(">h", self.db1, 8, -321)
        struct.pack_into(">Q", self.db1, 16, 2**60 + 7)
        self.areas = {
            (SrvArea.DB, 1): self.db1,
            (SrvArea.DB, 2): bytearray.fromhex("CCDDAABB"),
            (SrvArea.MK, 0): bytearray(10) + bytearray.fromhex("BEEF"),
            (SrvArea.PE, 0): bytearray(b"\x02"),
            (SrvArea.PA, 0): bytearray(b"\0\0\x2a"),
        }
        for (area, index), memory in self.areas.items():
            self.server.register_area(area, index, memory)
        self.server.start_to("127.0.0.1", self.port)


@pytest.fixture
def controller() -> Iterator[Controller]:
    made = Controller()
    made.start()
    yield made
    made.server.stop()


def endpoint(port: int, **more: object) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": port, **more}


@in_loop
async def test_all_areas_types_and_orders_are_read_and_written(controller: Controller) -> None:
    sink = KeptSink()
    session = driver().session(device("s7", endpoint(controller.port), TAGS), [sink])
    await session.open()
    assert [len(plan) for plan in session.plans] == [5]
    session.poll(0)
    await sink.next()
    assert sink.rows[0].values == (1_480.5, 1, -321, 2**60 + 7, 0xAABBCCDD, 0xBEEF, 1, 42)
    assert sink.rows[0].quality is None
    await session.write(TAGS[0], 12.25)
    await session.write(TAGS[2], -1)
    assert struct.unpack_from(">f", controller.db1, 4) == (12.25,)
    assert controller.db1[8:10] == b"\xff\xff"
    with pytest.raises(DriverError) as told:
        await session.write(TAGS[2], 40_000)
    assert told.value.quality is Quality.OUT_OF_RANGE
    await session.close()
    await session.close()


@in_loop
async def test_a_wrong_address_leaves_its_neighbours_good(controller: Controller) -> None:
    tags = (
        TAGS[0],
        Tag(name="beyond", address="DB1.DBW512", type=ValueType.INT16),
        Tag(name="near", address="DB1.DBW508", type=ValueType.INT16),
        Tag(name="absent", address="DB9.DBB0", type=ValueType.UINT8),
    )
    sink = KeptSink()
    session = driver().session(device("s7", endpoint(controller.port), tags), [sink])
    await session.open()
    for _ in range(2):
        session.poll(0)
        await sink.next()
    unknown = Quality.UNKNOWN_TAG
    for row in sink.rows:
        assert row.values == (1_480.5, None, 0, None)
        assert row.quality == (0, unknown, 0, unknown)
    with pytest.raises(DriverError) as told:
        await session.write(tags[3], 1)
    assert told.value.quality in (Quality.UNKNOWN_TAG, Quality.DEVICE_ERROR)
    await session.close()


@in_loop
async def test_a_large_block_is_read_within_the_length_of_a_pdu(controller: Controller) -> None:
    tags = [Tag(name=f"t{n}", address=f"DB1.DBW{n * 2}", type=ValueType.UINT16) for n in range(256)]
    for n in range(256):
        struct.pack_into(">H", controller.db1, n * 2, 60_000 + n)
    sink = KeptSink()
    session = driver().session(device("s7", endpoint(controller.port, pdu=240), tags), [sink])
    await session.open()
    assert all(read.size <= 222 for read in session.plans[0])
    session.poll(0)
    await sink.next()
    assert sink.rows[0].values == tuple(60_000 + n for n in range(256))
    await session.close()


@in_loop
async def test_a_lost_controller_is_told_and_found_again() -> None:
    controller = Controller()
    controller.start()
    sink = KeptSink()
    session = driver().session(device("s7", endpoint(controller.port), TAGS), [sink])
    await session.open()
    await asyncio.to_thread(controller.server.stop)
    for _ in range(10):
        sink.told.clear()
        session.poll(0)
        await sink.next()
        if session.client is None:
            break
    session.poll(0)
    assert sink.failures[-1] is Quality.NO_CONNECTION
    with pytest.raises(DriverError) as told:
        await session.open()
    assert told.value.quality is Quality.NO_CONNECTION
    again = Controller(controller.port)
    again.start()
    try:
        await session.open()
        sink.told.clear()
        session.poll(0)
        await sink.next()
        assert sink.rows[-1].values[0] == 1_480.5
    finally:
        await session.close()
        await asyncio.to_thread(again.server.stop)


@in_loop
async def test_peers_that_are_silent_or_speak_something_else() -> None:
    async with peer(silent) as port:
        session = driver().session(device("s7", endpoint(port), TAGS, timeout_ms=150), [KeptSink()])
        with pytest.raises(DriverError) as told:
            await session.open()
        assert told.value.quality is Quality.TIMEOUT

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)
        await reader.read(100)

    async with peer(babble) as port:
        session = driver().session(device("s7", endpoint(port), TAGS), [KeptSink()])
        with pytest.raises(DriverError):
            await session.open()


@in_loop
async def test_a_controller_that_falls_silent_or_answers_nonsense(controller: Controller) -> None:
    """A relay before the server breaks its answers."""
    mode = "pass"

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", controller.port)
        try:
            while asked := await reader.read(1_000):
                back.write(asked)
                answer = await there.read(4_096)
                if mode == "pass":
                    writer.write(answer)
                elif mode == "nonsense":
                    writer.write(answer[:15] + bytes(len(answer) - 15))
        finally:
            back.close()

    async with peer(relay) as port:
        sink = KeptSink()
        session = driver().session(device("s7", endpoint(port), TAGS, timeout_ms=200), [sink])
        await session.open()
        mode = "silent"
        for _ in range(3):
            sink.told.clear()
            session.poll(0)
            await sink.next()
        assert sink.failures == [Quality.TIMEOUT] * 3
        session.poll(0)
        assert sink.failures[3:] == [Quality.NO_CONNECTION]
        mode = "pass"
        await session.open()
        mode = "nonsense"
        sink.told.clear()
        session.poll(0)
        await sink.next()
        assert sink.failures[-1:] == [Quality.MALFORMED]
        await session.close()


@in_loop
async def test_the_simulator_answers_a_foreign_client_and_keeps_bits_apart() -> None:
    port = free_port()
    tags = (
        *TAGS[:3],
        Tag(name="spare", address="DB1.DBX0.6", type=ValueType.BOOL, access=WRITE),
    )
    given = device("s7", endpoint(port), tags)
    signals = Waves({"speed": 7.5, "running": 1, "level": -5, "spare": 0})

    def ask() -> bytes:
        client = Client()
        client.connect("127.0.0.1", 0, 1, port)
        data = bytes(client.db_read(1, 0, 10))
        client.disconnect()
        return data

    async with simulator([given], signals):
        data = await asyncio.to_thread(ask)
        assert data[0] == 0b1000
        assert struct.unpack_from(">f", data, 4) == (7.5,)
        session = driver().session(given, [KeptSink()])
        await session.open()
        await session.write(tags[3], 1)
        assert (await asyncio.to_thread(ask))[0] == 0b100_1000
        await session.write(tags[1], 0)
        assert (await asyncio.to_thread(ask))[0] == 0b100_0000
        await session.close()


@pytest.mark.parametrize(
    ("address", "kind", "why"),
    [
        ("DB1.DBD4", ValueType.INT16, "cannot hold"),
        ("DB1.DBX4", ValueType.BOOL, "a bit is written"),
        ("DB1.DBW4.1", ValueType.BOOL, "a bit is written"),
        ("DB1.DBX4.8", ValueType.BOOL, "write it as"),
        ("DB0.DBB4", ValueType.UINT8, "blocks 1 to"),
        ("MW65535", ValueType.INT16, "bytes are 0"),
        ("T5", ValueType.INT16, "write it as"),
    ],
)
def test_addresses_that_cannot_be_are_refused(address: str, kind: ValueType, why: str) -> None:
    tag = Tag(name="t", address=address, type=kind, scale=Decimal(1))
    with pytest.raises(TagError, match=why) as told:
        driver().check(device("s7", endpoint(102), [tag]))
    assert "点位" in told.value.zh


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TagError, match="not known"):
        driver().check(device("s7", endpoint(102, rak=1), TAGS))
