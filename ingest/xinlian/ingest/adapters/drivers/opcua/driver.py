"""Driver of OPC UA."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from xinlian.ingest.adapters.drivers.found import Found
from xinlian.ingest.adapters.drivers.opcua.discover import discover
from xinlian.ingest.adapters.drivers.opcua.nodes import split_address
from xinlian.ingest.adapters.drivers.opcua.options import options
from xinlian.ingest.adapters.drivers.opcua.session import UaSession
from xinlian.ingest.model.devices import Device
from xinlian.ingest.usecases.ports import Sink

__all__ = ["Driver"]

# The library logs what the quality and the errors tell already.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)


class Driver:
    """OPC UA: stateless."""

    @property
    def version(self) -> str:
        """Name and version."""
        return "opcua/1"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        options(device)
        for tag in device.table.tags:
            split_address(tag)

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> UaSession:
        """A session, not open yet."""
        return UaSession(device, sinks)

    async def discover(self, device: Device) -> list[Found]:
        """The variables of a server; ``DriverError``."""
        return await discover(device)
