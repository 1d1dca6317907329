"""MQTT packets on the event loop: paho-mqtt without its threads."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt import MQTTException
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from xinlian.ingest.adapters.drivers.endpoint import secret
from xinlian.ingest.adapters.drivers.mqtt.client import Client
from xinlian.ingest.adapters.drivers.mqtt.options import Broker
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["MESSAGE_BYTES_MAX", "Wire"]

MESSAGE_BYTES_MAX: Final = 1 << 20
"""Larger messages are refused (MQTT 5: told to the broker) or end the connection (3.1.1)."""
READS_MAX: Final = 64
"""Packets that are read before other work on the event loop has its turn."""
FILTERS_MAX: Final = 100
"""Filters in one packet."""
RECEIVE_MAX: Final = 1_000
"""Messages that may await our acknowledgement (MQTT 5)."""


class Wire:
    """One connection. ``told`` gets each message, ``lost`` the reason once it is gone."""

    def __init__(
        self,
        broker: Broker,
        told: Callable[[paho.MQTTMessage], None],
        lost: Callable[[str], None],
        idle: Callable[[], None],
    ) -> None:
        """``idle`` is called about every second."""
        self.broker = broker
        self.told, self.lost, self.idle = told, lost, idle
        self.alive = False
        self.loop = asyncio.get_running_loop()
        self.client: Client | None = None
        self.connected: asyncio.Future[Any] | None = None
        self.pending: dict[int, asyncio.Future[Any]] = {}
        self.timer: asyncio.TimerHandle | None = None
        self.fd = -1
        self.reading = False

    async def open(self, timeout_s: float) -> None:
        """Connect; ``DriverError``."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._connect(timeout_s)
        except TimeoutError as exc:
            self._drop("no answer")
            raise DriverError(f"{self.broker.place} does not answer", Quality.TIMEOUT) from exc
        except (OSError, ValueError, MQTTException) as exc:
            self._drop(str(exc))
            raise DriverError(f"no link to {self.broker.place}: {exc}") from exc
        except BaseException:
            self._drop("given up")
            raise

    async def _connect(self, timeout_s: float) -> None:
        client, arguments = self._client(timeout_s)
        self.client = client
        self.connected = self.loop.create_future()
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = lambda _c, _u, message: self.told(message)
        client.on_subscribe = self._on_answer
        client.on_publish = self._on_answer
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_write_wanted
        # Name lookup, TCP and TLS handshakes block; the rest happens here on the loop.
        await asyncio.to_thread(
            client.connect, self.broker.host, self.broker.port, self.broker.keepalive_s, **arguments
        )
        made = client.socket()
        if made is None or self.client is not client:
            raise OSError("closed while connecting")
        self.fd = made.fileno()
        self.resume()
        self._write()
        self.timer = self.loop.call_later(0.25, self._tick)
        await self.connected
        self.alive = True

    def _client(self, timeout_s: float) -> tuple[Client, dict[str, Any]]:
        wanted = self.broker
        five = wanted.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=wanted.client_id,
            clean_session=None if five else not wanted.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = timeout_s
        if wanted.user:
            password = secret(wanted.password_file) if wanted.password_file else None
            client.username_pw_set(wanted.user, password)
        if wanted.tls:
            context = ssl.create_default_context(cafile=wanted.ca_file or None)
            if wanted.cert_file:
                context.load_cert_chain(wanted.cert_file, wanted.key_file)
            client.tls_set_context(context)
        if wanted.will is not None:
            will = wanted.will
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        if not five:
            return client, {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = wanted.session_s if wanted.client_id else 0
        properties.MaximumPacketSize = MESSAGE_BYTES_MAX
        properties.ReceiveMaximum = RECEIVE_MAX
        return client, {"clean_start": not wanted.client_id, "properties": properties}

    async def subscribe(self, filters: Sequence[str], qos: int) -> None:
        """Subscribe; ``DriverError`` if the broker refuses one."""
        for start in range(0, len(filters), FILTERS_MAX):
            part = filters[start : start + FILTERS_MAX]
            rc, mid = self._standing().subscribe([(each, qos) for each in part])
            if rc != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
                raise DriverError(f"no link to {self.broker.place}")
            codes = await self._answer(mid)
            for each, code in zip(part, codes, strict=False):
                if code.is_failure:
                    raise DriverError(f"{self.broker.place} refuses {each!r}: {code}")

    def unsubscribe(self, each: str) -> None:
        """Nobody waits for the answer."""
        if self.client is not None and self.alive:
            self.client.unsubscribe(each)

    def ack(self, message: paho.MQTTMessage) -> None:
        """Acknowledge, if its connection still stands: otherwise the broker sends it again."""
        if self.client is not None and self.alive and message.qos:
            self.client.ack(message.mid, message.qos)

    async def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Publish; returns when the broker has it (quality of service 1)."""
        info = self._standing().publish(topic, payload, qos, retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise DriverError(f"no link to {self.broker.place}")
        if qos:
            answer = await self._answer(info.mid)
            if answer is not None and answer.is_failure:
                raise DriverError(f"{topic}: {answer}", Quality.DEVICE_ERROR)

    def close(self) -> None:
        """Say good-bye and let go."""
        client = self.client
        if client is not None and self.alive:
            with suppress(OSError, ValueError):
                client.disconnect()
                client.loop_write()
        self._drop("closed")

    def _standing(self) -> Client:
        if self.client is None or not self.alive:
            raise DriverError(f"no link to {self.broker.place}")
        return self.client

    async def _answer(self, mid: int) -> Any:
        future = self.pending[mid] = self.loop.create_future()
        try:
            return await future
        finally:
            self.pending.pop(mid, None)

    def resume(self) -> None:
        """Read on."""
        if self.fd >= 0 and not self.reading:
            self.loop.add_reader(self.fd, self._readable)
            self.reading = True
            if self.alive:  # bytes may wait in the TLS layer, of which the socket tells nothing
                self.loop.call_soon(self._readable)

    def pause(self) -> None:
        """Read nothing until ``resume``."""
        if self.fd >= 0 and self.reading:
            self.loop.remove_reader(self.fd)
            self.reading = False

    def _readable(self) -> None:
        client = self.client
        for _ in range(READS_MAX):
            if client is None or client is not self.client or not self.reading:
                return
            try:
                code = client.loop_read()
            except Exception as exc:  # noqa: BLE001 - bytes of a broken broker
                self._drop(f"broken packet: {exc!r}")
                return
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._drop(str(code))
                return
            if client._in_packet["remaining_length"] > MESSAGE_BYTES_MAX:
                self._drop("a packet is too large")
                return
            if not _more(client):
                return
        self.loop.call_soon(self._readable)

    def _write(self) -> None:
        client = self.client
        if client is None or self.fd < 0:
            return
        try:
            client.loop_write()
        except (OSError, ValueError) as exc:
            self._drop(str(exc))
            return
        if self.fd >= 0:
            if client.want_write():
                self.loop.add_writer(self.fd, self._write)
            else:
                self.loop.remove_writer(self.fd)

    def _on_write_wanted(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._write)

    def _on_socket_close(self, *_: object) -> None:
        if self.fd >= 0:
            self.pause()
            self.loop.remove_writer(self.fd)
            self.fd = -1

    def _on_connect(self, _c: object, _u: object, _f: object, code: Any, _p: object) -> None:
        future = self.connected
        if future is None or future.done():
            return
        if code.is_failure:
            future.set_exception(OSError(str(code)))
        else:
            future.set_result(None)

    def _on_disconnect(self, _c: object, _u: object, _f: object, code: Any, _p: object) -> None:
        self.loop.call_soon(self._drop, str(code))

    def _on_answer(self, _c: object, _u: object, mid: int, codes: Any, _p: object = None) -> None:
        future = self.pending.get(mid)
        if future is not None and not future.done():
            future.set_result(codes)

    def _tick(self) -> None:
        client = self.client
        if client is None:
            return
        client.loop_misc()
        self.idle()
        if self.client is client:
            self.timer = self.loop.call_later(min(1.0, self.broker.keepalive_s / 4), self._tick)

    def _drop(self, reason: str) -> None:
        """The connection is gone, whoever ended it; told once."""
        client, self.client = self.client, None
        self.alive = False
        if client is None:
            return
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self._on_socket_close()
        client.given_up = True
        made = client.socket()
        if made is not None:
            with suppress(OSError):
                made.close()
        for future in (*self.pending.values(), self.connected):
            if future is not None and not future.done():
                future.set_exception(DriverError(f"{self.broker.place}: {reason}"))
                future.exception()  # nobody may be waiting any more
        self.lost(reason)


def _more(client: paho.Client) -> bool:
    """Whether more can be read at once: TLS may hold bytes of which the socket tells nothing."""
    made = client.socket()
    return isinstance(made, ssl.SSLSocket) and made.pending() > 0
