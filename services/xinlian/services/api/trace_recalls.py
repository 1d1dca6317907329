"""Recalls: which vehicles are affected, certainly or possibly, and what to hand out about it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Path, Query, Response
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Page
from xinlian.services.api.schemas.trace_recall import (
    DrillBody,
    DrillView,
    NoticeBody,
    NoticeView,
    RecallBody,
    RecallLineView,
    RecallShortView,
    RecallView,
)
from xinlian.services.api.state import ActorDep, KeyDep, StateDep
from xinlian.services.api.trace_items import FILES, attachment
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.recall import Finding

router = guarded_router("recalls", "/trace")

RecallPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of a recall.")]
LimitQuery = Annotated[int, Query(ge=1, le=500)]
_KINDS: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "xlproof": "application/json",
}


@router.post("/recalls", status_code=201)
def make_recall(body: RecallBody, state: StateDep, actor: ActorDep, key: KeyDep) -> RecallView:
    """Work out which vehicles are affected, keep the list, and fix it in your evidence log."""
    causes = [each.cause for each in body.causes]
    return RecallView.of(state.app.recalls.make(actor.signer, causes, body.earlier, key))


@router.get("/recalls")
def list_recalls(state: StateDep, actor: ActorDep, limit: LimitQuery = 50) -> Page[RecallShortView]:
    """Your recalls, newest first."""
    rows = state.app.recalls.listed(actor.signer, limit)
    return Page(items=[RecallShortView.of(row) for row in rows])


@router.get("/recalls/{recall}")
def get_recall(state: StateDep, actor: ActorDep, recall: RecallPath) -> RecallView:
    """A recall: its bounds, what is in the field and what can be stopped, what changed."""
    return RecallView.of(state.app.recalls.get(actor.signer, recall))


@router.get("/recalls/{recall}/vehicles")
def list_recall_vehicles(
    state: StateDep,
    actor: ActorDep,
    recall: RecallPath,
    finding: Finding | None = None,
    limit: LimitQuery = 50,
    after: Annotated[
        str, Query(max_length=256, description="Id of the last vehicle of the page before.")
    ] = "",
) -> Page[RecallLineView]:
    """The vehicles of a recall, each with its reason and the way from the cause to it."""
    found = state.app.recalls.get(actor.signer, recall)
    lines = [line for line in found.lines if finding in (None, line.finding)]
    lines = sorted(lines, key=lambda line: line.vehicle.id)
    wanted = [line for line in lines if line.vehicle.id > after][:limit]
    return Page(items=[RecallLineView.of(line, found) for line in wanted])


@router.get(
    "/recalls/{recall}/file", response_class=Response, responses=FILES["application/octet-stream"]
)
def get_recall_file(
    state: StateDep,
    actor: ActorDep,
    recall: RecallPath,
    shape: Annotated[
        Literal["csv", "xlsx", "pdf", "xlproof"], Query(description="Kind of file.")
    ] = "xlsx",
    lang: Annotated[Language, Query(description="Language of the file.")] = Language.ZH,
) -> Response:
    """A recall as a table, on paper, or as a proof file from which anyone can reckon it again."""
    data = state.app.recalls.file(actor.signer, recall, shape, lang)
    return attachment(data, _KINDS[shape], f"recall-{recall[:8]}.{shape}")


@router.post("/recalls/{recall}/notices")
def note_notices(
    state: StateDep, actor: ActorDep, recall: RecallPath, body: NoticeBody
) -> NoticeView:
    """Note that holders were told; who was told stays told."""
    told = state.app.recalls.notify(actor.signer, recall, body.codes, body.channel)
    return NoticeView(told=told)


@router.post("/drills", status_code=201)
def run_drill(body: DrillBody, state: StateDep, actor: ActorDep) -> DrillView:
    """Trace as if it were earnest: timed, and recorded in your evidence log."""
    causes = [each.cause for each in body.causes]
    return DrillView.of(state.app.recalls.drill(actor.signer, causes))


@router.get("/drills")
def list_drills(state: StateDep, actor: ActorDep, limit: LimitQuery = 50) -> Page[DrillView]:
    """Your drills, newest first."""
    found = state.app.recalls.drills(actor.signer, limit)
    return Page(items=[DrillView.of(each) for each in found])
