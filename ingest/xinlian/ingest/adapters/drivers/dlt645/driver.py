"""Driver and sessions of DL/T 645-2007 meters."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.adapters.drivers.dlt645.codec import (
    BROADCAST,
    READ,
    READ_ADDRESS,
    READ_MORE,
    Frame,
)
from xinlian.ingest.adapters.drivers.dlt645.items import Item, item
from xinlian.ingest.adapters.drivers.dlt645.line import Line, Place, give_back, take
from xinlian.ingest.adapters.drivers.endpoint import Endpoint
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Driver", "Options", "options"]

METER: Final = re.compile(r"[0-9]{12}")
FOLLOW_UPS_MAX: Final = 16
"""Follow-up frames of one answer; a meter that never ends is cut off."""


@dataclass(frozen=True, slots=True)
class Options:
    """What an endpoint says. ``meter`` is empty where the only meter of a line is to be asked."""

    place: Place
    meter: str
    turn_s: float


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    ask = Endpoint(device)
    meter = ask.text("meter", "")
    if meter and not METER.fullmatch(meter):
        ask.refuse("meter", "is the 12 digits on the meter", "须为表计上的 12 位数字")
    place: Place
    if "serial" in device.endpoint:
        place = (
            "serial", ask.text("serial"), ask.integer("baud", 300, 115_200, 2_400),
            ask.one_of("parity", ("E", "N", "O"), "E"), ask.integer("stop_bits", 1, 2, 1),
        )  # fmt: skip
    else:
        place = ("tcp", ask.text("host"), ask.integer("port", 0, 65_535))
    turn_s = ask.integer("turn_ms", 100, 600_000, 60_000) / 1_000
    ask.done()
    return Options(place, meter, turn_s)


class MeterSession:
    """One meter on a line that it may share."""

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.device = device
        self.options = options(device)
        self.meter = self.options.meter
        self.sinks = sinks
        self.timeout_s = device.timeout_ms / 1_000
        self.line: Line | None = None
        self.polls: dict[int, asyncio.Task[None]] = {}
        self.plans: list[dict[str, list[tuple[int, Item, bool]]]] = []
        for tags in device.table.groups:
            plan: dict[str, list[tuple[int, Item, bool]]] = {}
            for column, tag in enumerate(tags):
                at = item(tag)
                plan.setdefault(at.identifier, []).append((column, at, tag.type.is_float))
            self.plans.append(plan)

    async def open(self) -> None:
        """Open the line, and ask the meter for its address if it is not given."""
        await self.close()
        self.line = take(self.options.place)
        try:
            await self.line.connect(self.timeout_s)
            if not self.meter:
                self.meter = await self._address(self.line)
        except BaseException:
            await self.close()
            raise

    async def _address(self, line: Line) -> str:
        found = await line.request(
            Frame(BROADCAST, READ_ADDRESS),
            lambda frame: frame.is_answer and frame.function == READ_ADDRESS,
            self.timeout_s,
            self.options.turn_s,
        )
        told = found.data[::-1].hex()
        if found.refused or not METER.fullmatch(told):
            raise DriverError("the meter does not tell its address", Quality.MALFORMED)
        return told

    def poll(self, group: int) -> None:
        """Ask for each identifier of the group in turn."""
        if self.line is None or self.line.wire is None:
            self.sinks[group].failed(Quality.NO_CONNECTION)
            return
        self.polls[group] = asyncio.create_task(self._poll(self.line, group))

    async def _poll(self, line: Line, group: int) -> None:
        sink, plan = self.sinks[group], self.plans[group]
        width = len(self.device.table.groups[group])
        values: list[int | float | None] = [None] * width
        quality = [int(Quality.TIMEOUT)] * width
        answered = False
        try:
            for identifier, wanted in plan.items():
                try:
                    data = await self._read(line, bytes.fromhex(identifier)[::-1])
                except DriverError as exc:
                    if exc.quality in (
                        Quality.DEVICE_ERROR,
                        Quality.UNKNOWN_TAG,
                        Quality.MALFORMED,
                    ):
                        answered = True
                        for column, _, _ in wanted:
                            quality[column] = exc.quality
                        continue
                    if not answered:
                        sink.failed(exc.quality)
                        return
                    break
                answered = True
                for column, at, floating in wanted:
                    values[column], quality[column] = _value(at, data, floating)
        except asyncio.CancelledError:
            sink.failed(Quality.SHED)
            raise
        sink.row(values, quality if any(quality) else None)

    async def _read(self, line: Line, identifier: bytes) -> bytes:
        """The data of an identifier, put together from follow-up frames."""
        frame = Frame(self.meter, READ, identifier)
        gathered = b""
        for number in range(1, FOLLOW_UPS_MAX + 1):
            function = frame.function

            def wanted(told: Frame, function: int = function) -> bool:
                mine = told.is_answer and told.address == self.meter and told.function == function
                return mine and (told.refused or told.data[:4] == identifier)

            told = await line.request(frame, wanted, self.timeout_s, self.options.turn_s)
            if told.refused:
                raise _refusal(told)
            data = told.data[4:]
            if number > 1:
                if not data or data[-1] != number - 1:
                    raise DriverError("a follow-up frame is out of order", Quality.MALFORMED)
                data = data[:-1]
            gathered += data
            if not told.more:
                return gathered
            frame = Frame(self.meter, READ_MORE, identifier + bytes((number,)))
        raise DriverError("the answer has no end", Quality.MALFORMED)

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Meters are only read."""
        raise DriverError(f"{tag.name} is not set to {raw}: a meter is only read")

    async def close(self) -> None:
        """Let go of the line; polls under way end."""
        for task in list(self.polls.values()):
            task.cancel()
        await asyncio.gather(*self.polls.values(), return_exceptions=True)
        self.polls.clear()
        if self.line is not None:
            line, self.line = self.line, None
            give_back(line)


def _refusal(told: Frame) -> DriverError:
    """ERR (annex, error word): bit 1 says that there is no such data."""
    reason = told.data[0] if told.data else 0
    unknown = bool(reason & 0x02)
    return DriverError(
        f"the meter refuses with error word 0x{reason:02x}",
        Quality.UNKNOWN_TAG if unknown else Quality.DEVICE_ERROR,
    )


def _value(at: Item, data: bytes, floating: bool) -> tuple[int | float | None, int]:
    try:
        return at.raw(data, floating=floating), Quality.GOOD
    except IndexError:
        return None, Quality.UNKNOWN_TAG
    except ValueError:
        # All FF is how meters say that they do not measure this.
        quality = Quality.BAD if data and set(data) == {0xFF} else Quality.MALFORMED
        return None, quality


class Driver:
    """DL/T 645-2007."""

    @property
    def version(self) -> str:
        """Name and version."""
        return "dlt645/1"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        options(device)
        for tag in device.table.tags:
            item(tag)

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> MeterSession:
        """A session, not open yet."""
        return MeterSession(device, sinks)
