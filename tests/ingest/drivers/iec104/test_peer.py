# mypy: disable-error-code="union-attr, index, arg-type, operator, func-returns-value"
"""The driver against lib60870 (c104) as the station, and lib60870 against our simulator."""

import asyncio
import datetime as dt
import time
from collections.abc import Iterator

import c104
import pytest
from xinlian.ingest.adapters.drivers.iec104 import driver, simulator
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.sinks import (
    KeptSink,
    Waves,
    device,
    free_port,
    in_loop,
    peer,
    silent,
    until,
)

WRITE = Access.READ_WRITE
TAGS = (
    Tag(name="breaker", address="sp:1>101", type=ValueType.BOOL, access=WRITE),
    Tag(name="isolator", address="dp:2", type=ValueType.UINT8),
    Tag(name="tap", address="st:3", type=ValueType.INT8),
    Tag(name="mask", address="bo:4", type=ValueType.UINT32),
    Tag(name="share", address="nva:5", type=ValueType.FLOAT32),
    Tag(name="setpoint", address="sva:6>106", type=ValueType.INT16, access=WRITE),
    Tag(name="power", address="flt:7>107", type=ValueType.FLOAT32, access=WRITE),
    Tag(name="energy", address="it:8", type=ValueType.INT32),
    Tag(name="absent", address="flt:9", type=ValueType.FLOAT32),
)
commanded: list[tuple[int, float]] = []


def on_command(
    point: c104.Point, previous_info: c104.Information, message: c104.IncomingMessage
) -> c104.ResponseState:
    commanded.append((point.io_address, float(point.value)))
    refused = point.io_address == 107 and float(point.value) > 1_000
    return c104.ResponseState.FAILURE if refused else c104.ResponseState.SUCCESS


class Station:
    def __init__(self) -> None:
        self.port = free_port()
        self.server = c104.Server(ip="127.0.0.1", port=self.port, tick_rate_ms=50)
        self.station = self.server.add_station(common_address=7)
        kinds = c104.Type
        made = {
            1: kinds.M_SP_TB_1, 2: kinds.M_DP_TB_1, 3: kinds.M_ST_TB_1, 4: kinds.M_BO_TB_1,
            5: kinds.M_ME_TD_1, 6: kinds.M_ME_TE_1, 7: kinds.M_ME_TF_1, 8: kinds.M_IT_TB_1,
        }  # fmt: skip
        self.points = {io: self.station.add_point(io, kind) for io, kind in made.items()}
        for io, kind in ((101, kinds.C_SC_NA_1), (106, kinds.C_SE_NB_1), (107, kinds.C_SE_NC_1)):
            self.station.add_point(io, kind).on_receive(callable=on_command)
        self.points[1].value = True
        self.points[2].value = c104.Double.ON
        self.points[3].value = c104.Int7(-5)
        self.points[4].value = c104.Byte32(b"\xfe\xca\0\0")
        self.points[5].value = c104.NormalizedFloat(0.5)
        self.points[6].value = c104.Int16(-1234)
        self.points[7].value = 230.5
        self.points[8].info = c104.BinaryCounterInfo(
            counter=987_654, sequence=c104.UInt5(1), quality=c104.BinaryCounterQuality()
        )


@pytest.fixture
def station() -> Iterator[Station]:
    made = Station()
    made.server.start()
    yield made
    made.server.stop()


def endpoint(station: Station, **more: object) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": station.port, "common_address": 7, **more}


@in_loop
async def test_interrogation_events_and_commands_of_a_foreign_station(station: Station) -> None:
    sink = KeptSink()
    session = driver().session(device("iec104", endpoint(station), TAGS, timeout_ms=5_000), [sink])
    await session.open()
    await until(lambda: session.groups[0].values[7] is not None)
    session.poll(0)
    row = sink.rows[-1]
    assert row.values[:4] == (1, 2, -5, 0xCAFE)
    assert row.values[4] == pytest.approx(0.5, abs=1e-4)
    assert row.values[5:8] == (-1234, 230.5, 987_654)
    assert row.values[8] is None
    assert row.quality is not None
    assert row.quality[:8] == (0,) * 8
    assert row.quality[8] == Quality.UNKNOWN_TAG

    sink.rows.clear()
    when = dt.datetime(2026, 7, 1, 10, 30, 15, 250_000, tzinfo=dt.UTC)
    station.points[7].info = c104.ShortInfo(
        actual=99.25, quality=c104.Quality.NonTopical, recorded_at=when
    )
    station.points[7].transmit(cause=c104.Cot.SPONTANEOUS)
    await until(lambda: bool(sink.rows))
    assert sink.rows[0].values[6] == 99.25
    assert sink.rows[0].quality[6] == Quality.UNCERTAIN
    assert sink.rows[0].source_us == int(when.timestamp() * 1e6)

    commanded.clear()
    await session.write(TAGS[0], True)
    await session.write(TAGS[5], -77)
    await session.write(TAGS[6], 12.5)
    assert commanded == [(101, 1.0), (106, -77.0), (107, 12.5)]
    with pytest.raises(DriverError) as refused:
        await session.write(TAGS[6], 5_000.0)
    assert refused.value.quality is Quality.DEVICE_ERROR
    with pytest.raises(DriverError) as wrong:
        await session.write(TAGS[5], 70_000)
    assert wrong.value.quality is Quality.OUT_OF_RANGE

    await asyncio.to_thread(station.server.stop)
    await until(lambda: session.link.transport is None)
    session.poll(0)
    assert sink.failures == [Quality.NO_CONNECTION]
    await session.close()
    await session.close()


@in_loop
async def test_a_station_that_does_not_answer_and_a_closed_port() -> None:
    async with peer(silent) as port:
        where = {"host": "127.0.0.1", "port": port}
        session = driver().session(device("iec104", where, TAGS, timeout_ms=200), [KeptSink()])
        with pytest.raises(DriverError) as told:
            await session.open()
        assert told.value.quality is Quality.TIMEOUT
    with pytest.raises(DriverError) as told:
        await session.open()
    assert told.value.quality is Quality.NO_CONNECTION


def read_with_c104(port: int) -> dict[int, object]:
    client = c104.Client(tick_rate_ms=50, command_timeout_ms=10_000)
    connection = client.add_connection(ip="127.0.0.1", port=port, init=c104.Init.NONE)
    station = connection.add_station(common_address=7)
    power = station.add_point(7, c104.Type.M_ME_NC_1)
    energy = station.add_point(8, c104.Type.M_IT_NA_1)
    breaker = station.add_point(1, c104.Type.M_SP_NA_1)
    setpoint = station.add_point(106, c104.Type.C_SE_NB_1)
    client.start()
    try:
        due = time.monotonic() + 10
        while connection.state != c104.ConnectionState.OPEN and time.monotonic() < due:
            if connection.state == c104.ConnectionState.OPEN_MUTED:
                connection.unmute()
            time.sleep(0.05)
        assert connection.is_connected
        assert connection.interrogation(common_address=7)
        assert connection.counter_interrogation(common_address=7)
        setpoint.value = c104.Int16(321)
        done = setpoint.transmit(cause=c104.Cot.ACTIVATION)
        time.sleep(0.3)
        return {7: power.value, 8: energy.value, 1: breaker.value, 106: done}
    finally:
        client.stop()


@in_loop
async def test_a_foreign_client_reads_and_commands_our_simulator() -> None:
    waves = Waves({"breaker": 1, "isolator": 1, "tap": 3, "mask": 7, "share": 0.25, "setpoint": 5,
                   "power": 12.5, "energy": 4_711, "absent": 1})  # fmt: skip
    simulated = device("iec104", {"host": "127.0.0.1", "port": 0, "common_address": 7}, TAGS)
    async with simulator([simulated], waves) as running:
        told = await asyncio.to_thread(read_with_c104, running.port)
        assert told == {7: 12.5, 8: 4_711, 1: True, 106: True}
        sink = KeptSink()
        where = {"host": "127.0.0.1", "port": running.port, "common_address": 7,
                 "select_before_operate": True, "command_time": True}  # fmt: skip
        session = driver().session(device("iec104", where, TAGS), [sink])
        await session.open()
        await session.write(TAGS[6], 40.5)
        await until(lambda: any(row.values[6] == 40.5 for row in sink.rows))
        moved = next(row for row in sink.rows if row.values[6] == 40.5)
        assert moved.values[5] == 321
        assert moved.source_us is not None
        assert abs(moved.source_us - time.time_ns() // 1_000) < 60_000_000
        await session.close()
