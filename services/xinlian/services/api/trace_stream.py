"""Signals as they are raised: server-sent events, resumable, bounded in number and in memory.

No reader has a queue: each goes through the table of signals by its own cursor, and one look at
the newest number, five times a second while anybody reads, wakes them all. A slow reader falls
behind by itself and nothing is lost to it; ``Last-Event-ID`` is the cursor.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import orjson
from fastapi import Header, Query
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from xinlian.services.api.feed import Feed
from xinlian.services.api.route import guarded_router
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.app.reading import Reader

__all__ = ["router"]

PING_SECONDS: Final = 10.0
LIFE_SECONDS: Final = 1_800
"""A reader is let go after half an hour; it comes back by itself and goes on where it was."""
_AT_ONCE: Final = 200
_RETRY_MS: Final = 1_000
_NUMBER: Final = 2**63 - 1

router = guarded_router("signals", "/trace")


@router.get(
    "/signals",
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    response_class=StreamingResponse,
)
async def stream_signals(
    state: StateDep,
    actor: ActorDep,
    last_event_id: Annotated[str | None, Header(max_length=20, pattern=r"^[0-9]+$")] = None,
    after: Annotated[
        int | None, Query(ge=0, le=_NUMBER, description="Begin beyond this signal; 0: with all.")
    ] = None,
    seconds: Annotated[
        int, Query(ge=1, le=LIFE_SECONDS, description="End after so long.")
    ] = LIFE_SECONDS,
) -> StreamingResponse:
    """Signals of your party as they are raised (server-sent events): broken control-chart rules,
    failed key inspections, alarms, each with the vehicles concerned."""
    reader = Reader.of(actor)
    state.feed.check(actor.token)
    begin = min(int(last_event_id), _NUMBER) if last_event_id else after
    events = _events(state.feed, actor.token, reader, begin, seconds)
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _events(
    feed: Feed, token: str, reader: Reader, begin: int | None, seconds: int
) -> AsyncIterator[bytes]:
    with feed.place(token):
        end = time.monotonic() + seconds
        seen = await run_in_threadpool(feed.source.newest) if begin is None else begin
        yield b"retry: %d\n\n" % _RETRY_MS
        told = time.monotonic()
        while (now := time.monotonic()) < end:
            newest = feed.newest
            rows = await run_in_threadpool(feed.source.after, seen, reader.party, _AT_ONCE)
            for row in rows:
                seen = row["signal"]
                yield _event(row)
            if rows:
                told = now
                continue
            if now - told >= PING_SECONDS:
                told = now
                yield b": still here\n\n"
            await feed.wait(max(seen, newest), min(PING_SECONDS, end - now))


def _event(row: dict[str, Any]) -> bytes:
    head = f"id: {row['signal']}\nevent: {row['kind']}\ndata: "
    return head.encode() + orjson.dumps(row) + b"\n\n"
