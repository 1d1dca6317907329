"""OPC UA by asyncua (the extra ``opcua``; the library is LGPL and imported unchanged)."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.opcua.driver import Driver
from xinlian.ingest.adapters.drivers.opcua.sim import simulator

__all__ = ["driver", "simulator"]


def driver() -> Driver:
    """The driver, for the registry."""
    return Driver()
