"""A sink that keeps what a session tells, and devices made of a few words."""

import asyncio
import functools
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagTable


@dataclass
class Row:
    values: tuple[Any, ...]
    quality: tuple[int, ...] | None
    source_us: int | None = None


@dataclass
class KeptSink:
    """``usecases.ports.Sink``: rows in the order of telling."""

    rows: list[Row] = field(default_factory=list)
    failures: list[Quality] = field(default_factory=list)
    durable: list[Callable[[], None]] = field(default_factory=list)
    full: bool = False
    lost: int = 0
    """Rows that were given up."""
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def raw(self, payload: bytes | memoryview, received_us: int | None = None) -> None:
        raise AssertionError("these drivers give rows")

    def row(
        self,
        values: Sequence[Any],
        quality: Sequence[int] | None = None,
        *,
        received_us: int | None = None,
        source_us: int | None = None,
        durable: Callable[[], None] | None = None,
        held: bool = False,
    ) -> bool:
        if self.full:
            self.lost += not held
            return False
        assert quality is None or len(quality) == len(values)
        self.rows.append(Row(tuple(values), tuple(quality) if quality else None, source_us))
        if durable is not None:
            self.durable.append(durable)
        self.told.set()
        return True

    def shed(self, rows: int) -> None:
        self.lost += rows
        self.told.set()

    def failed(self, quality: Quality, *, received_us: int | None = None) -> None:
        self.failures.append(quality)
        self.told.set()

    async def next(self, seconds: float = 10) -> None:
        """Wait for something to be told."""
        async with asyncio.timeout(seconds):
            await self.told.wait()
        self.told.clear()


def device(driver: str, endpoint: Mapping[str, Any], tags: Sequence[Tag], **more: Any) -> Device:
    given: dict[str, Any] = {"id": "d1", "group": "g1", "timeout_ms": 3_000, **more}
    return Device(table=TagTable("t", tuple(tags)), driver=driver, endpoint=endpoint, **given)


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a coroutine as a test, in an event loop of its own, with a bound."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await test(**fixtures)

        asyncio.run(bounded())

    return run


class Waves:
    """Signals for simulators: a number from the name of the tag and a table."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = dict(values)

    def raw(self, device_id: str, tag: Tag, t_us: int) -> float:
        return self.values[tag.name]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that no event tells."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - foreign threads set no event
            await asyncio.sleep(0.01)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def peer(handler: Handler) -> AsyncIterator[int]:
    """A TCP server that does as ``handler`` says; its port. All is closed at the end."""
    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing."""
    while await reader.read(4_096):
        pass
