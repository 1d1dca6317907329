"""Constants of control charts, computed from the normal distribution and not looked up.

For a sample of n from the standard normal distribution, d2 and d3 are the mean and the standard
deviation of the range, c4 the mean of the standard deviation (NIST/SEMATECH e-Handbook 6.3.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from scipy.special import gammaln, ndtr
from xinlian.trace.model.quality.errors import QualityError

__all__ = ["SUBGROUP_MAX", "ChartConstants", "c4", "chart_constants", "d2", "d2_star", "d3"]

SUBGROUP_MAX: Final = 1_000
"""Largest subgroup the range's distribution is integrated for."""
_REACH: Final = 9.0  # standard deviations; beyond it ndtr is 0 or 1 to 1e-19
_NODES: Final = 600


def _checked(size: int) -> int:
    if not 2 <= size <= SUBGROUP_MAX:
        raise QualityError(f"a subgroup has 2 to {SUBGROUP_MAX} values, not {size}")
    return size


@cache
def _range_moments(size: int) -> tuple[float, float]:
    """Mean and standard deviation of the range of ``size`` standard normal values.

    E W = ∫ 1 - F(x)^n - (1-F(x))^n dx and
    E W² = 2 ∫∫_{w>0} 1 - F(x+w)^n - (1-F(x))^n + (F(x+w)-F(x))^n dw dx (Tippett 1925).
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    x, x_weights = nodes * _REACH, weights * _REACH
    w, w_weights = (nodes + 1) * _REACH, weights * _REACH
    low = ndtr(x)
    mean = float(x_weights @ (1 - low**size - (1 - low) ** size))
    below, above = low[:, None], ndtr(x[:, None] + w[None, :])
    inner = 1 - above**size - (1 - below) ** size + (above - below) ** size
    second = 2 * float(x_weights @ inner @ w_weights)
    return mean, math.sqrt(second - mean * mean)


def d2(size: int) -> float:
    """Mean of the range of ``size`` standard normal values."""
    return _range_moments(_checked(size))[0]


def d3(size: int) -> float:
    """Standard deviation of the range of ``size`` standard normal values."""
    return _range_moments(_checked(size))[1]


def d2_star(subgroups: int, size: int) -> float:
    """Root mean square of the average of ``subgroups`` ranges of ``size`` values (AIAG MSA)."""
    return math.sqrt(d2(size) ** 2 + d3(size) ** 2 / subgroups)


def c4(size: int) -> float:
    """Mean of the standard deviation of ``size`` standard normal values."""
    if size < 2:
        raise QualityError(f"a standard deviation needs 2 values, not {size}")
    return math.sqrt(2 / (size - 1)) * math.exp(gammaln(size / 2) - gammaln((size - 1) / 2))


@dataclass(frozen=True, slots=True)
class ChartConstants:
    """The factors of a subgroup size, under the names tables give them."""

    size: int
    a2: float
    a3: float
    b3: float
    b4: float
    big_d3: float
    big_d4: float
    e2: float
    d2: float
    d3: float
    c4: float


@cache
def chart_constants(size: int) -> ChartConstants:
    """Every factor for subgroups of ``size`` values, 2 to 1000."""
    mean, deviation, c = d2(size), d3(size), c4(size)
    spread = 3 * math.sqrt(1 - c * c) / c
    return ChartConstants(
        size=size,
        a2=3 / (mean * math.sqrt(size)),
        a3=3 / (c * math.sqrt(size)),
        b3=max(0.0, 1 - spread),
        b4=1 + spread,
        big_d3=max(0.0, 1 - 3 * deviation / mean),
        big_d4=1 + 3 * deviation / mean,
        e2=3 / mean,
        d2=mean,
        d3=deviation,
        c4=c,
    )
