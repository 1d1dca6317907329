"""Recalls: which vehicles are affected, certainly or possibly, and what to hand out about it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Path, Query, Response
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Page
from xinlian.services.api.schemas.trace_recall import (
    RECALL_PATTERN,
    DrillBody,
    DrillView,
    NoticeBody,
    NoticeView,
    ReasonBody,
    RecallBody,
    RecallLineView,
    RecallShortView,
    RecallView,
)
from xinlian.services.api.state import ActorDep, ApiState, KeyDep, StateDep
from xinlian.services.api.trace_items import FILES, attachment
from xinlian.services.app.actors import Actor
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.recall import Finding
from xinlian.trace.model.standing import RecallState

router = guarded_router("recalls", "/trace")

RecallPath = Annotated[
    str, Path(pattern=RECALL_PATTERN, description="Id of a recall, or its number among yours.")
]
LimitQuery = Annotated[int, Query(ge=1, le=500)]
_KINDS: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "xlproof": "application/json",
}


@router.post("/recalls", status_code=201)
def make_recall(body: RecallBody, state: StateDep, actor: ActorDep, key: KeyDep) -> RecallView:
    """Work out which vehicles are affected, keep the list as a draft that nobody else sees, and fix
    it in your evidence log."""
    causes, desk = [each.cause for each in body.causes], state.app.recalls
    made = desk.make(actor.signer, causes, body.earlier, key, body.title or "")
    return RecallView.of(made, desk.standing(actor.signer, made.recall_id))


@router.post("/recalls/{recall}/publish")
def publish_recall(state: StateDep, actor: ActorDep, recall: RecallPath) -> RecallView:
    """Warn in earnest: from now on pages and dossiers of what it names say so to all who may see
    your records. A record in your evidence log fixes it."""
    return _gone(state, actor, recall, RecallState.PUBLISHED, "")


@router.post("/recalls/{recall}/close")
def close_recall(
    state: StateDep, actor: ActorDep, recall: RecallPath, body: ReasonBody
) -> RecallView:
    """End a recall whose vehicles were put right: nothing is said of them any more."""
    return _gone(state, actor, recall, RecallState.CLOSED, body.reason)


@router.post("/recalls/{recall}/withdraw")
def withdraw_recall(
    state: StateDep, actor: ActorDep, recall: RecallPath, body: ReasonBody
) -> RecallView:
    """Take back a recall that should not be. Was it published, then all that it named say that the
    warning was withdrawn."""
    return _gone(state, actor, recall, RecallState.WITHDRAWN, body.reason)


def _gone(state: ApiState, actor: Actor, recall: str, to: RecallState, reason: str) -> RecallView:
    desk = state.app.recalls
    standing = desk.go(actor.signer, recall, to, reason)
    return RecallView.of(desk.get(actor.signer, standing.recall_id), standing)


@router.get("/recalls")
def list_recalls(state: StateDep, actor: ActorDep, limit: LimitQuery = 50) -> Page[RecallShortView]:
    """Your recalls, newest first."""
    rows = state.app.recalls.listed(actor.signer, limit)
    return Page(items=[RecallShortView.of(row) for row in rows])


@router.get("/recalls/{recall}")
def get_recall(state: StateDep, actor: ActorDep, recall: RecallPath) -> RecallView:
    """A recall: how far it has come, its bounds, what is in the field and what can be stopped, what
    changed."""
    desk = state.app.recalls
    return RecallView.of(desk.get(actor.signer, recall), desk.standing(actor.signer, recall))


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
    return attachment(data, _KINDS[shape], f"recall-{recall[:9]}.{shape}")


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
