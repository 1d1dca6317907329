# mypy: disable-error-code="import-untyped"
"""Our end on the network: one BACnet device of our own per local address, shared by sessions."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

from bacpypes3.app import Application
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject

__all__ = ["Station", "application", "give_back", "local_for", "take"]

INSTANCE: Final = 4_194_000
VENDOR: Final = 999
"""Not given to anyone: for products without a number of their own."""


def application(local: str, instance: int, name: str, *, apdu_ms: int = 1_000) -> Application:
    """An application on ``address/mask:port``; ``OSError`` comes later, where it is bound."""
    device = DeviceObject(
        objectIdentifier=("device", instance), objectName=name, vendorIdentifier=VENDOR,
        apduTimeout=apdu_ms, numberOfApduRetries=1,
    )  # fmt: skip
    port = NetworkPortObject(local, objectIdentifier=("network-port", 1), objectName="port")
    made: Application = Application.from_object_list([device, port])
    return made


def local_for(host: str, port: int) -> str:
    """The address of ours from which a host is reached, with a port that is free; ``OSError``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, port or 9))
        ours = probe.getsockname()[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((ours, 0))
        return f"{ours}/{'32' if ours.startswith('127.') else '24'}:{probe.getsockname()[1]}"


class Station:
    """An application and how many sessions use it."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.users = 0


_stations: dict[tuple[asyncio.AbstractEventLoop, str], Station] = {}


async def take(local: str, host: str, port: int) -> Station:
    """The station of a local address, or where that is empty of the network towards a host."""
    found = local or local_for(host, port)
    shared = local or found.partition("/")[0]
    key = (asyncio.get_running_loop(), shared)
    station = _stations.get(key)
    if station is None:
        station = _stations[key] = Station(application(found, INSTANCE, "xinlian"))
        await asyncio.sleep(0)
    station.users += 1
    return station


def give_back(station: Station) -> None:
    """The last one closes it."""
    station.users -= 1
    if station.users == 0:
        station.app.close()
        for key in [key for key, each in _stations.items() if each is station]:
            del _stations[key]
