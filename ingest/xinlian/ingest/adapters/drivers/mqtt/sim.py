"""Publishers that simulate devices: they connect to the broker that the devices' endpoints name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Self

import orjson
from xinlian.ingest.adapters.drivers.endpoint import SignalSource
from xinlian.ingest.adapters.drivers.mqtt import sparkplug
from xinlian.ingest.adapters.drivers.mqtt.driver import options
from xinlian.ingest.adapters.drivers.mqtt.link import Link
from xinlian.ingest.adapters.drivers.mqtt.options import Broker, Will
from xinlian.ingest.adapters.drivers.mqtt.payload import address_of, at
from xinlian.ingest.adapters.drivers.mqtt.sparkplug_codec import (
    DataType,
    Metric,
    Payload,
    PayloadError,
    decode,
    encode,
    signed,
)
from xinlian.ingest.adapters.drivers.reported import Put, taken
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Access, Tag
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["Simulator", "simulator"]

CONNECT_S: Final = 10.0
RETRY_S: Final = 1.0


def _now_us() -> int:
    return time.time_ns() // 1_000


class _Player:
    """One connection that plays some devices, made again when it is lost."""

    def __init__(self, broker: Broker, signals: SignalSource, period_s: float) -> None:
        self.broker = replace(broker, client_id="", session_s=0)
        self.signals = signals
        self.period_s = period_s
        self.written: dict[tuple[str, str], float] = {}
        self.link: Link | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.ready = asyncio.Event()

    async def run(self) -> None:
        while True:
            with suppress(DriverError, TimeoutError):
                await self._play()
            await asyncio.sleep(RETRY_S)

    async def _play(self) -> None:
        link = self.link = Link(self.broker_now())
        try:
            await link.open(CONNECT_S)
            await self.begin(link)
            self.ready.set()
            while link.alive:
                await asyncio.sleep(self.period_s)
                await self.publish(link)
        finally:
            self.end(link)
            link.wire.close()

    def broker_now(self) -> Broker:
        return self.broker

    async def begin(self, link: Link) -> None: ...

    async def publish(self, link: Link) -> None: ...

    def end(self, link: Link) -> None: ...

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            with suppress(DriverError):
                await work

        task = asyncio.get_running_loop().create_task(guarded())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def gone(self, reason: str) -> None:
        """The loop above sees it."""

    def value(self, device: Device, tag: Tag, now_us: int) -> float:
        if tag.access is Access.READ_WRITE and (device.id, tag.name) in self.written:
            return self.written[device.id, tag.name]
        return self.signals.raw(device.id, tag, now_us)


class _Topics(_Player):
    """Plain MQTT: a message a topic, JSON where a tag asks for it."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource) -> None:
        first = options(devices[0])
        period_s = min(device.table.periods[0] for device in devices) / 1_000
        super().__init__(first.broker, signals, period_s)
        self.devices = [(device, options(device)) for device in devices]
        self.commands: dict[str, list[tuple[Device, Tag]]] = {}
        for device in devices:
            for tag in device.table.tags:
                if command := address_of(tag).command:
                    self.commands.setdefault(command, []).append((device, tag))

    async def begin(self, link: Link) -> None:
        if self.commands:
            await link.subscribe(list(self.commands), 1, self)

    def message(self, topic: str, payload: bytes, retained: bool) -> Sequence[Put]:  # noqa: ARG002
        for device, tag in self.commands.get(topic, []):
            pointer = address_of(tag).command_pointer
            with suppress(orjson.JSONDecodeError):
                value, _ = taken(tag, at(orjson.loads(payload), pointer or ()))
                if value is not None:
                    self.written[device.id, tag.name] = value
        return ()

    async def publish(self, link: Link) -> None:
        now_us = _now_us()
        for device, wanted in self.devices:
            made: dict[str, Any] = {}
            for tag in device.table.tags:
                place = address_of(tag)
                value = self.value(device, tag, now_us)
                if place.pointer is None:
                    made[place.topic] = value
                else:
                    _set(made.setdefault(place.topic, {}), place.pointer, value)
            for topic, document in made.items():
                if wanted.time is not None and isinstance(document, dict):
                    _set(document, wanted.time, _time(wanted.time_unit, now_us))
                await link.wire.publish(topic, orjson.dumps(document), qos=1)


def _set(document: dict[str, Any], pointer: Sequence[str], value: object) -> None:
    for step in pointer[:-1]:
        document = document.setdefault(step, {})
    document[pointer[-1] if pointer else "value"] = value


def _time(unit: str, now_us: int) -> object:
    if unit == "iso":
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_us // 1_000_000)) + (
            f".{now_us % 1_000_000:06d}Z"
        )
    return now_us / 1e6 if unit == "s" else now_us // {"ms": 1_000, "us": 1}[unit]


class _Edge(_Player):
    """An edge node of Sparkplug with its devices."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource) -> None:
        first = sparkplug.options(devices[0])
        period_s = min(device.table.periods[0] for device in devices) / 1_000
        super().__init__(first.broker, signals, period_s)
        self.group, self.edge = first.group, first.edge
        self.devices = [(device, sparkplug.options(device).device) for device in devices]
        self.seq = 0
        self.bd_seq = 0

    def topic(self, kind: str, device: str = "") -> str:
        return f"spBv1.0/{self.group}/{kind}/{self.edge}" + (f"/{device}" if device else "")

    def death(self) -> bytes:
        number = Metric("bdSeq", datatype=DataType.UINT64, value=self.bd_seq)
        return encode(Payload(_now_us() // 1_000, None, [number]))

    def broker_now(self) -> Broker:
        self.bd_seq = (self.bd_seq + 1) % 256
        return self.broker.with_will(Will(self.topic("NDEATH"), self.death(), 1, retain=False))

    def end(self, link: Link) -> None:
        # A good-bye to the broker takes the will back, so the death is published before it.
        if link.alive and link.wire.client is not None:
            link.wire.client.publish(self.topic("NDEATH"), self.death(), 1)

    def next_seq(self) -> int:
        self.seq = (self.seq + 1) % 256
        return self.seq

    def metrics(self, device: Device, number: int, now_us: int, *, named: bool) -> list[Metric]:
        return [
            Metric(
                tag.address if named else "", number * 65_536 + place, now_us // 1_000,
                sparkplug.TYPES[tag.type], value=self.value(device, tag, now_us),
            )
            for place, tag in enumerate(device.table.tags)
        ]  # fmt: skip

    async def begin(self, link: Link) -> None:
        kinds = [self.topic("NCMD")] + [
            self.topic("DCMD", each) for _, each in self.devices if each
        ]
        await link.subscribe(kinds, 1, self)
        await self.birth(link)

    async def birth(self, link: Link) -> None:
        now_us = _now_us()
        self.seq = 0
        node = [
            Metric("bdSeq", datatype=DataType.UINT64, value=self.bd_seq),
            Metric("Node Control/Rebirth", datatype=DataType.BOOLEAN, value=False),
        ]
        for number, (device, name) in enumerate(self.devices):
            if not name:
                node += self.metrics(device, number, now_us, named=True)
        await link.wire.publish(
            self.topic("NBIRTH"), encode(Payload(now_us // 1_000, 0, node)), qos=0
        )
        for number, (device, name) in enumerate(self.devices):
            if name:
                told = self.metrics(device, number, now_us, named=True)
                made = encode(Payload(now_us // 1_000, self.next_seq(), told))
                await link.wire.publish(self.topic("DBIRTH", name), made, qos=0)

    async def publish(self, link: Link) -> None:
        now_us = _now_us()
        for number, (device, name) in enumerate(self.devices):
            told = self.metrics(device, number, now_us, named=False)
            made = encode(Payload(now_us // 1_000, self.next_seq(), told))
            await link.wire.publish(self.topic("DDATA" if name else "NDATA", name), made, qos=0)

    def message(self, topic: str, payload: bytes, retained: bool) -> Sequence[Put]:  # noqa: ARG002
        with suppress(PayloadError):
            for metric in decode(payload).metrics:
                if metric.name == "Node Control/Rebirth" and self.link is not None:
                    self.soon(self.birth(self.link))
                self._command(topic, metric)
        return ()

    def _command(self, topic: str, metric: Metric) -> None:
        for device, name in self.devices:
            if topic not in (self.topic("NCMD"), self.topic("DCMD", name)):
                continue
            for tag in device.table.tags:
                if tag.address == metric.name and tag.access is Access.READ_WRITE:
                    value, _ = taken(tag, signed(metric.value, metric.datatype))
                    if value is not None:
                        self.written[device.id, tag.name] = value


class Simulator:
    """All devices of one kind, grouped by broker (and edge node)."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource) -> None:
        grouped: dict[object, list[Device]] = {}
        make: Callable[[Sequence[Device], SignalSource], _Player]
        for device in devices:
            if device.driver == "sparkplug":
                wanted = sparkplug.options(device)
                grouped.setdefault((wanted.broker, wanted.group, wanted.edge), []).append(device)
            else:
                grouped.setdefault(options(device).broker, []).append(device)
        self.players: list[_Player] = []
        for found in grouped.values():
            make = _Edge if found[0].driver == "sparkplug" else _Topics
            self.players.append(make(found, signals))
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.tasks = [asyncio.create_task(player.run()) for player in self.players]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator:
    """Simulate devices; a broker must run where their endpoints say."""
    return Simulator(devices, signals)
