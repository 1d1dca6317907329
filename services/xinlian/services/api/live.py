"""Live values for many listeners: one look at the store a second and party, shared by all of them.

A party's **board** holds the newest value of each tag that somebody listens to, with the number of
the look that brought it. A listener asks for what is newer than the look it was told last; whoever
is slow skips what has been replaced meanwhile, and is let go when it takes nothing for
``SEND_SECONDS``. Listeners, their tags and their time are bounded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import orjson
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from xinlian.ingest.model.query import Latest
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_live import Wanted

__all__ = ["LISTENERS_MAX", "LISTENERS_OF_TOKEN_MAX", "Board", "Listener", "Live", "LiveResponse"]

LISTENERS_MAX: Final = 64
LISTENERS_OF_TOKEN_MAX: Final = 4
LOOK_SECONDS: Final = 1.0
RIGHTS_SECONDS: Final = 5.0
"""A stream ends so long after its token was revoked."""
SEND_SECONDS: Final = 20.0
_WAIT_SECONDS: Final = 5
_LOG: Final = logging.getLogger(__name__)


Look = Callable[[Sequence[Wanted]], Sequence[tuple[Latest, str]]]
"""The newest values, with their units, of what is wanted by all listeners of a party; may block."""
View = Callable[[Latest, str], Mapping[str, Any]]


@dataclass(slots=True)
class _Entry:
    latest: Latest
    unit: str
    look: int
    item: bytes


class Board:
    """The newest values that listeners of one party want."""

    def __init__(self, look: Look, view: View) -> None:
        self._read, self._view = look, view
        self.wanted: Counter[Wanted] = Counter()
        self.look = 0
        """How often the store was asked."""
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._told: dict[tuple[Wanted, int], bytes] = {}
        """Events of this look: listeners who want the same share one."""
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.failed = False

    def start(self) -> None:
        """Look from now on, as long as somebody listens."""
        if self._task is None or self._task.done():
            self.failed = False
            self._task = asyncio.create_task(self._run())

    async def wait(self, look: int, seconds: float) -> None:
        """Until there is a later look, or the time is over."""
        changed = self._changed
        if self.look <= look and not self.failed:
            try:
                await asyncio.wait_for(changed.wait(), seconds)
            except TimeoutError:
                return

    def event(self, wanted: Wanted, since: int) -> bytes:
        """What changed after a look, as one event; empty where nothing did."""
        found = self._told.get((wanted, since))
        if found is None:
            items = [
                each.item
                for (device, tag), each in self._entries.items()
                if each.look > since and wanted.fits(device, tag)
            ]
            body = b",".join(items)
            found = b'event: readings\ndata: {"items":[' + body + b"]}\n\n" if items else b""
            self._told[wanted, since] = found
        return found

    async def _run(self) -> None:
        while self.wanted:
            began = time.monotonic()
            try:
                found = await run_in_threadpool(self._read, list(self.wanted))
            except Exception:  # noqa: BLE001 - whatever it is, the streams end
                _LOG.exception("live values cannot be read; their streams end")
                self.failed = True
                self._wake()
                return
            self._take(found)
            self._wake()
            await asyncio.sleep(max(LOOK_SECONDS / 10, LOOK_SECONDS + began - time.monotonic()))

    def _take(self, found: Sequence[tuple[Latest, str]]) -> None:
        look, kept = self.look + 1, {}
        for latest, unit in found:
            key = (latest.device, latest.tag)
            entry = self._entries.get(key)
            if entry is None or (entry.latest, entry.unit) != (latest, unit):
                entry = _Entry(latest, unit, look, orjson.dumps(self._view(latest, unit)))
            kept[key] = entry
        self._entries, self.look, self._told = kept, look, {}

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


@dataclass
class Live:
    """The boards of all parties. One per server process."""

    boards: dict[int, Board] = field(default_factory=dict)
    tokens: Counter[str] = field(default_factory=Counter)

    def listen(self, party: int, token: str, wanted: Wanted, look: Look, view: View) -> Listener:
        """A place among the listeners; ``RATE_LIMITED`` beyond the bounds. Close it."""
        if self.tokens.total() >= LISTENERS_MAX or self.tokens[token] >= LISTENERS_OF_TOKEN_MAX:
            raise RefusedError(
                Code.RATE_LIMITED,
                f"too many streams of live values are open: try again in {_WAIT_SECONDS} s",
                retry_after_seconds=_WAIT_SECONDS,
            )
        board = self.boards.setdefault(party, Board(look, view))
        board.wanted[wanted] += 1
        self.tokens[token] += 1
        return Listener(self, party, token, wanted, board)

    def leave(self, party: int, token: str, wanted: Wanted) -> None:
        """Give a place back."""
        board = self.boards[party]
        self.tokens -= Counter([token])
        board.wanted -= Counter([wanted])
        if not board.wanted:
            del self.boards[party]


class Listener:
    """One stream; ``allowed`` tells whether its token still is what it was."""

    def __init__(self, live: Live, party: int, token: str, wanted: Wanted, board: Board) -> None:
        self._live, self._place = live, (party, token, wanted)
        self._wanted, self._board = wanted, board
        self._open = True

    def close(self) -> None:
        """Give the place back, once."""
        if self._open:
            self._open = False
            self._live.leave(*self._place)

    async def events(
        self, seconds: float, allowed: Callable[[], Awaitable[bool]]
    ) -> AsyncGenerator[bytes, None]:
        """Events for so long: what is there, then what changes."""
        end = time.monotonic() + seconds
        checked, look = time.monotonic(), 0
        self._board.start()
        yield b"retry: 1000\n\n"
        while (now := time.monotonic()) < end:
            if now - checked >= RIGHTS_SECONDS:
                if not await allowed():
                    return
                checked = now
            await self._board.wait(look, min(end - now, 2 * LOOK_SECONDS))
            if self._board.failed:
                return
            told = self._board.event(self._wanted, look)
            look = self._board.look
            yield told or b": still here\n\n"


class LiveResponse(StreamingResponse):
    """Streams events; gives the place back whatever happens, and lets go of clients that take
    nothing."""

    def __init__(
        self,
        listener: Listener,
        events: AsyncGenerator[bytes, None],
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        super().__init__(
            events, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )
        self._listener, self._events, self._send_seconds = listener, events, send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listener.close()

    async def stream_response(self, send: Send) -> None:
        """Send events as they come."""
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        async with aclosing(self._events) as events:
            async for event in events:
                with anyio.move_on_after(self._send_seconds) as sending:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
                if sending.cancelled_caught:
                    _LOG.warning("a listener of live values takes nothing: it is let go")
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
