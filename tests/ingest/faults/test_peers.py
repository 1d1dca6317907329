"""Devices that answer wrongly, slowly or never, beside one that is well: it does not notice."""

from __future__ import annotations

import asyncio
import resource
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import numpy as np
import pytest
from xinlian.ingest.adapters.drivers.modbus import simulator
from xinlian.ingest.adapters.drivers.registry import driver
from xinlian.ingest.model.devices import Device, DeviceGroup, Plant
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import Tag, TagTable
from xinlian.ingest.usecases.collector import Collector

from tests.ingest.collector.played import Kept

TABLE = TagTable(
    "t", tuple(Tag(name=f"r{n}", address=f"holding:{n}", period_ms=50) for n in (0, 1))
)
PAYLOAD = struct.pack(">BBHH", 3, 4, 1111, 2222)
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def requests(reader: asyncio.StreamReader) -> AsyncIterator[tuple[int, int]]:
    """Transaction and unit of each request."""
    while True:
        head = await reader.readexactly(7)
        transaction, _, length, unit = struct.unpack(">HHHB", head)
        await reader.readexactly(length - 1)
        yield transaction, unit


def answer(
    transaction: int, unit: int, payload: bytes = PAYLOAD, length: int | None = None
) -> bytes:
    size = 1 + len(payload) if length is None else length
    return struct.pack(">HHHB", transaction & 0xFFFF, 0, size, unit) + payload


async def another_transaction(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async for transaction, unit in requests(reader):
        writer.write(answer(transaction + 7, unit))


async def another_unit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async for transaction, unit in requests(reader):
        writer.write(answer(transaction, unit + 1))


async def too_short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async for transaction, unit in requests(reader):
        writer.write(answer(transaction, unit, PAYLOAD[:-2]))


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One byte now and then: each keeps the connection lively, no answer is ever whole in time."""
    async for transaction, unit in requests(reader):
        for byte in answer(transaction, unit):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.1)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Far more than was asked for, and none of it."""
    async for transaction, unit in requests(reader):
        for _ in range(64):
            writer.write(answer(transaction + 9, unit, b"\x03\xfa" + bytes(250), 253))
        await writer.drain()


async def boasting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async for transaction, unit in requests(reader):
        writer.write(answer(transaction, unit, PAYLOAD, 65_535) + bytes(2_000))


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Half open: the connection stands, nobody is behind it."""
    await asyncio.sleep(3_600)


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async for _ in requests(reader):
        found: socket.socket = writer.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


PEERS: tuple[Peer, ...] = (
    another_transaction, another_unit, too_short, trickle, endless, boasting, silent, resetting,
)  # fmt: skip


@asynccontextmanager
async def listening(peer: Peer) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await peer(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def made(name: str, port: int, engine: str) -> Device:
    endpoint = {"host": "127.0.0.1", "port": port, "unit": 1, "engine": engine}
    return Device(id=name, group="g", table=TABLE, driver="modbus-tcp", timeout_ms=200,
                  endpoint=endpoint)  # fmt: skip


@pytest.mark.parametrize("engine", ["fast", "pymodbus"])
def test_each_is_told_and_disturbs_nobody(engine: str) -> None:
    out = Kept()

    async def main() -> dict[str, int]:
        async with AsyncExitStack() as stack:
            devices = [
                made(peer.__name__, await stack.enter_async_context(listening(peer)), engine)
                for peer in PEERS
            ]
            well = simulator((made("well", 0, engine),), Signals())
            await stack.enter_async_context(well)
            devices.append(made("well", well.port, engine))
            group = DeviceGroup(id="g", segment_ms=200)
            each = Collector(Plant(party=1, groups=(group,), devices=tuple(devices)), driver, out)
            running = asyncio.create_task(each.run())
            await asyncio.sleep(3.0)
            each.stop()
            await running
            return {name: each.device(name)["connected"] for name in each.links}

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connected = asyncio.run(main())
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 << 10, "kB"
    counts = out.counts("well")
    assert counts.received > counts.expected / 2 > 10
    for peer in PEERS:
        name = peer.__name__
        frames = [frame for frame in out.frames if frame.device == name and len(frame)]
        assert frames, name
        told = set()
        for frame in frames:
            assert frame.quality is not None, f"{name}: a reading was taken for good"
            assert (frame.quality >= BAD_MIN).all(), name
            assert not any(column.any() for column in frame.columns), name
            told |= set(np.unique(frame.quality).tolist())
        assert told <= {Quality.TIMEOUT, Quality.MALFORMED, Quality.NO_CONNECTION}, (name, told)
        assert out.counts(name).received == 0
        assert 1 <= connected[name] < 30, "no spinning reconnects"
