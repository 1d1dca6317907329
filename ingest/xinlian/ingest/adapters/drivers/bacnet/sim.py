# mypy: disable-error-code="import-untyped"
"""A BACnet device that simulates one: its objects follow the signals until they are commanded."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from typing import Any, Final, Self

from bacpypes3.local.analog import AnalogInputObject, AnalogOutputObject, AnalogValueObjectCmd
from bacpypes3.local.binary import BinaryInputObject, BinaryOutputObject, BinaryValueObjectCmd
from bacpypes3.local.multistate import MultiStateInputObject, MultiStateOutputObject
from xinlian.ingest.adapters.drivers.bacnet.driver import options
from xinlian.ingest.adapters.drivers.bacnet.points import PRESENT, Point, point
from xinlian.ingest.adapters.drivers.bacnet.station import application
from xinlian.ingest.adapters.drivers.endpoint import SignalSource
from xinlian.ingest.adapters.drivers.together import Together
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Tag

__all__ = ["Simulator", "simulator"]

KINDS: Final[dict[str, Any]] = {
    "analog-input": AnalogInputObject, "analog-output": AnalogOutputObject,
    "analog-value": AnalogValueObjectCmd, "binary-input": BinaryInputObject,
    "binary-output": BinaryOutputObject, "binary-value": BinaryValueObjectCmd,
    "multi-state-input": MultiStateInputObject, "multi-state-output": MultiStateOutputObject,
}  # fmt: skip
STATES: Final = 16
INSTANCE: Final = 1_000


class Simulator:
    """One device on a loopback port."""

    def __init__(self, device: Device, signals: SignalSource) -> None:
        self.device, self.signals = device, signals
        self.options = options(device)
        self.port = self.options.port
        self.app: Any = None
        self.objects: list[tuple[Tag, Point, Any]] = []
        self.follower: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self.port == 0:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        instance = self.options.instance if self.options.instance >= 0 else INSTANCE
        self.app = application(f"127.0.0.1/32:{self.port}", instance, self.device.id)
        for tag in self.device.table.tags:
            at = point(tag)
            if at.member == PRESENT and at.kind in KINDS:
                made = self._object(tag, at)
                self.app.add_object(made)
                self.objects.append((tag, at, made))
        await asyncio.sleep(0.05)  # the socket is bound by a task of the library
        self.follower = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.follower is not None:
            self.follower.cancel()
            await asyncio.gather(self.follower, return_exceptions=True)
        if self.app is not None:
            self.app.close()

    def _value(self, tag: Tag, at: Point) -> Any:
        raw = self.signals.raw(self.device.id, tag, time.time_ns() // 1_000)
        if at.kind.startswith("analog"):
            return float(raw)
        if at.kind.startswith("binary"):
            return "active" if raw else "inactive"
        return int(raw) % STATES or STATES

    def _object(self, tag: Tag, at: Point) -> Any:
        usual: dict[str, Any] = {
            "objectIdentifier": (at.kind, at.instance), "objectName": tag.name,
            "presentValue": self._value(tag, at), "statusFlags": [0, 0, 0, 0],
            "eventState": "normal", "outOfService": False,
        }  # fmt: skip
        if at.kind.startswith("analog"):
            usual["units"] = "no-units"
        elif at.kind.startswith("multi"):
            usual["numberOfStates"] = STATES
        if not at.kind.endswith("-input"):
            usual["relinquishDefault"] = usual["presentValue"]
        return KINDS[at.kind](**usual)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self.device.table.periods[0] / 1_000)
            for tag, at, made in self.objects:
                if at.kind.endswith("-input"):
                    made.presentValue = self._value(tag, at)


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator | Together:
    """Simulate devices on loopback, each with a port of its own."""
    made = [Simulator(device, signals) for device in devices]
    return made[0] if len(made) == 1 else Together(made)
