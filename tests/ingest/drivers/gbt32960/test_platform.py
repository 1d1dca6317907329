"""The platform as vehicles see it: over sockets, with packets built from the standard's tables."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from xinlian.ingest.adapters.drivers.gbt32960 import driver, simulator
from xinlian.ingest.adapters.drivers.gbt32960.driver import VehicleSession
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.gbt32960.vectors import LOGIN, REPORT, TIME, TIME_US, VIN, packet
from tests.ingest.drivers.sinks import KeptSink, Waves, device, free_port, in_loop, until

TAGS = (
    Tag(name="speed", address="vehicle.speed", type=ValueType.UINT16),
    Tag(name="soc", address="vehicle.soc", type=ValueType.UINT8),
    Tag(name="east", address="position.longitude", type=ValueType.INT32),
    Tag(name="cell", address="battery.1.cell.2", type=ValueType.UINT16),
    Tag(name="engine", address="engine.speed", type=ValueType.UINT16, period_ms=10_000),
)


@asynccontextmanager
async def platform(
    vin: str = VIN, **more: object
) -> AsyncIterator[tuple[int, VehicleSession, list[KeptSink]]]:
    sinks = [KeptSink(), KeptSink()]
    port = free_port()
    where = {"listen": "127.0.0.1", "port": port, "vin": vin, **more}
    session = driver().session(device("gbt32960", where, TAGS), sinks)
    await session.open()
    try:
        yield port, session, sinks
    finally:
        await session.close()


class Car:
    """A connection that reads whole answers: 25 bytes and the data."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, sent: bytes) -> tuple[int, int, bytes]:
        self.writer.write(sent)
        return await self.answer()

    async def answer(self) -> tuple[int, int, bytes]:
        async with asyncio.timeout(10):
            head = await self.reader.readexactly(24)
            rest = await self.reader.readexactly(int.from_bytes(head[22:24], "big") + 1)
        return head[2], head[3], rest[:-1]

    async def ended(self) -> bool:
        async with asyncio.timeout(10):
            try:
                return await self.reader.read() is not None
            except ConnectionError:
                return True


@asynccontextmanager
async def car(port: int) -> AsyncIterator[Car]:
    made = Car(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield made
    finally:
        made.writer.transport.abort()


@in_loop
async def test_login_reports_and_answers_only_after_the_disk() -> None:
    async with platform() as (port, _, sinks), car(port) as mine:
        assert await mine.ask(packet(2, REPORT)) == (2, 2, TIME)  # not logged in yet
        assert await mine.ask(packet(1, LOGIN)) == (1, 1, TIME)
        mine.writer.write(packet(2, REPORT)[:40])
        await asyncio.sleep(0.05)
        mine.writer.write(packet(2, REPORT)[40:] + packet(7, b""))
        # The heartbeat is answered first: the report is not durable.
        assert await mine.answer() == (7, 1, b"")
        [row] = sinks[0].rows
        assert row.values == (1_005, 55, -116_404_000, None)
        assert row.quality == (0, 0, 0, Quality.SENSOR)
        assert row.source_us == TIME_US
        assert sinks[1].rows == []  # no engine in it
        sinks[0].durable.pop()()
        assert await mine.answer() == (2, 1, TIME)

        older = bytes((26, 7, 1, 7, 0, 0)) + REPORT[6:]
        mine.writer.write(packet(3, older))
        await until(lambda: len(sinks[0].rows) == 2)
        assert sinks[0].rows[1].source_us == TIME_US - 3_605_000_000
        sinks[0].durable.pop()()
        assert (await mine.answer())[:2] == (3, 1)

        sinks[0].full = True
        mine.writer.write(packet(2, REPORT) + packet(8, b""))
        command, answer, now = await mine.answer()  # nothing is said of the report without room
        assert (command, answer, len(now)) == (8, 1, 6)
        assert await mine.ask(packet(4, TIME + b"\0\1")) == (4, 1, TIME)
        assert sinks[0].failures == [Quality.NO_CONNECTION]


@in_loop
async def test_what_is_refused() -> None:
    async with platform() as (port, _, sinks), car(port) as mine:
        other = "LSFAB12C3D4567891"
        assert (await mine.ask(packet(1, LOGIN, vin=other)))[:2] == (1, 2)
        assert (await mine.ask(packet(1, LOGIN)))[:2] == (1, 1)
        assert (await mine.ask(packet(2, REPORT, vin=other)))[:2] == (2, 2)
        assert (await mine.ask(packet(2, REPORT[:-3])))[:2] == (2, 2)
        assert (await mine.ask(packet(2, b"")))[:2] == (2, 2)
        assert (await mine.ask(packet(3, bytes(6) + REPORT[6:])))[:2] == (3, 2)
        assert (await mine.ask(packet(0xC1, b"")))[:2] == (0xC1, 2)
        encrypted = bytearray(packet(2, REPORT))
        encrypted[21], encrypted[-1] = 3, encrypted[-1] ^ 1 ^ 3
        assert (await mine.ask(bytes(encrypted)))[:2] == (2, 2)
        assert sinks[0].rows == []
        mine.writer.write(packet(2, bytes(6) + REPORT[6:]))
        await until(lambda: bool(sinks[0].rows))
        assert sinks[0].rows[0].source_us is None
        assert sinks[0].rows[0].quality == (1, 1, 1, Quality.SENSOR)
        sinks[0].durable.pop()()
        assert (await mine.answer())[:2] == (2, 1)
        for _ in range(64):
            mine.writer.write(packet(0xC1, b""))
        assert await mine.ended()


@in_loop
async def test_a_platform_logs_in_with_its_password(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("geheim\n")
    login = TIME + b"\0\1" + b"city".ljust(12, b"\0") + b"geheim".ljust(20, b"\0") + b"\1"
    more = {"user": "city", "password_file": str(tmp_path / "word")}
    async with platform(**more) as (port, _, sinks), car(port) as mine:
        assert (await mine.ask(packet(1, LOGIN)))[:2] == (1, 2)
        assert (await mine.ask(packet(5, login.replace(b"geheim", b"falsch"))))[:2] == (5, 2)
        assert (await mine.ask(packet(5, login)))[:2] == (5, 1)
        mine.writer.write(packet(2, REPORT))
        await until(lambda: bool(sinks[0].durable))
        sinks[0].durable.pop()()
        assert (await mine.answer())[:2] == (2, 1)
        assert (await mine.ask(packet(6, TIME + b"\0\1")))[:2] == (6, 1)
        assert (await mine.ask(packet(2, REPORT)))[:2] == (2, 2)


@in_loop
async def test_silence_trickles_floods_and_a_second_login() -> None:
    async with platform(silence_s=1) as (port, session, sinks):
        async with car(port) as slow:
            await slow.ask(packet(1, LOGIN))

            async def trickle() -> None:
                while True:
                    slow.writer.write(b"#")
                    await asyncio.sleep(0.05)

            task = asyncio.create_task(trickle())
            assert await slow.ended()
            task.cancel()
        assert sinks[0].failures == [Quality.NO_CONNECTION]
        async with car(port) as flood:
            flood.writer.write(b"##A" * 100_000)
            assert await flood.ended()
        async with car(port) as first, car(port) as second:
            await first.ask(packet(1, LOGIN))
            await second.ask(packet(1, LOGIN))
            assert await first.ended()
            for _ in range(100):
                second.writer.write(packet(2, REPORT))
            await until(lambda: len(sinks[0].durable) >= 64)
            await asyncio.sleep(0.05)
            # No more is read than may wait for the disk, and what one read brought.
            assert len(sinks[0].durable) <= 100
            while sinks[0].durable:
                sinks[0].durable.pop(0)()
                await asyncio.sleep(0)
            await until(lambda: len(sinks[0].rows) == 100)
        with pytest.raises(DriverError):
            await driver().session(session.device, [KeptSink(), KeptSink()]).open()


@in_loop
async def test_the_simulator_sends_again_what_was_not_acknowledged() -> None:
    waves = Waves({"speed": 450, "soc": 70, "east": 116_000_000, "cell": 3_900, "engine": 0})
    tags = tuple(
        Tag(name=tag.name, address=tag.address, type=tag.type, period_ms=50) for tag in TAGS
    )
    sink = KeptSink()
    where = {"listen": "127.0.0.1", "port": free_port(), "vin": VIN}
    made = device("gbt32960", where, tags)
    session = driver().session(made, [sink])
    await session.open()
    async with simulator([made], waves) as running:
        await until(lambda: bool(sink.durable))
        assert sink.rows[0].values == (450, 70, 116_000_000, 3_900, 0)
        await session.close()  # before the report is answered
        await session.open()
        await until(lambda: len(sink.durable) == 2)
        assert sink.rows[1].source_us == sink.rows[0].source_us
        sink.durable[1]()
        await until(lambda: running.terminals[0].acknowledged >= 2)
        assert running.terminals[0].kept == [] or len(running.terminals[0].kept) == 1
    await session.close()
