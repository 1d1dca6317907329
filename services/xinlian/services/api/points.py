"""Mutual recognition of control points."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import PartyNo
from xinlian.services.api.schemas.points import (
    DraftView,
    PointList,
    PointView,
    SignedView,
    StepBody,
    StepsView,
    TakeBody,
)
from xinlian.services.api.state import ActorDep, KeyDep, StateDep
from xinlian.trace.usecases.quality import PointKey, State

router = guarded_router("control points", "/trace/control-points")


@router.get("")
def list_control_points(
    state: StateDep,
    actor: ActorDep,
    recognition: Annotated[State | None, Query(description="Those in this state alone.")] = None,
) -> PointList:
    """The control points that your party is a side of."""
    found = state.app.points.listed(actor.signer, recognition)
    return PointList(items=[PointView.of(one) for one in found])


@router.get("/steps")
def get_control_steps(
    state: StateDep,
    actor: ActorDep,
    supplier: PartyNo,
    customer: PartyNo,
    point: Annotated[str, Query(min_length=1, max_length=200)],
) -> StepsView:
    """Every step of a control point with its reason and signatures."""
    found = state.app.points.steps(actor.signer, PointKey(supplier, customer, point))
    return StepsView(records=[dict(one) for one in found])


@router.post("/drafts")
def draft_control_step(state: StateDep, actor: ActorDep, body: StepBody) -> DraftView:
    """What is signed for a step, for parties that sign with keys of their own."""
    return DraftView.of(state.app.points.draft(actor.signer, body.asked()))


@router.post("/signatures")
def sign_control_step(state: StateDep, actor: ActorDep, body: StepBody) -> SignedView:
    """Sign a step for your party; nothing changes until the step is taken."""
    draft, signature = state.app.points.sign(actor.signer, body.asked())
    return SignedView(
        party=actor.signer,
        signature=f"0x{signature.hex()}",
        digest=draft.digest,
        record_json=dict(draft.step.record),
    )


@router.post("/steps")
def take_control_step(state: StateDep, actor: ActorDep, key: KeyDep, body: TakeBody) -> PointView:
    """Take a step that those signed who must; its record goes into the evidence logs of those."""
    signed = body.signed()
    return PointView.of(state.app.points.take(actor.signer, body.asked(), signed, key))
