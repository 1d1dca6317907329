"""DL/T 645-2007: electricity meters on RS-485 or behind a transparent gateway, own codec."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.dlt645.driver import Driver
from xinlian.ingest.adapters.drivers.dlt645.sim import simulator

__all__ = ["driver", "simulator"]


def driver() -> Driver:
    """The driver, for the registry."""
    return Driver()
