"""The capture and query interface of EPCIS 2.0 (GS1 EPCIS 2.0.1, part 2: REST bindings).

What is offered: capture jobs with ``rollback``, events by the simple event query, single events.
An event is answered as it was captured, with names written out; paging by ``nextPageToken`` in the
``Link`` header.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from xinlian.services.api.epcis_query import told
from xinlian.services.api.route import PREFIX, guarded_router
from xinlian.services.api.state import ActorDep, ApiState, StateDep
from xinlian.services.app.actors import Actor
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.imports import Upload
from xinlian.services.app.reading import Reader
from xinlian.services.app.trace_capture import digest_of
from xinlian.services.app.trace_epcis import EventPage, read_query
from xinlian.services.app.trace_files import file_rows
from xinlian.services.app.trace_receipts import signed_receipt
from xinlian.trace.model.capture import CaptureReceipt, RowStatus
from xinlian.trace.model.epcis.query import EventQuery

router = guarded_router("epcis", "/epcis")

MEDIA: Final = "application/ld+json"
VERSIONS: Final = {
    "GS1-EPCIS-Version": "2.0.0",
    "GS1-EPCIS-Min": "2.0.0",
    "GS1-EPCIS-Max": "2.0.0",
    "GS1-CBV-Version": "2.0.0",
}
_JSON_LD: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA: {"schema": {"type": "object"}}}}
}
_ERRORS_MAX: Final = 1_000


@router.post("/capture", status_code=202, response_class=Response)
async def epcis_capture(request: Request, state: StateDep, actor: ActorDep) -> Response:
    """Take in an EPCIS document (JSON-LD or XML) or one bare event, whole or not at all. The
    capture job that ``Location`` names tells what became of it."""
    data = await request.body()
    party = actor.signer
    content = digest_of([data])
    key = getattr(request.state, "key", None) or f"epcis-{content[:48]}"

    def take() -> CaptureReceipt:
        rows = file_rows(Upload("events", data), None, party)
        return state.app.captures.take(
            party, rows, key=key, operation="epcis_capture", content=content
        )

    receipt = await run_in_threadpool(take)
    headers = {"Location": f"{PREFIX}/epcis/capture/{receipt.capture_id}", **VERSIONS}
    return Response(status_code=202, headers=headers)


@router.get("/capture")
def list_capture_jobs(
    state: StateDep,
    actor: ActorDep,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=500)] = 30,
) -> list[dict[str, Any]]:
    """Your capture jobs, newest first."""
    found = state.app.captures.listed(actor.signer, per_page)
    return [_job(capture, made_ms, taken) for capture, _, made_ms, taken, _ in found]


@router.get("/capture/{capture}")
def get_capture_job(
    state: StateDep,
    actor: ActorDep,
    capture: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of a capture job.")],
) -> dict[str, Any]:
    """A capture job: whether it succeeded, and why not, event by event; with the signed receipt of
    its first 10,000 records."""
    receipt = state.app.captures.receipt(actor.signer, capture)
    made_ms = state.app.captures.made_ms(actor.signer, capture)
    bad = (RowStatus.INVALID, RowStatus.CONFLICT)
    errors = [
        {
            "type": "epcisException:ValidationException",
            "title": "EPCIS document or event is invalid",
            "status": 400,
            "detail": f"{row.place}: {row.field}: {row.why}",
        }
        for row in receipt.rows
        if row.status in bad
    ]
    job = {**_job(capture, made_ms, receipt.taken), "errors": errors[:_ERRORS_MAX]}
    signed = signed_receipt(state.app.engine, state.app.evidence, actor.signer, capture)
    return job if signed is None else {**job, "xinlian:receipt": signed.content}


@router.get("/events", responses=_JSON_LD, dependencies=[Depends(told)])
def query_events(request: Request, state: StateDep, actor: ActorDep) -> Response:
    """Events that you may see, by the simple event query; values parted by commas or bars. More
    parameters of the standard than are listed here are understood; others are refused by name."""
    wanted = read_query(request.query_params.multi_items())
    found = _find(state, actor, wanted)
    headers = dict(VERSIONS)
    if found.token:
        rest = [(k, v) for k, v in request.query_params.multi_items() if k != "nextPageToken"]
        following = urlencode([*rest, ("nextPageToken", found.token)])
        headers["Link"] = f'<{PREFIX}/epcis/events?{following}>; rel="next"'
    return Response(found.document, media_type=MEDIA, headers=headers)


@router.get("/events/{event:path}", responses=_JSON_LD)
def get_event(
    state: StateDep,
    actor: ActorDep,
    event: Annotated[str, Path(max_length=2_048, description="Id of an event.")],
) -> Response:
    """The events with an id: it and what corrects it."""
    found = _find(state, actor, EventQuery(uris={"EQ_eventID": frozenset({event})}))
    if not found.count:
        raise RefusedError(Code.NOT_FOUND, f"there is no event {event} that you may see")
    return Response(found.document, media_type=MEDIA, headers=VERSIONS)


def _find(state: ApiState, actor: Actor, wanted: EventQuery) -> EventPage:
    return state.app.trace.events.find(wanted, Reader.of(actor).party, 1000 * state.app.clock.now())


def _job(capture: str, made_ms: int, taken: bool) -> dict[str, Any]:
    made = _stamp(made_ms)
    return {
        "captureID": capture,
        "createdAt": made,
        "finishedAt": made,
        "running": False,
        "success": taken,
        "captureErrorBehaviour": "rollback",
    }


def _stamp(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"
