"""How far a recall has come: a draft that its party alone sees, a warning, or history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinlian.trace.model.recall import Cause, Finding

__all__ = ["NamedBy", "RecallEntry", "RecallState", "Standing", "StandingError", "Step", "is_new"]


class RecallState(StrEnum):
    """Where a recall stands."""

    DRAFT = "draft"
    """Reckoned and kept; its party alone sees it, and nothing says so of a vehicle."""
    PUBLISHED = "published"
    """In earnest: whoever may see the party's records is warned of every vehicle on it."""
    CLOSED = "closed"
    """Done: the vehicles were put right."""
    WITHDRAWN = "withdrawn"
    """It should not be: of a published one people are told that the warning is off."""


_NEXT: Final[Mapping[RecallState, frozenset[RecallState]]] = {
    RecallState.DRAFT: frozenset({RecallState.PUBLISHED, RecallState.WITHDRAWN}),
    RecallState.PUBLISHED: frozenset({RecallState.CLOSED, RecallState.WITHDRAWN}),
    RecallState.CLOSED: frozenset(),
    RecallState.WITHDRAWN: frozenset(),
}


class StandingError(ValueError):
    """A recall cannot go there from where it stands; ``state`` is where it stands."""

    def __init__(self, state: RecallState, why: str) -> None:
        super().__init__(why)
        self.state = state


@dataclass(frozen=True, slots=True)
class Step:
    """When and why a recall came to a state."""

    state: RecallState
    at_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a recall of a party is called and how far it has come. ``number`` counts the party's
    recalls from 1; ``steps`` begin with the draft."""

    recall_id: str
    party: int
    number: int
    title: str
    steps: tuple[Step, ...]

    @property
    def state(self) -> RecallState:
        """Where it stands now."""
        return self.steps[-1].state

    @property
    def was_published(self) -> bool:
        """Whether others were ever told of it."""
        return any(step.state is RecallState.PUBLISHED for step in self.steps)


@dataclass(frozen=True, slots=True)
class RecallEntry:
    """A recall in a list of them."""

    standing: Standing
    made_ms: int
    causes: tuple[Cause, ...]
    certain: int
    possible: int


@dataclass(frozen=True, slots=True)
class NamedBy:
    """A recall that was published and names an item as affected, or maybe so."""

    recall_id: str
    party: int
    number: int
    title: str
    finding: Finding
    state: RecallState


def is_new(standing: Standing, state: RecallState, reason: str) -> bool:
    """Whether going to ``state`` for ``reason`` is a step; false if just that was done before.
    Raises ``StandingError`` if it cannot be done."""
    last = standing.steps[-1]
    if last.state is state and last.reason == reason:
        return False
    if last.state is state:
        raise StandingError(state, f"it is {state.value} already, for another reason")
    if state not in _NEXT[last.state]:
        raise StandingError(last.state, f"it is {last.state.value}")
    return True
