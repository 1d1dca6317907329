"""A small HTTP/1.1 server for JSON-RPC: POST with a length and a bearer token, nothing else.

Written here because it is little, fast (one protocol object per connection, no framework between
the socket and the dispatcher) and has every bound in view.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, cast

from xinlian.ledger.chain.gateway.dispatch import Reply
from xinlian.ledger.chain.gateway.places import Bounds, Places

log = logging.getLogger(__name__)

HEAD_BYTES_MAX: Final = 16 * 1024
BODY_BYTES_MAX: Final = 32 << 20
_STOP_SECONDS: Final = 5.0
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

# Another server may take these for the end of a line, or of the text.
_BARE: Final = re.compile(rb"[\0\r\n]")

# Larger bodies are read only for those whose token is known.
_STRANGERS_BODY_BYTES_MAX: Final = 64 * 1024

Answer = Callable[[str | None, bytes], Awaitable[Reply]]
Known = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Head:
    length: int
    token: str | None
    keep: bool
    expects: bool


class _BadRequestError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def parse_head(data: bytes) -> _Head:
    """The head of a request, without its closing blank line."""
    lines = data.split(b"\r\n")
    if any(_BARE.search(line) for line in lines):
        raise _BadRequestError(400, "a line holds NUL, or CR or LF by itself")
    parts = lines[0].split(b" ")
    if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise _BadRequestError(400, "this is not HTTP/1.1")
    if parts[0] != b"POST":
        raise _BadRequestError(405, "JSON-RPC is asked with POST")
    fields: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or not name or name != name.strip():
            raise _BadRequestError(400, "a header line cannot be read")
        if name in fields and name in (b"content-length", b"authorization"):
            raise _BadRequestError(400, "a header occurs twice")
        fields[name] = value.strip()
    if b"transfer-encoding" in fields or b"content-length" not in fields:
        raise _BadRequestError(411, "send the body with Content-Length")
    length = fields[b"content-length"]
    if not length.isdigit() or len(length) > 12:
        raise _BadRequestError(400, "Content-Length is not a number")
    if int(length) > BODY_BYTES_MAX:
        raise _BadRequestError(413, f"a body may have {BODY_BYTES_MAX} bytes")
    scheme, _, token = fields.get(b"authorization", b"").partition(b" ")
    keep = fields.get(b"connection", b"").lower() != b"close" and parts[2] == b"HTTP/1.1"
    return _Head(
        int(length),
        token.strip().decode("latin-1") if scheme.lower() == b"bearer" and token else None,
        keep,
        fields.get(b"expect", b"").lower() == b"100-continue",
    )


class HttpConnection(asyncio.Protocol):
    """One connection: requests one after another."""

    def __init__(self, answer: Answer, known: Known, places: Places) -> None:
        self.idle = True
        self._answer = answer
        self._known = known
        self._places = places
        self._bounds = places.bounds
        self._token: str | None = None  # the one it has its place by
        self._writable = True
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)
        self._restart_timer(self._bounds.request_seconds)
        self._places.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as declared
        """See :class:`asyncio.Protocol`. A request being worked on is finished all the same."""
        self._places.leave(self)
        self.closed.set()
        for timer in (self._timer, self._send_timer):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        self._buffer += data
        if self._task is None and self._writable:
            if self.idle and self._token is not None:
                self._restart_timer(self._bounds.request_seconds)
            self.idle = False
            self._next()
        elif len(self._buffer) > HEAD_BYTES_MAX:
            self._transport.pause_reading()  # it talks ahead of our answers

    def pause_writing(self) -> None:
        """See :class:`asyncio.Protocol`: answers are not fetched."""
        self._writable = False
        self._send_timer = asyncio.get_running_loop().call_later(
            self._bounds.send_seconds, self._transport.abort
        )

    def resume_writing(self) -> None:
        """See :class:`asyncio.Protocol`."""
        self._writable = True
        if self._send_timer is not None:
            self._send_timer.cancel()
        if self._task is None and not self._transport.is_closing():
            self._go_on()

    def end(self) -> None:
        """Close at once."""
        self._transport.abort()

    def close(self) -> None:
        """Close once the request being answered, if any, is answered."""
        if self._task is None:
            self._transport.close()
        self._answer = _stopping

    def _restart_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _go_on(self) -> None:
        """After an answer: wait for the next request, or start on it if it is here."""
        self.idle = not self._buffer
        known = self.idle and self._token is not None
        self._restart_timer(self._bounds.idle_seconds if known else self._bounds.request_seconds)
        self._transport.resume_reading()
        self._next()

    def _next(self) -> None:
        """Start on the next request if all of it is here."""
        try:
            if self._head is None:
                end = self._buffer.find(b"\r\n\r\n")
                if end < 0 or end > HEAD_BYTES_MAX:
                    if len(self._buffer) > HEAD_BYTES_MAX:
                        raise _BadRequestError(431, "the request's head is too long")
                    return
                self._head = parse_head(bytes(self._buffer[:end]))
                del self._buffer[: end + 4]
                self._place(self._head)
                if self._head.expects:
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if len(self._buffer) < self._head.length:
                return
        except _BadRequestError as exc:
            self._send(Reply(exc.status, exc.text.encode()), keep=False)
            return
        head, self._head = self._head, None
        body = bytes(self._buffer[: head.length])
        del self._buffer[: head.length]
        if self._timer is not None:
            self._timer.cancel()
        self._task = asyncio.get_running_loop().create_task(self._work(head, body))

    def _place(self, head: _Head) -> None:
        """Give the connection a place of its token's at its first good one."""
        if self._token is not None and head.token == self._token:
            return
        if head.token is not None and self._known(head.token):
            if not self._places.know(self, head.token):
                raise _BadRequestError(503, "too many connections with this token")
            self._token = head.token
        elif head.length > _STRANGERS_BODY_BYTES_MAX:
            raise _BadRequestError(401, "a valid token is needed: 'Authorization: Bearer ...'")

    async def _work(self, head: _Head, body: bytes) -> None:
        try:
            reply = await self._answer(head.token, body)
        except Exception:
            log.exception("a request failed")
            reply = Reply(500, b"the gateway failed; see its log")
        self._task = None
        if self._transport.is_closing():
            return
        keep = head.keep and reply.status != 401 and self._answer is not _stopping
        self._send(reply, keep=keep)
        if keep and self._writable:
            self._go_on()

    def _send(self, reply: Reply, *, keep: bool) -> None:
        kind = b"application/json" if reply.body[:1] in (b"{", b"[") else b"text/plain"
        head = f"HTTP/1.1 {reply.status} {_REASONS[reply.status]}\r\n".encode()
        head += b"Content-Type: %b\r\nContent-Length: %d\r\n" % (kind, len(reply.body))
        if reply.status == 401:
            head += b"WWW-Authenticate: Bearer\r\n"
        if reply.retry_after is not None:
            head += b"Retry-After: %d\r\n" % reply.retry_after
        if not keep:
            head += b"Connection: close\r\n"
        self._transport.write(head + b"\r\n" + reply.body)
        if not keep:
            self._transport.close()


async def _stopping(_token: str | None, _body: bytes) -> Reply:
    return Reply(503, b"the node is stopping")


class HttpServer:
    """Listens on 127.0.0.1 only."""

    def __init__(self, server: asyncio.Server, places: Places) -> None:
        self._server = server
        self._places = places
        self.port: int = server.sockets[0].getsockname()[1]

    @classmethod
    async def start(
        cls, answer: Answer, known: Known, port: int, bounds: Bounds | None = None
    ) -> HttpServer:
        """Listen; port 0 takes a free one. Raises OSError where the port is taken."""
        places = Places(bounds or Bounds())
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: HttpConnection(answer, known, places), "127.0.0.1", port
        )
        return cls(server, places)

    async def stop(self) -> None:
        """Take no new connections, answer what was asked, close."""
        self._server.close()
        for connection in self._places.all():
            connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                while left := self._places.all():
                    await left[0].closed.wait()
