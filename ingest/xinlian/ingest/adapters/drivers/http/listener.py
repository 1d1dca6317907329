"""A small HTTP/1.1 server for pushes: h11 on asyncio, every step with a bound in bytes and time.

``POST /v1/devices/ID/readings`` with ``Authorization: Bearer TOKEN``, ``Idempotency-Key: KEY`` and
``Content-Type: application/json`` or ``text/csv``.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

import h11
import orjson
from xinlian.ingest.adapters.drivers.shared import Shared

__all__ = ["Answer", "Listener", "Place", "Pushed", "give_back", "take"]

log = logging.getLogger(__name__)
CONNECTIONS_MAX: Final = 1_000
HEADER_BYTES_MAX: Final = 16_384
REQUEST_S: Final = 15.0
"""Head and body have come by then: a sender that trickles holds no connection longer."""
IDLE_S: Final = 60.0
ANSWER_S: Final = 15.0
LINGER_S: Final = 1.0
LINGER_READS_MAX: Final = 4_096
_PATH: Final = re.compile(r"/v1/devices/([A-Za-z0-9._-]{1,64})/readings")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
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
class Answer:
    """A status and a JSON body; ``retry_s`` where the sender shall come again."""

    status: int
    body: dict[str, Any]
    retry_s: int = 0


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
        if task is None or len(self.connections) >= CONNECTIONS_MAX:
            writer.transport.abort()
            return
        self.connections.add(task)
        try:
            http = _Http(reader, writer)
            await self._serve(http)
            await http.linger()
        except (OSError, TimeoutError, asyncio.CancelledError, h11.LocalProtocolError) as exc:
            log.debug("a connection ended: %r", exc)
        finally:
            self.connections.discard(task)
            writer.transport.abort()

    async def _serve(self, http: _Http) -> None:
        while True:
            try:
                async with asyncio.timeout(IDLE_S):
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
                device, pushed = answer
                answer = await device.push(pushed)
            await http.answer(answer)
            if not http.again():
                return

    async def _request(self, http: _Http) -> Answer | tuple[Device, Pushed]:
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


class _Http:
    """One connection as h11 sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.conn = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADER_BYTES_MAX)
        self.begun = False

    async def first_byte(self) -> None:
        """Wait for a request; ``EOFError`` at the end."""
        self.begun = False
        if self.conn.trailing_data[0]:
            return
        data = await self.reader.read(65_536)
        self.conn.receive_data(data)
        if not data:
            raise EOFError
        self.begun = True

    async def _next(self) -> Any:
        while True:
            event = self.conn.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self.conn.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            data = await self.reader.read(65_536)
            self.conn.receive_data(data)

    async def head(self) -> h11.Request:
        """The next request; ``EOFError`` at the end."""
        event = await self._next()
        if not isinstance(event, h11.Request):
            raise EOFError
        return event

    async def body(self, limit: int) -> bytes | None:
        """The body, or ``None`` as soon as it is longer than the limit."""
        made = bytearray()
        while isinstance(event := await self._next(), h11.Data):
            made += event.data
            if len(made) > limit:
                return None
        if not isinstance(event, h11.EndOfMessage):
            raise EOFError
        return bytes(made)

    async def answer(self, answer: Answer) -> None:
        """Answer what was asked; nothing if the sender is gone."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        body = orjson.dumps(answer.body)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if answer.retry_s:
            headers.append(("Retry-After", str(answer.retry_s)))
        if answer.status == 401:
            headers.append(("WWW-Authenticate", "Bearer"))
        if self.conn.their_state is not h11.DONE:
            headers.append(("Connection", "close"))
        async with asyncio.timeout(ANSWER_S):
            await self._send(h11.Response(status_code=answer.status, headers=headers))
            await self._send(h11.Data(data=body))
            await self._send(h11.EndOfMessage())

    async def _send(self, event: Any) -> None:
        data = self.conn.send(event)
        if data:
            self.writer.write(data)
            await self.writer.drain()

    async def linger(self) -> None:
        """Let the sender read the answer: a reset would take it away while it still sends."""
        async with asyncio.timeout(LINGER_S):
            for _ in range(LINGER_READS_MAX):
                if not await self.reader.read(65_536):
                    return

    def again(self) -> bool:
        """Whether another request may come."""
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.DONE:
            with suppress(h11.LocalProtocolError):
                self.conn.start_next_cycle()
                return True
        return False


_listeners: Shared[Place, Listener] = Shared(Listener)
take, give_back = _listeners.take, _listeners.give_back
