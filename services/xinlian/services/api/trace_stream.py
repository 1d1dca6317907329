"""Signals as they are raised: server-sent events, resumable, bounded in number and in memory.

No reader has a queue: each goes through the table of signals by its own cursor, and one look at
the newest number, five times a second while anybody reads, wakes them all. A slow reader falls
behind by itself and nothing is lost to it; ``Last-Event-ID`` is the cursor.

Whoever reads is looked at again before every event and every ping: a stream ends as soon as its
token, its party or the party's roles are no longer what they were, and the reader may ask anew.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import orjson
from fastapi import Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from starlette.responses import StreamingResponse
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Page, PartyNo, View
from xinlian.services.api.schemas.trace import Millis
from xinlian.services.api.state import ActorDep, ApiState, StateDep
from xinlian.services.app.actors import Actor
from xinlian.services.app.reading import Reader

__all__ = ["router"]

PING_SECONDS: Final = 10.0
LIFE_SECONDS: Final = 1_800
"""A reader is let go after half an hour; it comes back by itself and goes on where it was."""
_AT_ONCE: Final = 200
_RETRY_MS: Final = 1_000
_NUMBER: Final = 2**63 - 1
STREAM: Final = "text/event-stream"

router = guarded_router("signals", "/trace")


class SignalView(View):
    """A signal; ``detail`` names the vehicles concerned, the points, the rule."""

    signal: Annotated[int, Field(ge=1)]
    kind: str
    party: PartyNo
    raised_ms: Millis
    subject: str
    detail: dict[str, Any]


@router.get(
    "/signals",
    response_model=Page[SignalView],
    responses={200: {"content": {STREAM: {"schema": {"type": "string"}}}}},
)
async def list_signals(
    request: Request,
    state: StateDep,
    actor: ActorDep,
    last_event_id: Annotated[str, Header(max_length=20, pattern=r"^[0-9]*$")] = "",
    after: Annotated[
        int | None, Query(ge=0, le=_NUMBER, description="Begin beyond this signal; 0: with all.")
    ] = None,
    seconds: Annotated[
        int, Query(ge=1, le=LIFE_SECONDS, description="A stream ends after so long.")
    ] = LIFE_SECONDS,
) -> Response:
    """Signals of your party: broken control-chart rules, failed key inspections, alarms, each with
    the vehicles concerned. With `Accept: text/event-stream` a stream of server-sent events as they
    are raised, from now on or beyond `Last-Event-ID`; otherwise a page of at most 200."""
    reader = Reader.of(actor)
    begin = min(int(last_event_id), _NUMBER) if last_event_id else after
    if STREAM not in request.headers.get("accept", ""):
        rows = await run_in_threadpool(state.feed.source.after, begin or 0, reader.party, _AT_ONCE)
        return Response(orjson.dumps({"items": rows}), media_type="application/json")
    state.feed.check(actor.token)
    events = _events(state, actor, reader, begin, seconds)
    return StreamingResponse(events, media_type=STREAM, headers={"Cache-Control": "no-store"})


async def _events(
    state: ApiState, actor: Actor, reader: Reader, begin: int | None, seconds: int
) -> AsyncIterator[bytes]:
    feed = state.feed
    with feed.place(actor.token):
        end = time.monotonic() + seconds
        seen = await run_in_threadpool(feed.source.newest) if begin is None else begin
        yield b"retry: %d\n\n" % _RETRY_MS
        told = time.monotonic()
        while (now := time.monotonic()) < end:
            newest = feed.newest
            rows = await run_in_threadpool(feed.source.after, seen, reader.party, _AT_ONCE)
            if rows or now - told >= PING_SECONDS:
                if await run_in_threadpool(state.actor_again, actor.token) != actor:
                    return
                told = now
                if not rows:
                    yield b": still here\n\n"
            for row in rows:
                seen = row["signal"]
                yield _event(row)
            if not rows:
                await feed.wait(max(seen, newest), min(PING_SECONDS, end - now))


def _event(row: dict[str, Any]) -> bytes:
    head = f"id: {row['signal']}\nevent: {row['kind']}\ndata: "
    return head.encode() + orjson.dumps(row) + b"\n\n"
