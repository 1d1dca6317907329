"""Readings that devices push over HTTP: JSON or CSV, answered when they lie on disk."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.http.driver import Driver
from xinlian.ingest.adapters.drivers.http.sim import simulator

__all__ = ["driver", "simulator"]


def driver() -> Driver:
    """The driver, for the registry."""
    return Driver()
