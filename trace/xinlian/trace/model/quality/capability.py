"""Process capability with confidence limits: Cp, Cpk (within) and Pp, Ppk (overall).

Limits: chi-square for Cp and Pp; Bissell's normal approximation for Cpk and Ppk (NIST/SEMATECH
e-Handbook 6.1.6; A. F. Bissell, Applied Statistics 39 (1990) 331).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri, ndtr, ndtri
from xinlian.trace.model.quality.arrays import finite
from xinlian.trace.model.quality.errors import QualityError

__all__ = ["Capability", "Index", "capability", "index_cp", "index_cpk"]


@dataclass(frozen=True, slots=True)
class Index:
    """A capability index with its two-sided confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Capability:
    """Capability of one characteristic. Indices that need a missing limit are ``None``.

    ``cp``/``cpk`` use ``sigma_within``, ``pp``/``ppk`` use ``sigma_overall``. ``outside_ppm`` is
    what a normal distribution with the overall deviation leaves outside the tolerance, and
    ``observed_ppm`` what was seen. Both sigma in the unit of the characteristic.
    """

    count: int
    mean: float
    sigma_within: float
    sigma_overall: float
    lower: float | None
    upper: float | None
    confidence: float
    cp: Index | None
    cpk: Index
    pp: Index | None
    ppk: Index
    outside_ppm: float
    observed_ppm: float


def index_cp(lower: float, upper: float, sigma: float, freedom: float, confidence: float) -> Index:
    """(upper - lower) / 6σ and its chi-square interval for ``freedom`` degrees of freedom."""
    value = (upper - lower) / (6 * sigma)
    tail = (1 - confidence) / 2
    low = math.sqrt(chdtri(freedom, 1 - tail) / freedom)
    high = math.sqrt(chdtri(freedom, tail) / freedom)
    return Index(value, value * low, value * high)


def index_cpk(
    mean: float,
    lower: float | None,
    upper: float | None,
    sigma: float,
    count: int,
    freedom: float,
    confidence: float,
) -> Index:
    """Distance of the mean from the nearer limit in units of 3σ, with Bissell's interval."""
    sides = [upper - mean] if upper is not None else []
    sides += [mean - lower] if lower is not None else []
    value = min(sides) / (3 * sigma)
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(
        1 / (9 * count) + value * value / (2 * freedom)
    )
    return Index(value, value - half, value + half)


def capability(
    values: ArrayLike,
    *,
    lower: float | None = None,
    upper: float | None = None,
    sigma_within: float | None = None,
    freedom_within: float | None = None,
    confidence: float = 0.95,
) -> Capability:
    """Capability of ``values`` (one row) against one or both limits of the tolerance.

    ``sigma_within`` comes from the baseline of a chart; without it the mean moving range is used.
    ``freedom_within`` are its degrees of freedom; count - 1 where not given (slightly too narrow
    an interval when σ comes from ranges). Raises ``QualityError``.
    """
    row = finite(values, least=2)
    if lower is None and upper is None:
        raise QualityError("capability needs a lower or an upper limit of the tolerance")
    if lower is not None and upper is not None and not lower < upper:
        raise QualityError(f"the lower limit {lower} does not lie below the upper limit {upper}")
    if not 0 < confidence < 1:
        raise QualityError(f"a confidence lies between 0 and 1, not at {confidence}")
    mean, overall = float(row.mean()), float(row.std(ddof=1))
    within = sigma_within
    if within is None:
        within = float(np.abs(np.diff(row)).mean()) / (2 / math.sqrt(math.pi))  # d2(2)
    if not (within > 0 and overall > 0):
        raise QualityError("the values do not vary: capability has no meaning")
    freedom = freedom_within if freedom_within is not None else row.size - 1.0
    both = lower is not None and upper is not None
    low = -math.inf if lower is None else lower
    high = math.inf if upper is None else upper
    outside = float(ndtr((low - mean) / overall) + ndtr((mean - high) / overall))
    return Capability(
        count=row.size,
        mean=mean,
        sigma_within=within,
        sigma_overall=overall,
        lower=lower,
        upper=upper,
        confidence=confidence,
        cp=index_cp(low, high, within, freedom, confidence) if both else None,
        cpk=index_cpk(mean, lower, upper, within, row.size, freedom, confidence),
        pp=index_cp(low, high, overall, row.size - 1, confidence) if both else None,
        ppk=index_cpk(mean, lower, upper, overall, row.size, row.size - 1, confidence),
        outside_ppm=outside * 1e6,
        observed_ppm=float(((row < low) | (row > high)).mean() * 1e6),
    )
