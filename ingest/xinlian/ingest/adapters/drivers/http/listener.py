"""A small HTTP/1.1 server for pushes: h11 on asyncio, every step with a bound in bytes and time.

``POST /v1/devices/ID/readings`` with ``Authorization: Bearer TOKEN``, ``Idempotency-Key: KEY`` and
``Content-Type: application/json`` or ``text/csv``.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from dataclasses import dataclass
from typing import Final, Protocol

import h11
from xinlian.ingest.adapters.drivers.http.connection import Answer, HttpConnection
from xinlian.ingest.adapters.drivers.shared import Shared

__all__ = ["Answer", "Listener", "Place", "Pushed", "give_back", "take"]

log = logging.getLogger(__name__)
CONNECTIONS_MAX: Final = 1_000
STRANGERS_MAX: Final = 512
STRANGERS_OF_PEER_MAX: Final = 128
"""Connections, of all and of one address, that no request with a right token has come over yet; the
oldest of them makes room for another."""
REQUEST_S: Final = 15.0
"""Head and body have come by then: a sender that trickles holds no connection longer."""
IDLE_S: Final = 60.0
"""Between requests; the first one has to come within ``REQUEST_S``."""
_PATH: Final = re.compile(r"/v1/devices/([A-Za-z0-9._-]{1,64})/readings")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
_TYPES: Final = {"application/json": "json", "text/csv": "csv"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen. Devices with equal ones share a port."""

    host: str
    port: int
    cert_file: str
    key_file: str
    body_bytes_max: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request, whole and of the right form."""

    key: str
    kind: str
    body: bytes


class Device(Protocol):
    """Who takes the pushes of one device."""

    def admits(self, token: str) -> bool:
        """Whether the token is this device's; compared in constant time."""

    async def push(self, pushed: Pushed) -> Answer:
        """Take, and answer when durable."""


def refused(status: int, message: str, zh: str, retry_s: int = 0) -> Answer:
    """An answer that says what is wrong, in both languages."""
    return Answer(status, {"error": message, "error_zh": zh}, retry_s)


WRONG_TOKEN: Final = refused(
    401, "no such device, or its token is wrong", "没有该设备，或其令牌不正确"
)


class Listener:
    """One port for many devices."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.users = 0
        self.port = place.port
        self.devices: dict[str, Device] = {}
        self.server: asyncio.Server | None = None
        self.starting = asyncio.Lock()
        self.connections: set[asyncio.Task[None]] = set()
        self.strangers: dict[asyncio.Task[None], str] = {}
        """Connections that no device has shown its token on yet, oldest first, by address."""

    async def listen(self) -> None:
        """Listen if it does not yet; ``OSError``."""
        async with self.starting:
            if self.server is not None:
                return
            context = None
            if self.place.cert_file:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.place.cert_file, self.place.key_file)
            self.server = await asyncio.start_server(
                self._connection, self.place.host, self.place.port, ssl=context,
                ssl_handshake_timeout=REQUEST_S if context else None,
            )  # fmt: skip
            self.port = self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop, and let all go."""
        if self.server is not None:
            self.server.close()
            self.server = None
        for task in self.connections:
            task.cancel()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        if task is None or not self._room(peer):
            writer.write(_FULL)
            writer.close()
            return
        self.connections.add(task)
        self.strangers[task] = peer
        try:
            http = HttpConnection(reader, writer)
            await self._serve(http, task)
            await http.linger()
        except (OSError, TimeoutError, asyncio.CancelledError, h11.LocalProtocolError) as exc:
            log.debug("a connection ended: %r", exc)
        finally:
            self.connections.discard(task)
            self.strangers.pop(task, None)
            writer.transport.abort()

    def _room(self, peer: str) -> bool:
        """Make room for a connection, but not at the cost of a device that has shown its token."""
        of_peer = [task for task, each in self.strangers.items() if each == peer]
        if len(of_peer) >= STRANGERS_OF_PEER_MAX:
            self._drop(of_peer[0])
        elif len(self.strangers) >= STRANGERS_MAX or len(self.connections) >= CONNECTIONS_MAX:
            if not self.strangers:
                return False
            self._drop(next(iter(self.strangers)))
        return True

    def _drop(self, task: asyncio.Task[None]) -> None:
        del self.strangers[task]
        self.connections.discard(task)
        task.cancel()

    async def _serve(self, http: HttpConnection, task: asyncio.Task[None]) -> None:
        while True:
            try:
                async with asyncio.timeout(REQUEST_S if task in self.strangers else IDLE_S):
                    await http.first_byte()
                async with asyncio.timeout(REQUEST_S):
                    answer = await self._request(http)
            except h11.RemoteProtocolError as exc:
                await http.answer(
                    refused(exc.error_status_hint, "this is no HTTP", "这不是 HTTP 请求")
                )
                return
            except TimeoutError:
                if http.begun:
                    await http.answer(refused(408, "the request took too long", "请求用时过长"))
                return
            except EOFError:
                return
            if isinstance(answer, tuple):
                self.strangers.pop(task, None)
                device, pushed = answer
                answer = await device.push(pushed)
            await http.answer(answer)
            if not http.again():
                return

    async def _request(self, http: HttpConnection) -> Answer | tuple[Device, Pushed]:
        request = await http.head()
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        found = _PATH.fullmatch(request.target.decode("latin-1"))
        if found is None:
            return refused(
                404, "POST /v1/devices/ID/readings", "请使用 POST /v1/devices/ID/readings"
            )
        if request.method != b"POST":
            return refused(405, "only POST", "仅支持 POST")
        if "content-encoding" in headers:
            return refused(415, "no content encoding is understood", "不支持内容编码")
        kind = _TYPES.get(headers.get("content-type", "").partition(";")[0].strip().lower())
        if kind is None:
            return refused(415, "send application/json or text/csv", "须为 JSON 或 CSV")
        key = headers.get("idempotency-key", "")
        if not _KEY.fullmatch(key):
            return refused(
                400, "Idempotency-Key is 1 to 200 visible characters",
                "Idempotency-Key 须为 1 至 200 个可见字符",
            )  # fmt: skip
        scheme, _, token = headers.get("authorization", "").partition(" ")
        device = self.devices.get(found[1])
        if device is None or scheme.lower() != "bearer" or not device.admits(token.strip()):
            return WRONG_TOKEN  # before the body is read: strangers cost no memory
        size = headers.get("content-length", "0")
        limit = self.place.body_bytes_max
        if len(size) > 12 or int(size) > limit or (body := await http.body(limit)) is None:
            return refused(413, f"at most {limit} bytes", f"最多 {limit} 字节")
        return device, Pushed(key, kind, body)


_listeners: Shared[Place, Listener] = Shared(Listener)
take, give_back = _listeners.take, _listeners.give_back
