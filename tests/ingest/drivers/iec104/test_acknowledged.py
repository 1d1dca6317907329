"""Changes are acknowledged when they lie on disk: until then the station keeps them."""

import asyncio

import pytest
from xinlian.ingest.adapters.drivers import reported
from xinlian.ingest.adapters.drivers.iec104.codec import (
    Unnumbered,
    i_frame,
    split,
    u_frame,
)
from xinlian.ingest.model.quality import Quality

from tests.ingest.drivers.iec104.test_link import END, float_asdu, opened
from tests.ingest.drivers.sinks import in_loop, peer, until


class Station:
    """Sends an interrogation's end, then what it is told to; notes the N(R) that it hears."""

    def __init__(self) -> None:
        self.writer: asyncio.StreamWriter | None = None
        self.sent = 0
        self.acknowledged = 0
        self.frozen = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(6) == u_frame(Unnumbered.STARTDT_ACT)
        writer.write(u_frame(Unnumbered.STARTDT_CON))
        await reader.readexactly(16)
        self.writer = writer
        self.send(END)
        buffer = bytearray()
        while data := await reader.read(4_096):
            buffer += data
            while (frame := split(buffer)) is not None:
                if frame[0] & 3 != 3:
                    self.acknowledged = int.from_bytes(frame[2:4], "little") >> 1
                elif frame[0] == Unnumbered.TESTFR_ACT and not self.frozen:
                    writer.write(u_frame(Unnumbered.TESTFR_CON))

    def send(self, asdu: bytes) -> None:
        assert self.writer is not None
        self.writer.write(i_frame(self.sent, 1, asdu))
        self.sent += 1


@in_loop
async def test_a_change_is_acknowledged_once_it_is_durable() -> None:
    far = Station()
    async with peer(far) as port:
        session, sink = await opened(port, w=3)
        for value in range(5):
            far.send(float_asdu(value))
        await until(lambda: len(sink.rows) == 5)
        await asyncio.sleep(0.05)
        assert far.acknowledged <= 1  # the interrogation's end alone
        for done in sink.durable[1:]:  # a later one does not speak for the first
            done()
        await asyncio.sleep(0.05)
        assert far.acknowledged <= 1
        sink.durable[0]()
        await until(lambda: far.acknowledged == 6)
        await session.close()


@in_loop
async def test_while_there_is_no_room_nothing_is_acknowledged_and_nothing_lost() -> None:
    far = Station()
    async with peer(far) as port:
        session, sink = await opened(port, t2_s=1, t1_s=2)
        sink.full = True
        for value in range(5):
            far.send(float_asdu(value))
        await asyncio.sleep(1.4)  # beyond t2
        assert far.acknowledged <= 1
        sink.full = False
        await until(lambda: len(sink.rows) == 5)
        assert [row.values[0] for row in sink.rows] == list(range(5))
        assert sink.lost == 0
        # What was taken is acknowledged after t2 at the latest: the station would end the link.
        await until(lambda: far.acknowledged == 6)
        await session.close()


@in_loop
async def test_an_endpoint_may_have_changes_acknowledged_as_they_come() -> None:
    far = Station()
    async with peer(far) as port:
        session, sink = await opened(port, w=3, acknowledge="received")
        for value in range(5):
            far.send(float_asdu(value))
        await until(lambda: far.acknowledged >= 3)
        assert len(sink.rows) == 5
        await session.close()


def test_a_station_that_floods_is_let_go_unacknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reported, "HELD_ROWS_MAX", 16)

    @in_loop
    async def run() -> None:
        far = Station()
        async with peer(far) as port:
            session, sink = await opened(port)
            sink.full = True
            for value in range(20):
                far.send(float_asdu(value))
            await until(lambda: session.link is not None and session.link.transport is None)
            assert "wait for room" in session.link.reason  # type: ignore[union-attr]
            assert far.acknowledged <= 1
            assert (sink.rows, sink.lost, len(session.held)) == ([], 0, 0)
            await session.close()

    run()


@in_loop
async def test_a_station_that_froze_is_told_before_the_link_ends() -> None:
    far = Station()
    async with peer(far) as port:
        session, sink = await opened(port, t1_s=5, t2_s=2, t3_s=1)
        session.poll(0)
        await until(lambda: len(sink.rows) == 1)
        far.frozen = True
        await asyncio.sleep(1.8)  # a test went out after t3, and has no answer
        session.poll(0)
        assert sink.failures == [Quality.TIMEOUT]
        await session.close()
