"""The standing of a control point as the record shows it now, beside what both sides signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.quality.arrays import measurable
from xinlian.trace.model.quality.capability import capability
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.recognition_terms import Standing, Terms
from xinlian.trace.usecases.quality.charting import measured

__all__ = ["standing_of", "window_of"]

_WINDOW_MIN: Final = 100
_WINDOW_MAX: Final = 10_000
_CPK_MAX: Final = 1_000_000.0
_PLACES: Final = 10_000


def window_of(terms: Terms) -> int:
    """The latest measurements over which Cpk is reckoned."""
    return min(max(_WINDOW_MIN, terms.measurements_min), _WINDOW_MAX)


def standing_of(
    terms: Terms, signed: Standing, found: Sequence[Inspection], ever: int
) -> tuple[Standing, str]:
    """The figures that both sides signed last, with measurements as they are on record; and why
    these give no Cpk, or an empty text.

    ``found`` are the supplier's latest inspections, ``ever`` is how many there were, withdrawn ones
    too. Until there were as many as the terms ask for, the signed figures stand, and grow old;
    after that what cannot be reckoned is not known, which keeps no term: otherwise one odd
    inspection, or one withdrawal, would keep a point recognised.
    """
    if ever < terms.measurements_min:
        return signed, ""
    try:
        data = measured(found)
        able = capability(data.values, lower=data.lower, upper=data.upper)
    except QualityError as exc:
        usable = [one for one in found if _measured(one)]
        latest = usable[-1].time_ms if usable else None
        unknown = replace(signed, measured_at_ms=latest, measurements=len(usable), cpk=None)
        return unknown, str(exc)
    cpk = min(max(able.cpk.value, -_CPK_MAX), _CPK_MAX)
    return replace(
        signed,
        measured_at_ms=data.times_ms[-1],
        measurements=able.count,
        cpk=Decimal(round(cpk * _PLACES)) / _PLACES,
    ), ""


def _measured(one: Inspection) -> bool:
    if one.result is Result.NOT_MEASURED:
        return False
    return measurable(one.value) or bool(one.sample_size)
