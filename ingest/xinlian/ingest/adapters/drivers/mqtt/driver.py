"""Driver of both kinds, and the sessions of plain MQTT."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from xinlian.ingest.adapters.drivers.endpoint import Endpoint, wrong_address
from xinlian.ingest.adapters.drivers.mqtt import sparkplug
from xinlian.ingest.adapters.drivers.mqtt.link import Link, give_back, take
from xinlian.ingest.adapters.drivers.mqtt.options import Broker, broker
from xinlian.ingest.adapters.drivers.mqtt.payload import (
    MISSING,
    address_of,
    at,
    command,
    parse_pointer,
)
from xinlian.ingest.adapters.drivers.reported import (
    TIME_UNITS,
    Image,
    Put,
    Told,
    judge_time,
    taken,
)
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Driver", "MqttSession", "Options", "options"]

NO_JSON: Final = object()
FALSE_COMMAND: Final = "an address of a tag that is written names a topic behind >"


@dataclass(frozen=True, slots=True)
class Options:
    """What an endpoint says."""

    broker: Broker
    qos: int
    time: tuple[str, ...] | None
    """Where in a JSON payload the source time lies."""
    time_unit: str


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    ask = Endpoint(device)
    reached = broker(ask)
    qos = ask.integer("qos", 0, 1, 1)
    pointer = ask.text("time", "")
    unit = ask.one_of("time_unit", tuple(TIME_UNITS), "iso")
    try:
        when = parse_pointer(pointer) if pointer else None
    except ValueError as exc:
        ask.refuse("time", str(exc), "须为 JSON 指针，例如 /time")
    ask.done()
    return Options(reached, qos, when, unit)


class MqttSession:
    """The subscriptions of one device."""

    unasked = True

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.options = options(device)
        self.timeout_s = device.timeout_ms / 1_000
        self.sinks = sinks
        groups = device.table.groups
        self.images = [Image(tags, sink) for tags, sink in zip(groups, sinks, strict=True)]
        self.link: Link | None = None
        # topic -> (group, column, tag, pointer)
        self.topics: dict[str, list[tuple[int, int, Tag, tuple[str, ...] | None]]] = {}
        for group, tags in enumerate(groups):
            for column, tag in enumerate(tags):
                place = address_of(tag)
                member = (group, column, tag, place.pointer)
                self.topics.setdefault(place.topic, []).append(member)

    async def open(self) -> None:
        """Connect, if no other device did, and subscribe."""
        await self.close()
        link = await take(self.options.broker, self.timeout_s)
        self.link = link
        try:
            async with asyncio.timeout(self.timeout_s):
                await link.subscribe(list(self.topics), self.options.qos, self)
        except TimeoutError as exc:
            await self.close()
            raise DriverError("no answer to a subscription", Quality.TIMEOUT) from exc
        except BaseException:
            await self.close()
            raise

    def poll(self, group: int) -> None:
        """The broker speaks by itself."""
        if self.link is None or not self.link.alive:
            self.sinks[group].failed(Quality.NO_CONNECTION)

    def message(self, topic: str, payload: bytes, retained: bool) -> list[Put]:
        """One row for each rate group that has values in the message."""
        members = self.topics.get(topic, [])
        document: Any = NO_JSON
        if any(pointer is not None for *_, pointer in members) or self.options.time is not None:
            try:
                document = orjson.loads(payload)
            except orjson.JSONDecodeError:
                document = NO_JSON
        source_us, clock = None, False
        if self.options.time is not None and isinstance(document, dict):
            source_us = judge_time(at(document, self.options.time), self.options.time_unit)
            clock = source_us is None
        changes: dict[int, dict[int, Told]] = {}
        for group, column, tag, pointer in members:
            told = _told(tag, payload, document, pointer)
            if told is None:
                continue
            if clock and pointer is not None:
                told = (None, Quality.CLOCK)
            elif retained and told[1] is Quality.GOOD:
                # How long the broker has kept it, nobody knows.
                told = (told[0], Quality.UNCERTAIN if source_us is None else Quality.GOOD)
            changes.setdefault(group, {})[column] = told
        puts: list[Put] = []
        for group, told_of in changes.items():
            self.images[group].change(told_of)
            puts.append(self.images[group].put(source_us))
        return puts

    def gone(self, reason: str) -> None:  # noqa: ARG002 - the port's form
        """The connection is lost."""
        for image in self.images:
            image.forget()
        if self.link is not None and self.sinks:
            self.sinks[0].failed(Quality.NO_CONNECTION)

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Publish a command; done when the broker has it."""
        place = address_of(tag)
        if not place.command:
            raise DriverError(f"{tag.name}: {FALSE_COMMAND}", Quality.UNKNOWN_TAG)
        if self.link is None:
            raise DriverError(f"no link to {self.options.broker.place}")
        try:
            async with asyncio.timeout(self.timeout_s):
                payload = command(raw, place.command_pointer)
                await self.link.wire.publish(place.command, payload)
        except TimeoutError as exc:
            raise DriverError(f"{tag.name}: no answer to a command", Quality.TIMEOUT) from exc

    async def close(self) -> None:
        """No more messages."""
        link, self.link = self.link, None
        if link is not None:
            link.leave(self)
            give_back(link)


def _told(
    tag: Tag, payload: bytes, document: object, pointer: tuple[str, ...] | None
) -> Told | None:
    """The value of a tag in a message; ``None`` where a JSON message does not hold it."""
    if pointer is None:
        try:
            return taken(tag, payload[:256].decode("utf-8"))
        except UnicodeDecodeError:
            return None, Quality.MALFORMED
    if document is NO_JSON:
        return None, Quality.MALFORMED
    found = at(document, pointer)
    return None if found is MISSING else taken(tag, found)


class Driver:
    """MQTT and Sparkplug B: stateless."""

    @property
    def version(self) -> str:
        """Name and version."""
        return "mqtt/1"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        if device.driver == "sparkplug":
            sparkplug.check(device)
            return
        options(device)
        for tag in device.table.tags:
            place = address_of(tag)
            if tag.access is Access.READ_WRITE and not place.command:
                raise wrong_address(
                    tag.name, tag.address, FALSE_COMMAND, "可写点位的地址须在 > 之后给出命令主题"
                )

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(
        self, device: Device, sinks: Sequence[Sink]
    ) -> MqttSession | sparkplug.SparkplugSession:
        """A session, not open yet."""
        if device.driver == "sparkplug":
            return sparkplug.SparkplugSession(device, sinks)
        return MqttSession(device, sinks)
