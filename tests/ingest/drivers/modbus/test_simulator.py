"""The simulator over other transports, with the signals of the product, and under a collector."""

import asyncio
from pathlib import Path

import pytest
import uvloop
from xinlian.ingest.adapters.drivers.modbus import driver, simulator
from xinlian.ingest.adapters.drivers.modbus.sim_station import Fault
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import Role, Tag, ValueType
from xinlian.services.bench.ingest_modbus_run import collect, simulated
from xinlian.services.bench.ingest_modbus_sim import device_list

from tests.ingest.drivers.modbus.support import Constant, device, sinks_of

TAGS = [
    Tag(name="power", address="holding:0", type=ValueType.FLOAT32),
    Tag(name="run", address="coil:5", type=ValueType.BOOL),
    Tag(name="fast", address="input:20", period_ms=100),
]


@pytest.mark.parametrize("kind", ["modbus-rtu-tcp", "modbus-udp"])
def test_the_simulator_speaks_other_transports(kind: str) -> None:
    async def body() -> None:
        served = [device(TAGS, {"unit": unit}, kind=kind, name=f"d{unit}") for unit in (1, 2)]
        async with simulator(served, Constant()) as sim:
            for each in served:
                made = device(TAGS, sim.endpoint(each.id), kind=kind, name=each.id)
                sinks = sinks_of(made)
                session = driver().session(made, sinks)
                await session.open()
                session.poll(1)
                assert (await sinks[1].next())[1] == [Quality.GOOD] * 2
                sim.fault(each.id, Fault.EXCEPTION, 2)
                session.poll(0)
                assert (await sinks[0].next())[1] == [Quality.UNKNOWN_TAG]
                sim.fault(each.id, Fault.SILENCE)
                session.poll(0)
                assert (await sinks[0].next())[1] == [Quality.TIMEOUT]
                await session.close()

    uvloop.run(body())


def test_serial_lines_are_not_simulated() -> None:
    async def body() -> None:
        with pytest.raises(ValueError, match="modbus-rtu is not simulated"):
            async with simulator([device(TAGS, {}, kind="modbus-rtu")], Constant()):
                pass

    uvloop.run(body())


def test_signals_change_and_counters_rise() -> None:
    async def body() -> None:
        tags = [
            Tag(name="energy", address="holding:0", type=ValueType.UINT32, role=Role.ENERGY_IMPORT),
            Tag(name="power", address="holding:2", type=ValueType.FLOAT32, role=Role.POWER),
        ]
        async with simulator([device(tags, {})], Signals()) as sim:
            sim.refresh_s = 0.02
            made = device(tags, sim.endpoint("d1"))
            sinks = sinks_of(made)
            session = driver().session(made, sinks)
            await session.open()
            seen = []
            for _ in range(5):
                session.poll(0)
                seen.append((await sinks[0].next())[0])
                await asyncio.sleep(0.6)
            assert [row[0] for row in seen] == sorted(row[0] for row in seen)
            assert len({row[1] for row in seen}) > 1
            await session.close()

    uvloop.run(body())


def test_a_collector_makes_what_was_polled_durable(tmp_path: Path) -> None:
    """Twenty links in one process, a second of polls at 50 ms: they lie in the log, ascending."""

    with simulated(20, 60) as (ports, _):
        devices = device_list(20, 60, 50, ports=ports)
        run = collect(devices, tmp_path, warm_s=0.3, seconds=1.0, segment_ms=200)
    assert run.links_least == 20
    assert len(run.times_us) == 20
    assert run.rows > 20
    assert run.counts.expected == run.counts.received + run.counts.missed
    for stamps in run.times_us.values():
        assert (stamps[1:] > stamps[:-1]).all()
