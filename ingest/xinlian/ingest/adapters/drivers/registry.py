"""Drivers by kind, imported when one is asked for: a plant pays for the protocols that it speaks.

Every module named here offers ``driver() -> Driver`` and ``simulator(devices, signals) ->
Simulator``.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from types import ModuleType
from typing import Final, Protocol, Self, cast

from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import TagError
from xinlian.ingest.usecases.ports import Driver

__all__ = ["KINDS", "Simulator", "driver", "simulator"]

_HERE: Final = "xinlian.ingest.adapters.drivers"
KINDS: Final = {
    **dict.fromkeys(
        ("modbus-tcp", "modbus-rtu-tcp", "modbus-rtu", "modbus-ascii", "modbus-udp", "modbus-tls"),
        f"{_HERE}.modbus:driver",
    ),
    "opcua": f"{_HERE}.opcua:driver",
    "mqtt": f"{_HERE}.mqtt:driver",
    "sparkplug": f"{_HERE}.mqtt:driver",
    "s7": f"{_HERE}.s7:driver",
    "enip": f"{_HERE}.enip:driver",
    "iec104": f"{_HERE}.iec104:driver",
    "dlt645": f"{_HERE}.dlt645:driver",
    "bacnet": f"{_HERE}.bacnet:driver",
    "http": f"{_HERE}.http:driver",
    "gbt32960": f"{_HERE}.gbt32960:driver",
}
"""Kind -> ``module:factory``."""
_TO_BROKERS: Final = ("mqtt", "sparkplug")
"""Their ``host`` is somebody else's, also when they are played."""
_EXTRAS: Final = {"opcua": "opcua"}


class Simulator(Protocol):
    """Devices played on loopback: ``async with simulator(devices, signals) as playing``."""

    async def __aenter__(self) -> Self:
        """Listen."""

    async def __aexit__(self, *error: object) -> None:
        """Stop."""


def _module(kind: str) -> ModuleType:
    place = KINDS.get(kind)
    if place is None:
        known = ", ".join(sorted(KINDS))
        raise TagError(
            f"no driver is called {kind!r}; there are: {known}",
            f"没有名为 {kind!r} 的驱动；可用：{known}",
        )
    try:
        return importlib.import_module(place.partition(":")[0])
    except ImportError as exc:
        extra = _EXTRAS.get(kind)
        how = f"pip install 'xinlian[{extra}]'" if extra else "install the product again"
        how_zh = f"请运行 pip install 'xinlian[{extra}]'" if extra else "请重新安装本产品"
        raise TagError(
            f"the driver {kind} needs a library that is not installed ({exc.name}): {how}",
            f"驱动 {kind} 所需的库未安装（{exc.name}）：{how_zh}",
        ) from exc


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=64)
def driver(kind: str) -> Driver:
    """The driver of a kind; ``TagError`` for an unknown kind or a missing library."""
    factory = KINDS[kind].partition(":")[2] if kind in KINDS else ""
    return cast(Driver, getattr(_module(kind), factory)())


def simulator(kind: str, devices: Sequence[Device], signals: Signals) -> Simulator:
    """A simulator of devices of one kind, not listening yet; ``TagError`` as ``driver``, and for
    devices whose address is not this machine's loopback: nobody would find them there."""
    for device in devices:
        host = device.endpoint.get("host")
        if host is not None and kind not in _TO_BROKERS and not _loopback(str(host)):
            raise TagError(
                f"device {device.id!r} is at {host}, and simulators listen on this machine alone: "
                "give it host: 127.0.0.1 in a copy of the plant",
                f"设备 {device.id!r} 位于 {host}，而模拟器仅在本机监听："
                "请在工厂文件的副本中改为 host: 127.0.0.1",
            )
    return cast(Simulator, _module(kind).simulator(devices, signals))
