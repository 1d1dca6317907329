"""Switching rules of GB/T 2828.1-2012 section 9.3 and 9.4 as a state machine over lots.

Each lot answers with the state for the next one and, where it changed, the rule that did it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.sampling import SamplingPlan, Severity, tighter_number

__all__ = ["Inspected", "Switch", "Switching", "next_state", "resume", "start"]

_WINDOW: Final = 5
_REJECTED_OF_WINDOW: Final = 2
_ACCEPTED_TO_NORMAL: Final = 5
_SCORE_TO_REDUCE: Final = 30
_REJECTED_TO_STOP: Final = 5


class Switch(StrEnum):
    """Why the severity changed."""

    TO_TIGHTENED = "two-of-five-not-accepted"
    TO_NORMAL = "five-tightened-accepted"
    TO_REDUCED = "switching-score-30"
    BACK_TO_NORMAL = "reduced-lot-not-accepted"
    IRREGULAR = "production-irregular"
    STOPPED = "five-tightened-not-accepted"
    RESUMED = "supplier-improved"


@dataclass(frozen=True, slots=True)
class Switching:
    """Where inspection of one product from one supplier stands.

    ``recent``: acceptance of up to five latest original lots since the state began; ``score``: the
    switching score; ``rejected``: lots not accepted under tightened inspection, together.
    ``stopped``: inspection is discontinued until the supplier has acted.
    """

    severity: Severity = Severity.NORMAL
    recent: tuple[bool, ...] = ()
    score: int = 0
    rejected: int = 0
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Inspected:
    """A lot that was inspected under ``plan``. ``original``: not submitted again after rejection.

    ``steady``: production runs at a steady rate and without trouble; ``approved``: the responsible
    authority wants reduced inspection.
    """

    plan: SamplingPlan
    nonconforming: int
    original: bool = True
    steady: bool = True
    approved: bool = False

    @property
    def accepted(self) -> bool:
        """At most the acceptance number was found."""
        return self.nonconforming <= self.plan.accept


def start() -> Switching:
    """Inspection begins as normal inspection."""
    return Switching()


def _scored(score: int, lot: Inspected) -> int:
    """The switching score after a lot under normal inspection (9.3.3.2, single sampling)."""
    if lot.plan.accept >= 2:
        tighter = tighter_number(lot.plan)
        return score + 3 if tighter is not None and lot.nonconforming <= tighter else 0
    return score + 2 if lot.accepted else 0


def _from_normal(state: Switching, lot: Inspected) -> tuple[Switching, Switch | None]:
    recent = (*state.recent, lot.accepted)[-_WINDOW:]
    if recent.count(False) >= _REJECTED_OF_WINDOW:
        return Switching(Severity.TIGHTENED), Switch.TO_TIGHTENED
    score = _scored(state.score, lot)
    if score >= _SCORE_TO_REDUCE and lot.steady and lot.approved:
        return Switching(Severity.REDUCED), Switch.TO_REDUCED
    return replace(state, recent=recent, score=score), None


def _from_tightened(state: Switching, lot: Inspected) -> tuple[Switching, Switch | None]:
    rejected = state.rejected + (not lot.accepted)
    if rejected >= _REJECTED_TO_STOP:
        return replace(state, rejected=rejected, stopped=True), Switch.STOPPED
    recent = (*state.recent, lot.accepted)[-_ACCEPTED_TO_NORMAL:]
    if len(recent) == _ACCEPTED_TO_NORMAL and all(recent):
        return Switching(), Switch.TO_NORMAL
    return replace(state, recent=recent, rejected=rejected), None


def _from_reduced(state: Switching, lot: Inspected) -> tuple[Switching, Switch | None]:
    if not lot.accepted:
        return Switching(), Switch.BACK_TO_NORMAL
    return (state, None) if lot.steady else (Switching(), Switch.IRREGULAR)


def next_state(state: Switching, lot: Inspected) -> tuple[Switching, Switch | None]:
    """The state for the next lot, and the rule that changed the severity, if one did.

    Lots submitted again change nothing. Raises ``QualityError`` for a lot under a stopped
    inspection, or inspected under another severity than the state asks for.
    """
    if state.stopped:
        raise QualityError("inspection is discontinued until the supplier has improved")
    if lot.plan.severity is not state.severity:
        raise QualityError(
            f"the lot was inspected under {lot.plan.severity.value} inspection; "
            f"{state.severity.value} is in force"
        )
    if not lot.nonconforming >= 0:
        raise QualityError("a count of nonconforming items is below zero")
    if not lot.original:
        return state, None
    if state.severity is Severity.NORMAL:
        return _from_normal(state, lot)
    if state.severity is Severity.TIGHTENED:
        return _from_tightened(state, lot)
    return _from_reduced(state, lot)


def resume(state: Switching) -> tuple[Switching, Switch]:
    """Take inspection up again, tightened, after the supplier has acted (9.4)."""
    if not state.stopped:
        raise QualityError("inspection is not discontinued")
    return Switching(Severity.TIGHTENED), Switch.RESUMED
