"""IEC 60870-5-104: telecontrol over TCP, own codec (the library of the field is GPL)."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.iec104.driver import Driver
from xinlian.ingest.adapters.drivers.iec104.sim import simulator

__all__ = ["driver", "simulator"]


def driver() -> Driver:
    """The driver, for the registry."""
    return Driver()
