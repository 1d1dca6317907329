"""Vehicles that connect to the platform's port, log in and report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Self

from xinlian.ingest.adapters.drivers.endpoint import SignalSource
from xinlian.ingest.adapters.drivers.gbt32960.codec import (
    Answer,
    Command,
    Packet,
    PacketReader,
    write_time,
)
from xinlian.ingest.adapters.drivers.gbt32960.driver import options
from xinlian.ingest.adapters.drivers.gbt32960.units import encode
from xinlian.ingest.model.devices import Device

__all__ = ["Simulator", "simulator"]

ANSWER_S: Final = 10.0
AGAIN_S: Final = 0.5
KEPT_MAX: Final = 1_000
ICCID: Final = b"89860000000000000000"


class Terminal:
    """One vehicle. Reports without an answer are kept, and re-sent after the next login."""

    def __init__(self, device: Device, signals: SignalSource) -> None:
        self.device, self.signals = device, signals
        self.options = options(device)
        self.period_s = device.table.periods[0] / 1_000
        self.kept: list[bytes] = []
        self.acknowledged = 0
        self.serial = 0

    def data(self, time_us: int) -> bytes:
        """A report as of a time."""
        values = {
            tag.address: int(self.signals.raw(self.device.id, tag, time_us))
            for tag in self.device.table.tags
        }
        return write_time(time_us) + encode(values)

    async def run(self) -> None:
        """Connect and report for ever, again and again."""
        while True:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                await self._connected()
            await asyncio.sleep(AGAIN_S)

    async def _connected(self) -> None:
        reader, writer = await asyncio.open_connection(self.options.host, self.options.port)
        packets = PacketReader()
        try:
            self.serial = self.serial % 65_531 + 1
            login = write_time(time.time_ns() // 1_000) + self.serial.to_bytes(2, "big") + ICCID
            await self._ask(reader, writer, packets, Command.LOGIN, login + b"\x01\x00")
            while True:
                while self.kept:
                    await self._ask(reader, writer, packets, Command.RESENT, self.kept[0])
                    del self.kept[0]
                data = self.data(time.time_ns() // 1_000)
                self.kept = [*self.kept, data][-KEPT_MAX:]
                await self._ask(reader, writer, packets, Command.REAL_TIME, data)
                del self.kept[-1]
                await asyncio.sleep(self.period_s)
        finally:
            writer.transport.abort()

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        packets: PacketReader,
        command: Command,
        data: bytes,
    ) -> None:
        writer.write(Packet(command, Answer.NONE, self.options.vin, data).to_bytes())
        async with asyncio.timeout(ANSWER_S):
            while True:
                got = await reader.read(4_096)
                if not got:
                    raise ConnectionResetError("the platform hung up")
                for packet in packets.feed(got):
                    if packet.command == command and packet.answer == Answer.DONE:
                        self.acknowledged += 1
                        return
                    raise ConnectionAbortedError(f"the platform answers {packet.answer}")


class Simulator:
    """Vehicles; they connect, so that the platform may start later."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource) -> None:
        self.terminals = [Terminal(device, signals) for device in devices]
        self.port = options(devices[0]).port
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.tasks = [asyncio.create_task(each.run()) for each in self.terminals]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator:
    """Vehicles that report to the port of their own endpoints."""
    return Simulator(devices, signals)
