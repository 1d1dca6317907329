"""Stations that break the rules: the link closes, the readings turn bad, nothing hangs or grows."""

import asyncio
import struct
from collections.abc import Callable

import pytest
from xinlian.ingest.adapters.drivers.iec104 import driver
from xinlian.ingest.adapters.drivers.iec104.codec import (
    Asdu,
    Unnumbered,
    asdu_bytes,
    i_frame,
    s_frame,
    u_frame,
)
from xinlian.ingest.adapters.drivers.iec104.driver import IecSession
from xinlian.ingest.adapters.drivers.iec104.link import Link, Timing
from xinlian.ingest.adapters.drivers.iec104.receipts import Receipt
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.sinks import Handler, KeptSink, device, in_loop, peer, until

TAGS = (
    Tag(name="power", address="flt:1", type=ValueType.FLOAT32, access=Access.READ_WRITE),
    Tag(name="state", address="sp:2", type=ValueType.BOOL),
)


def float_asdu(value: float, address: int = 1, common: int = 1, cause: int = 3) -> bytes:
    body = address.to_bytes(3, "little") + struct.pack("<fB", value, 0)
    return asdu_bytes(13, cause, common, body)


END = asdu_bytes(100, 10, 1, b"\0\0\0\x14")


def station(*sent: bytes, hold: bool = True) -> Handler:
    """Confirms the start, waits for the interrogation, sends bytes, and stays or leaves."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(6) == u_frame(Unnumbered.STARTDT_ACT)
        writer.write(u_frame(Unnumbered.STARTDT_CON))
        await reader.readexactly(16)
        for part in sent:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        while hold and await reader.read(4_096):
            pass

    return handle


async def opened(port: int, **more: object) -> tuple[IecSession, KeptSink]:
    sink = KeptSink()
    where = {"host": "127.0.0.1", "port": port, **more}
    session = driver().session(device("iec104", where, TAGS, timeout_ms=300), [sink])
    await session.open()
    return session, sink


BREAKS = {
    "no start byte": [b"\x00\x04\x01\x00\x00\x00"],
    "a length that lies": [b"\x68\xff" + bytes(255)],
    "a length too short": [b"\x68\x02\x01\x00"],
    "a number left out": [i_frame(1, 1, END)],
    "a number twice": [i_frame(0, 1, END), i_frame(0, 1, END)],
    "what was never sent is acknowledged": [s_frame(9)],
    "an S frame with rubbish": [b"\x68\x04\x01\x77\x02\x00"],
    "an U frame that was not due": [u_frame(Unnumbered.STARTDT_ACT)],
    "two functions in an U frame": [b"\x68\x04\xc3\x00\x00\x00"],
    "an ASDU cut short": [i_frame(0, 1, b"\x0d\x01\x03")],
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_the_link(name: str) -> None:
    @in_loop
    async def run() -> None:
        async with peer(station(*BREAKS[name])) as port:
            session, sink = await opened(port)
            link = session.link
            assert link is not None
            await until(lambda: link.transport is None)
            assert link.reason
            session.poll(0)
            assert sink.failures == [Quality.NO_CONNECTION]
            with pytest.raises(DriverError):
                await session.write(TAGS[0], 1.0)
            await session.close()

    run()


ODD: dict[str, tuple[list[bytes], Callable[[KeptSink, IecSession], bool]]] = {
    "two frames in one segment, halves": (
        [i_frame(0, 1, float_asdu(1.5, cause=20)) + i_frame(1, 1, END)[:5],
         i_frame(1, 1, END)[5:] + i_frame(2, 1, float_asdu(2.5))],
        lambda sink, _: sink.rows[-1].values[0] == 2.5,
    ),
    "another station's": (
        [i_frame(0, 1, END), i_frame(1, 1, float_asdu(9.5, common=2))],
        lambda sink, _: sink.rows[-1].values[0] is None,
    ),
    "another point's": (
        [i_frame(0, 1, END), i_frame(1, 1, float_asdu(9.5, address=77))],
        lambda sink, _: sink.rows[-1].values[0] is None,
    ),
    "another kind's": (
        [i_frame(0, 1, END), i_frame(1, 1, float_asdu(9.5, address=2))],
        lambda sink, _: sink.rows[-1].quality == (Quality.UNKNOWN_TAG, Quality.MALFORMED),
    ),
    "not a number": (
        [i_frame(0, 1, END), i_frame(1, 1, float_asdu(float("nan")))],
        lambda sink, _: sink.rows[-1].quality == (Quality.NOT_A_NUMBER, Quality.UNKNOWN_TAG),
    ),
    "a count that lies": (
        [i_frame(0, 1, END), i_frame(1, 1, asdu_bytes(13, 3, 1, bytes(8), count=9))],
        lambda _, session: session.malformed == 1,
    ),
    "a type that nobody knows": (
        [i_frame(0, 1, END), i_frame(1, 1, asdu_bytes(200, 3, 1, bytes(8)))],
        lambda _, session: session.malformed == 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_the_link_survives(name: str) -> None:
    sent, right = ODD[name]

    @in_loop
    async def run() -> None:
        async with peer(station(*sent)) as port:
            session, sink = await opened(port)
            await asyncio.sleep(0.1)
            assert session.link is not None
            assert session.link.transport is not None
            session.poll(0)
            assert sink.rows
            assert right(sink, session)
            await session.close()

    run()


@in_loop
async def test_a_slow_station_a_command_without_answer_and_reopening() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in u_frame(Unnumbered.STARTDT_CON):
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.2)

    async with peer(slow) as port:
        with pytest.raises(DriverError) as told:
            await opened(port)
        assert told.value.quality is Quality.TIMEOUT
    async with peer(station(i_frame(0, 1, END))) as port:
        session, _ = await opened(port)
        with pytest.raises(DriverError) as told:
            await session.write(TAGS[0], 1.0)
        assert told.value.quality is Quality.TIMEOUT
        assert session.commands == {}
        await session.open()
        assert session.link is not None
        assert session.link.transport is not None
        await session.close()


async def linked(timing: Timing, told: list[Asdu]) -> tuple[Link, Link, list[str]]:
    """Two ends joined over loopback."""
    loop = asyncio.get_running_loop()
    ends: list[str] = []

    def take(asdu: Asdu, receipt: Receipt) -> None:
        told.append(asdu)
        receipt.safe()

    far = Link(take, lambda why: ends.append(f"far: {why}"), timing, controlling=False)
    server = await loop.create_server(lambda: far, "127.0.0.1", 0)
    near = Link(take, lambda why: ends.append(f"near: {why}"), timing)
    await loop.create_connection(lambda: near, *server.sockets[0].getsockname()[:2])
    async with asyncio.timeout(5):
        await near.started.wait()
    server.close()
    return near, far, ends


@in_loop
async def test_windows_acknowledgements_and_numbers_that_run_over() -> None:
    told: list[Asdu] = []
    near, far, ends = await linked(Timing(t1=5, t2=0.1, t3=10, k=4, w=2), told)
    for end in (near, far):  # close to where the 15 bits run over
        end.next_sent = end.acknowledged = 32_760
        end.next_received = end.told_back = 32_760
    for number in range(40):
        far.send(float_asdu(number))
        assert (far.next_sent - far.acknowledged) % 32_768 <= 4
    await until(lambda: len(told) == 40)
    await until(lambda: far.acknowledged == far.next_sent == 32)
    assert near.next_received == 32
    near.close()
    await until(lambda: len(ends) == 2)


@in_loop
async def test_silence_is_tested_and_a_dead_end_given_up() -> None:
    told: list[Asdu] = []
    near, far, ends = await linked(Timing(t1=0.3, t2=0.1, t3=0.1), told)
    await asyncio.sleep(0.5)
    assert ends == []  # both ends answer tests
    assert far.transport is not None
    far.transport.pause_reading()  # half open from here on
    await until(lambda: any(each.startswith("near") for each in ends))
    assert "within" in near.reason
    far.close()


@in_loop
async def test_a_queue_that_is_full_closes_the_link() -> None:
    told: list[Asdu] = []
    near, far, ends = await linked(Timing(k=1), told)
    for number in range(2_000):
        far.send(float_asdu(number))
    assert "wait" in far.reason
    assert not far.waiting
    near.close()
    assert len(ends) == 2
