"""Taking in: facts as JSON, files of every kind, and what became of each row."""

from __future__ import annotations

from typing import Annotated, Any, Final

import orjson
from fastapi import File, Path, Query, Response, UploadFile
from xinlian.services.api.paperwork import upload_of
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Page
from xinlian.services.api.schemas.trace_capture import CaptureLineView, CaptureView, RowView
from xinlian.services.api.schemas.trace_rows import FactsBody, PointBody
from xinlian.services.api.state import ActorDep, ApiState, KeyDep, StateDep
from xinlian.services.api.trace_items import attachment
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_capture import digest_of
from xinlian.services.app.trace_files import fact_rows, file_rows, point_rows
from xinlian.services.app.trace_receipts import Signed, signed_receipt

router = guarded_router("capture", "/trace")

CapturePath = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of a capture, from its receipt.")
]

_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file, byte for byte as it has to be kept.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post("/facts", status_code=201, responses={200: {"model": CaptureView}})
def capture_facts(
    body: FactsBody, state: StateDep, actor: ActorDep, key: KeyDep, response: Response
) -> CaptureView:
    """Take in facts, one a row: items, links, inspections, process records, claims, gaps,
    corrections. All of them or none: 201 if they were taken in, 200 if not; each row is told."""
    party = actor.signer
    content = digest_of([body.model_dump_json().encode()])
    receipt = state.app.captures.take(
        party,
        fact_rows(body.facts, party),
        key=key,
        operation="capture_facts",
        content=content,
    )
    response.status_code = 201 if receipt.taken else 200
    return CaptureView.of(receipt, _signed(state, party, receipt.capture_id))


@router.post("/control-point-data", status_code=201, responses={200: {"model": CaptureView}})
def capture_point(
    body: PointBody, state: StateDep, actor: ActorDep, key: KeyDep, response: Response
) -> CaptureView:
    """Take in a part of a control point's stream, as a supplier under strong control sends it."""
    party = actor.signer
    content = digest_of([body.model_dump_json().encode()])
    receipt = state.app.captures.take(
        party,
        point_rows(body.control_point, body.rows, party),
        key=key,
        operation="capture_point",
        content=content,
    )
    response.status_code = 201 if receipt.taken else 200
    return CaptureView.of(receipt, _signed(state, party, receipt.capture_id))


@router.post("/captures", status_code=201, responses={200: {"model": CaptureView}})
def capture_file(
    state: StateDep,
    actor: ActorDep,
    key: KeyDep,
    response: Response,
    file: Annotated[
        UploadFile,
        File(description="EPCIS 2.0 (JSON-LD, XML), Catena-X container, CSV or Excel."),
    ],
    mapping: Annotated[
        UploadFile | None, File(description="YAML that names the columns of a table.")
    ] = None,
) -> CaptureView:
    """Take in a file, whole or not at all: 201 if it was taken in, 200 if not; each row is told."""
    upload = upload_of(file, "file")
    plan = None if mapping is None else upload_of(mapping, "mapping")
    party = actor.signer
    content = digest_of([upload.data, b"" if plan is None else plan.data])
    receipt = state.app.captures.take(
        party, file_rows(upload, plan, party), key=key, operation="capture_file", content=content
    )
    response.status_code = 201 if receipt.taken else 200
    return CaptureView.of(receipt, _signed(state, party, receipt.capture_id))


@router.get("/captures")
def list_captures(
    state: StateDep, actor: ActorDep, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Page[CaptureLineView]:
    """Your captures, newest first."""
    lines = state.app.captures.listed(actor.signer, limit)
    return Page(items=[CaptureLineView.of(line) for line in lines])


@router.get("/captures/{capture}")
def get_capture(state: StateDep, actor: ActorDep, capture: CapturePath) -> CaptureView:
    """A receipt again."""
    found = state.app.captures.receipt(actor.signer, capture)
    return CaptureView.of(found, _signed(state, actor.signer, capture))


@router.get("/captures/{capture}/receipt", response_class=Response, responses=_FILE)
def get_capture_receipt(
    state: StateDep,
    actor: ActorDep,
    capture: CapturePath,
    after: Annotated[
        int,
        Query(ge=-1, le=2**53 - 1, description="Place of the last record of the receipt before."),
    ] = -1,
) -> Response:
    """The signed receipt of a capture's records as a file to keep, 10,000 records each."""
    found = _signed(state, actor.signer, capture, after)
    if found is None:
        raise RefusedError(
            Code.STATE, "there is no receipt: nothing was recorded, or nobody here signs for it"
        )
    body = orjson.dumps(found.content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return attachment(body, "application/json", f"{capture}.xlreceipt")


@router.get("/captures/{capture}/rows")
def list_capture_rows(
    state: StateDep,
    actor: ActorDep,
    capture: CapturePath,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[
        int, Query(ge=-1, le=2**53 - 1, description="Number of the last row of the page before.")
    ] = -1,
) -> Page[RowView]:
    """How the rows of a capture ended, in order of their numbers."""
    found = state.app.captures.receipt(actor.signer, capture, after, limit)
    return Page(items=[RowView.of(row) for row in found.rows])


def _signed(state: ApiState, party: int, capture: str, after: int = -1) -> Signed | None:
    return signed_receipt(state.app.engine, state.app.evidence, party, capture, after)
