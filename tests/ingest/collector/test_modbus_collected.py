"""A plant of simulated Modbus devices, collected through real sockets into a real log."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from xinlian.ingest.adapters.drivers import registry
from xinlian.ingest.adapters.drivers.modbus import simulator
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.devices import Device, DeviceGroup, Plant
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import Role, Tag, TagTable, ValueType
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.recording import DeviceFacts

TABLE = TagTable(
    "meter",
    (
        Tag(name="energy", address="holding:0", type=ValueType.FLOAT64, unit="kW.h",
            role=Role.ENERGY_IMPORT, period_ms=100),
        Tag(name="power", address="holding:4", type=ValueType.FLOAT32, unit="kW",
            role=Role.POWER, period_ms=50),
        Tag(name="level", address="holding:6", type=ValueType.INT16, scale=Decimal("0.1"),
            low=Decimal(0), high=Decimal(50), period_ms=50),
    ),
    fixed=True,
)  # fmt: skip


def devices(port: int, count: int = 8) -> tuple[Device, ...]:
    return tuple(
        Device(
            id=f"m{number}", group="g", table=TABLE, driver="modbus-tcp", timeout_ms=500,
            endpoint={"host": "127.0.0.1", "port": port, "unit": number + 1},
        )
        for number in range(count)
    )  # fmt: skip


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1_500):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to that")


def test_readings_reach_the_log_and_a_lost_server_is_found_again(tmp_path: Path) -> None:
    signals = Signals()

    async def main() -> dict[str, Any]:
        first = simulator(devices(0), signals)
        async with first:
            port = first.port
            plant = Plant(
                party=1, groups=(DeviceGroup(id="g", segment_ms=200),), devices=devices(port)
            )
            facts = {device.id: DeviceFacts("modbus/1") for device in plant.devices}
            recorder = open_recorder(tmp_path, 1, plant.groups, facts)
            each = Collector(plant, registry.driver, recorder)
            task = asyncio.get_running_loop().create_task(each.run())
            await until(lambda: each.status()["received"] > 200)
        await until(lambda: each.status()["states"]["up"] == 0)
        async with simulator(devices(port), signals):
            before = each.status()["received"]
            await until(lambda: each.status()["received"] > before + 200)
            each.stop()
            await task
        await asyncio.to_thread(recorder.close)
        return each.status()

    status = asyncio.run(main())
    batch = LogReader(tmp_path).segments(0)
    frames = [frame for _, segment in batch.segments for frame in segment.frames]
    sums = sum((frame.counts for frame in frames), Counts())
    assert (sums.received, sums.missed) == (status["received"], status["missed"])
    for number in range(8):
        check(f"m{number}", [one for one in frames if one.device == f"m{number}"], signals)


def check(name: str, frames: list[Frame], signals: Signals) -> None:
    """Readings are what the device had within the second before; failures are told."""
    told: set[int] = set()
    for group in (0, 1):
        mine = [frame for frame in frames if frame.group == group]
        times = np.concatenate([frame.received_us for frame in mine])
        assert (np.diff(times) > 0).all()
        for place, tag in enumerate(TABLE.groups[group]):
            values = np.concatenate([frame.columns[place] for frame in mine]).astype(float)
            worth = np.concatenate(
                [
                    np.zeros(len(frame)) if frame.quality is None else frame.quality[place]
                    for frame in mine
                ]
            )
            told |= set(worth.astype(int).tolist())
            good = worth == 0
            assert good.sum() > 10
            steps = np.linspace(-3_000_000, 100_000, 60).astype(np.int64)
            possible = signals.raws(name, tag, (times[good, None] + steps).ravel())
            possible = possible.astype(float).reshape(good.sum(), len(steps))
            assert (values[good] >= possible.min(axis=1) - 1).all()
            assert (values[good] <= possible.max(axis=1) + 1).all()
    assert told <= {Quality.GOOD, Quality.NO_CONNECTION, Quality.TIMEOUT}
    assert Quality.NO_CONNECTION in told
