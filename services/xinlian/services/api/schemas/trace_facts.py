"""Facts about items, their proofs, and dossiers as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from xinlian.services.api.schemas.common import View
from xinlian.services.api.schemas.trace import ItemNo, ItemView, Millis, TreeView
from xinlian.trace.model.dossier import (
    Certificate,
    CertificateStatus,
    Dossier,
    Proof,
    ProofState,
    Recorded,
    Verdict,
    Words,
)
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Event,
    EventType,
    Inspection,
    ProcessRecord,
    Result,
)

__all__ = [
    "CertificateView",
    "ClaimView",
    "DossierView",
    "EventView",
    "InspectionView",
    "ProcessView",
    "ProofView",
    "WordsView",
]


class ProofView(View):
    """Where the evidence of a record lies, and how far it has come."""

    state: ProofState
    log_id: str
    index: Annotated[int, Field(ge=0)] | None
    leaf_hash: str
    head_size: Annotated[int, Field(ge=0)] | None
    transaction: str
    block_number: Annotated[int, Field(ge=0)] | None
    fixed_ms: Millis | None

    @classmethod
    def of(cls, proof: Proof) -> ProofView:
        """A proof of the model."""
        return cls(
            state=proof.state,
            log_id=proof.log_id,
            index=proof.index,
            leaf_hash=proof.leaf_hash,
            head_size=proof.head_size,
            transaction=proof.transaction,
            block_number=proof.block_number,
            fixed_ms=proof.fixed_ms,
        )


class InspectionView(View):
    """One characteristic of one item, looked at once. Numbers are decimal texts in ``unit``."""

    inspection_id: str
    item: str
    characteristic: str
    result: Result
    time_ms: Millis
    value: str | None
    unit: str
    nominal: str | None
    lower: str | None
    upper: str | None
    key: bool
    gauge: str
    operator: str
    station: str
    machine: str
    shift: str
    withdrawn: bool = False
    stated_by: str = ""
    proof: ProofView | None = None

    @classmethod
    def of(cls, fact: Inspection, recorded: Recorded | None = None) -> InspectionView:
        """An inspection of the model."""
        names = set(cls.model_fields) - {"item", "withdrawn", "stated_by", "proof"}
        return cls(
            **{name: getattr(fact, name) for name in names},
            item=fact.item.id,
            withdrawn=False if recorded is None else recorded.withdrawn,
            stated_by="" if recorded is None else recorded.stated_by,
            proof=None if recorded is None else ProofView.of(recorded.proof),
        )


class ProcessView(View):
    """What a station did to an item."""

    record_id: str
    item: str
    station: str
    start_ms: Millis
    end_ms: Millis
    machine: str
    recipe: str
    shift: str
    operator: str
    parameters: dict[str, str]
    telemetry: str
    withdrawn: bool = False
    stated_by: str = ""
    proof: ProofView | None = None

    @classmethod
    def of(cls, fact: ProcessRecord, recorded: Recorded | None = None) -> ProcessView:
        """A process record of the model."""
        names = set(cls.model_fields) - {"item", "withdrawn", "stated_by", "proof", "parameters"}
        return cls(
            **{name: getattr(fact, name) for name in names},
            item=fact.item.id,
            parameters=dict(fact.parameters),
            withdrawn=False if recorded is None else recorded.withdrawn,
            stated_by="" if recorded is None else recorded.stated_by,
            proof=None if recorded is None else ProofView.of(recorded.proof),
        )


class ClaimView(View):
    """A failure of an item."""

    claim_id: str
    item: str
    kind: ClaimKind
    time_ms: Millis
    code: str
    finding: str
    withdrawn: bool = False
    stated_by: str = ""

    @classmethod
    def of(cls, fact: Claim, recorded: Recorded | None = None) -> ClaimView:
        """A claim of the model."""
        return cls(
            claim_id=fact.claim_id,
            item=fact.item.id,
            kind=fact.kind,
            time_ms=fact.time_ms,
            code=fact.code,
            finding=fact.finding,
            withdrawn=False if recorded is None else recorded.withdrawn,
            stated_by="" if recorded is None else recorded.stated_by,
        )


class EventView(View):
    """An EPCIS event in short; its document comes from the EPCIS query interface."""

    event_id: str
    type: EventType
    time_ms: Millis
    action: str
    step: str
    place: str
    withdrawn: bool = False
    stated_by: str = ""

    @classmethod
    def of(cls, fact: Event, recorded: Recorded | None = None) -> EventView:
        """An event of the model."""
        return cls(
            event_id=fact.event_id,
            type=fact.type,
            time_ms=fact.event_time_ms,
            action=fact.action,
            step=fact.biz_step,
            place=fact.biz_location or fact.read_point,
            withdrawn=False if recorded is None else recorded.withdrawn,
            stated_by="" if recorded is None else recorded.stated_by,
        )


class WordsView(View):
    """A sentence in both languages."""

    en: str
    zh: str

    @classmethod
    def of(cls, words: Words) -> WordsView:
        """Words of the model."""
        return cls(en=words.en, zh=words.zh)


class CertificateView(View):
    """An inspection certificate attached to a delivery."""

    certificate: ItemNo | None = None
    item: str
    title: str
    number: str
    issuer: str
    issued_ms: Millis | None
    file_name: str
    media_type: str
    sha256: str
    status: CertificateStatus
    reason: str
    stated_by: str

    @classmethod
    def of(cls, found: Certificate, number: int | None = None) -> CertificateView:
        """A certificate of the model, with the number under which it is reviewed."""
        names = set(cls.model_fields) - {"certificate", "item"}
        return cls(
            **{name: getattr(found, name) for name in names},
            item=found.item.id,
            certificate=number,
        )


class DossierView(View):
    """Everything known of an item: what its page and its PDF show. ``suspects`` are ids of its
    parts that the verdict is about; ``stated_by`` in what it holds names who says so."""

    item: ItemView
    verdict: Verdict
    reasons: list[WordsView]
    suspects: list[str]
    made_at_ms: Millis
    made_by: str
    tree: TreeView
    inspections: list[InspectionView]
    processes: list[ProcessView]
    claims: list[ClaimView]
    events: list[EventView]
    certificates: list[CertificateView]
    affected_by: list[str]

    @classmethod
    def of(cls, dossier: Dossier) -> DossierView:
        """A dossier of the model."""
        facts = dossier.facts
        return cls(
            item=ItemView.of(dossier.item, dossier.link),
            verdict=dossier.verdict,
            reasons=[WordsView.of(reason) for reason in dossier.reasons],
            suspects=[each.id for each in dossier.suspects],
            made_at_ms=dossier.made_at_ms,
            made_by=dossier.made_by,
            tree=TreeView.of(dossier.tree),
            inspections=[
                InspectionView.of(each.fact, each)
                for each in facts
                if isinstance(each.fact, Inspection)
            ],
            processes=[
                ProcessView.of(each.fact, each)
                for each in facts
                if isinstance(each.fact, ProcessRecord)
            ],
            claims=[
                ClaimView.of(each.fact, each) for each in facts if isinstance(each.fact, Claim)
            ],
            events=[
                EventView.of(each.fact, each) for each in facts if isinstance(each.fact, Event)
            ],
            certificates=[CertificateView.of(each) for each in dossier.certificates],
            affected_by=list(dossier.affected_by),
        )
