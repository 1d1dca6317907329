"""GB/T 32960.3-2016: electric vehicles that report to a platform, own codec."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.gbt32960.driver import Driver
from xinlian.ingest.adapters.drivers.gbt32960.sim import simulator

__all__ = ["driver", "simulator"]


def driver() -> Driver:
    """The driver, for the registry."""
    return Driver()
