"""Driver and sessions of GB/T 32960: the platform to which vehicles report, each a device."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from xinlian.ingest.adapters.drivers.endpoint import Endpoint, secret
from xinlian.ingest.adapters.drivers.gbt32960.hub import Hub, give_back, take
from xinlian.ingest.adapters.drivers.gbt32960.units import check_address, units
from xinlian.ingest.adapters.drivers.reported import Count
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Driver", "Options", "options"]

VIN: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")


class Options:
    """What an endpoint says. Vehicles with the same ``listen`` and ``port`` share a port."""

    def __init__(self, device: Device) -> None:
        ask = Endpoint(device)
        self.host = ask.text("listen", "127.0.0.1")
        self.port = ask.integer("port", 0, 65_535, 32_960)
        self.vin = ask.text("vin")
        if not VIN.fullmatch(self.vin):
            ask.refuse("vin", "is no vehicle identification number", "不是有效的车辆识别代号")
        self.silence_s = ask.integer("silence_s", 1, 86_400, 180)
        """How long a connection may stay without a packet."""
        self.user = ask.text("user", "", most=12)
        self.password_file = ask.text("password_file", "", most=4_096)
        if bool(self.user) != bool(self.password_file):
            ask.refuse("user", "goes with password_file", "须与 password_file 同时给出")
        ask.done()


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    return Options(device)


class VehicleSession:
    """What one vehicle reports."""

    unasked = True

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.device = device
        self.options = options(device)
        self.sinks = sinks
        self.groups = [tuple(tag.address for tag in tags) for tags in device.table.groups]
        self.hub: Hub | None = None

    async def open(self) -> None:
        """Listen; a vehicle need not be there yet."""
        await self.close()
        wanted = self.options
        hub = take(wanted.host, wanted.port, wanted.silence_s)
        try:
            await hub.listen()
            if wanted.vin in hub.vehicles:
                raise DriverError(f"two devices are to be the vehicle {wanted.vin}")
            if wanted.user:
                hub.accounts[wanted.user] = secret(wanted.password_file)
        except (OSError, ValueError) as exc:
            give_back(hub)
            raise DriverError(f"cannot listen on {wanted.host}:{wanted.port}: {exc}") from exc
        except BaseException:
            give_back(hub)
            raise
        hub.vehicles[wanted.vin] = self
        self.hub = hub

    def poll(self, group: int) -> None:
        """Vehicles speak by themselves."""
        if self.hub is None:
            self.sinks[group].failed(Quality.NO_CONNECTION)

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Vehicles are only read."""
        raise DriverError(f"{tag.name} is not set to {raw}: a vehicle is only read")

    async def close(self) -> None:
        """Stop taking this vehicle's reports."""
        if self.hub is not None:
            hub, self.hub = self.hub, None
            hub.vehicles.pop(self.options.vin, None)
            give_back(hub)

    def report(self, time_us: int | None, data: bytes, done: Callable[[], None]) -> bool:
        """A report becomes a row of each rate group of which it holds something; values that it
        does not hold are ``UNKNOWN_TAG`` in that row. Answered when all rows are durable."""
        told = units(data)
        wanted = [
            (sink, names)
            for sink, names in zip(self.sinks, self.groups, strict=True)
            if any(name in told for name in names)
        ]
        if not wanted:
            done()
            return True
        count = Count(len(wanted), done)
        taken = True
        for sink, names in wanted:
            found = [told.get(name, (None, Quality.UNKNOWN_TAG)) for name in names]
            quality: list[int] = [each for _, each in found]
            if time_us is None:  # the vehicle's clock is off: the values stand, their time does not
                quality = [each or Quality.UNCERTAIN for each in quality]
            taken &= sink.row(
                [value for value, _ in found],
                quality if any(quality) else None,
                source_us=time_us,
                durable=count,
                held=True,
            )
        return taken

    def gone(self) -> None:
        """The connection is lost."""
        if self.sinks:
            self.sinks[0].failed(Quality.NO_CONNECTION)


class Driver:
    """GB/T 32960.3-2016, the platform's end."""

    resends = True
    """Vehicles keep a report whose answer was lost, and send it again as a stored one (7.2.2)."""

    @property
    def version(self) -> str:
        """Name and version."""
        return "gbt32960/1"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        options(device)
        for tag in device.table.tags:
            check_address(tag)

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> VehicleSession:
        """A session, not open yet."""
        return VehicleSession(device, sinks)
