"""Sparkplug B as a host application: births, data, deaths and rebirths.

Source: Eclipse Sparkplug Specification 3.0.0, chapters 4 (topics), 5 (operational behaviour) and 6
(payloads). A device of the plant is a device below an edge node, or the edge node itself; sequence
numbers are the edge node's, so that all devices below it share one ``EdgeNode``.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from xinlian.ingest.adapters.drivers.endpoint import Endpoint, wrong_address
from xinlian.ingest.adapters.drivers.mqtt.edge import EdgeNode, enter, leave
from xinlian.ingest.adapters.drivers.mqtt.link import Link, give_back, take
from xinlian.ingest.adapters.drivers.mqtt.options import Broker, Will, broker
from xinlian.ingest.adapters.drivers.mqtt.sparkplug_codec import (
    DataType,
    Metric,
    Payload,
    encode,
    signed,
)
from xinlian.ingest.adapters.drivers.reported import Image, Put, Told, judge_time, taken
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Options", "SparkplugSession", "check", "options"]

_ID: Final = re.compile(r"[^+#/\0]{1,255}")
_STALE: Final = {0: Quality.BAD, 500: Quality.UNCERTAIN}
TYPES: Final = {
    ValueType.BOOL: DataType.BOOLEAN, ValueType.INT8: DataType.INT8,
    ValueType.UINT8: DataType.UINT8, ValueType.INT16: DataType.INT16,
    ValueType.UINT16: DataType.UINT16, ValueType.INT32: DataType.INT32,
    ValueType.UINT32: DataType.UINT32, ValueType.INT64: DataType.INT64,
    ValueType.UINT64: DataType.UINT64, ValueType.FLOAT32: DataType.FLOAT,
    ValueType.FLOAT64: DataType.DOUBLE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What an endpoint says. ``device`` is empty where the metrics are the edge node's own."""

    broker: Broker
    group: str
    edge: str
    device: str
    host: str
    """Name of this host application; with one, ``STATE`` tells edge nodes that it listens."""


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    ask = Endpoint(device)
    reached = broker(ask)
    names = [ask.text("group"), ask.text("edge"), ask.text("device", ""), ask.text("host_id", "")]
    for name, value in zip(("group", "edge", "device", "host_id"), names, strict=True):
        if value and not _ID.fullmatch(value):
            ask.refuse(name, "has no +, # or /", "不得含有 +、# 或 /")
    if reached.client_id and reached.session_s:
        # 5.2: a host connects with a clean session; a name alone keeps none.
        ask.refuse("session_s", "is 0 for Sparkplug", "用于 Sparkplug 时须为 0")
    ask.done()
    return Options(reached, *names)


def check(device: Device) -> None:
    """Refuse what cannot be: ``TagError``."""
    options(device)
    for tag in device.table.tags:
        if not tag.address or len(tag.address) > 1_024:
            raise wrong_address(
                tag.name, tag.address, "is the name of a metric", "须为指标（metric）名称"
            )


def state_topic(host: str) -> str:
    """4.2.4."""
    return f"spBv1.0/STATE/{host}"


class SparkplugSession:
    """The metrics of one device."""

    unasked = True

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.options = options(device)
        self.timeout_s = device.timeout_ms / 1_000
        self.sinks = sinks
        groups = device.table.groups
        self.images = [Image(tags, sink) for tags, sink in zip(groups, sinks, strict=True)]
        self.places = {
            tag.address: (group, column, tag)
            for group, tags in enumerate(groups)
            for column, tag in enumerate(tags)
        }
        self.link: Link | None = None
        self.edge: EdgeNode | None = None
        self.online_ms = 0

    async def open(self) -> None:
        """Connect and ask the edge node for its birth."""
        await self.close()
        wanted = self.options
        reached = wanted.broker
        if wanted.host:
            dead = orjson.dumps({"online": False, "timestamp": 0})
            reached = reached.with_will(Will(state_topic(wanted.host), dead))
        link = await take(reached, self.timeout_s)
        self.link = link
        try:
            async with asyncio.timeout(self.timeout_s):
                self.edge = await enter(link, wanted.group, wanted.edge, wanted.device, self)
                if wanted.host:
                    await self._online(link)
                await self.edge.rebirth()
        except TimeoutError as exc:
            await self.close()
            raise DriverError("no answer of the broker", Quality.TIMEOUT) from exc
        except BaseException:
            await self.close()
            raise

    async def _online(self, link: Link) -> None:
        self.online_ms = time.time_ns() // 1_000_000
        told = orjson.dumps({"online": True, "timestamp": self.online_ms})
        await link.wire.publish(state_topic(self.options.host), told, qos=1, retain=True)

    def poll(self, group: int) -> None:
        """Edge nodes report by themselves."""
        if self.link is None or not self.link.alive:
            self.sinks[group].failed(Quality.NO_CONNECTION)

    # What the edge node calls.

    def born(self, metrics: Sequence[tuple[str, Metric]], time_ms: int | None) -> list[Put]:
        """A birth tells all: what it does not name, the device does not have."""
        for image in self.images:
            image.forget(Quality.UNKNOWN_TAG)
        return self.told(metrics, time_ms)

    def told(self, metrics: Sequence[tuple[str, Metric]], time_ms: int | None) -> list[Put]:
        """Values by name: one row for each rate group and time."""
        rows: dict[tuple[int, int | None, bool], dict[int, Told]] = {}
        for name, metric in metrics:
            place = self.places.get(name)
            if place is None:
                continue
            group, column, tag = place
            when_ms = metric.timestamp_ms if metric.timestamp_ms is not None else time_ms
            source_us = None if when_ms is None else judge_time(when_ms, "ms")
            told = _told(tag, metric)
            if when_ms is not None and source_us is None:
                told = (None, Quality.CLOCK)
            rows.setdefault((group, source_us, metric.historical), {})[column] = told
        puts: list[Put] = []
        for (group, source_us, historical), told_of in rows.items():
            image = self.images[group]
            if historical:
                puts.append(image.past(told_of, source_us))
            else:
                image.change(told_of)
                puts.append(image.put(source_us))
        return puts

    def died(self, time_us: int | None) -> list[Put]:
        """The device or its edge node is gone; the broker stands."""
        for image in self.images:
            image.forget()
        return [image.put(time_us) for image in self.images]

    def doubt(self) -> None:
        """Messages were missed: what stands may have changed since."""
        for image in self.images:
            image.doubt()

    def gone(self) -> None:
        """The broker is gone."""
        for image in self.images:
            image.forget()
        if self.link is not None and self.sinks:
            self.sinks[0].failed(Quality.NO_CONNECTION)

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """A command to the device; done when the broker has it (5.9: commands are not answered)."""
        if self.link is None or self.edge is None:
            raise DriverError(f"no link to {self.options.broker.place}")
        wanted = self.options
        kind = self.edge.datatype(wanted.device, tag.address) or TYPES[tag.type]
        now_ms = time.time_ns() // 1_000_000
        metric = Metric(tag.address, timestamp_ms=now_ms, datatype=kind, value=raw)
        word = "DCMD" if wanted.device else "NCMD"
        below = f"/{wanted.device}" if wanted.device else ""
        topic = f"spBv1.0/{wanted.group}/{word}/{wanted.edge}{below}"
        await self.link.wire.publish(topic, encode(Payload(now_ms, None, [metric])), qos=0)

    async def close(self) -> None:
        """Listen no more."""
        link, self.link = self.link, None
        edge, self.edge = self.edge, None
        if edge is not None:
            leave(edge, self.options.device, self)
        if link is None:
            return
        if self.options.host and link.users == 1 and link.alive:
            told = orjson.dumps({"online": False, "timestamp": self.online_ms})
            try:
                async with asyncio.timeout(self.timeout_s):
                    await link.wire.publish(state_topic(self.options.host), told, 1, retain=True)
            except (TimeoutError, DriverError):
                pass  # then the will says it
        give_back(link)


def _told(tag: Tag, metric: Metric) -> Told:
    if metric.null:
        return None, Quality.BAD
    if metric.skipped:
        return None, Quality.MALFORMED
    value, quality = taken(tag, signed(metric.value, metric.datatype))
    if quality is Quality.GOOD and metric.quality is not None:
        quality = _STALE.get(metric.quality, Quality.GOOD)
    return value, quality
