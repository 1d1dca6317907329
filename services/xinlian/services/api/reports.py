"""Reports over the books as of a block."""

from __future__ import annotations

from xinlian.ledger.model.days import Day, iso_of
from xinlian.services.api.reading import MomentDep, PartyQuery
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Page
from xinlian.services.api.schemas.ledger import PIECE_WORDS
from xinlian.services.api.schemas.reports import (
    DeclineView,
    ExposureView,
    HoldingView,
    MaturityView,
)
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.app.reading import Reader

router = guarded_router("reports", "/reports")


@router.get("/exposure")
def get_exposure(
    state: StateDep, actor: ActorDep, moment: MomentDep, party: PartyQuery = None
) -> Page[ExposureView]:
    """By issuer, largest first: what is owed to you as holder or lien holder."""
    rows = state.app.reports.exposure(Reader.of(actor, party), moment)
    return Page(
        items=[
            ExposureView(
                issuer=row.issuer,
                unpaid_fen=row.unpaid,
                pieces=row.pieces,
                limit_fen=row.limit,
                outstanding_fen=row.outstanding,
                blocked=row.blocked,
            )
            for row in rows
        ]
    )


@router.get("/holdings")
def get_holdings(
    state: StateDep, actor: ActorDep, moment: MomentDep, party: PartyQuery = None
) -> Page[HoldingView]:
    """By state: the pieces that you hold."""
    rows = state.app.reports.holdings(Reader.of(actor, party), moment)
    return Page(
        items=[
            HoldingView(state=PIECE_WORDS[row.state], amount_fen=row.amount, pieces=row.pieces)
            for row in rows
        ]
    )


@router.get("/maturity-ladder")
def get_maturity_ladder(
    state: StateDep, actor: ActorDep, moment: MomentDep, party: PartyQuery = None
) -> Page[MaturityView]:
    """By due day: what is to be paid to you and by you."""
    rows = state.app.reports.maturities(Reader.of(actor, party), moment)
    return Page(
        items=[
            MaturityView(
                due_day=iso_of(Day(row.due_day)),
                receivable_fen=row.receivable,
                payable_fen=row.payable,
                pieces=row.pieces,
            )
            for row in rows
        ]
    )


@router.get("/decline-rates")
def get_decline_rates(
    state: StateDep, actor: ActorDep, moment: MomentDep, party: PartyQuery = None
) -> Page[DeclineView]:
    """By issuer: how its offers ended. Declining is free, and shown."""
    rows = state.app.reports.declines(Reader.of(actor, party), moment)
    return Page(
        items=[
            DeclineView(
                issuer=row.issuer,
                offered=row.offered,
                accepted=row.accepted,
                declined=row.declined,
                withdrawn=row.withdrawn,
                expired=row.expired,
                declined_ppm=row.declined * 1_000_000 // max(1, row.offered),
            )
            for row in rows
        ]
    )
