"""One connection to the engine's Unix socket: a question, then its answer, one at a time."""

from __future__ import annotations

import asyncio
from typing import cast

from xinlian.ledger.chain.errors import EngineError


class EnginePipe(asyncio.Protocol):
    """Newline-ended JSON answers on a Unix socket."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._transport: asyncio.Transport
        self._parts: list[bytes] = []
        self._answer: asyncio.Future[bytes] | None = None
        self.alive = False

    @classmethod
    async def open(cls, path: str) -> EnginePipe:
        """Connect; raises OSError where nobody listens."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_unix_connection(lambda: cls(path), path)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)
        self.alive = True

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`. JSON holds no raw newline, so one ends the answer."""
        self._parts.append(data)
        if data.endswith(b"\n") and self._answer is not None:
            answer, self._answer = self._answer, None
            if not answer.done():
                answer.set_result(b"".join(self._parts))
            self._parts = []

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as declared
        """See :class:`asyncio.Protocol`."""
        self.alive = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(EngineError("the engine's connection broke"))
        self._answer = None

    async def ask(self, body: bytes) -> bytes:
        """Send ``body``, return the whole answer. One caller at a time."""
        if not self.alive:
            raise EngineError("the engine's connection is closed")
        if self._answer is not None:
            raise EngineError("the engine's connection is in use")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(body)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()
