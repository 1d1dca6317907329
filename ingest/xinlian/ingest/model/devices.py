"""A plant as data: device groups, devices, and how each is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xinlian.ingest.model.energy.metering import Meter
from xinlian.ingest.model.tags import TagTable

__all__ = ["DEVICES_MAX", "Device", "DeviceGroup", "Plant"]

DEVICES_MAX: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device: its tags, its driver and its endpoint."""

    id: str
    """Unique in the plant; letters, digits, ``-``, ``_``, ``.``; at most 64."""
    group: str
    table: TagTable
    driver: str
    """Kind in the registry of drivers, such as ``modbus-tcp``."""
    endpoint: Mapping[str, Any] = field(default_factory=dict)
    """What the driver needs: host, port, unit ... Never a password: ``password_file`` names one."""
    timeout_ms: int = 1_000
    machine: str = ""
    """The machine's name in process records of ``trace``."""
    series: str = ""
    """Product series made on it."""
    calibration: str = ""
    """Number of the calibration certificate."""
    writable: bool = False
    """Whether its ``rw`` tags may be written at all."""
    key: bool = False
    """Whether its connection counts for its group; if none of a group is a key, all count."""
    meter: Meter | None = None
    """What it is in the metering tree, if it is a meter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup:
    """Devices whose readings share segments and evidence windows."""

    id: str
    window_s: int = 60
    """Length of an evidence window; windows begin at multiples of it since 1970, UTC."""
    segment_ms: int = 1_000
    """How long readings may wait in memory before they are written and fsynced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """What one collector collects, for one party."""

    party: int
    groups: tuple[DeviceGroup, ...]
    devices: tuple[Device, ...]
