"""Modbus over TCP, RTU over TCP, RTU, ASCII, UDP and TLS."""

from __future__ import annotations

from collections.abc import Sequence

from xinlian.ingest.adapters.drivers.modbus.driver import ModbusDriver
from xinlian.ingest.adapters.drivers.modbus.sim import ModbusSimulator, SignalSource
from xinlian.ingest.model.devices import Device

__all__ = ["driver", "simulator"]

_driver = ModbusDriver()


def driver() -> ModbusDriver:
    """The driver; one for all devices, so that they share plans."""
    return _driver


def simulator(devices: Sequence[Device], signals: SignalSource) -> ModbusSimulator:
    """A server on loopback that answers for these devices."""
    return ModbusSimulator(devices, signals)
