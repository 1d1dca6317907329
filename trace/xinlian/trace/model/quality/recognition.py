"""Mutual recognition of a control point: proposed → trial → recognised → suspended → trial …

A customer takes a supplier's measurements at a control point for its own, as long as the terms
both signed are kept. When one breaks, recognition suspends itself. Every step yields an evidence
record (layout ``mutual-recognition/1``) with its reason; decimals in it are texts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.sampling import Severity

__all__ = [
    "SCHEMA",
    "SIGNERS",
    "Action",
    "Breach",
    "Cause",
    "Condition",
    "Recognition",
    "Signers",
    "Standing",
    "State",
    "Step",
    "Terms",
    "breaches",
    "decimal_text",
    "propose",
    "supervise",
    "transition",
]

SCHEMA: Final = "mutual-recognition/1"
DAY_MS: Final = 86_400_000
_PLACES: Final = Decimal("0.0001")
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


class Condition(StrEnum):
    """The terms, in the order in which a breach is named."""

    AGE = "age-of-data"
    CALIBRATION = "calibration"
    GAUGE = "gauge-rr"
    CATEGORIES = "distinct-categories"
    COUNT = "measurements"
    CPK = "cpk"
    LOTS = "lots"
    REJECTED = "lots-rejected"
    SEVERITY = "severity-of-inspection"


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides agreed on. ``grr_percent_max`` is of the study variation or the tolerance,
    whichever is worse; ``lots_min`` counts for recognition, not for keeping it."""

    cpk_min: Decimal = Decimal("1.33")
    measurements_min: int = 50
    grr_percent_max: Decimal = Decimal(30)
    categories_min: int = 5
    calibration_days_max: int = 365
    lots_min: int = 10
    lots_rejected_max: int = 1
    data_days_max: int = 35

    def record(self) -> dict[str, Any]:
        """As an evidence record holds it."""
        return {
            "cpk_min": _text(self.cpk_min),
            "measurements_min": self.measurements_min,
            "grr_percent_max": _text(self.grr_percent_max),
            "categories_min": self.categories_min,
            "calibration_days_max": self.calibration_days_max,
            "lots_min": self.lots_min,
            "lots_rejected_max": self.lots_rejected_max,
            "data_days_max": self.data_days_max,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Terms:
        """Read what ``record`` gave."""
        values = dict(record)
        for name in ("cpk_min", "grr_percent_max"):
            values[name] = Decimal(values[name])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a control point at a moment; ``None`` where nothing is.

    ``measured_at_ms``: latest measurement; ``cpk`` over ``measurements`` values; ``lots`` original
    lots in sight, ``lots_rejected`` of them not accepted, inspection at ``severity``.
    """

    measured_at_ms: int | None
    cpk: Decimal | None
    measurements: int
    grr_percent: Decimal | None
    categories: int | None
    calibrated_at_ms: int | None
    lots: int
    lots_rejected: int
    severity: Severity = Severity.NORMAL
    stopped: bool = False

    def record(self) -> dict[str, Any]:
        """As an evidence record holds it; what is not known is left out."""
        known = {
            "measured_at": _time(self.measured_at_ms),
            "cpk": _shown(self.cpk),
            "measurements": self.measurements,
            "grr_percent": _shown(self.grr_percent),
            "categories": self.categories,
            "calibrated_at": _time(self.calibrated_at_ms),
            "lots": self.lots,
            "lots_rejected": self.lots_rejected,
            "severity": "stopped" if self.stopped else self.severity.value,
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Breach:
    """A term that is not kept: what it asks for and what was found, as texts."""

    condition: Condition
    required: str
    found: str


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


def decimal_text(value: float | Decimal) -> str:
    """A figure for evidence: at most four decimals, no exponent, no zeros at the end."""
    return _text(Decimal(repr(value)) if isinstance(value, float) else value)


def _text(value: Decimal) -> str:
    if not value.is_finite():
        raise QualityError(f"{value} cannot be written into evidence")
    text = f"{value.quantize(_PLACES):f}"
    return text.rstrip("0").rstrip(".")


def _shown(value: Decimal | None) -> str | None:
    return None if value is None else _text(value)


def _time(ms: int | None) -> str | None:
    if ms is None:
        return None
    moment = dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def breaches(
    terms: Terms, standing: Standing, now_ms: int, *, beginning: bool = False
) -> tuple[Breach, ...]:
    """Every term that the standing breaks at ``now_ms``. ``beginning``: for recognition to begin,
    enough lots must have been seen too."""
    age, since = _days(standing.measured_at_ms, now_ms), _days(standing.calibrated_at_ms, now_ms)
    grr, cpk, classes = standing.grr_percent, standing.cpk, standing.categories
    kept = {
        Condition.AGE: _within(age, terms.data_days_max),
        Condition.CALIBRATION: _within(since, terms.calibration_days_max),
        Condition.GAUGE: grr is not None and grr <= terms.grr_percent_max,
        Condition.CATEGORIES: classes is not None and classes >= terms.categories_min,
        Condition.COUNT: standing.measurements >= terms.measurements_min,
        Condition.CPK: cpk is not None and cpk >= terms.cpk_min,
        Condition.LOTS: not beginning or standing.lots >= terms.lots_min,
        Condition.REJECTED: standing.lots_rejected <= terms.lots_rejected_max,
        Condition.SEVERITY: not standing.stopped and standing.severity is not Severity.TIGHTENED,
    }
    if all(kept.values()):
        return ()
    texts = _texts(terms, standing, age, since)
    return tuple(
        Breach(condition, texts[condition][0], texts[condition][1] or "unknown")
        for condition, fine in kept.items()
        if not fine
    )


def _texts(
    terms: Terms, standing: Standing, age: int | None, since: int | None
) -> dict[Condition, tuple[str, str]]:
    """What each term asks for, and what was found (empty where nothing is known)."""

    def shown(value: Decimal | int | None) -> str:
        if value is None:
            return ""
        return str(value) if isinstance(value, int) else _text(value)

    return {
        Condition.AGE: (f"≤ {terms.data_days_max} d", shown(age)),
        Condition.CALIBRATION: (f"≤ {terms.calibration_days_max} d", shown(since)),
        Condition.GAUGE: (f"≤ {_text(terms.grr_percent_max)} %", shown(standing.grr_percent)),
        Condition.CATEGORIES: (f"≥ {terms.categories_min}", shown(standing.categories)),
        Condition.COUNT: (f"≥ {terms.measurements_min}", shown(standing.measurements)),
        Condition.CPK: (f"≥ {_text(terms.cpk_min)}", shown(standing.cpk)),
        Condition.LOTS: (f"≥ {terms.lots_min}", shown(standing.lots)),
        Condition.REJECTED: (f"≤ {terms.lots_rejected_max}", shown(standing.lots_rejected)),
        Condition.SEVERITY: ("normal", "stopped" if standing.stopped else standing.severity.value),
    }


def _days(ms: int | None, now_ms: int) -> int | None:
    return None if ms is None else (now_ms - ms) // DAY_MS


def _within(days: int | None, most: int) -> bool:
    return days is not None and days <= most


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


def supervise(before: Recognition, standing: Standing, now_ms: int) -> Step | None:
    """Suspend a recognised point whose terms are broken; ``None`` where nothing happens."""
    if before.state is not State.RECOGNISED:
        return None
    broken = breaches(before.terms, standing, now_ms)
    if not broken:
        return None
    after = _moved(before, State.SUSPENDED, max(now_ms, before.since_ms))
    reason = "; ".join(_said(one) for one in broken)
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
        "event_time": _time(after.since_ms),
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
