"""The driver against the meter of the dlt645 package, over TCP and a pair of serial ports, and
that package as the client of our simulator."""

import asyncio
import os
import select
import threading
import tty
from collections.abc import Iterator
from typing import Any

import dlt645  # type: ignore[import-untyped]
import pytest
from xinlian.ingest.adapters.drivers.dlt645 import driver, simulator
from xinlian.ingest.adapters.drivers.dlt645.codec import Frame, FrameReader
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, ValueType

from tests.ingest.drivers.sinks import (
    Handler,
    KeptSink,
    Waves,
    device,
    free_port,
    in_loop,
    peer,
    until,
)

METER = "000000000161"
FLOAT = ValueType.FLOAT64
TAGS = (
    Tag(name="energy", address="00010000", type=ValueType.UINT32),
    Tag(name="ua", address="02010100", type=FLOAT),
    Tag(name="ia", address="02020100", type=FLOAT),
    Tag(name="power", address="02030000", type=FLOAT),
    Tag(name="factor", address="02060000", type=FLOAT),
    Tag(name="hertz", address="02800002", type=FLOAT),
    Tag(name="absent", address="02990000:2.0", type=ValueType.UINT16),
)
WANTED = (123_456, 220.5, 12.345, -3.25, 0.987, 50.01)


def fill(meter: Any) -> None:
    meter.set_address(bytes.fromhex(METER)[::-1])
    assert meter.set_00(0x00010000, 1234.56)
    for identifier, value in zip(
        (0x02010100, 0x02020100, 0x02030000, 0x02060000, 0x02800002), WANTED[1:], strict=True
    ):
        assert meter.set_02(identifier, value)


def expect(sink: KeptSink) -> None:
    row = sink.rows[-1]
    assert row.values[:6] == pytest.approx(WANTED)
    assert row.values[6] is None
    assert row.quality == (0, 0, 0, 0, 0, 0, Quality.UNKNOWN_TAG)


@in_loop
async def test_a_foreign_meter_over_tcp() -> None:
    port = free_port()
    meter = dlt645.MeterServerService.new_tcp_server("127.0.0.1", port, 5.0)
    fill(meter)
    assert await asyncio.to_thread(meter.start)
    try:
        sink = KeptSink()
        where = {"host": "127.0.0.1", "port": port, "meter": METER}
        session = driver().session(device("dlt645", where, TAGS), [sink])
        await session.open()
        session.poll(0)
        await sink.next()
        expect(sink)
        await session.close()
        session.poll(0)
        assert sink.failures == [Quality.NO_CONNECTION]
    finally:
        await asyncio.to_thread(meter.stop)


@pytest.fixture
def ports() -> Iterator[tuple[str, str]]:
    """Two serial ports joined back to back: what goes into one comes out of the other."""
    pairs = [os.openpty() for _ in range(2)]
    for pair in pairs:
        tty.setraw(pair[0])
        tty.setraw(pair[1])
    stop_read, stop_write = os.pipe()

    def carry() -> None:
        masters = [pair[0] for pair in pairs]
        while True:
            ready, _, _ = select.select([*masters, stop_read], [], [])
            if stop_read in ready:
                return
            for fd in ready:
                os.write(masters[1 - masters.index(fd)], os.read(fd, 1_024))

    thread = threading.Thread(target=carry)
    thread.start()
    yield os.ttyname(pairs[0][1]), os.ttyname(pairs[1][1])
    os.write(stop_write, b"x")
    thread.join()
    for fd in (*pairs[0], *pairs[1], stop_read, stop_write):
        os.close(fd)


@in_loop
async def test_a_foreign_meter_on_a_serial_line(ports: tuple[str, str]) -> None:
    meter = dlt645.MeterServerService.new_rtu_server(ports[0], 8, 1, 9_600, "N", 1.0)
    fill(meter)
    assert await asyncio.to_thread(meter.start)
    try:
        sink = KeptSink()
        where = {"serial": ports[1], "baud": 9_600, "parity": "N"}
        session = driver().session(device("dlt645", where, TAGS), [sink])
        await session.open()
        assert session.meter == METER  # asked for with the broadcast address
        session.poll(0)
        await sink.next()
        expect(sink)
        await session.close()
    finally:
        await asyncio.to_thread(meter.stop)


def read_with_dlt645(port: int) -> list[float]:
    client = dlt645.MeterClientService.new_tcp_client("127.0.0.1", port, 5.0)
    client.set_address(bytes.fromhex(METER)[::-1].hex())  # it sends the digits as they stand
    try:
        found = [client.read_00(0x00010000), client.read_02(0x02010100), client.read_02(0x02030000)]
        return [item.value for item in found if item is not None]
    finally:
        client.disconnect()


@in_loop
async def test_a_foreign_client_reads_our_simulator_and_meters_share_a_line() -> None:
    waves = Waves({"energy": 123_456, "ua": 220.5, "ia": 1, "power": -3.25, "factor": 1,
                   "hertz": 50, "absent": 7, "ub": 231.0})  # fmt: skip
    line = {"host": "127.0.0.1", "port": 0}
    first = device("dlt645", {**line, "meter": METER}, TAGS)
    block = (
        Tag(name="ua", address="0201FF00#1", type=FLOAT),
        Tag(name="ub", address="0201FF00#2", type=FLOAT),
    )
    second = device("dlt645", {**line, "meter": "000000000162"}, block, id="d2")
    async with simulator([first, second], waves) as running:
        assert await asyncio.to_thread(read_with_dlt645, running.port) == [1234.56, 220.5, -3.25]
        line["port"] = running.port
        sinks = [KeptSink(), KeptSink(), KeptSink()]
        missing = {**line, "meter": "000000000163"}
        sessions = [
            driver().session(device("dlt645", {**line, "meter": METER}, TAGS), [sinks[0]]),
            driver().session(
                device("dlt645", {**line, "meter": "000000000162"}, block), [sinks[1]]
            ),
            driver().session(device("dlt645", missing, block, timeout_ms=100), [sinks[2]]),
        ]
        for session in sessions:
            await session.open()
        assert len({id(session.line) for session in sessions}) == 1
        for session in sessions:
            session.poll(0)
        await until(lambda: all(sink.rows or sink.failures for sink in sinks))
        assert sinks[0].rows[0].values[:2] == (123_456, 220.5)
        assert sinks[1].rows[0].values == (220.5, 231.0)
        assert sinks[2].failures == [Quality.TIMEOUT]
        for session in sessions:
            await session.close()
            await session.close()


@in_loop
async def test_long_answers_come_in_parts() -> None:
    tags = [
        Tag(name=f"t{number}", address=f"0000FF00#{number}", type=ValueType.INT32)
        for number in range(1, 64)
    ]
    waves = Waves({tag.name: 1_000 + place for place, tag in enumerate(tags)})
    where = {"host": "127.0.0.1", "port": 0, "meter": METER}
    from xinlian.ingest.adapters.drivers.dlt645.sim import Simulator

    async with Simulator([device("dlt645", where, tags)], waves, part=100) as running:
        where["port"] = running.port
        sink = KeptSink()
        session = driver().session(device("dlt645", where, tags), [sink])
        await session.open()
        session.poll(0)
        await sink.next()
        assert sink.rows[0].values == tuple(range(1_000, 1_063))
        await session.close()


def answering(*answers: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = FrameReader()
        while data := await reader.read(1_024):
            for _ in frames.feed(data):
                for part in answers:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.01)

    return handle


def energy(meter: str = METER, digits: str = "56341200", control: int = 0x91) -> bytes:
    return Frame(meter, control, bytes.fromhex("00000100" + digits)).to_bytes()


ODD = {
    "in two halves": ([energy()[:9], energy()[9:]], Quality.GOOD),
    "garbage before": ([b"\x68\x00garbage\x16", energy()], Quality.GOOD),
    "after another meter's": ([energy("000000000999", "99999999") + energy()], Quality.GOOD),
    "another meter's alone": ([energy("000000000999")], Quality.TIMEOUT),
    "wrong sum": ([energy()[:-2] + bytes((energy()[-2] ^ 0xFF, 0x16))], Quality.TIMEOUT),
    "no digits": ([energy(digits="5634AB00")], Quality.MALFORMED),
    "not measured": ([energy(digits="FFFFFFFF")], Quality.BAD),
    "too short": ([energy(digits="5634")], Quality.UNKNOWN_TAG),
    "refused": ([Frame(METER, 0xD1, b"\x01").to_bytes()], Quality.DEVICE_ERROR),
    "no such data": ([Frame(METER, 0xD1, b"\x02").to_bytes()], Quality.UNKNOWN_TAG),
    "never ends": ([energy(control=0xB1), energy(control=0xB2)], Quality.MALFORMED),
    "a request echoed": ([Frame(METER, 0x11, bytes.fromhex("00000100")).to_bytes()],
                         Quality.TIMEOUT),
    "one byte at a time, for ever": ([b"\x68"] * 50, Quality.TIMEOUT),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_odd_answers(case: str) -> None:
    answers, wanted = ODD[case]

    @in_loop
    async def run() -> None:
        async with peer(answering(*answers)) as port:
            sink = KeptSink()
            where = {"host": "127.0.0.1", "port": port, "meter": METER}
            session = driver().session(device("dlt645", where, TAGS[:1], timeout_ms=150), [sink])
            await session.open()
            session.poll(0)
            await sink.next()
            if wanted is Quality.TIMEOUT:
                assert sink.failures == [wanted]
            else:
                told = sink.rows[0]
                assert told.quality == (None if wanted is Quality.GOOD else (wanted,))
                assert told.values == ((123_456,) if wanted is Quality.GOOD else (None,))
            await session.close()

    run()
