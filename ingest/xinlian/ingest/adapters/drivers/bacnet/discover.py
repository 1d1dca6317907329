# mypy: disable-error-code="import-untyped"
"""Devices of a BACnet network (Who-Is), and the objects of one (its object list)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from bacpypes3.apdu import ErrorRejectAbortNack
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier
from xinlian.ingest.adapters.drivers.bacnet.points import KINDS, SHORT
from xinlian.ingest.adapters.drivers.bacnet.station import give_back, take
from xinlian.ingest.adapters.drivers.found import FOUND_MAX, Found
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import ValueType
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["discover", "objects"]

NAMES_AT_ONCE: Final = 20
_SHORT: Final = {long: short for short, long in SHORT.items()}
_TYPES: Final = {"binary": ValueType.BOOL, "multi-state": ValueType.UINT16}


async def discover(local: str, low: int = 0, high: int = 4_194_302, seconds: int = 3,
                   at: str = "") -> list[tuple[int, str]]:  # fmt: skip
    """Who-Is on the network of ``local`` (address/mask:port), or to one address: device instances
    and their addresses, at most 10,000. ``OSError``, ``ValueError``."""
    station = await take(local, at.partition(":")[0], 0)
    try:
        to = Address(at) if at else None
        found = await station.app.who_is(low, high, to, timeout=seconds)
        return sorted(
            {(int(each.iAmDeviceIdentifier[1]), str(each.pduSource)) for each in found[:FOUND_MAX]}
        )
    finally:
        give_back(station)


async def objects(local: str, at: str, instance: int, seconds: float = 30) -> list[Found]:
    """The objects of a device that tags can be made of; ``DriverError``."""
    try:
        station = await take(local, at.partition(":")[0], 0)
    except (OSError, ValueError) as exc:
        raise DriverError(f"no local address for BACnet: {exc}") from exc
    try:
        async with asyncio.timeout(seconds):
            return await _objects(station.app, Address(at), instance)
    except TimeoutError as exc:
        raise DriverError(f"{at} does not answer", Quality.TIMEOUT) from exc
    except ErrorRejectAbortNack as exc:  # not an Exception: it must not get past here
        raise DriverError(f"{at} refuses: {exc}", Quality.DEVICE_ERROR) from None
    except (ValueError, TypeError, AttributeError, OSError) as exc:
        raise DriverError(f"{at}: an answer cannot be read: {exc}", Quality.MALFORMED) from exc
    finally:
        give_back(station)


async def _objects(app: Any, at: Address, instance: int) -> list[Found]:
    device = ObjectIdentifier(f"device,{instance}")
    listed = await app.read_property(at, device, "object-list")
    wanted = [each for each in map(ObjectIdentifier, listed) if _kind(each) in KINDS - {"device"}]
    names: dict[str, str] = {}
    for start in range(0, len(wanted[:FOUND_MAX]), NAMES_AT_ONCE):
        asked: list[Any] = []
        for each in wanted[start : start + NAMES_AT_ONCE]:
            asked += [each, ["object-name"]]
        try:
            told = await app.read_property_multiple(at, asked)
        except ErrorRejectAbortNack:  # a device that reads one by one: addresses must do
            break
        for objid, _, _, value in told or ():
            names[str(ObjectIdentifier(objid))] = value if isinstance(value, str) else ""
    return [_found(each, names.get(str(each), "")) for each in wanted[:FOUND_MAX]]


def _kind(objid: ObjectIdentifier) -> str:
    return str(objid).partition(",")[0]


def _found(objid: ObjectIdentifier, name: str) -> Found:
    kind, _, number = str(objid).partition(",")
    usual = next((each for start, each in _TYPES.items() if kind.startswith(start)), None)
    address = f"{_SHORT.get(kind, kind)}:{number}"
    return Found(
        address, f"{kind}/{name or address}", usual or ValueType.FLOAT32,
        writable=kind.endswith(("-output", "-value")),
    )  # fmt: skip
