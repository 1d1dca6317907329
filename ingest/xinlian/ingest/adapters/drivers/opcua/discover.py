# mypy: disable-error-code="attr-defined, arg-type"
# (asyncua exports names without saying so, and has types of its own for plain integers.)
"""Browsing a server of OPC UA for its variables."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from asyncua import Client, Node, ua
from xinlian.ingest.adapters.drivers.found import FOUND_MAX, Found
from xinlian.ingest.adapters.drivers.opcua.connection import ERRORS, connect, let_go
from xinlian.ingest.adapters.drivers.opcua.nodes import TYPES
from xinlian.ingest.adapters.drivers.opcua.options import options
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["discover"]

DEPTH_MAX: Final = 12


async def discover(device: Device) -> list[Found]:
    """Browse the server's objects; at most ``FOUND_MAX`` variables. ``DriverError``."""
    timeout_s = device.timeout_ms / 1_000
    client = await connect(options(device), timeout_s)
    found: list[Found] = []
    try:
        async with asyncio.timeout(max(60.0, timeout_s)):
            namespaces = await client.get_namespace_array()
            seen: set[ua.NodeId] = set()
            level = [(client.nodes.objects, "")]
            for _ in range(DEPTH_MAX):
                below: list[tuple[Node, str]] = []
                for node, path in level:
                    below += await _browse(client, node, path, namespaces, seen, found)
                level = below
                if not level or len(found) >= FOUND_MAX:
                    break
    except TimeoutError as exc:
        raise DriverError(f"{device.id}: browsing took too long", Quality.TIMEOUT) from exc
    except ERRORS as exc:
        raise DriverError(f"{device.id}: {exc!r}", Quality.DEVICE_ERROR) from exc
    finally:
        await let_go(client)
    return found[:FOUND_MAX]


async def _browse(
    client: Client, node: Node, path: str, namespaces: Sequence[str], seen: set[ua.NodeId],
    found: list[Found],
) -> list[tuple[Node, str]]:  # fmt: skip
    """The objects below a node; its variables join what was found."""
    below: list[tuple[Node, str]] = []
    for each in await node.get_children_descriptions():
        node_id = ua.NodeId(each.NodeId.Identifier, each.NodeId.NamespaceIndex)
        if node_id in seen or len(seen) >= FOUND_MAX * 4 or node_id == ua.NodeId(2253):
            continue  # 2253 is the server's own diagnosis
        seen.add(node_id)
        name = f"{path}/{each.BrowseName.Name}"
        child = client.get_node(node_id)
        if each.NodeClass == ua.NodeClass.Variable:
            found.append(await _variable(child, name, namespaces))
        if each.NodeClass in (ua.NodeClass.Object, ua.NodeClass.Variable):
            below.append((child, name))
    return below


async def _variable(node: Node, path: str, namespaces: Sequence[str]) -> Found:
    by_type = {variant.value: kind for kind, variant in TYPES.items()}
    kind, access = await node.read_attributes(
        [ua.AttributeIds.DataType, ua.AttributeIds.UserAccessLevel]
    )
    node_type = kind.Value.Value if kind.Value is not None else None
    number = node_type.Identifier if node_type is not None and not node_type.NamespaceIndex else 0
    level = access.Value.Value if access.Value is not None else 0
    index = node.nodeid.NamespaceIndex
    text = node.nodeid.to_string().removeprefix(f"ns={index};")
    address = f"nsu={namespaces[index]};{text}" if 0 < index < len(namespaces) else text
    return Found(address, path, by_type.get(number), bool(level & 2))
