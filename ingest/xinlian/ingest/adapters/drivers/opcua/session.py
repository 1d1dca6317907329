# mypy: disable-error-code="attr-defined, arg-type"
# (asyncua exports names without saying so, and has types of its own for plain integers.)
"""Sessions of OPC UA: monitored items, or polled reads; writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from asyncua import Client, Node, ua
from asyncua.common.subscription import DataChangeNotif, Subscription
from xinlian.ingest.adapters.drivers.opcua.connection import ERRORS, connect, let_go
from xinlian.ingest.adapters.drivers.opcua.nodes import (
    TYPES,
    Reading,
    quality_of,
    reading,
    split_address,
)
from xinlian.ingest.adapters.drivers.opcua.options import options
from xinlian.ingest.adapters.drivers.reported import Held, Image
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["UaSession"]

NODES_MAX: Final = 500
"""Nodes in one request."""
_NO_FILTER: Final = (
    ua.StatusCodes.BadFilterNotAllowed, ua.StatusCodes.BadDeadbandFilterInvalid,
    ua.StatusCodes.BadMonitoredItemFilterUnsupported,
    ua.StatusCodes.BadMonitoredItemFilterInvalid,
)  # fmt: skip


class _Group:
    """A rate group: its nodes, its image, and the changes of one publication."""

    def __init__(self, tags: Sequence[Tag], sink: Sink) -> None:
        self.tags, self.sink = tuple(tags), sink
        self.image = Image(tags, sink)
        self.held = Held(len(tags))
        self.nodes: list[Node] = []
        self.columns: dict[ua.NodeId, list[int]] = {}
        self.changed: set[int] = set()
        self.source_us: int | None = None

    def place(self, nodes: Sequence[Node]) -> None:
        self.nodes = list(nodes)
        self.columns = {}
        for column, node in enumerate(nodes):
            self.columns.setdefault(node.nodeid, []).append(column)

    def datachange_notification(self, node: Node, val: Any, data: DataChangeNotif) -> None:  # noqa: ARG002
        """The library calls it for each change; changes that come together become one row."""
        for column in self.columns.get(node.nodeid, []):
            self.change(column, reading(self.tags[column], data.monitored_item.Value))

    def change(self, column: int, told: Reading) -> None:
        if column in self.changed:  # the next change of the same tag is another row
            self.flush()
        if not self.changed:
            asyncio.get_running_loop().call_soon(self.flush)
        self.changed.add(column)
        self.image.change({column: told[0]})
        if told[1] is not None:
            self.source_us = max(told[1], self.source_us or 0)

    def flush(self) -> None:
        if self.changed:
            source_us, self.source_us = self.source_us, None
            self.changed.clear()
            self.held.give(self.image.put(source_us))


class UaSession:
    """One session with one server."""

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.options = options(device)
        self.unasked = self.options.subscribe
        self.timeout_s = device.timeout_ms / 1_000
        self.table = device.table
        groups = device.table.groups
        self.groups = [_Group(tags, sink) for tags, sink in zip(groups, sinks, strict=True)]
        self.client: Client | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Connect, find namespaces, subscribe."""
        await self.close()
        client = await connect(self.options, self.timeout_s)
        try:
            async with asyncio.timeout(self.timeout_s):
                await self._begin(client)
        except TimeoutError as exc:
            await let_go(client)
            raise DriverError(f"{self.options.url} does not answer", Quality.TIMEOUT) from exc
        except ERRORS as exc:
            await let_go(client)
            raise DriverError(f"{self.options.url}: {exc!r}", Quality.DEVICE_ERROR) from exc
        except BaseException:
            await let_go(client)
            raise
        self.client = client

        async def lost(_exc: Exception) -> None:
            self._lost(client)

        client.connection_lost_callback = lost

    async def _begin(self, client: Client) -> None:
        namespaces = await client.get_namespace_array()
        for group, period_ms in zip(self.groups, self.table.periods, strict=True):
            group.image.forget()
            group.place([client.get_node(_node_id(tag, namespaces)) for tag in group.tags])
            if self.options.subscribe:
                subscription = await client.create_subscription(
                    period_ms, group, queue_maxsize=100_000
                )
                for start in range(0, len(group.nodes), NODES_MAX):
                    columns = range(start, min(start + NODES_MAX, len(group.nodes)))
                    await self._monitor(subscription, group, period_ms, columns)

    async def _monitor(
        self, subscription: Subscription, group: _Group, period_ms: int, columns: Sequence[int]
    ) -> None:
        """Monitor with the tag's deadband where the server has such a filter."""
        refused = await self._create(subscription, group, period_ms, columns, filtered=True)
        again = [column for column, code in refused.items() if code in _NO_FILTER]
        if again:
            refused |= dict.fromkeys(again, 0)
            refused |= await self._create(subscription, group, period_ms, again, filtered=False)
        for column, code in refused.items():
            if code:
                group.change(column, ((None, quality_of(code)), None))

    async def _create(
        self, subscription: Subscription, group: _Group, period_ms: int, columns: Sequence[int],
        *, filtered: bool,
    ) -> dict[int, int]:  # fmt: skip
        """Status codes of the items that were refused."""
        items = [
            subscription._make_monitored_item_request(
                group.nodes[column], ua.AttributeIds.Value,
                _deadband(group.tags[column]) if filtered else None, self.options.queue,
                ua.MonitoringMode.Reporting, float(period_ms),
            )
            for column in columns
        ]  # fmt: skip
        told = await subscription.create_monitored_items(items)
        return {
            column: each.value
            for column, each in zip(columns, told, strict=True)
            if isinstance(each, ua.StatusCode)
        }

    def _lost(self, client: Client) -> None:
        if self.client is client:
            self.client = None
            for group in self.groups:
                group.flush()
                group.image.forget()
            self.groups[0].sink.failed(Quality.NO_CONNECTION)
            self._start(let_go(client))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def poll(self, group: int) -> None:
        """Read the group; nothing where the server reports by itself."""
        if self.client is None:
            self.groups[group].sink.failed(Quality.NO_CONNECTION)
        elif not self.options.subscribe:
            self._start(self._poll(self.client, self.groups[group]))

    async def _poll(self, client: Client, group: _Group) -> None:
        told: list[ua.DataValue] = []
        try:
            async with asyncio.timeout(self.timeout_s):
                for start in range(0, len(group.nodes), NODES_MAX):
                    part = group.nodes[start : start + NODES_MAX]
                    told += await client.read_attributes(part)
            if len(told) != len(group.tags):
                raise ValueError(f"{len(told)} values instead of {len(group.tags)}")
            read = [reading(tag, each) for tag, each in zip(group.tags, told, strict=True)]
        except asyncio.CancelledError:
            group.sink.failed(Quality.NO_CONNECTION)
            raise
        except TimeoutError:
            group.sink.failed(Quality.TIMEOUT)
        except (OSError, ConnectionError):
            self._lost(client)
        except ERRORS:
            group.sink.failed(Quality.MALFORMED)
        else:
            times = [time_us for _, time_us in read if time_us is not None]
            group.image.change({column: each for column, (each, _) in enumerate(read)})
            group.held.give(group.image.put(max(times, default=None)))

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Write a value of the tag's type, without times: most servers refuse them."""
        client = self.client
        if client is None:
            raise DriverError(f"no session with {self.options.url}")
        group = next(each for each in self.groups if tag in each.tags)
        value: Any = bool(raw) if tag.type is ValueType.BOOL else raw
        try:
            async with asyncio.timeout(self.timeout_s):
                node = group.nodes[group.tags.index(tag)]
                variant = ua.Variant(value, TYPES[tag.type])
                await node.write_attribute(ua.AttributeIds.Value, ua.DataValue(variant))
        except TimeoutError as exc:
            raise DriverError(f"{tag.name}: no answer to a write", Quality.TIMEOUT) from exc
        except ua.UaStatusCodeError as exc:
            quality = quality_of(exc.code)
            raise DriverError(
                f"{tag.name}: {exc}", quality if quality != Quality.BAD else Quality.DEVICE_ERROR
            ) from exc
        except ERRORS as exc:
            raise DriverError(f"{tag.name}: {exc!r}") from exc

    async def close(self) -> None:
        """End the session; polls under way fail."""
        client, self.client = self.client, None
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if client is not None:
            await let_go(client)
        for group in self.groups:
            group.flush()
            group.held.close()


def _node_id(tag: Tag, namespaces: Sequence[str]) -> ua.NodeId:
    uri, text = split_address(tag)
    node_id = ua.NodeId.from_string(text)
    if not uri:
        return node_id
    if uri not in namespaces:
        raise DriverError(f"{tag.name}: the server has no namespace {uri}", Quality.UNKNOWN_TAG)
    return ua.NodeId(node_id.Identifier, namespaces.index(uri), node_id.NodeIdType)


def _deadband(tag: Tag) -> ua.DataChangeFilter | None:
    """The tag's deadband in raw units, as an absolute one (OPC 10000-4, 7.22.2)."""
    if not tag.deadband or tag.type is ValueType.BOOL:
        return None
    made = ua.DataChangeFilter()
    made.Trigger = ua.DataChangeTrigger.StatusValue
    made.DeadbandType = ua.DeadbandType.Absolute
    made.DeadbandValue = float(tag.deadband / abs(tag.scale))
    return made
