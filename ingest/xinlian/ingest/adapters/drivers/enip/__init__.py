"""EtherNet/IP: tags of Logix controllers by CIP explicit messages (pycomm3)."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.enip.driver import Driver
from xinlian.ingest.adapters.drivers.enip.sim import simulator

__all__ = ["driver", "simulator"]


def driver() -> Driver:
    """The driver, for the registry."""
    return Driver()
