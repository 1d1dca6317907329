"""Driver and sessions of EtherNet/IP. The library blocks: its calls run in a few threads."""

from __future__ import annotations

import asyncio
import logging
import re
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from pycomm3.exceptions import CommError, PycommError
from xinlian.ingest.adapters.drivers.endpoint import Endpoint
from xinlian.ingest.adapters.drivers.enip.plc import Plc
from xinlian.ingest.adapters.drivers.enip.points import point
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Driver", "path"]

THREADS: Final = 16
_pool: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="enip")
T = TypeVar("T")
STATUS: Final = re.compile(r"\(([0-9a-f]{2}), [0-9a-f]+\)$")
NO_SUCH: Final = ("04", "05")
"""Path segment error, path destination unknown."""
BROKEN: Final = (
    PycommError, OSError, struct.error, ValueError, KeyError, IndexError, TypeError, AttributeError,
)  # fmt: skip
"""What the library raises where an answer is cut short or no connection is left."""


def path(device: Device) -> tuple[str, int, int]:
    """Host, port and slot; ``TagError``."""
    ask = Endpoint(device)
    found = (
        ask.text("host"),
        ask.integer("port", 0, 65_535, 44_818),
        ask.integer("slot", 0, 31, 0),
    )
    ask.done()
    return found


class PlcSession:
    """One connection to one controller."""

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.device = device
        self.sinks = sinks
        self.timeout_s = device.timeout_ms / 1_000
        self.groups = [
            [(point(tag).name, tag.type) for tag in tags] for tags in device.table.groups
        ]
        self.types = {at.base: at.cip for at in map(point, device.table.tags)}
        self.plc: Plc | None = None
        self.turn = asyncio.Lock()
        self.polls: dict[int, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Connect and register a session."""
        await self.close()
        host, port, slot = path(self.device)
        plc = Plc(f"{host}:{port}/{slot}", self.types, self.timeout_s)
        self.plc = plc
        try:
            if not await self._call(plc, plc.open):
                raise DriverError("the controller registers no session", Quality.DEVICE_ERROR)
        except DriverError:
            await self.close()
            raise

    def poll(self, group: int) -> None:
        """Read a group: as few messages as the library can make of it."""
        if self.plc is None:
            self.sinks[group].failed(Quality.NO_CONNECTION)
            return
        self.polls[group] = asyncio.create_task(self._poll(self.plc, group))

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Write one tag; ``DriverError``."""
        plc = self.plc
        if plc is None:
            raise DriverError("no connection to the controller")
        value = bool(raw) if tag.type is ValueType.BOOL else raw
        name = point(tag).name
        told = await self._call(plc, lambda: plc.write((name, value)))
        if told.error:
            raise DriverError(f"the controller refuses: {told.error}", Quality.DEVICE_ERROR)

    async def close(self) -> None:
        """Close the connection; polls under way end."""
        polls, self.polls = list(self.polls.values()), {}
        plc, self.plc = self.plc, None
        for task in polls:
            task.cancel()
        await asyncio.gather(*polls, return_exceptions=True)
        if plc is not None:
            plc.shut()

    async def _poll(self, plc: Plc, group: int) -> None:
        sink, wanted = self.sinks[group], self.groups[group]
        try:
            told = await self._call(plc, lambda: plc.read(*(name for name, _ in wanted)))
        except DriverError as exc:
            sink.failed(exc.quality)
            return
        except asyncio.CancelledError:
            sink.failed(Quality.SHED)
            raise
        results = told if isinstance(told, list) else [told]
        values, quality = [], []
        for result, (_, kind) in zip(results, wanted, strict=True):
            good = result.error is None and result.value is not None
            values.append(_plain(result.value, kind) if good else None)
            quality.append(int(Quality.GOOD) if good else int(_judge(str(result.error))))
        sink.row(values, quality if any(quality) else None)

    async def _call(self, plc: Plc, work: Callable[[], T]) -> T:
        """Run in a thread, one at a time for this controller, bounded; what goes wrong on the wire
        ends the connection, since nobody knows what answer comes next."""
        async with self.turn:
            try:
                future = asyncio.get_running_loop().run_in_executor(_pool, work)
                async with asyncio.timeout(3 * self.timeout_s):
                    return await future
            except TimeoutError as exc:
                self._drop(plc)
                raise DriverError("the controller does not answer", Quality.TIMEOUT) from exc
            except asyncio.CancelledError:
                plc.shut()
                raise
            except BROKEN as exc:
                self._drop(plc)
                raise DriverError(f"the connection broke: {exc}", _why(exc)) from exc

    def _drop(self, plc: Plc) -> None:
        plc.shut()
        if self.plc is plc:
            self.plc = None


def _plain(value: Any, kind: ValueType) -> Any:
    return bool(value) if kind is ValueType.BOOL else value


def _why(exc: BaseException) -> Quality:
    cause: BaseException | None = exc
    for _ in range(4):
        if isinstance(cause, TimeoutError):
            return Quality.TIMEOUT
        cause = cause.__cause__ if cause is not None else None
    return Quality.NO_CONNECTION if isinstance(exc, CommError | OSError) else Quality.MALFORMED


def _judge(error: str) -> Quality:
    """The library tells the general status (CIP volume 1, appendix B) at the end of a text."""
    if error.startswith(("type is", "Failed to parse")):
        return Quality.MALFORMED
    found = STATUS.search(error)
    return Quality.UNKNOWN_TAG if found and found[1] in NO_SUCH else Quality.DEVICE_ERROR


class Driver:
    """EtherNet/IP with CIP explicit messages."""

    def __init__(self) -> None:
        # The library writes each refused tag to its log, at every poll.
        logging.getLogger("pycomm3").setLevel(logging.CRITICAL)

    @property
    def version(self) -> str:
        """Name and version."""
        return "enip/1 (pycomm3)"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        path(device)
        for tag in device.table.tags:
            point(tag)

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> PlcSession:
        """A session, not open yet."""
        return PlcSession(device, sinks)
