"""S7 communication with Siemens controllers over ISO-on-TCP (RFC 1006), by python-snap7."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.s7.driver import Driver
from xinlian.ingest.adapters.drivers.s7.sim import simulator

__all__ = ["driver", "simulator"]


def driver() -> Driver:
    """The driver, for the registry."""
    return Driver()
