"""A broker shared by devices: who gets which message, and when it is acknowledged.

A message of quality of service 1 is acknowledged when every row made of it is durable. A row for
which there is no room waits here, and no more is read from the broker until it is taken: the
broker's own queue is the buffer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import paho.mqtt.client as paho
from paho.mqtt.matcher import MQTTMatcher
from xinlian.ingest.adapters.drivers.mqtt.options import Broker
from xinlian.ingest.adapters.drivers.mqtt.wire import Wire
from xinlian.ingest.adapters.drivers.reported import Count, Put

__all__ = ["Link", "Taker", "give_back", "take"]

log = logging.getLogger(__name__)

RETRY_S: Final = 0.05
UNCLAIMED_MAX: Final = 256
UNCLAIMED_S: Final = 30.0
"""How long a message of a kept session waits for the device that subscribed to it."""


class Taker(Protocol):
    """Who makes rows of messages."""

    def message(self, topic: str, payload: bytes, retained: bool) -> Sequence[Put]:
        """The rows to be given to sinks; none for what is no concern."""

    def gone(self, reason: str) -> None:
        """The connection is lost."""


class Link:
    """One connection, shared by the sessions of all devices with the same broker options."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.wire = Wire(broker, self._told, self._lost, self._idle)
        self.users = 0
        self.starting = asyncio.Lock()
        self.takers: dict[str, list[Taker]] = {}
        self.matcher = MQTTMatcher()  # type: ignore[no-untyped-call]
        self.waiting: deque[tuple[Put, Callable[[], None] | None]] = deque()
        self.unclaimed: deque[tuple[float, paho.MQTTMessage]] = deque()

    @property
    def alive(self) -> bool:
        """Whether the connection stands."""
        return self.wire.alive

    async def open(self, timeout_s: float) -> None:
        """Connect, unless connected; ``DriverError``."""
        async with self.starting:
            if not self.wire.alive:
                await self.wire.open(timeout_s)

    async def subscribe(self, filters: Sequence[str], qos: int, taker: Taker) -> None:
        """Have messages given to ``taker``; ``DriverError`` if the broker refuses one."""
        for each in filters:
            self.takers.setdefault(each, []).append(taker)
            self.matcher[each] = self.takers[each]
        await self.wire.subscribe(filters, qos)
        held, self.unclaimed = self.unclaimed, deque()
        for _, message in held:  # of a kept session, before the subscription was made again
            self._told(message)

    def leave(self, taker: Taker) -> None:
        """No more messages for a taker. A kept session keeps its subscriptions."""
        for each, takers in list(self.takers.items()):
            if taker in takers:
                takers.remove(taker)
            if not takers:
                del self.takers[each]
                del self.matcher[each]  # type: ignore[no-untyped-call]
                if not self.broker.client_id:
                    self.wire.unsubscribe(each)

    def _told(self, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self.wire.ack(message)
            return
        found = self.matcher.iter_match(topic)  # type: ignore[no-untyped-call]
        takers: list[Taker] = [taker for each in found for taker in each]
        if not takers:
            if message.qos and len(self.unclaimed) < UNCLAIMED_MAX:
                self.unclaimed.append((time.monotonic(), message))
            return
        payload, retained = bytes(message.payload), message.retain
        puts = [put for taker in takers for put in _rows(taker, topic, payload, retained)]
        if not puts:
            self.wire.ack(message)
            return
        done = Count(len(puts), lambda: self.wire.ack(message)) if message.qos else None
        self.waiting.extend((put, done) for put in puts)
        self._hand_over()

    def _hand_over(self) -> None:
        while self.waiting:
            put, done = self.waiting[0]
            if not put(done):
                if self.wire.reading:
                    self.wire.pause()
                    self.wire.loop.call_later(RETRY_S, self._retry)
                return
            self.waiting.popleft()

    def _retry(self) -> None:
        self._hand_over()
        if self.waiting:
            self.wire.loop.call_later(RETRY_S, self._retry)
        elif self.wire.alive:
            self.wire.resume()

    def _idle(self) -> None:
        while self.unclaimed and time.monotonic() - self.unclaimed[0][0] > UNCLAIMED_S:
            message = self.unclaimed.popleft()[1]
            log.warning("%s: nobody wants %r", self.broker.place, message.topic[:200])
            self.wire.ack(message)

    def _lost(self, reason: str) -> None:
        """The broker sends again what was not acknowledged, if it keeps our session; else what has
        no room is gone."""
        for put, done in self.waiting:
            if (done is None or not self.broker.client_id) and not put():
                put.lost()
        self.waiting.clear()
        self.unclaimed.clear()
        for taker in {id(each): each for found in self.takers.values() for each in found}.values():
            taker.gone(reason)


def _rows(taker: Taker, topic: str, payload: bytes, retained: bool) -> Sequence[Put]:
    """The rows of a message. What a taker cannot read at all is let go: an error here would end
    the link of all devices, and a broker that sends the message again would end it for ever."""
    try:
        return taker.message(topic, payload, retained)
    except Exception:
        log.exception("a message of %r cannot be read and is let go", topic[:200])
        return ()


_links: dict[tuple[asyncio.AbstractEventLoop, Broker], Link] = {}


async def take(broker: Broker, timeout_s: float) -> Link:
    """The link to a broker, open and shared; ``DriverError``. To be given back."""
    key = (asyncio.get_running_loop(), broker)
    link = _links.get(key)
    if link is None or (link.users and not link.alive and not link.starting.locked()):
        link = _links[key] = Link(broker)
    link.users += 1
    try:
        await link.open(timeout_s)
    except BaseException:
        give_back(link)
        raise
    return link


def give_back(link: Link) -> None:
    """The last user closes it."""
    link.users -= 1
    if link.users == 0:
        link.wire.close()
        for key in [key for key, each in _links.items() if each is link]:
            del _links[key]
