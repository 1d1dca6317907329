"""Bytes from devices that are none: nothing crashes, every poll ends in one outcome."""

import asyncio
from typing import Any, cast

import pytest
from pymodbus.client import AsyncModbusTcpClient
from xinlian.ingest.adapters.drivers.modbus import driver
from xinlian.ingest.adapters.drivers.modbus.clients import client_of
from xinlian.ingest.adapters.drivers.modbus.fast import FastSession
from xinlian.ingest.adapters.drivers.modbus.frames import FrameError, adu, cut
from xinlian.ingest.adapters.drivers.modbus.sim_image import Image
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.services.soak.fuzzing import fuzz

from tests.ingest.drivers.modbus.support import Constant, device, sinks_of

TAGS = [
    Tag(name="a", address="holding:0", type=ValueType.FLOAT32),
    Tag(name="b", address="coil:0", type=ValueType.BOOL),
    Tag(name="c", address="input:3.2", type=ValueType.BOOL),
]
ANSWERS = [
    adu(1, bytes((3, 4, 1, 2, 3, 4))),
    adu(1, bytes((4, 2, 1, 2))),
    adu(1, bytes((1, 1, 1))),
    adu(1, bytes((0x83, 2))),
]
SEEDS = [
    *(bytes((0, tid)) + answer for tid, answer in enumerate(ANSWERS, 1)),
    b"".join(bytes((0, tid)) + answer for tid, answer in enumerate(ANSWERS[:3], 1)),
]


class Wire:
    """A transport that takes everything."""

    def __init__(self) -> None:
        self.aborted = False

    def write(self, data: bytes) -> None:
        assert len(data) == 12

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, name: str) -> None:
        return None


def test_frames_are_cut_within_bounds() -> None:
    def decode(data: bytes) -> int:
        size = cut(data)
        assert size == 0 or 9 <= size <= min(len(data), 260)
        return size

    run = fuzz(decode, seeds=SEEDS, errors=(FrameError,), outcome=lambda size: size)
    assert run.accepted
    assert run.refused


@pytest.mark.parametrize("in_flight", [1, 3])
def test_the_fast_path_takes_any_bytes(in_flight: int) -> None:
    """Each input is an answer cut into pieces, to a poll of three requests."""
    made = device(TAGS, {"host": "127.0.0.1", "in_flight": in_flight})

    def decode(data: bytes) -> str:
        sink = sinks_of(made)[0]
        session = cast(FastSession, driver().session(made, [sink]))
        wire = Wire()
        session.connection_made(cast(Any, wire))
        session.poll(0)
        step = 1 + len(data) % 7
        for at in range(0, len(data), step):
            if not wire.aborted:
                session.data_received(data[at : at + step])
        for _ in range(3):
            session.late()
        session.connection_lost(None)
        assert len(sink.rows) == 1
        values, quality = sink.rows[0]
        assert [value is None for value in values] == [each >= Quality.BAD for each in quality]
        return str(quality)

    run = fuzz(decode, seeds=SEEDS, tries=2_500, outcome=lambda kind: kind)
    assert run.accepted == run.tries


@pytest.mark.parametrize("kind", ["modbus-tcp", "modbus-rtu-tcp", "modbus-ascii"])
def test_pymodbus_framers_take_any_bytes(kind: str) -> None:
    rtu = bytes.fromhex("0103040102030440f4")
    ascii_frame = b":0103040102030AEB\r\n"
    seeds = [*SEEDS, rtu, ascii_frame, b":" + b"0103" * 30 + b"\r\n"]

    async def body() -> None:
        client = client_of(kind, {"host": "127.0.0.1"}, 1.0)
        assert isinstance(client, AsyncModbusTcpClient)
        guard = client.ctx
        guard.request_dev_id = 1

        def decode(data: bytes) -> bool:
            guard.response_future = asyncio.get_running_loop().create_future()
            guard.recv_buffer = b""
            for at in range(0, len(data), 11):
                guard.data_received(data[at : at + 11])
                assert len(guard.recv_buffer) <= 4_096
            done = guard.response_future.done()
            if done:
                guard.response_future.exception()
            return done

        run = fuzz(decode, seeds=seeds, tries=1_500)
        assert run.accepted == run.tries

    asyncio.run(body())


def test_simulated_devices_take_any_request() -> None:
    image = Image(device(TAGS, {}), Constant())
    seeds = [
        bytes.fromhex(text)
        for text in ("0300000002", "0100000001", "050000ff00", "0600000001", "2b0e0100",
                     "100000000204deadbeef", "0f0000000101ff", "160000ffff0001")
    ]  # fmt: skip

    def decode(pdu: bytes) -> str:
        answer = image.answer(pdu)
        assert 2 <= len(answer) <= 253
        return answer[:1].hex()

    assert fuzz(decode, seeds=seeds, outcome=lambda kind: kind).accepted
