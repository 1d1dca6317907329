"""One HTTP/1.1 connection as h11 sees it: requests in, answers out, every step bounded."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import h11
import orjson

__all__ = ["Answer", "HttpConnection"]

HEADER_BYTES_MAX: Final = 16_384
ANSWER_S: Final = 15.0
LINGER_S: Final = 1.0
LINGER_READS_MAX: Final = 4_096


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body; ``retry_s`` where the sender shall come again."""

    status: int
    body: dict[str, Any]
    retry_s: int = 0


class HttpConnection:
    """Reads requests and answers them, one after the other."""

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
