"""Reports that a vehicle sends again, since it never had the answer: they stand once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.devices import DeviceGroup, Plant
from xinlian.services.workers.collecting import Collecting

from tests.ingest.drivers.gbt32960.test_platform import TAGS, Car, car
from tests.ingest.drivers.gbt32960.vectors import LOGIN, REPORT, TIME, VIN, packet
from tests.ingest.drivers.sinks import device, free_port, in_loop, until

LATER = bytes((*TIME[:5], TIME[5] + 10))
OTHER = REPORT.replace(bytes.fromhex("03ed"), bytes.fromhex("03ee"), 1)
"""The same time, another speed."""


@asynccontextmanager
async def collecting(folder: Path, port: int) -> AsyncIterator[None]:
    where = {"listen": "127.0.0.1", "port": port, "vin": VIN}
    plant = Plant(
        party=1,
        groups=(DeviceGroup(id="g1", segment_ms=100),),
        devices=(device("gbt32960", where, TAGS, id="car"),),
    )
    made = Collecting(plant, folder, "c")
    running = asyncio.create_task(made.collector.run())
    try:
        await until(lambda: made.collector.device("car")["state"] == "up")
        yield
    finally:
        made.collector.stop()
        await running
        await asyncio.to_thread(made.close)


def speeds(folder: Path) -> list[int]:
    reader = LogReader(folder / "log" / "c")
    try:
        return [
            int(value)
            for _, segment in reader.segments(0, 1_000).segments
            for frame in segment.frames
            if frame.group == 0 and frame.source_us is not None
            for value in frame.columns[0]
        ]
    finally:
        reader.close()


@asynccontextmanager
async def logged_in(port: int) -> AsyncIterator[Car]:
    """Once the platform listens: after a connection is lost it begins anew."""
    for _ in range(100):
        try:
            async with car(port) as mine:
                if await mine.ask(packet(1, LOGIN)) == (1, 1, TIME):
                    yield mine
                    return
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.1)
    raise AssertionError("no login")


async def reported(mine: Car, *sent: tuple[int, bytes]) -> None:
    for command, data in sent:
        assert (await mine.ask(packet(command, data)))[:2] == (command, 1)


def test_each_sample_stands_once_also_over_a_restart(tmp_path: Path) -> None:
    @in_loop
    async def run() -> None:
        port = free_port()
        async with collecting(tmp_path, port):
            async with logged_in(port) as mine:
                mine.writer.write(packet(2, REPORT))  # and the link breaks before the answer
                await asyncio.sleep(0.05)
            async with logged_in(port) as mine:
                stored = (3, REPORT)
                await reported(mine, stored, stored, (3, LATER + REPORT[6:]), (3, OTHER))
            assert speeds(tmp_path) == [1_005, 1_005, 1_006]
        async with collecting(tmp_path, port), logged_in(port) as mine:
            await reported(mine, (3, REPORT), (3, LATER + REPORT[6:]), (3, OTHER))
            assert speeds(tmp_path) == [1_005, 1_005, 1_006]
            newest = bytes((*TIME[:5], TIME[5] + 20)) + REPORT[6:]
            await reported(mine, (2, newest))
        assert speeds(tmp_path) == [1_005, 1_005, 1_006, 1_005]

    run()
