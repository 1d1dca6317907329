"""The hypergeometric distribution for many tables at once: exact tails, and sums over strata."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import gammaln
from xinlian.trace.model.quality.arrays import Floats, Ints

__all__ = ["log_tail", "strata_tail"]

_NOTHING: Final = 1e-18
"""A term this small beside the sum so far adds nothing."""


def _log_choose(total: Floats, taken: Floats) -> Floats:
    return np.asarray(gammaln(total + 1) - gammaln(taken + 1) - gammaln(total - taken + 1))


def _log_pmf(found: Floats, population: Floats, exposed: Floats, failed: Floats) -> Floats:
    return (
        _log_choose(exposed, found)
        + _log_choose(population - exposed, failed - found)
        - _log_choose(population, failed)
    )


def _series(start: Floats, population: Floats, exposed: Floats, failed: Floats, up: bool) -> Floats:
    """1 + pmf(x±1)/pmf(x) + pmf(x±2)/pmf(x) + … from x = ``start`` to the end of the support."""
    total, term = np.ones(start.size), np.ones(start.size)
    live, at = np.arange(start.size), start.copy()
    rest = population - exposed - failed
    while live.size:
        x, big, bad, free = at[live], exposed[live], failed[live], rest[live]
        if up:
            ratio = (big - x) * (bad - x) / ((x + 1) * (free + x + 1))
        else:
            ratio = x * (free + x) / ((big - x + 1) * (bad - x + 1))
        term[live] *= ratio
        total[live] += term[live]
        at[live] += 1 if up else -1
        live = live[term[live] > _NOTHING * total[live]]
    return total


def log_tail(found: Ints, population: Ints, exposed: Ints, failed: Ints) -> Floats:
    """Natural logarithm of P(X ≥ found), X hypergeometric: Fisher's exact test, one-sided.

    Four arrays of one shape: failures among the exposed, population, exposed, failures. Above the
    mode the tail is summed outwards term by term, so that it stays exact (to 1e-8 of itself) far
    below what floating point can hold; at or below it, it is one less the other tail.
    """
    a, big_n, k, n = (
        np.asarray(each, dtype=np.float64) for each in (found, population, exposed, failed)
    )
    result = np.zeros(a.size)
    low = np.maximum(0, k + n - big_n)
    mode = np.floor((k + 1) * (n + 1) / (big_n + 2))
    far = (a > mode) & (a > low)
    if far.any():
        args = (a[far], big_n[far], k[far], n[far])
        result[far] = _log_pmf(*args) + np.log(_series(*args, up=True))
    near = ~far & (a > low)
    if near.any():
        args = (a[near] - 1, big_n[near], k[near], n[near])
        below = np.exp(_log_pmf(*args)) * _series(*args, up=False)
        result[near] = np.log1p(-np.minimum(below, 1 - 1e-16))
    return np.minimum(result, 0.0)


def _pmf(population: int, exposed: int, failed: int) -> tuple[int, Floats]:
    """First value of the support that matters and the probabilities from there on."""
    low, high = max(0, exposed + failed - population), min(exposed, failed)
    mean = exposed * failed / population if population else 0.0
    reach = 40 + 14 * np.sqrt(mean + 1)
    first, last = int(max(low, mean - reach)), int(min(high, mean + reach))
    values = np.arange(first, last + 1, dtype=np.float64)
    ones = np.ones(values.size)
    return first, np.exp(_log_pmf(values, population * ones, exposed * ones, failed * ones))


def strata_tail(tables: list[tuple[int, int, int, int]]) -> float:
    """P(ΣX ≥ Σfound) over independent tables of (found, population, exposed, failed).

    The exact test of a common effect in strata with all margins fixed (Gart 1970): does one
    factor keep its effect when another is held fixed? 1 where the margins leave no freedom.
    """
    start, chances, found = 0, np.ones(1), 0
    for here, population, exposed, failed in tables:
        first, pmf = _pmf(population, exposed, failed)
        start, chances, found = start + first, np.convolve(chances, pmf), found + here
    return float(min(1.0, chances[max(0, found - start) :].sum()))
