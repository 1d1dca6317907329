"""Which factors are over-represented among failures, and which of them cannot be told apart.

Factors (a batch, machine, shift, gauge, supplier …) and failures are compressed bitmaps of vehicle
ordinals; one intersection count per factor is all that is read from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from pyroaring import BitMap
from xinlian.trace.model.quality.arrays import Floats, Ints
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.hypergeometric import log_tail

__all__ = ["FactorKey", "Finding", "adjusted", "enrich"]

_Z95: Final = 1.959963984540054


class FactorKey(NamedTuple):
    """A factor: its kind (``batch``, ``machine``, ``shift``, …) and its id within the kind."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One factor. ``exposed`` vehicles met it, ``failed`` of them failed.

    ``p`` is Fisher's exact one-sided probability, ``q`` the same under control of the false
    discovery rate; ``log10_p`` stays meaningful where ``p`` is too small for a float.
    ``relative_risk`` has a 95 % interval (Katz; half a vehicle is added to each cell where one is
    empty). ``excess`` failures are those above what the other vehicles' rate explains.
    """

    key: FactorKey
    exposed: int
    failed: int
    others: int
    others_failed: int
    p: float
    log10_p: float
    q: float
    relative_risk: float
    low: float
    high: float
    excess: float


def adjusted(logs: Floats) -> Floats:
    """Benjamini-Hochberg q values from natural logarithms of p values, in the same order."""
    count = logs.size
    order = np.argsort(logs, kind="stable")
    ranks = np.arange(1, count + 1)
    scaled = logs[order] + np.log(count / ranks)
    falling = np.minimum.accumulate(scaled[::-1])[::-1]
    result = np.empty(count)
    result[order] = np.exp(np.minimum(falling, 0.0))
    return result


def _risk(a: Floats, k: Floats, b: Floats, m: Floats) -> tuple[Floats, Floats, Floats]:
    """Relative risk a/k over b/m and its interval, arrays of one shape."""
    empty = (a == 0) | (b == 0) | (a == k) | (b == m)
    half = np.where(empty, 0.5, 0.0)
    a, k, b, m = a + half, k + 2 * half, b + half, m + 2 * half
    ratio = np.divide(a * m, k * b, out=np.full(a.shape, np.nan), where=(k * b) > 0)
    spread = 1 / a - 1 / np.maximum(k, 1e-300) + 1 / b - 1 / np.maximum(m, 1e-300)
    width = np.exp(_Z95 * np.sqrt(np.maximum(spread, 0.0)))
    return ratio, ratio / width, ratio * width


def _counts(
    factors: Mapping[FactorKey, BitMap],
    failures: BitMap,
    population: int,
    known: Mapping[str, BitMap] | None,
) -> Ints:
    """Rows of (failed and exposed, population, exposed, failed), one per factor."""
    spans = {
        kind: (len(vehicles), vehicles.intersection_cardinality(failures))
        for kind, vehicles in (known or {}).items()
    }
    whole, rows = (population, len(failures)), np.empty((len(factors), 4), dtype=np.int64)
    for at, (key, vehicles) in enumerate(factors.items()):
        among, failed = spans.get(key.kind, whole)
        exposed = len(vehicles)
        if exposed > among:
            raise QualityError(
                f"{key.kind} {key.id} names {exposed} vehicles of {among}: the numbers do not fit"
            )
        rows[at] = vehicles.intersection_cardinality(failures), among, exposed, failed
    return rows


def enrich(
    factors: Mapping[FactorKey, BitMap],
    failures: BitMap,
    population: int,
    *,
    known: Mapping[str, BitMap] | None = None,
) -> list[Finding]:
    """Every factor with its exact test and effect, the strongest evidence first.

    ``population``: number of vehicles looked at; ``failures`` and all bitmaps hold ordinals of
    these. ``known``: for kinds that are recorded for some vehicles only, those vehicles; the
    factor is compared with them alone, since an unknown shift is not another shift.
    """
    if len(failures) > population:
        raise QualityError(f"{len(failures)} failures among {population} vehicles")
    if not factors:
        return []
    rows = _counts(factors, failures, population, known)
    a, among, exposed, failed = rows.T
    logs = log_tail(a, among, exposed, failed)
    qs = adjusted(logs)
    others, others_failed = among - exposed, failed - a
    ratio, low, high = _risk(*(each.astype(float) for each in (a, exposed, others_failed, others)))
    rates = np.divide(others_failed, others, out=np.zeros(a.size), where=others > 0)
    excess = a - exposed * rates
    keys = list(factors)
    return [
        Finding(
            key=keys[at],
            exposed=int(exposed[at]),
            failed=int(a[at]),
            others=int(others[at]),
            others_failed=int(others_failed[at]),
            p=math.exp(logs[at]),
            log10_p=float(logs[at] / math.log(10)),
            q=float(qs[at]),
            relative_risk=float(ratio[at]),
            low=float(low[at]),
            high=float(high[at]),
            excess=float(excess[at]),
        )
        for at in _ranked(keys, logs)
    ]


def _ranked(keys: Sequence[FactorKey], logs: Floats) -> list[int]:
    return sorted(range(len(keys)), key=lambda at: (logs[at], keys[at]))
