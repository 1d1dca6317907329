"""Connections that do not get on with it: bounded in time and in number.

A request has to be here whole within seconds, and its answer has to be fetched. Of the connections
whose request is not here yet, the oldest one gives way to a new one beyond a bound: whoever sends
a request gets through, however many connections a stranger keeps silent.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Bounds", "bounded_protocol"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """``waiting_max`` connections may be without a whole request at a time; times in seconds."""

    waiting_max: int = 512
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    send_seconds: float = 60.0


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol for HTTP/1.1, with self.bounds. Each server has a class of its own."""

    bounds: ClassVar[Bounds]
    waiting: ClassVar[dict[BoundedProtocol, None]]

    _receiving: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See :class:`asyncio.Protocol`."""
        super().connection_made(transport)
        self._wait(self.bounds.head_seconds)
        if len(self.waiting) > self.bounds.waiting_max:
            next(iter(self.waiting)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        super().connection_lost(exc)
        self._go_on()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """The next request may come."""
        super().on_response_complete()
        self._in_body = False
        self._wait(self.bounds.head_seconds)
        self._look()

    def pause_writing(self) -> None:
        """The other side does not fetch its answer."""
        super().pause_writing()
        self._sending = self.loop.call_later(self.bounds.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _look(self) -> None:
        """See how far the request is."""
        cycle: Any = self.cycle  # none before the first request
        if cycle is None or cycle.response_complete:
            return
        if not cycle.more_body:
            self._go_on()
        elif not self._in_body:
            self._in_body = True
            self._wait(self.bounds.body_seconds)

    def _wait(self, seconds: float) -> None:
        self._go_on()
        if not self.transport.is_closing():
            self._receiving = self.loop.call_later(seconds, self.transport.abort)
            self.waiting[self] = None

    def _go_on(self) -> None:
        self.waiting.pop(self, None)
        if self._receiving is not None:
            self._receiving.cancel()
            self._receiving = None


def bounded_protocol(bounds: Bounds) -> type[asyncio.Protocol]:
    """The protocol of one server, for uvicorn."""
    return type("ServerProtocol", (BoundedProtocol,), {"bounds": bounds, "waiting": {}})
