"""MQTT 3.1.1 and 5: subscriptions to topics, and Sparkplug B as a host application."""

from __future__ import annotations

from xinlian.ingest.adapters.drivers.mqtt.driver import Driver
from xinlian.ingest.adapters.drivers.mqtt.sim import simulator

__all__ = ["driver", "simulator"]


def driver() -> Driver:
    """The driver of both kinds, for the registry."""
    return Driver()
