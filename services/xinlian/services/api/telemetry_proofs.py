"""What was recorded of a party's readings: windows, proofs, service figures."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Response
from xinlian.ingest.model.telemetry_proof import ClaimError
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.telemetry import DeviceName
from xinlian.services.api.schemas.telemetry_proofs import (
    GroupName,
    TelemetryFlagsView,
    TelemetryFlagView,
    TelemetryProofBody,
    TelemetryServicesView,
    TelemetryServiceView,
    TelemetryWindowsView,
    TelemetryWindowView,
)
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.api.telemetry import Since, Until, party_of
from xinlian.services.api.trace_items import attachment
from xinlian.services.app.errors import Code, RefusedError

router = guarded_router("telemetry", "/telemetry")

_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}
Group = Annotated[GroupName | None, Query(description="Of this device group alone.")]


@router.get("/windows")
def list_telemetry_windows(
    state: StateDep,
    actor: ActorDep,
    since_ms: Since,
    until_ms: Until,
    group: Group = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> TelemetryWindowsView:
    """Windows of your readings that were recorded as evidence, the newest first."""
    span = (1000 * since_ms, 1000 * until_ms)
    found = state.app.telemetry.windows.listed(party_of(actor), group, span, limit)
    return TelemetryWindowsView(items=[TelemetryWindowView.of(each) for each in found])


@router.get("/service")
def get_telemetry_service(
    state: StateDep, actor: ActorDep, since_ms: Since, until_ms: Until, group: Group = None
) -> TelemetryServicesView:
    """Availability, connection rate, latency, loss, jitter over a span, against their targets."""
    span = (1000 * since_ms, 1000 * until_ms)
    found = state.app.telemetry_proofs.service(party_of(actor), span, group)
    return TelemetryServicesView(items=[TelemetryServiceView.of(each) for each in found])


@router.get("/flags")
def list_telemetry_flags(
    state: StateDep,
    actor: ActorDep,
    since_ms: Since,
    until_ms: Until,
    device: Annotated[DeviceName | None, Query(description="Of this device alone.")] = None,
) -> TelemetryFlagsView:
    """Readings of yours that do not add up, the newest first, at most 1,000."""
    span = (1000 * since_ms, 1000 * until_ms)
    found = state.app.telemetry_flags.of(party_of(actor), span, device)
    return TelemetryFlagsView(items=[TelemetryFlagView.of(each) for each in found])


@router.post("/proofs", response_class=Response, responses=_FILE)
def make_telemetry_proof(state: StateDep, actor: ActorDep, body: TelemetryProofBody) -> Response:
    """A proof bundle (`.xlproof`) of claims about your readings in a span: the windows' records,
    the readings behind the claims, and nothing else."""
    party, span = party_of(actor), (1000 * body.since_ms, 1000 * body.until_ms)
    try:
        claims = [each.claim() for each in body.claims]
    except ClaimError as exc:
        raise RefusedError(Code.INVALID, str(exc)) from exc
    windows = state.app.telemetry.windows
    group = body.group or windows.group_of(party, claims[0].device, span)
    proven = state.app.telemetry_proofs.prove(party, group, span, claims, short=body.short)
    return attachment(proven.data, "application/json", f"{group}-{body.since_ms}.xlproof")
