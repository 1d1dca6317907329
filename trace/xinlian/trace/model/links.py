"""Links: which item is in which, from when to when, and how sure that is."""

from __future__ import annotations

from enum import StrEnum

from xinlian.trace.model.items import ItemId
from xinlian.trace.model.values import value

__all__ = ["Certainty", "Link", "LinkKind"]


class LinkKind(StrEnum):
    """How the child became part of the parent."""

    ASSEMBLED = "assembled"
    """A part fitted into an assembly; it may be removed again."""
    CONSUMED = "consumed"
    """Material of a batch that went into a part or another batch."""
    PACKED = "packed"
    """Carried in a package; says nothing of what a thing consists of."""


class Certainty(StrEnum):
    """Whether the source knows the child, or only that it is one of several."""

    KNOWN = "known"
    CANDIDATE = "candidate"


@value()
class Link:
    """``child`` is in ``parent`` from ``valid_from_ms`` until before ``valid_to_ms``.

    Times are Unix milliseconds; ``valid_from_ms`` ``None`` means from the beginning (the source
    gives no time), ``valid_to_ms`` ``None`` means still. ``quantity`` is a decimal text with
    ``unit`` (UN/ECE recommendation 20 code) or ``None``. Candidates that exclude each other share
    ``candidate_group``; one of the group is the true child.
    """

    child: ItemId
    parent: ItemId
    kind: LinkKind = LinkKind.ASSEMBLED
    valid_from_ms: int | None = None
    valid_to_ms: int | None = None
    quantity: str | None = None
    unit: str | None = None
    certainty: Certainty = Certainty.KNOWN
    candidate_group: str | None = None
