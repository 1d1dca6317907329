"""Both engines give the same readings for the same device, whatever it does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop
from xinlian.ingest.adapters.drivers.modbus import driver, simulator
from xinlian.ingest.adapters.drivers.modbus.driver import is_fast
from xinlian.ingest.adapters.drivers.modbus.sim_station import Fault
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, ByteOrder, Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError, Session

from tests.ingest.drivers.modbus.support import Constant, Remembering, device, sinks_of

GOOD, TIMEOUT, MALFORMED = Quality.GOOD, Quality.TIMEOUT, Quality.MALFORMED
Reading = tuple[list[Any], list[Quality]]
TAGS = [
    Tag(name="power", address="holding:0", type=ValueType.FLOAT32, order=ByteOrder.CDAB),
    Tag(name="energy", address="holding:2", type=ValueType.UINT64),
    Tag(name="temp", address="input:10", type=ValueType.INT16),
    Tag(name="door", address="input:11.3", type=ValueType.BOOL),
    Tag(name="run", address="coil:5", type=ValueType.BOOL),
    Tag(name="fault", address="discrete:1", type=ValueType.BOOL),
    Tag(name="fast", address="holding:20", period_ms=100),
]
LONE = [Tag(name=f"r{index}", address=f"holding:{index}") for index in range(100)]


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await body()

    uvloop.run(bounded())


async def opened(made: Device) -> tuple[Session, list[Remembering]]:
    driver().check(made)
    sinks = sinks_of(made)
    session = driver().session(made, sinks)
    await session.open()
    return session, sinks


async def both(sim_device: Device, act: Callable[[Session, list[Remembering], Any], Any]) -> Any:
    """What ``act`` makes of the fast path; the same must come of pymodbus."""
    found = []
    for engine in ("fast", "pymodbus"):
        async with simulator([sim_device], Constant()) as sim:
            made = device(
                sim_device.table.tags,
                {**sim.endpoint(sim_device.id), "engine": engine},
                timeout_ms=sim_device.timeout_ms,
            )
            assert is_fast(made) == (engine == "fast")
            session, sinks = await opened(made)
            try:
                found.append(await act(session, sinks, sim))
            finally:
                await session.close()
    assert found[0] == found[1]
    return found[0]


def test_good_readings_of_all_tables() -> None:
    async def body() -> None:
        async def act(session: Session, sinks: list[Remembering], sim: Any) -> list[Reading]:
            for _ in range(3):
                session.poll(0)
                session.poll(1)
            return [await sinks[number].next() for number in (0, 1) for _ in range(3)]

        readings = await both(device(TAGS, {"unit": 7}), act)
        assert all(quality == [GOOD] * len(values) for values, quality in readings)
        expected = [Constant().raw("d1", tag, 0) for tag in TAGS[:-1]]
        assert readings[3][0] == pytest.approx(expected, rel=1e-6)

    run(body)


WRONG = [
    (Fault.EXCEPTION, 2, Quality.UNKNOWN_TAG),
    (Fault.EXCEPTION, 1, Quality.DEVICE_ERROR),
    (Fault.EXCEPTION, 6, Quality.DEVICE_ERROR),
    (Fault.EXCEPTION, 11, Quality.DEVICE_ERROR),
    (Fault.SILENCE, 0, TIMEOUT),
    (Fault.GARBAGE, 0, MALFORMED),
    (Fault.PROTOCOL, 0, MALFORMED),
    (Fault.WRONG_UNIT, 0, MALFORMED),
    (Fault.WRONG_TRANSACTION, 0, MALFORMED),
    (Fault.WRONG_FUNCTION, 0, MALFORMED),
    (Fault.SHORT, 0, MALFORMED),
    (Fault.LONG, 0, MALFORMED),
    (Fault.SHORT_COUNT, 0, MALFORMED),
    (Fault.LONG_COUNT, 0, MALFORMED),
    (Fault.DRIP, 0.02, MALFORMED),
    (Fault.CLOSE, 0, Quality.NO_CONNECTION),
    (Fault.SPLIT, 0, GOOD),
    (Fault.MERGED, 0, GOOD),
    (Fault.SLOW, 0.05, GOOD),
]


WAITED_FOR = (Fault.SILENCE, Fault.WRONG_UNIT, Fault.WRONG_TRANSACTION, Fault.DRIP)


@pytest.mark.parametrize(("fault", "value", "quality"), WRONG)
@pytest.mark.parametrize("tags", [LONE, TAGS[:6]], ids=["one request", "four requests"])
def test_faults_give_the_same_qualities(
    tags: list[Tag], fault: Fault, value: float, quality: Quality
) -> None:
    async def body() -> None:
        async def act(session: Session, sinks: list[Remembering], sim: Any) -> list[Reading]:
            session.poll(0)
            got = [await sinks[0].next()]
            sim.fault("d1", fault, value)
            session.poll(0)
            got.append(await sinks[0].next())
            sim.fault("d1", None)
            session.poll(0)
            got.append(await sinks[0].next())
            return got

        timeout_ms = 600 if fault in WAITED_FOR else 4_000
        readings = await both(device(tags, {"unit": 7}, timeout_ms=timeout_ms), act)
        assert readings[0][1] == [GOOD] * len(tags)
        assert readings[1][1] == [quality] * len(tags)
        if fault is not Fault.DRIP:  # the rest of the late answer may spoil the next
            after = Quality.NO_CONNECTION if fault is Fault.CLOSE else GOOD
            assert readings[2][1] == [after] * len(tags)

    run(body)


def test_one_refused_request_leaves_the_others() -> None:
    """Input registers begin at 10 in the device; the tag at 500 is not there."""

    async def body() -> None:
        served = device(TAGS[:6], {"unit": 7})
        asked = [*TAGS[:6], Tag(name="lost", address="input:500")]
        for engine in ("fast", "pymodbus"):
            async with simulator([served], Constant()) as sim:
                endpoint = {**sim.endpoint("d1"), "engine": engine}
                session, sinks = await opened(device(asked, endpoint))
                session.poll(0)
                values, quality = await sinks[0].next()
                assert quality == [GOOD] * 6 + [Quality.UNKNOWN_TAG]
                assert None not in values[:6]
                assert values[6] is None
                await session.close()

    run(body)


@pytest.mark.parametrize("engine", ["fast", "pymodbus"])
def test_a_late_answer_is_not_taken_for_the_next(engine: str) -> None:
    async def body() -> None:
        async with simulator([device(LONE, {"unit": 7})], Constant()) as sim:
            made = device(LONE, {**sim.endpoint("d1"), "engine": engine}, timeout_ms=500)
            session, sinks = await opened(made)
            sim.fault("d1", Fault.SLOW, 0.6)
            session.poll(0)
            assert (await sinks[0].next())[1] == [TIMEOUT] * 100
            sim.fault("d1", Fault.SLOW, 0.03)
            session.poll(0)
            assert (await sinks[0].next())[1] == [GOOD] * 100
            await session.close()

    run(body)


@pytest.mark.parametrize("engine", ["fast", "pymodbus"])
def test_a_link_that_stays_silent_is_let_go(engine: str) -> None:
    """A half-open socket: the peer is gone, and nothing tells so."""

    async def body() -> None:
        async with simulator([device(LONE, {"unit": 7})], Constant()) as sim:
            made = device(LONE, {**sim.endpoint("d1"), "engine": engine}, timeout_ms=50)
            session, sinks = await opened(made)
            sim.fault("d1", Fault.SILENCE)
            told = []
            for _ in range(6):
                session.poll(0)
                told.append((await sinks[0].next())[1][0])
            assert told == [TIMEOUT] * 5 + [Quality.NO_CONNECTION]
            await session.close()

    run(body)


@pytest.mark.parametrize("in_flight", [1, 3, 16])
def test_requests_in_flight_at_once(in_flight: int) -> None:
    async def body() -> None:
        tags = [Tag(name=f"r{index}", address=f"holding:{index}") for index in range(1_000)]
        async with simulator([device(tags, {"unit": 7})], Constant()) as sim:
            endpoint = {**sim.endpoint("d1"), "in_flight": in_flight, "max_registers": 40}
            session, sinks = await opened(device(tags, endpoint, timeout_ms=8_000))
            wanted = [Constant().raw("d1", tag, 0) for tag in tags]
            for fault in (None, Fault.SPLIT, Fault.MERGED):
                sim.fault("d1", fault)
                session.poll(0)
                assert await sinks[0].next() == (wanted, [GOOD] * 1_000)
            await session.close()

    run(body)


@pytest.mark.parametrize("engine", ["fast", "pymodbus"])
def test_many_requests_of_a_slow_device(engine: str) -> None:
    """Ten requests at 250 ms each with a timeout of 2 s: late, but complete."""

    async def body() -> None:
        tags = [Tag(name=f"r{index}", address=f"holding:{index}") for index in range(40)]
        async with simulator([device(tags, {"unit": 7})], Constant()) as sim:
            endpoint = {**sim.endpoint("d1"), "engine": engine, "max_registers": 4}
            session, sinks = await opened(device(tags, endpoint, timeout_ms=2_000))
            sim.fault("d1", Fault.SLOW, 0.25)
            session.poll(0)
            assert (await sinks[0].next())[1] == [GOOD] * 40
            await session.close()

    run(body)


def test_nobody_listens() -> None:
    async def body() -> None:
        async with simulator([device(LONE, {"unit": 7})], Constant()) as sim:
            endpoint = sim.endpoint("d1")
        for engine in ("fast", "pymodbus"):
            with pytest.raises(DriverError) as caught:
                await opened(device(LONE, {**endpoint, "engine": engine}))
            assert caught.value.quality is Quality.NO_CONNECTION

    run(body)


def test_writes_reach_the_device() -> None:
    def rw(name: str, address: str, kind: ValueType, order: ByteOrder = ByteOrder.ABCD) -> Tag:
        return Tag(name=name, address=address, type=kind, order=order, access=Access.READ_WRITE)

    tags = [
        rw("a", "holding:0", ValueType.UINT16),
        rw("b", "holding:1", ValueType.FLOAT32, ByteOrder.CDAB),
        rw("c", "holding:3", ValueType.INT64, ByteOrder.DCBA),
        rw("d", "holding:7.4", ValueType.BOOL),
        rw("e", "coil:3", ValueType.BOOL),
    ]
    wanted: list[Any] = [65_000, -2.5, -(2**60), 1, 1]

    async def body() -> None:
        async def act(session: Session, sinks: list[Remembering], sim: Any) -> list[Reading]:
            session.poll(0)
            got = [await sinks[0].next()]
            session.poll(0)  # a write waits for the poll under way
            for tag, value in zip(tags, wanted, strict=True):
                await session.write(tag, value)
            await sinks[0].next()
            session.poll(0)
            got.append(await sinks[0].next())
            for fault, value, quality in (
                (Fault.EXCEPTION, 4, Quality.DEVICE_ERROR),
                (Fault.EXCEPTION, 2, Quality.UNKNOWN_TAG),
                (Fault.SILENCE, 0, TIMEOUT),
            ):
                sim.fault("d1", fault, value)
                with pytest.raises(DriverError) as caught:
                    await session.write(tags[0], 1)
                assert caught.value.quality is quality
            with pytest.raises(DriverError, match="does not fit"):
                await session.write(tags[0], 70_000)
            return got

        for multiple in (False, True):
            readings = await both(
                device(tags, {"unit": 7, "write_multiple": multiple}, timeout_ms=400), act
            )
            assert readings[1][0] == wanted

    run(body)


def test_closing_ends_what_is_under_way() -> None:
    async def body() -> None:
        async def act(session: Session, sinks: list[Remembering], sim: Any) -> list[Reading]:
            sim.fault("d1", Fault.SILENCE)
            session.poll(0)
            session.poll(1)
            await asyncio.sleep(0.02)
            await session.close()
            session.poll(0)
            return [await sinks[0].next(), await sinks[1].next(), await sinks[0].next()]

        readings = await both(device(TAGS, {"unit": 7}), act)
        assert {each for _, quality in readings for each in quality} == {Quality.NO_CONNECTION}

    run(body)
