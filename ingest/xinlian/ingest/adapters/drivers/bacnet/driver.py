# mypy: disable-error-code="import-untyped"
"""Driver and sessions of BACnet/IP devices."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, Final, TypeVar

from bacpypes3.apdu import AbortPDU, ErrorRejectAbortNack, RejectPDU
from bacpypes3.basetypes import ErrorType
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier
from xinlian.ingest.adapters.drivers.bacnet.points import PRESENT, Point, judge, point
from xinlian.ingest.adapters.drivers.bacnet.station import Station, give_back, take
from xinlian.ingest.adapters.drivers.endpoint import Endpoint
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Driver", "Options", "options"]

FLAGS: Final = "status-flags"
RELIABILITY: Final = "reliability"
UNKNOWN: Final = ("unknown-object", "unknown-property")
T = TypeVar("T")


class Options:
    """What an endpoint says."""

    def __init__(self, device: Device) -> None:
        ask = Endpoint(device)
        self.host = ask.text("host")
        self.port = ask.integer("port", 0, 65_535, 47_808)
        self.local = ask.text("local", "")
        """Address of ours with mask and port, ``192.168.1.9/24:47808``; empty: found by itself."""
        self.instance = ask.integer("device_instance", -1, 4_194_302, -1)
        self.batch = ask.integer("objects_per_request", 1, 100, 20)
        self.priority = ask.integer("write_priority", 1, 16, 16)
        ask.done()


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    return Options(device)


class BacnetSession:
    """One device on the network."""

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.device = device
        self.sinks = sinks
        self.options = options(device)
        self.address = Address(f"{self.options.host}:{self.options.port}")
        self.timeout_s = device.timeout_ms / 1_000
        self.groups = [[point(tag) for tag in tags] for tags in device.table.groups]
        self.station: Station | None = None
        self.one_by_one = False
        """The device does not know ReadPropertyMultiple."""
        self.polls: dict[int, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """See that the device answers, and that it is the right one."""
        await self.close()
        try:
            self.station = await take(self.options.local, self.options.host, self.options.port)
        except (OSError, ValueError) as exc:
            raise DriverError(f"no local address for BACnet: {exc}") from exc
        try:
            if self.options.instance >= 0:
                wanted = f"device,{self.options.instance}"
                await self._bounded(self._app.read_property(
                    self.address, ObjectIdentifier(wanted), "object-identifier"
                ))  # fmt: skip
            elif not await self._bounded(
                self._app.who_is(address=self.address, timeout=self.timeout_s / 2)
            ):
                raise DriverError("the device does not answer", Quality.TIMEOUT)
        except BaseException:
            await self.close()
            raise

    def poll(self, group: int) -> None:
        """Read a group."""
        if self.station is None:
            self.sinks[group].failed(Quality.NO_CONNECTION)
            return
        self.polls[group] = asyncio.create_task(self._poll(group))

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Write a present value with the endpoint's priority; ``DriverError``."""
        if self.station is None:
            raise DriverError("the session is not open")
        at = point(tag)
        value = float(raw) if at.kind.startswith("analog") else int(raw)
        # The library tells a refusal to write by returning it.
        told = await self._bounded(
            self._app.write_property(
                self.address, ObjectIdentifier(at.objid), PRESENT, value,
                priority=self.options.priority,
            )
        )  # fmt: skip
        if isinstance(told, ErrorRejectAbortNack):
            raise _refused(told)

    async def close(self) -> None:
        """Let go; polls under way end."""
        polls, self.polls = list(self.polls.values()), {}
        for task in polls:
            task.cancel()
        await asyncio.gather(*polls, return_exceptions=True)
        if self.station is not None:
            station, self.station = self.station, None
            give_back(station)

    @property
    def _app(self) -> Any:
        if self.station is None:
            raise DriverError("the session is not open")
        return self.station.app

    async def _bounded(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self.timeout_s):
                return await work
        except TimeoutError as exc:
            raise DriverError("the device does not answer", Quality.TIMEOUT) from exc
        except ErrorRejectAbortNack as exc:  # not an Exception: it must not get past here
            raise _refused(exc) from None
        except (ValueError, TypeError, AttributeError, OSError) as exc:
            raise DriverError(f"an answer cannot be read: {exc}", Quality.MALFORMED) from exc

    async def _poll(self, group: int) -> None:
        sink, points = self.sinks[group], self.groups[group]
        tags = self.device.table.groups[group]
        told: dict[tuple[str, str], Any] = {}
        try:
            for part in self._parts(points):
                await self._read(part, told)
        except DriverError as exc:
            if not told:
                sink.failed(exc.quality)
                return
        except asyncio.CancelledError:
            sink.failed(Quality.SHED)
            raise
        values, quality = [], []
        for at, tag in zip(points, tags, strict=True):
            value, how = _value(at, tag, told)
            values.append(value)
            quality.append(int(how))
        sink.row(values, quality if any(quality) else None)

    def _parts(self, points: list[Point]) -> list[dict[str, list[str]]]:
        """Objects and properties to read, some objects a request."""
        wanted: dict[str, list[str]] = {}
        for at in points:
            members = wanted.setdefault(at.objid, [])
            more = (FLAGS, RELIABILITY) if at.member == PRESENT else ()
            members.extend(name for name in (at.member, *more) if name not in members)
        names = list(wanted)
        size = self.options.batch
        return [
            {name: wanted[name] for name in names[place : place + size]}
            for place in range(0, len(names), size)
        ]

    async def _read(self, part: dict[str, list[str]], told: dict[tuple[str, str], Any]) -> None:
        if not self.one_by_one:
            wanted: list[Any] = []
            for name, members in part.items():
                wanted += [ObjectIdentifier(name), members]
            try:
                found = await self._bounded(self._app.read_property_multiple(self.address, wanted))
            except _NotUnderstoodError:
                self.one_by_one = True
            except DriverError as exc:
                # Some devices refuse a whole request for one object that they do not have.
                if exc.quality not in (Quality.UNKNOWN_TAG, Quality.DEVICE_ERROR):
                    raise
            else:
                for objid, member, _, value in found or ():
                    told[str(ObjectIdentifier(objid)), str(member)] = value
                return
        for name, members in part.items():
            for member in members:
                try:
                    told[name, member] = await self._bounded(
                        self._app.read_property(self.address, ObjectIdentifier(name), member)
                    )
                except DriverError as exc:
                    if exc.quality is Quality.TIMEOUT:
                        raise
                    told[name, member] = exc


class _NotUnderstoodError(DriverError):
    """The device rejects or aborts the service itself."""


def _refused(told: ErrorRejectAbortNack) -> DriverError:
    if isinstance(told, RejectPDU | AbortPDU):
        return _NotUnderstoodError(f"the device rejects: {told}", Quality.DEVICE_ERROR)
    code = str(getattr(told, "errorCode", told))
    unknown = code in UNKNOWN
    return DriverError(
        f"the device refuses: {code}", Quality.UNKNOWN_TAG if unknown else Quality.DEVICE_ERROR
    )


def _value(at: Point, tag: Tag, told: dict[tuple[str, str], Any]) -> tuple[Any, Quality]:
    found = told.get((at.objid, at.member))
    if found is None:
        return None, Quality.TIMEOUT
    if isinstance(found, DriverError):
        return None, found.quality
    if isinstance(found, ErrorType):
        unknown = str(found.errorCode) in UNKNOWN
        return None, Quality.UNKNOWN_TAG if unknown else Quality.DEVICE_ERROR
    quality = Quality.GOOD
    if at.member == PRESENT:
        quality = judge(_flags(told.get((at.objid, FLAGS))), _number(told, at))
    if quality >= BAD_MIN:
        return None, quality
    try:
        return _plain(found, tag.type), quality
    except (TypeError, ValueError):
        return None, Quality.MALFORMED


def _plain(value: Any, kind: ValueType) -> int | float | bool:
    """``TypeError`` or ``ValueError`` for what is no number."""
    if kind.is_float:
        return float(value)
    number = int(value)
    if number != value:
        raise ValueError(f"{value} is no integer")
    return bool(number) if kind is ValueType.BOOL else number


def _flags(value: Any) -> tuple[bool, bool, bool, bool] | None:
    try:
        bits = [bool(bit) for bit in value]
    except TypeError:
        return None
    return (bits[0], bits[1], bits[2], bits[3]) if len(bits) == 4 else None


def _number(told: dict[tuple[str, str], Any], at: Point) -> int | None:
    value = told.get((at.objid, RELIABILITY))
    return int(value) if isinstance(value, int) else None


class Driver:
    """BACnet/IP."""

    @property
    def version(self) -> str:
        """Name and version."""
        return "bacnet/1 (bacpypes3)"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        options(device)
        for tag in device.table.tags:
            point(tag)

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> BacnetSession:
        """A session, not open yet."""
        return BacnetSession(device, sinks)
