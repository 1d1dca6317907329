"""Inspection certificates and their review as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from xinlian.services.api.schemas.common import Body, PartyNo, View
from xinlian.services.api.schemas.trace import ItemNo, Millis
from xinlian.trace.model.certificates import Decision, Review, ReviewState

__all__ = ["DecisionBody", "ReviewView"]


class DecisionBody(Body):
    """What a reviewer decides; a rejection needs a reason."""

    decision: Annotated[Decision, Field(strict=False)]
    reason: Annotated[str, Field(max_length=1_000)] = ""


class ReviewView(View):
    """A paper with the state of its review. ``leaf_hash`` and ``decision_leaf_hash`` are those of
    the evidence records of the submission and of the decision."""

    certificate: ItemNo
    party: PartyNo
    to_party: PartyNo
    number: str
    title: str
    issuer: str
    issued_ms: Millis | None
    delivery: str
    note: str
    items: list[str]
    file_name: str
    media_type: str
    size: int
    sha256: str
    review: ReviewState
    submitted_by: str
    submitted_ms: Millis
    taken_by: str
    taken_ms: Millis | None
    decided_by: str
    decided_ms: Millis | None
    reason: str
    leaf_hash: str
    decision_leaf_hash: str

    @classmethod
    def of(cls, found: Review) -> ReviewView:
        """A review of the model."""
        head = ("number", "title", "issuer", "issued_ms", "delivery", "note")
        told = {name: getattr(found.header, name) for name in head}
        own = set(cls.model_fields) - {*head, "certificate", "items", "review"}
        return cls(
            certificate=found.id,
            items=[item.id for item in found.header.items],
            review=found.state,
            **told,
            **{name: getattr(found, name) for name in own},
        )
