"""What is asked and told about pages, labels and sharing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from xinlian.services.api.schemas.common import Body, PartyNo, View
from xinlian.services.api.schemas.trace import CodeText, ItemView
from xinlian.services.app.trace_offers import ShareState
from xinlian.services.app.trace_policy import PagePolicy, Strangers
from xinlian.trace.adapters.labels import SHEETS, Surface, Symbology

__all__ = [
    "AnswerBody",
    "FoundView",
    "LinkKindText",
    "PolicyBody",
    "PolicyView",
    "ShareBody",
    "SharesView",
    "SheetBody",
]

LinkKindText = Literal["network", "gs1", "id"]
LayoutText = Literal["a4-8", "a4-14", "a4-21", "a4-24", "a4-40", "a4-65"]
assert set(SHEETS) == set(LayoutText.__args__)  # type: ignore[attr-defined]  # noqa: S101
LABELS_MAX = 2_000


class FoundView(View):
    """Things that a code means."""

    items: list[ItemView]


class PolicyBody(Body):
    """What a stranger with a label of yours sees; ``guessable``: whether a code that anybody can
    type counts as having the label."""

    strangers: Annotated[Strangers, Field(strict=False)]
    guessable: bool


class PolicyView(View):
    """What strangers see."""

    strangers: Strangers
    guessable: bool

    @classmethod
    def of(cls, policy: PagePolicy) -> PolicyView:
        """A policy."""
        return cls(strangers=policy.strangers, guessable=policy.guessable)


class ShareBody(Body):
    """Offer your records about parts to a party, or close them. ``keys``: its proof files may hold
    the subject key of your log, with which anyone can tell which of its records are about an id."""

    reader: PartyNo
    open: bool
    keys: bool = False


class AnswerBody(Body):
    """Accept the records that a party offers, or decline and give up what it shares."""

    owner: PartyNo
    accept: bool


class SharesView(View):
    """Who sees your records about parts, to whom they are offered, whose you see, who offers;
    ``keys_to``: whose proof files may hold the subject key of your log."""

    readers: list[PartyNo]
    offered_to: list[PartyNo]
    owners: list[PartyNo]
    offers: list[PartyNo]
    keys_to: list[PartyNo]

    @classmethod
    def of(cls, state: ShareState) -> SharesView:
        """How a party stands with the others."""
        return cls(**{name: getattr(state, name) for name in cls.model_fields})


class SheetBody(Body):
    """Labels to print."""

    codes: Annotated[list[CodeText], Field(min_length=1, max_length=LABELS_MAX)]
    layout: LayoutText = "a4-21"
    shape: Literal["pdf", "zip"] = "pdf"
    skip: Annotated[int, Field(ge=0, le=64)] = 0
    move_right_um: Annotated[int, Field(ge=-10_000, le=10_000)] = 0
    move_down_um: Annotated[int, Field(ge=-10_000, le=10_000)] = 0
    link_kind: LinkKindText = "network"
    symbology: Annotated[Symbology, Field(strict=False)] = Symbology.QR
    surface: Annotated[Surface, Field(strict=False)] = Surface.PAPER
