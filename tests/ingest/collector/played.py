"""A driver whose devices the test moves, and an event loop whose time jumps to what is next."""

from __future__ import annotations

import asyncio
import selectors
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from xinlian.ingest.model.devices import Device, DeviceGroup, Plant
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagError, TagTable
from xinlian.ingest.usecases.clock import Clock
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.ports import Decoder, Driver, DriverError, FrameSink, Session, Sink

_T = TypeVar("_T")
WALL_US = 1_795_000_000_000_000


class _Jumping(selectors.DefaultSelector):
    now = 1_000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if not found:
            assert timeout is not None, "nothing will ever happen"
            self.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Waits take no time."""

    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


def play(main: Callable[[], Awaitable[_T]]) -> _T:
    """Run a coroutine in virtual time."""

    async def all_of_it() -> _T:
        return await main()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(all_of_it())


class Played(Driver):
    """Devices by id: how each answers. ``answers`` gives seconds until the answer, or a failure."""

    version = "played/1"

    def __init__(self) -> None:
        self.polls: Counter[str] = Counter()
        self.opened: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self.under_way: Counter[tuple[str, int]] = Counter()
        self.answers: dict[str, float | Quality | None] = {}
        self.opening: dict[str, Exception | float] = {}
        self.unasked: set[str] = set()
        self.sessions: dict[str, PlayedSession] = {}
        self.written: list[tuple[str, str, float]] = []

    def check(self, device: Device) -> None:
        if device.endpoint.get("bad"):
            raise TagError(f"device {device.id!r}: endpoint", f"设备 {device.id!r}：端点")

    def decoder(self, device: Device, group: int) -> Decoder | None:
        return None

    def session(self, device: Device, sinks: Sequence[Sink]) -> Session:
        self.sessions[device.id] = made = PlayedSession(self, device, sinks)
        return made


class PlayedSession(Session):
    def __init__(self, driver: Played, device: Device, sinks: Sequence[Sink]) -> None:
        self._driver, self.device, self.sinks = driver, device, sinks
        self.unasked = device.id in driver.unasked
        self.value = 0

    async def open(self) -> None:
        self._driver.opened[self.device.id] += 1
        how = self._driver.opening.get(self.device.id)
        if isinstance(how, Exception):
            raise how
        if how is not None:
            await asyncio.sleep(how)

    def poll(self, group: int) -> None:
        if self.unasked:
            return
        key = (self.device.id, group)
        self._driver.polls[self.device.id] += 1
        self._driver.under_way[key] += 1
        assert self._driver.under_way[key] == 1, "polls overlap"
        how = self._driver.answers.get(self.device.id, 0.001)
        if how is None:
            return
        wait = self.device.timeout_ms / 1_000 if isinstance(how, Quality) else how
        asyncio.get_running_loop().call_later(wait, self._answer, key, how)

    def _answer(self, key: tuple[str, int], how: float | Quality) -> None:
        if self._driver.sessions[self.device.id] is not self:
            return
        self._driver.under_way[key] = 0
        sink = self.sinks[key[1]]
        if isinstance(how, Quality):
            sink.failed(how)
        else:
            self.value += 1
            sink.row([self.value % 30_000] * len(self.device.table.groups[key[1]]))

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        if raw == 13:
            raise DriverError("the device refuses 13", Quality.DEVICE_ERROR)
        self._driver.written.append((self.device.id, tag.name, raw))

    async def close(self) -> None:
        self._driver.closed[self.device.id] += 1
        for group, sink in enumerate(self.sinks):
            if self._driver.under_way[self.device.id, group]:
                self._driver.under_way[self.device.id, group] = 0
                sink.failed(Quality.NO_CONNECTION)


class Kept(FrameSink):
    """Keeps frames; full while ``full``."""

    def __init__(self) -> None:
        self.full = False
        self.puts = 0
        self.frames: list[Frame] = []

    def put(
        self,
        group: str,
        frames: Sequence[Frame],
        on_durable: Callable[[], None] | None = None,
    ) -> bool:
        if self.full:
            return False
        self.puts += 1
        self.frames.extend(frames)
        if on_durable is not None:
            on_durable()
        return True

    def counts(self, device: str) -> Counts:
        return sum((each.counts for each in self.frames if each.device == device), Counts())

    def values(self, device: str) -> list[int]:
        return [
            int(value)
            for each in self.frames
            if each.device == device
            for value, worth in zip(
                each.columns[0],
                each.quality[0] if each.quality is not None else [0] * len(each),
                strict=True,
            )
            if worth == 0
        ]


def device(name: str, *periods_ms: int, **members: Any) -> Device:
    tags = tuple(
        Tag(name=f"t{number}", address=str(number), period_ms=period)
        for number, period in enumerate(periods_ms or (1_000,))
    )
    members = {"group": "g", "driver": "played", "table": TagTable(name, tags), **members}
    return Device(id=name, **members)


def plant(*devices: Device, segment_ms: int = 1_000) -> Plant:
    return Plant(party=1, groups=(DeviceGroup(id="g", segment_ms=segment_ms),), devices=devices)


def collector(driver: Driver, out: FrameSink, each: Plant) -> Collector:
    """In virtual time; call it on the loop."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    clock = Clock(lambda: WALL_US + int((loop.time() - started) * 1e6), loop.time)
    return Collector(each, lambda kind: driver, out, clock=clock)


async def running(each: Collector, *steps: tuple[float, Callable[[], Any]]) -> None:
    """Run; after so many seconds each, do something; then stop."""
    task = asyncio.get_running_loop().create_task(each.run())
    for seconds, act in steps:
        await asyncio.sleep(seconds)
        done = act()
        if asyncio.iscoroutine(done):
            await done
    each.stop()
    await task
