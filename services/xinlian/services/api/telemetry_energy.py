"""Energy of the caller's party: its meters, their quarter hours, balances of the metering tree."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import Path, Query
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.telemetry import DeviceName
from xinlian.services.api.schemas.telemetry_energy import (
    AllocationBody,
    BearerName,
    EnergyBalancesView,
    EnergyBalanceView,
    EnergyLoadView,
    EnergyMetersView,
    EnergyMeterView,
    PostingName,
    PostingsView,
    PostingView,
    ReversalBody,
    WeightText,
)
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.api.telemetry import Device, party_of

router = guarded_router("telemetry", "/telemetry")

_MS_MAX = 253_402_300_799_999
_QUARTER_MS = 900_000
Since = Annotated[
    int,
    Query(ge=0, le=_MS_MAX, multiple_of=_QUARTER_MS, description="From this quarter hour on (ms)."),
]
Until = Annotated[
    int, Query(ge=1, le=_MS_MAX, multiple_of=_QUARTER_MS, description="Before this quarter hour.")
]


@router.get("/meters")
def list_energy_meters(state: StateDep, actor: ActorDep) -> EnergyMetersView:
    """Every device of your party that counts energy, and the metering tree of its plant."""
    found = state.app.energy_meters.extents(party_of(actor))
    return EnergyMetersView(items=[EnergyMeterView.of(each) for each in found])


@router.get("/load")
def get_energy_load(
    state: StateDep,
    actor: ActorDep,
    device: Device,
    since_ms: Since,
    until_ms: Until,
    multiplier: Annotated[
        WeightText | None, Query(description="Instead of the plant file's.")
    ] = None,
    rollover_kwh: Annotated[
        WeightText | None, Query(description="Where the counter begins anew.")
    ] = None,
) -> EnergyLoadView:
    """What a meter measured in each quarter hour, at most 400 days: nothing is interpolated."""
    span = (1000 * since_ms, 1000 * until_ms)
    given = {"multiplier": multiplier, "rollover_kwh": rollover_kwh}
    changed = {name: Decimal(text) for name, text in given.items() if text is not None}
    return EnergyLoadView.of(state.app.energy_meters.load(party_of(actor), device, span, changed))


@router.get("/balances")
def list_energy_balances(
    state: StateDep, actor: ActorDep, device: Device, since_ms: Since, until_ms: Until
) -> EnergyBalancesView:
    """A meter and all below it against those right below each: what no meter accounts for."""
    span = (1000 * since_ms, 1000 * until_ms)
    found = state.app.energy_meters.balances(party_of(actor), device, span)
    return EnergyBalancesView(items=[EnergyBalanceView.of(each) for each in found])


@router.post("/allocations", status_code=201)
def share_energy_out(body: AllocationBody, state: StateDep, actor: ActorDep) -> PostingView:
    """Share measured energy out to batches and work orders, to the Wh, once: a record in your
    evidence log fixes readings, key and shares."""
    return PostingView.of(state.app.energy_ledger.share(party_of(actor), body.asked()))


@router.post("/allocations/{posting}/reverse")
def reverse_energy_posting(
    state: StateDep,
    actor: ActorDep,
    posting: Annotated[PostingName, Path(description="Name of a posting.")],
    body: ReversalBody,
) -> PostingView:
    """Take a posting back by its mirror image; its energy may then be shared out anew."""
    ledger = state.app.energy_ledger
    return PostingView.of(ledger.reverse(party_of(actor), posting, body.reason))


@router.get("/allocations")
def list_energy_postings(
    state: StateDep,
    actor: ActorDep,
    bearer: Annotated[BearerName | None, Query(description="Of this batch alone.")] = None,
    device: Annotated[DeviceName | None, Query(description="Of this meter alone.")] = None,
) -> PostingsView:
    """Energy that was shared out, the newest first, at most 1,000."""
    found = state.app.energy_ledger.listed(party_of(actor), bearer, device)
    return PostingsView(items=[PostingView.of(each) for each in found])
