"""Classes of devices: the usual tags of a kind of machine or meter, and its part in energy."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum, unique

from xinlian.ingest.model.tags import TagError, TagTable

__all__ = ["DeviceClass", "EnergyRole"]


@unique
class EnergyRole(StrEnum):
    """What a device is to the energy balance of its factory."""

    METER = "meter"
    """Measures what others use."""
    CONSUMER = "consumer"
    PRODUCER = "producer"
    STORAGE = "storage"
    UTILITY = "utility"
    """Serves others: what it uses is shared out to them."""
    NONE = "none"
    """Passes energy on, or uses next to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClass:
    """A row of the catalogue. ``table`` is fixed: its devices are stored wide."""

    name: str
    label: str
    label_zh: str
    category: str
    """Such as ``compressed-air`` or ``machine-tool``: a kind in reports."""
    energy: EnergyRole
    rated_kw: Decimal
    """Electrical power of the nameplate, of a usual size of its kind."""
    idle_kw: Decimal
    """Power when it is on and makes nothing."""
    driver: str
    """The protocol that such devices usually speak."""
    table: TagTable

    def __post_init__(self) -> None:
        if not 0 <= self.idle_kw <= self.rated_kw:
            raise TagError(
                f"class {self.name!r}: idle power is 0 to the rated power",
                f"设备类 {self.name!r}：空载功率须在 0 与额定功率之间",
            )
