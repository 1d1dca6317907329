"""Control points and the steps of their recognition as the API takes and shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from xinlian.services.api.schemas.common import Body, PartyNo, View
from xinlian.services.api.schemas.trace import Millis
from xinlian.services.api.schemas.trace_rows import Name
from xinlian.trace.model.quality.sampling import Severity
from xinlian.trace.usecases.quality import (
    Action,
    PointKey,
    Recognition,
    Standing,
    State,
    StepAsked,
    Terms,
)
from xinlian.trace.usecases.quality.recognising import Draft

__all__ = ["DraftView", "PointList", "PointView", "SignedView", "StepBody", "StepsView", "TakeBody"]

Figure = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,4})?$"), Field(examples=["1.33"])
]
Count = Annotated[int, Field(ge=0, le=10**9)]
SignatureText = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{130}$")]


class TermsBody(Body):
    """What both sides agree on; what is left out has its usual value."""

    cpk_min: Figure = "1.33"
    measurements_min: Count = 50
    grr_percent_max: Figure = "30"
    categories_min: Count = 5
    calibration_days_max: Count = 365
    lots_min: Count = 10
    lots_rejected_max: Count = 1
    data_days_max: Count = 35


class StandingBody(Body):
    """Figures of the point that both sides have seen; what is left out is not known."""

    measured_at_ms: Millis | None = None
    cpk: Figure | None = None
    measurement_count: Count = 0
    grr_figure: Figure | None = None
    categories: Count | None = None
    calibrated_at_ms: Millis | None = None
    lots: Count = 0
    lots_rejected: Count = 0
    severity: Annotated[Severity, Field(strict=False)] = Severity.NORMAL


class StepBody(Body):
    """A step, the same bytes for both sides. ``at_ms`` is the moment that both sign; ``terms`` and
    ``characteristic`` belong to a proposal, ``standing`` to a recognition, ``reason`` to a
    suspension."""

    supplier: PartyNo
    customer: PartyNo
    point: Name
    step: Annotated[Action, Field(strict=False)]
    at_ms: Millis
    characteristic: Annotated[str, StringConstraints(max_length=200)] = ""
    terms: TermsBody | None = None
    standing: StandingBody | None = None
    reason: Annotated[str, StringConstraints(max_length=500)] = ""

    def asked(self) -> StepAsked:
        """The step for the application."""
        return StepAsked(
            key=PointKey(self.supplier, self.customer, self.point),
            action=self.step,
            at_ms=self.at_ms,
            characteristic=self.characteristic,
            terms=None if self.terms is None else Terms.from_record(self.terms.model_dump()),
            standing=None if self.standing is None else _standing(self.standing),
            reason=self.reason,
        )


def _standing(body: StandingBody) -> Standing:
    return Standing(
        measured_at_ms=body.measured_at_ms,
        cpk=None if body.cpk is None else Decimal(body.cpk),
        measurements=body.measurement_count,
        grr_percent=None if body.grr_figure is None else Decimal(body.grr_figure),
        categories=body.categories,
        calibrated_at_ms=body.calibrated_at_ms,
        lots=body.lots,
        lots_rejected=body.lots_rejected,
        severity=body.severity,
    )


class PartySignatureBody(Body):
    """A party's signature over the step, 0x and 65 bytes in hex."""

    party: PartyNo
    signature: SignatureText


class TakeBody(StepBody):
    """A step with the signatures that it needs: of each party as many as its orders need."""

    signatures: Annotated[list[PartySignatureBody], Field(max_length=4)]

    def signed(self) -> dict[int, list[bytes]]:
        """The signatures by party."""
        found: dict[int, list[bytes]] = {}
        for one in self.signatures:
            found.setdefault(one.party, []).append(bytes.fromhex(one.signature[2:]))
        return found


class DraftView(View):
    """What is signed for a step: the Keccak-256 of ``preimage``. ``record_json`` goes into the
    logs; ``digest`` is its SHA-256, which both sides compare."""

    digest: str
    preimage: str
    record_json: dict[str, Any]

    @classmethod
    def of(cls, draft: Draft) -> DraftView:
        """A draft of the application."""
        return cls(
            digest=draft.digest,
            preimage=f"0x{draft.preimage.hex()}",
            record_json=dict(draft.step.record),
        )


class SignedView(View):
    """A step as this party signed it. ``record_json`` is what goes into the logs; ``digest`` is
    its SHA-256, which both sides compare."""

    party: PartyNo
    signature: SignatureText
    digest: str
    record_json: dict[str, Any]


class PointView(View):
    """Where a control point stands."""

    supplier: PartyNo
    customer: PartyNo
    point: str
    characteristic: str
    recognition: State
    since_ms: Millis
    sequence: int
    terms: dict[str, Any]

    @classmethod
    def of(cls, one: Recognition) -> PointView:
        """A point of the application."""
        return cls(
            supplier=one.supplier,
            customer=one.customer,
            point=one.point,
            characteristic=one.characteristic,
            recognition=one.state,
            since_ms=one.since_ms,
            sequence=one.sequence,
            terms=one.terms.record(),
        )


class PointList(View):
    """The control points of a party."""

    items: list[PointView]


class StepsView(View):
    """Every record of a point, the oldest first."""

    records: list[dict[str, Any]]
