# mypy: disable-error-code="attr-defined, arg-type"
# (asyncua exports names without saying so, and has types of its own for plain integers.)
"""Servers that simulate devices: one per endpoint, with the nodes that tags name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

from asyncua import Node, Server, ua
from xinlian.ingest.adapters.drivers.endpoint import SignalSource
from xinlian.ingest.adapters.drivers.opcua.nodes import TYPES, split_address
from xinlian.ingest.adapters.drivers.opcua.options import options
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Access, Tag, ValueType

__all__ = ["Simulator", "simulator"]


class _Played:
    """One server with the variables of some devices."""

    def __init__(self, url: str, devices: Sequence[Device]) -> None:
        self.url, self.devices = url, devices
        self.server = Server()
        self.variables: list[tuple[Device, Tag, Node]] = []

    async def start(self, signals: SignalSource) -> None:
        server = self.server
        await server.init()
        server.set_endpoint(self.url)
        server.set_server_name("xinlian simulator")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        now_us = time.time_ns() // 1_000
        for device in self.devices:
            folder = await server.nodes.objects.add_object(
                await server.register_namespace("urn:xinlian:simulator"), device.id
            )
            for tag in device.table.tags:
                node_id = await self._node_id(tag)
                value = ua.Variant(_value(signals, device, tag, now_us), TYPES[tag.type])
                node = await folder.add_variable(
                    node_id, ua.QualifiedName(tag.name, node_id.NamespaceIndex), value
                )
                if tag.access is Access.READ_WRITE:
                    await node.set_writable()
                self.variables.append((device, tag, node))
        await server.start()

    async def _node_id(self, tag: Tag) -> ua.NodeId:
        uri, text = split_address(tag)
        node_id = ua.NodeId.from_string(text)
        index = int(node_id.NamespaceIndex)
        if uri:
            index = await self.server.register_namespace(uri)
        while index >= len(await self.server.get_namespace_array()):
            made = len(await self.server.get_namespace_array())
            await self.server.register_namespace(f"urn:xinlian:simulator:{made}")
        return ua.NodeId(node_id.Identifier, index, node_id.NodeIdType)

    async def change(self, signals: SignalSource) -> None:
        now_us = time.time_ns() // 1_000
        when = datetime.fromtimestamp(now_us / 1e6, UTC)
        for device, tag, node in self.variables:
            if tag.access is Access.READ_WRITE:
                continue
            value = ua.Variant(_value(signals, device, tag, now_us), TYPES[tag.type])
            await self.server.write_attribute_value(
                node.nodeid, ua.DataValue(value, SourceTimestamp=when, ServerTimestamp=when)
            )


def _value(signals: SignalSource, device: Device, tag: Tag, now_us: int) -> Any:
    raw = signals.raw(device.id, tag, now_us)
    return bool(raw) if tag.type is ValueType.BOOL else raw


class Simulator:
    """Each endpoint's server, on loopback."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource) -> None:
        by_url: dict[str, list[Device]] = {}
        for device in devices:
            by_url.setdefault(options(device).url, []).append(device)
        self.played = [_Played(url, found) for url, found in by_url.items()]
        self.signals = signals
        self.period_s = min(device.table.periods[0] for device in devices) / 1_000
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        for each in self.played:
            await each.start(self.signals)
        self.task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        for each in self.played:
            await each.server.stop()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.period_s)
            for each in self.played:
                await each.change(self.signals)


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator:
    """Simulate devices on loopback, at the URLs of their endpoints."""
    return Simulator(devices, signals)
