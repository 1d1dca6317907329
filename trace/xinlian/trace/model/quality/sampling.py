"""Acceptance sampling by attributes, GB/T 2828.1-2012 (ISO 2859-1:1999): single plans and curves.

The master tables have a plain structure: along a diagonal (place of the code letter plus place of
the AQL) acceptance numbers are the same. The tables below are written as those diagonals; arrows
lead to the next plan along the column, with that plan's sample size.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, gammaln, pdtr
from xinlian.trace.model.quality.arrays import Floats, Ints
from xinlian.trace.model.quality.errors import QualityError

__all__ = [
    "AQLS",
    "LETTERS",
    "LEVELS",
    "SamplingPlan",
    "Severity",
    "acceptance",
    "code_letter",
    "letter_plan",
    "sampling_plan",
    "tighter_number",
]

LETTERS: Final = "ABCDEFGHJKLMNPQR"
AQLS: Final = (
    *("0.010", "0.015", "0.025", "0.040", "0.065", "0.10", "0.15", "0.25", "0.40", "0.65"),
    *("1.0", "1.5", "2.5", "4.0", "6.5", "10", "15", "25", "40", "65"),
    *("100", "150", "250", "400", "650", "1000"),
)
"""Per cent of nonconforming items up to 10, nonconformities per 100 items at any value."""
_AQL_VALUES: Final = tuple(Decimal(text) for text in AQLS)
_PERCENT_MAX: Final = Decimal(10)

_LOTS: Final = (
    *(8, 15, 25, 50, 90, 150, 280, 500, 1_200, 3_200),
    *(10_000, 35_000, 150_000, 500_000),
)
LEVELS: Final = {
    "S-1": "AAAABBBBCCCCDDD",
    "S-2": "AAABBBCCCDDDEEE",
    "S-3": "AABBCCDDEEFFGGH",
    "S-4": "AABCCDEEFGGHJJK",
    "I": "AABCCDEFGHJKLMN",
    "II": "ABCDEFGHJKLMNPQ",
    "III": "BCDEFGHJKLMNPQR",
}
"""Table 1: the code letter per inspection level, one for every range of lot sizes."""


class Severity(StrEnum):
    """How severe inspection is."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    REDUCED = "reduced"


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """Take ``sample`` items; accept with at most ``accept`` nonconforming, reject from ``reject``.

    ``letter`` is the code letter after arrows; ``every``: the sample is the whole lot.
    """

    letter: str
    aql: str
    severity: Severity
    sample: int
    accept: int
    reject: int
    every: bool = False


_SIZES: Final = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1_250, 2_000)
_REDUCED_SIZES: Final = (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800)
_NORMAL_RUN: Final = (1, 2, 3, 5, 7, 10, 14, 21, 30, 44)
_TIGHT_RUN: Final = (1, 2, 3, 5, 8, 12, 18, 27, 41)
_REDUCED_RUN: Final = (1, 2, 3, 5, 6, 8, 10, 14, 21)
_SMALL_RUN: Final = (1, 2, 3, 5, 7, 10, 14, 21, 30)
_ZERO: Final = {Severity.NORMAL: 14, Severity.TIGHTENED: 15, Severity.REDUCED: 14}
_FIRST: Final = {Severity.NORMAL: 17, Severity.TIGHTENED: 18, Severity.REDUCED: 18}
_S_SAMPLE, _S_AQL = 3_150, "0.025"  # code letter S exists in table 2-B alone, for this AQL


def _run(severity: Severity, row: int) -> tuple[int, tuple[int, ...]]:
    """Diagonal of the first acceptance number 1 in a row, and the numbers from there on."""
    first = _FIRST[severity]
    if severity is Severity.REDUCED:
        if row < 2:  # letters A and B, whose samples are no smaller than under normal inspection
            return (17 if row == 0 else 18), _SMALL_RUN
        return first, _REDUCED_RUN if row <= 4 else _REDUCED_RUN[:7]
    run = _NORMAL_RUN if severity is Severity.NORMAL else _TIGHT_RUN
    return first, run if row <= 4 else run[: 8 if severity is Severity.NORMAL else 7]


def _cell(severity: Severity, row: int, column: int) -> int | str:
    """The acceptance number in a cell of a master table, or the direction of its arrow."""
    diagonal, zero = row + column, _ZERO[severity]
    if diagonal <= zero:
        return 0 if diagonal == zero else "down"
    first, run = _run(severity, row)
    if diagonal < first:
        up = severity is not Severity.TIGHTENED and diagonal == zero + 1
        return "up" if up else "down"
    return run[diagonal - first] if diagonal - first < len(run) else "up"


def _walk(severity: Severity, row: int, column: int, step: int) -> tuple[int, int] | None:
    row += step
    while 0 <= row < len(LETTERS):
        cell = _cell(severity, row, column)
        if isinstance(cell, int):
            return row, cell
        row += step
    return None


def _column(aql: str) -> int:
    try:
        return _AQL_VALUES.index(Decimal(aql))
    except (ValueError, InvalidOperation):
        raise QualityError(f"{aql!r} is not an AQL of the standard: {', '.join(AQLS)}") from None


@lru_cache(maxsize=2_048)
def letter_plan(letter: str, aql: str, severity: Severity = Severity.NORMAL) -> SamplingPlan:
    """The single sampling plan of a code letter (tables 2-A, 2-B, 2-C), arrows followed.

    Raises ``QualityError`` for letters and AQLs that the standard does not have.
    """
    if len(letter) != 1 or letter not in LETTERS:
        raise QualityError(f"{letter!r} is not a code letter of the standard: {LETTERS}")
    row, column = LETTERS.index(letter), _column(aql)
    cell = _cell(severity, row, column)
    if isinstance(cell, int):
        found: tuple[int, int] | None = (row, cell)
    else:
        step = 1 if cell == "down" else -1
        found = _walk(severity, row, column, step)
        if found is None and severity is Severity.TIGHTENED and AQLS[column] == _S_AQL:
            return SamplingPlan("S", AQLS[column], severity, _S_SAMPLE, 1, 2)
        # At the edge of a table there is no plan that way: the arrow points the other way.
        found = found or _walk(severity, row, column, -step)
    if found is None:
        raise QualityError(f"there is no plan for AQL {aql} under {severity.value} inspection")
    sizes = _REDUCED_SIZES if severity is Severity.REDUCED else _SIZES
    row, accept = found
    return SamplingPlan(LETTERS[row], AQLS[column], severity, sizes[row], accept, accept + 1)


def code_letter(lot: int, level: str = "II") -> str:
    """Table 1: code letter of a lot of at least 2 items at an inspection level."""
    if level not in LEVELS:
        raise QualityError(f"{level!r} is not an inspection level: {', '.join(LEVELS)}")
    if lot < 2:
        raise QualityError(f"a lot has at least 2 items, not {lot}")
    return LEVELS[level][sum(lot > largest for largest in _LOTS)]


def sampling_plan(
    lot: int, *, aql: str, level: str = "II", severity: Severity = Severity.NORMAL
) -> SamplingPlan:
    """The plan for a lot; where the sample would be the lot or more, every item is inspected."""
    plan = letter_plan(code_letter(lot, level), aql, severity)
    if plan.sample < lot:
        return plan
    return SamplingPlan(plan.letter, plan.aql, severity, lot, plan.accept, plan.reject, every=True)


@lru_cache(maxsize=2_048)
def tighter_number(plan: SamplingPlan) -> int | None:
    """Acceptance number of the plan's letter at an AQL one step tighter, under normal inspection.

    For the switching score (9.3.3.2); ``None`` at the tightest AQL or where the sample differs.
    """
    column = _column(plan.aql)
    if column == 0 or plan.letter not in LETTERS:
        return None
    tighter = letter_plan(plan.letter, AQLS[column - 1], Severity.NORMAL)
    return tighter.accept if tighter.sample == plan.sample else None


def acceptance(
    plan: SamplingPlan, quality: ArrayLike, *, lot: int | None = None, per_100: bool | None = None
) -> Floats:
    """Operating characteristic: probability that lots of the given quality are accepted.

    ``quality``: per cent nonconforming, or nonconformities per 100 items with ``per_100`` (taken
    for AQLs above 10). Binomial, or Poisson per 100 items; with ``lot`` the exact hypergeometric
    for an isolated lot (whole nonconforming items, rounded).
    """
    levels = np.atleast_1d(np.asarray(quality, dtype=np.float64))
    if not np.isfinite(levels).all() or (levels < 0).any():
        raise QualityError("a quality level is a number from 0 on")
    if per_100 is None:
        per_100 = Decimal(plan.aql) > _PERCENT_MAX
    if per_100:
        return np.asarray(pdtr(plan.accept, plan.sample * levels / 100))
    if (levels > 100).any():
        raise QualityError("per cent nonconforming is at most 100")
    if lot is not None:
        bad = np.rint(levels / 100 * lot).astype(np.int64)
        return _isolated(plan, lot, bad)
    return np.asarray(bdtr(float(plan.accept), plan.sample, levels / 100))


def _choose(total: Floats, taken: Floats) -> Floats:
    """Logarithm of the number of ways to take some of a total; -∞ where there is none."""
    possible = (taken >= 0) & (taken <= total)
    some = np.where(possible, taken, 0.0)
    ways = gammaln(total + 1) - gammaln(some + 1) - gammaln(total - some + 1)
    return np.where(possible, ways, -np.inf)


def _isolated(plan: SamplingPlan, lot: int, bad: Ints) -> Floats:
    """Probability that a sample without replacement holds at most ``accept`` of ``bad`` items."""
    if plan.sample > lot:
        raise QualityError(f"a sample of {plan.sample} is larger than the lot of {lot}")
    found = np.arange(plan.accept + 1, dtype=np.float64)[:, None]
    wrong = bad.astype(np.float64)[None, :]
    whole = _choose(np.array(float(lot)), np.array(float(plan.sample)))
    chance = np.exp(_choose(wrong, found) + _choose(lot - wrong, plan.sample - found) - whole)
    return np.asarray(np.minimum(chance.sum(axis=0), 1.0))
