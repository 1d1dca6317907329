"""Five protocols at once through the collector: simulators from the registry, real time, frames."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from xinlian.ingest.adapters.drivers import registry
from xinlian.ingest.model.devices import Device, DeviceGroup, Plant
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import Tag, TagTable, ValueType
from xinlian.ingest.usecases.collector import Collector

from tests.ingest.drivers.sinks import free_port, in_loop, until

FLOAT, WORD = ValueType.FLOAT32, ValueType.UINT16
KINDS: dict[str, tuple[str, ValueType, dict[str, Any]]] = {
    "iec104": ("flt:1", FLOAT, {"host": "127.0.0.1", "port": 0}),
    "dlt645": ("02010100", FLOAT, {"host": "127.0.0.1", "port": 0, "meter": "000000000161"}),
    "enip": ("Line.Volts", FLOAT, {"host": "127.0.0.1", "port": 0}),
    "bacnet": ("ai:1", FLOAT, {"host": "127.0.0.1", "port": 0, "device_instance": 7}),
    "gbt32960": ("vehicle.voltage", WORD, {"listen": "127.0.0.1", "vin": "LSFAB12C3D4567890"}),
}


class Kept:
    """A frame sink that keeps; what is to be told when durable is told at once."""

    def __init__(self) -> None:
        self.frames: dict[str, list[Frame]] = {}

    def put(
        self,
        group: str,
        frames: Sequence[Frame],
        on_durable: Callable[[], None] | None = None,
    ) -> bool:
        for frame in frames:
            self.frames.setdefault(frame.device, []).append(frame)
        if on_durable is not None:
            on_durable()
        return True


@in_loop
async def test_all_are_collected_and_vehicles_are_answered() -> None:
    out = Kept()
    async with AsyncExitStack() as stack:
        devices = []
        playing: dict[str, Any] = {}
        for kind, (address, value, endpoint) in KINDS.items():
            tag = Tag(name="volts", address=address, type=value, period_ms=100)
            given = dict(endpoint)
            if kind == "gbt32960":
                given["port"] = free_port()
            made = Device(
                id=kind, group="g", driver=kind, endpoint=given, timeout_ms=1_000,
                table=TagTable(kind, (tag,)),
            )  # fmt: skip
            simulator = registry.simulator(kind, [made], Signals())
            playing[kind] = await stack.enter_async_context(simulator)
            given["port"] = playing[kind].port
            devices.append(made)
        plant = Plant(
            party=1, groups=(DeviceGroup(id="g", segment_ms=200),), devices=tuple(devices)
        )
        collector = Collector(plant, registry.driver, out)
        running = asyncio.create_task(collector.run())
        good = dict.fromkeys(KINDS, 0)

        def all_good() -> bool:
            for kind in KINDS:
                frames = out.frames.get(kind, [])
                good[kind] = sum(len(each) for each in frames if each.quality is None)
            return all(count >= 3 for count in good.values())

        try:
            await until(all_good, 20)
        finally:
            collector.stop()
            await running
    assert [each.source_us is not None for each in out.frames["gbt32960"]].count(True)
    terminal = playing["gbt32960"].terminals[0]
    assert terminal.acknowledged >= 3
