"""Mutual recognition of a control point: proposed → trial → recognised → suspended → trial …

A customer takes a supplier's measurements at a control point for its own, as long as the terms
both signed are kept. When one breaks, recognition suspends itself. Every step yields an evidence
record (layout ``mutual-recognition/1``) with its reason; decimals in it are texts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.recognition_terms import (
    Breach,
    Standing,
    Terms,
    breaches,
    time_text,
)

__all__ = [
    "SCHEMA",
    "SIGNERS",
    "Action",
    "Cause",
    "Recognition",
    "Signers",
    "State",
    "Step",
    "propose",
    "supervise",
    "transition",
]

SCHEMA: Final = "mutual-recognition/1"
_REASON_CHARS_MAX: Final = 500


class State(StrEnum):
    """Where a control point stands."""

    PROPOSED = "proposed"
    TRIAL = "trial"
    RECOGNISED = "recognised"
    SUSPENDED = "suspended"


class Action(StrEnum):
    """What parties do; suspension for a broken condition needs nobody."""

    PROPOSE = "propose"
    BEGIN_TRIAL = "begin-trial"
    RECOGNISE = "recognise"
    SUSPEND = "suspend"
    RESUME = "resume"


class Signers(StrEnum):
    """Who must sign an action."""

    EITHER = "either"
    BOTH = "both"


SIGNERS: Final = {
    Action.PROPOSE: Signers.EITHER,
    Action.BEGIN_TRIAL: Signers.BOTH,
    Action.RECOGNISE: Signers.BOTH,
    Action.SUSPEND: Signers.EITHER,
    Action.RESUME: Signers.BOTH,
}
_STEPS: Final = {
    (State.PROPOSED, Action.BEGIN_TRIAL): State.TRIAL,
    (State.TRIAL, Action.RECOGNISE): State.RECOGNISED,
    (State.TRIAL, Action.SUSPEND): State.SUSPENDED,
    (State.RECOGNISED, Action.SUSPEND): State.SUSPENDED,
    (State.SUSPENDED, Action.RESUME): State.TRIAL,
}


class Cause(StrEnum):
    """Why a step was taken."""

    AGREEMENT = "agreement"
    NOTICE = "notice"
    """One party alone said so."""
    CONDITION = "condition"
    """A term broke: nobody had to say anything."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """One control point between one supplier and one customer (numbers of parties).

    ``sequence`` counts the steps taken; ``since_ms`` is when the state began.
    """

    point: str
    supplier: int
    customer: int
    characteristic: str
    terms: Terms
    state: State
    since_ms: int
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A step taken: where the point stands now, and the evidence record without signatures."""

    after: Recognition
    record: Mapping[str, Any]
    breaches: tuple[Breach, ...] = ()


def _signed(action: Action, one: Recognition, signed_by: Collection[int]) -> None:
    parties = {one.supplier, one.customer}
    if SIGNERS[action] is Signers.BOTH:
        missing = sorted(parties - set(signed_by))
        if missing:
            raise QualityError(f"{action.value} needs the signature of both: {missing} is missing")
    elif not parties & set(signed_by):
        raise QualityError(f"{action.value} needs the signature of either party")


def propose(
    point: str,
    *,
    supplier: int,
    customer: int,
    characteristic: str,
    terms: Terms,
    now_ms: int,
    signed_by: Collection[int],
) -> Step:
    """Begin: one side proposes the terms, signed. Raises ``QualityError``."""
    if supplier == customer:
        raise QualityError("a control point is recognised between two parties")
    after = Recognition(point, supplier, customer, characteristic, terms, State.PROPOSED, now_ms)
    _signed(Action.PROPOSE, after, signed_by)
    return Step(after, _record(None, after, Cause.AGREEMENT, "", (), None))


def transition(
    before: Recognition,
    action: Action,
    *,
    now_ms: int,
    signed_by: Collection[int],
    standing: Standing | None = None,
    reason: str = "",
) -> Step:
    """Take a step that parties sign; recognition also needs every term kept.

    Raises ``QualityError``: a step that does not exist from this state, a missing signature, terms
    not kept (each named), a notice without a reason, or a time before the last step.
    """
    state = _STEPS.get((before.state, action))
    if state is None:
        raise QualityError(f"{action.value} is not possible while a point is {before.state.value}")
    if now_ms < before.since_ms:
        raise QualityError("a step cannot lie before the one before it")
    if len(reason) > _REASON_CHARS_MAX:
        raise QualityError(f"a reason has at most {_REASON_CHARS_MAX} characters")
    _signed(action, before, signed_by)
    if action is Action.RECOGNISE:
        if standing is None:
            raise QualityError("recognition needs the standing of the point")
        broken = breaches(before.terms, standing, now_ms, beginning=True)
        if broken:
            raise QualityError("terms are not kept: " + "; ".join(_said(one) for one in broken))
    if action is Action.SUSPEND and not reason:
        raise QualityError("a suspension by notice needs a reason")
    after = _moved(before, state, now_ms)
    cause = Cause.NOTICE if action is Action.SUSPEND else Cause.AGREEMENT
    return Step(after, _record(before.state, after, cause, reason, (), standing))


def supervise(before: Recognition, standing: Standing, now_ms: int, why: str = "") -> Step | None:
    """Suspend a recognised point whose terms are broken; ``None`` where nothing happens. ``why``
    says what kept a figure from being reckoned."""
    if before.state is not State.RECOGNISED:
        return None
    broken = breaches(before.terms, standing, now_ms)
    if not broken:
        return None
    after = _moved(before, State.SUSPENDED, max(now_ms, before.since_ms))
    reason = "; ".join(_said(one) for one in broken)
    if why:
        reason = f"{reason} ({why})"[:_REASON_CHARS_MAX]
    record = _record(before.state, after, Cause.CONDITION, reason, broken, standing)
    return Step(after, record, broken)


def _said(breach: Breach) -> str:
    return f"{breach.condition.value} {breach.required}, found {breach.found}"


def _moved(before: Recognition, state: State, now_ms: int) -> Recognition:
    return replace(before, state=state, since_ms=now_ms, sequence=before.sequence + 1)


def _record(
    before: State | None,
    after: Recognition,
    cause: Cause,
    reason: str,
    broken: tuple[Breach, ...],
    standing: Standing | None,
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "subject": after.point,
        "event_time": time_text(after.since_ms),
        "sequence": after.sequence,
        "supplier": after.supplier,
        "customer": after.customer,
        "characteristic": after.characteristic,
        "from": before.value if before else "",
        "to": after.state.value,
        "cause": cause.value,
        "reason": reason,
        "terms": after.terms.record(),
        "breaches": [
            {"condition": one.condition.value, "required": one.required, "found": one.found}
            for one in broken
        ],
    }
    if standing is not None:
        record["standing"] = standing.record()
    return record
