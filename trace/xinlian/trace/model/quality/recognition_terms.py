"""Terms of recognition, the standing of a control point, and the terms that it breaks.

Figures are decimals, and texts in evidence: they must come out the same for whoever recomputes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.sampling import Severity

__all__ = [
    "DAY_MS",
    "Breach",
    "Condition",
    "Standing",
    "Terms",
    "breaches",
    "decimal_text",
    "time_text",
]

DAY_MS: Final = 86_400_000
_STOPPED: Final = "stopped"
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_PLACES: Final = Decimal("0.0001")


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
            "measured_at": _moment(self.measured_at_ms),
            "cpk": _shown(self.cpk),
            "measurements": self.measurements,
            "grr_percent": _shown(self.grr_percent),
            "categories": self.categories,
            "calibrated_at": _moment(self.calibrated_at_ms),
            "lots": self.lots,
            "lots_rejected": self.lots_rejected,
            "severity": _STOPPED if self.stopped else self.severity.value,
        }
        return {name: value for name, value in known.items() if value is not None}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Standing:
        """Read what ``record`` gave."""
        severity = record["severity"]
        stopped = severity == _STOPPED
        return cls(
            measured_at_ms=_back(record.get("measured_at")),
            cpk=_decimal(record.get("cpk")),
            measurements=record["measurements"],
            grr_percent=_decimal(record.get("grr_percent")),
            categories=record.get("categories"),
            calibrated_at_ms=_back(record.get("calibrated_at")),
            lots=record["lots"],
            lots_rejected=record["lots_rejected"],
            severity=Severity.TIGHTENED if stopped else Severity(severity),
            stopped=stopped,
        )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _back(text: str | None) -> int | None:
    if text is None:
        return None
    moment = dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.UTC)
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Breach:
    """A term that is not kept: what it asks for and what was found, as texts."""

    condition: Condition
    required: str
    found: str


def decimal_text(value: float | Decimal) -> str:
    """A figure for evidence: at most four decimals, no exponent, no zeros at the end."""
    return _text(Decimal(repr(value)) if isinstance(value, float) else value)


def _text(value: Decimal) -> str:
    if not value.is_finite():
        raise QualityError(f"{value} cannot be written into evidence")
    text = f"{value.quantize(_PLACES):f}"
    return text.rstrip("0").rstrip(".")


def _moment(ms: int | None) -> str | None:
    return None if ms is None else time_text(ms)


def _shown(value: Decimal | None) -> str | None:
    return None if value is None else _text(value)


def time_text(ms: int) -> str:
    """A moment as evidence holds it: UTC to the millisecond."""
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
        Condition.SEVERITY: ("normal", _STOPPED if standing.stopped else standing.severity.value),
    }


def _days(ms: int | None, now_ms: int) -> int | None:
    return None if ms is None else (now_ms - ms) // DAY_MS


def _within(days: int | None, most: int) -> bool:
    return days is not None and days <= most
