"""Lines that break, that are busy, and that cannot be opened."""

import asyncio

import pytest
from xinlian.ingest.adapters.drivers.dlt645 import driver
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.sinks import KeptSink, device, free_port, in_loop, peer, silent, until

METER = "000000000161"
TAGS = (Tag(name="energy", address="00010000", type=ValueType.UINT32),)


@in_loop
async def test_a_line_that_breaks_and_one_that_is_busy() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    sink = KeptSink()
    async with peer(hang_up) as port:
        where = {"host": "127.0.0.1", "port": port, "meter": METER}
        session = driver().session(device("dlt645", where, TAGS), [sink])
        await session.open()
        session.poll(0)
        await sink.next()
        assert sink.failures == [Quality.NO_CONNECTION]
        await session.open()
        await session.close()
    with pytest.raises(DriverError):
        await session.open()
    async with peer(silent) as port:
        where = {"host": "127.0.0.1", "port": port, "meter": METER, "turn_ms": 100}
        sinks = [KeptSink(), KeptSink()]
        sessions = [
            driver().session(device("dlt645", where, TAGS, timeout_ms=400), [sink])
            for sink in sinks
        ]
        for session in sessions:
            await session.open()
            session.poll(0)
        await until(lambda: all(sink.failures for sink in sinks))
        assert [sink.failures for sink in sinks] == [[Quality.TIMEOUT], [Quality.SHED]]
        for session in sessions:
            await session.close()


@in_loop
async def test_many_meters_behind_a_dead_gateway_do_not_wait_for_one_another() -> None:
    where = {"host": "127.0.0.1", "port": free_port()}
    sessions = [
        driver().session(
            device("dlt645", {**where, "meter": f"{number:012d}"}, TAGS, timeout_ms=60_000),
            [KeptSink()],
        )
        for number in range(50)
    ]
    told = await asyncio.gather(*(each.open() for each in sessions), return_exceptions=True)
    assert all(isinstance(each, DriverError) for each in told)
    assert sum("just now" in str(each) for each in told) == 49
