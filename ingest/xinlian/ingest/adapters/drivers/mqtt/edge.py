"""An edge node of Sparkplug as its host sees it: births, aliases, sequence numbers, deaths.

Source: Eclipse Sparkplug Specification 3.0.0: 5.4 to 5.7 (births, deaths, data), 6.4.5 (``seq`` is
0 to 255 and counts every message of the node but its death), 6.4.6 (aliases).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final, Protocol

from xinlian.ingest.adapters.drivers.mqtt.link import Link
from xinlian.ingest.adapters.drivers.mqtt.sparkplug_codec import (
    DataType,
    Metric,
    Payload,
    PayloadError,
    decode,
    encode,
)
from xinlian.ingest.adapters.drivers.reported import Put, judge_time
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["EdgeNode", "enter", "leave"]

log = logging.getLogger(__name__)

REBIRTH_S: Final = 2.0
"""An edge node is asked for its birth no more often than this."""
NAMES_MAX: Final = 65_536


class Listener(Protocol):
    """A session of one device of the node."""

    def born(self, metrics: Sequence[tuple[str, Metric]], time_ms: int | None) -> list[Put]: ...

    def told(self, metrics: Sequence[tuple[str, Metric]], time_ms: int | None) -> list[Put]: ...

    def died(self, time_us: int | None) -> list[Put]: ...

    def doubt(self) -> None: ...

    def gone(self) -> None: ...


class EdgeNode:
    """One edge node. Aliases are unique in the node, its devices included."""

    def __init__(self, link: Link, group: str, edge: str) -> None:
        self.link, self.group, self.edge = link, group, edge
        self.listeners: dict[str, list[Listener]] = {}
        self.born: set[str] = set()
        """Devices (``""`` the node) whose birth is known."""
        self.aliases: dict[int, tuple[str, str, int]] = {}
        """Alias -> device, name, data type."""
        self.types: dict[tuple[str, str], int] = {}
        self.bd_seq: int | None = None
        self.seq: int | None = None
        self.asked_at = 0.0
        self.subscribed = asyncio.Lock()
        self.standing = False
        self.tasks: set[asyncio.Task[None]] = set()
        self.later: asyncio.TimerHandle | None = None

    @property
    def base(self) -> tuple[str, str]:
        """Topic before and behind the kind of message."""
        return f"spBv1.0/{self.group}", self.edge

    def datatype(self, device: str, name: str) -> int:
        """The data type that the birth told; 0 if none."""
        return self.types.get((device, name), 0)

    async def subscribe(self) -> None:
        """All messages of the node and its devices."""
        async with self.subscribed:
            if not self.standing:
                before, behind = self.base
                kinds = [f"{before}/{kind}/{behind}" for kind in ("NBIRTH", "NDATA", "NDEATH")]
                kinds += [f"{before}/{kind}/{behind}/+" for kind in ("DBIRTH", "DDATA", "DDEATH")]
                await self.link.subscribe(kinds, 1, self)
                self.standing = True

    async def rebirth(self) -> None:
        """Ask for all births (5.7); if that was done just now, once more a little later."""
        now = time.monotonic()
        if self.asked_at and now - self.asked_at < REBIRTH_S:
            if self.later is None:
                wait_s = REBIRTH_S - (now - self.asked_at)
                self.later = asyncio.get_running_loop().call_later(wait_s, self._ask_later)
            return
        self.asked_at = now
        now_ms = time.time_ns() // 1_000_000
        asked = Metric(
            "Node Control/Rebirth", timestamp_ms=now_ms, datatype=DataType.BOOLEAN, value=True
        )
        before, behind = self.base
        payload = encode(Payload(now_ms, None, [asked]))
        await self.link.wire.publish(f"{before}/NCMD/{behind}", payload, qos=0)

    def _ask_later(self) -> None:
        self.later = None
        self._ask("asked again")

    def _ask(self, why: str) -> None:
        log.info("edge node %s/%s: %s; asking for its birth", self.group, self.edge, why)

        async def ask() -> None:
            try:
                await self.rebirth()
            except DriverError as exc:
                log.debug("edge node %s/%s: %s", self.group, self.edge, exc)

        task = asyncio.get_running_loop().create_task(ask())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # What the link calls.

    def gone(self, reason: str) -> None:  # noqa: ARG002 - the port's form
        """The broker is gone, and with it all that is known."""
        self.standing = False
        for listener in self._all():
            listener.gone()

    def message(self, topic: str, data: bytes, retained: bool) -> Sequence[Put]:
        """A message of the node. Retained ones cannot be of Sparkplug (6.3): they are old."""
        if retained:
            return ()
        parts = topic.split("/")
        kind, device = parts[2], parts[4] if len(parts) == 5 else ""
        try:
            payload = decode(data)
        except PayloadError as exc:
            log.warning("%s: no payload of Sparkplug B: %s", topic, exc)
            self._miss("a payload could not be read")
            return ()
        match kind:
            case "NBIRTH":
                return self._node_birth(payload)
            case "NDEATH":
                return self._node_death(payload)
            case _:
                return self._sequenced(kind, device, payload)

    def _all(self) -> list[Listener]:
        return [listener for found in self.listeners.values() for listener in found]

    def _node_birth(self, payload: Payload) -> list[Put]:
        self.seq = payload.seq
        self.aliases.clear()
        self.types.clear()
        self.bd_seq = _bd_seq(payload)
        before, self.born = self.born, {""}
        self._learn("", payload)
        puts: list[Put] = []
        when_us = _when(payload)
        for device, listeners in self.listeners.items():
            if device in before - {""}:  # devices are born anew after their node
                puts += [put for listener in listeners for put in listener.died(when_us)]
        return puts + self._spread("", payload, birth=True)

    def _node_death(self, payload: Payload) -> list[Put]:
        """5.5: a death counts only if its ``bdSeq`` is that of the birth: an old connection's will
        may come after the new one's birth."""
        told = _bd_seq(payload)
        if "" not in self.born or (told is not None and told != self.bd_seq):
            return []
        self.born.clear()
        self.seq = None
        return [put for listener in self._all() for put in listener.died(None)]

    def _sequenced(self, kind: str, device: str, payload: Payload) -> list[Put]:
        if "" not in self.born:
            self._ask("data before a birth")
            return []
        if payload.seq is None or self.seq is None or payload.seq != (self.seq + 1) % 256:
            self._miss(f"message {payload.seq} came behind {self.seq}")
        self.seq = payload.seq if payload.seq is not None else self.seq
        if kind == "DBIRTH":
            self.born.add(device)
            self._learn(device, payload)
            return self._spread(device, payload, birth=True)
        if device not in self.born:
            if self.listeners.get(device):
                self._ask(f"data of device {device!r} before its birth")
            return []
        if kind == "DDEATH":
            self.born.discard(device)
            found = self.listeners.get(device, [])
            return [put for listener in found for put in listener.died(_when(payload))]
        return self._spread(device, payload, birth=False)

    def _miss(self, why: str) -> None:
        for listener in self._all():
            listener.doubt()
        self._ask(why)

    def _learn(self, device: str, payload: Payload) -> None:
        for metric in payload.metrics:
            if len(self.types) >= NAMES_MAX:
                log.warning("edge node %s/%s: too many metrics", self.group, self.edge)
                return
            self.types[device, metric.name] = metric.datatype
            if metric.alias is not None and metric.name:
                self.aliases[metric.alias] = (device, metric.name, metric.datatype)

    def _spread(self, device: str, payload: Payload, *, birth: bool) -> list[Put]:
        named: list[tuple[str, Metric]] = []
        for metric in payload.metrics:
            name = metric.name
            if not name and metric.alias is not None:
                owner, name, kind = self.aliases.get(metric.alias, ("", "", 0))
                if not name or owner != device:
                    self._ask(f"alias {metric.alias} is not known")
                    continue
                metric.datatype = metric.datatype or kind
            metric.datatype = metric.datatype or self.types.get((device, name), 0)
            named.append((name, metric))
        when = payload.timestamp_ms
        found = self.listeners.get(device, [])
        if birth:
            return [put for listener in found for put in listener.born(named, when)]
        return [put for listener in found for put in listener.told(named, when)]


def _bd_seq(payload: Payload) -> int | None:
    for metric in payload.metrics:
        if metric.name == "bdSeq" and isinstance(metric.value, int):
            return metric.value
    return None


def _when(payload: Payload) -> int | None:
    return None if payload.timestamp_ms is None else judge_time(payload.timestamp_ms, "ms")


_nodes: dict[tuple[int, str, str], EdgeNode] = {}


async def enter(link: Link, group: str, edge: str, device: str, listener: Listener) -> EdgeNode:
    """The edge node on a link, shared by the sessions of its devices."""
    key = (id(link), group, edge)
    node = _nodes.get(key)
    if node is None:
        node = _nodes[key] = EdgeNode(link, group, edge)
    node.listeners.setdefault(device, []).append(listener)
    try:
        await node.subscribe()
    except BaseException:
        leave(node, device, listener)
        raise
    return node


def leave(node: EdgeNode, device: str, listener: Listener) -> None:
    """The last listener lets go of it."""
    found = node.listeners.get(device, [])
    if listener in found:
        found.remove(listener)
    if not found:
        node.listeners.pop(device, None)
    if not node.listeners:
        node.link.leave(node)
        if node.later is not None:
            node.later.cancel()
        for task in node.tasks:
            task.cancel()
        for key in [key for key, each in _nodes.items() if each is node]:
            del _nodes[key]
