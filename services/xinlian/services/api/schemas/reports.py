"""Reports, market rules, the chain's status and the audit log as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from xinlian.services.api.schemas.common import DayText, Hex32, PartyNo, TotalFen, View
from xinlian.services.api.schemas.ledger import PieceStateWord

__all__ = [
    "AuditView",
    "ChainView",
    "DeclineView",
    "ExposureView",
    "HoldingView",
    "MaturityView",
    "PolicyView",
]

Count = Annotated[int, Field(ge=0)]


class ExposureView(View):
    """What an issuer owes you; with its limit and all that it has outstanding."""

    issuer: PartyNo
    unpaid_fen: TotalFen
    pieces: Count
    limit_fen: TotalFen
    outstanding_fen: TotalFen
    blocked: bool


class HoldingView(View):
    """Your pieces in one state."""

    state: PieceStateWord
    amount_fen: TotalFen
    pieces: Count


class MaturityView(View):
    """What falls due on a day: to be paid to you, and by you."""

    due_day: DayText
    receivable_fen: TotalFen
    payable_fen: TotalFen
    pieces: Count


class DeclineView(View):
    """How the offers of an issuer ended. The rate is declined per offered, parts per million."""

    issuer: PartyNo
    offered: Count
    accepted: Count
    declined: Count
    withdrawn: Count
    expired: Count
    declined_ppm: Annotated[int, Field(ge=0, le=1_000_000)]


class PolicyView(View):
    """A dated row of market rules; in force from its day until the next row's."""

    number: Annotated[int, Field(ge=0, le=255)]
    valid_from: DayText
    tenor_months_soft: Count
    tenor_months_hard: Count
    max_depth: Count
    max_pieces: Count
    offer_seconds_max: Count
    grace_days: Count


class ContractView(View):
    """A contract and its address."""

    name: str
    address: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]


class ChainView(View):
    """The chain, and how far the books have followed it."""

    chain_id: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=-1)]
    hash: Hex32
    time: Count
    checked_height: Annotated[int, Field(ge=-1)]
    halted: str | None
    contracts: list[ContractView]


class AuditView(View):
    """A request that could write, and how it ended."""

    id: Count
    at: Count
    request_id: str
    token: str | None
    party: int | None
    method: str
    path: str
    operation: str | None
    status: int
    code: str | None
    key: str | None
    detail: str | None


class HealthView(View):
    """Whether the server lives."""

    status: str


class ReadyView(View):
    """Whether the server can do its work, and what is wrong if it cannot."""

    status: str
    height: Annotated[int, Field(ge=-1)]
    node_height: int | None
    lag_blocks: int | None
    workers: bool
    telemetry_waiting: int
    """Logs and stores of readings that cannot be used now, which the server's log names; what they
    would take waits on disk."""
    halted: str | None
