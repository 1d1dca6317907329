"""The network: market rules, the chain, the audit log; and the server's health."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Response
from xinlian.ledger.chain.errors import ChainError
from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.ids import to_checksum
from xinlian.services.api.reading import MomentDep, PlainListerDep
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Page, hex32
from xinlian.services.api.schemas.reports import (
    AuditView,
    ChainView,
    ContractView,
    HealthView,
    PolicyView,
    ReadyView,
)
from xinlian.services.api.state import StateDep
from xinlian.services.app.reading import head_of

router = guarded_router("network")
health = APIRouter(tags=["health"])

LAG_BLOCKS_MAX = 50


@router.get("/policies")
def list_policies(state: StateDep, moment: MomentDep) -> Page[PolicyView]:
    """The market rules on chain, by number; at most 255 rows."""
    items = []
    for row in state.app.reports.policies(moment):
        facts = asdict(row.policy)
        facts["valid_from"] = iso_of(Day(row.policy.valid_from))
        items.append(PolicyView(number=row.number, **facts))
    return Page(items=items)


@router.get("/chain")
def get_chain_status(state: StateDep) -> ChainView:
    """The chain, its contracts, and how far the books have followed."""
    app = state.app
    head = head_of(app.engine)
    return ChainView(
        chain_id=app.deployment.chain_id,
        height=head.height,
        hash=hex32(head.hash),
        time=head.time,
        checked_height=head.checked_height,
        halted=head.halted,
        contracts=[
            ContractView(name=name.value, address=to_checksum(address))
            for name, address in sorted(app.deployment.addresses.items())
        ],
    )


@router.get("/audit-log")
def list_audit_log(state: StateDep, lister: PlainListerDep) -> Page[AuditView]:
    """Requests that could write, newest first."""
    return lister.page(
        {},
        lambda _, limit, before: state.app.audit.page(party=None, limit=limit, after=before),
        lambda row: AuditView(**asdict(row)),
        lambda row: row.id,
        start=None,
    )


@health.get("/healthz")
def get_health() -> HealthView:
    """Whether the server lives. Needs no token."""
    return HealthView(status="live")


@health.get("/readyz", responses={503: {"model": ReadyView, "description": "Not ready."}})
def get_readiness(state: StateDep, response: Response) -> ReadyView:
    """Whether the server can do its work: the books, how far they lag, the workers."""
    app = state.app
    head = head_of(app.engine)
    node_height: int | None = None
    try:
        node_height = app.health_rpc.wait_final(0, 0).height
    except ChainError:
        node_height = None
    lag = None if node_height is None else max(0, node_height - head.height)
    ready = lag is not None and lag <= LAG_BLOCKS_MAX and head.halted is None and app.workers_alive
    if not ready:
        response.status_code = 503
    return ReadyView(
        status="ready" if ready else "not ready",
        height=head.height,
        node_height=node_height,
        lag_blocks=lag,
        workers=app.workers_alive,
        telemetry_waiting=app.telemetry.sites.waiting,
        halted=head.halted,
    )
