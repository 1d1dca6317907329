"""BACnet/IP: objects of building controllers (bacpypes3)."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.bacnet.discover import discover
from xinlian.ingest.adapters.drivers.bacnet.driver import Driver
from xinlian.ingest.adapters.drivers.bacnet.sim import simulator

__all__ = ["discover", "driver", "simulator"]


def driver() -> Driver:
    """The driver, for the registry."""
    return Driver()
