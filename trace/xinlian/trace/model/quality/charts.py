"""Shewhart control charts: X̄-R, X̄-S, individuals and moving range, p, np, c, u.

Phase I estimates a ``Baseline`` from data held to be in control; phase II draws new data against
it. Formulas: NIST/SEMATECH e-Handbook 6.3.2 and 6.3.3; Montgomery, Statistical Quality Control.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from xinlian.trace.model.quality.arrays import Floats, Ints, finite
from xinlian.trace.model.quality.constants import c4, d2, d3
from xinlian.trace.model.quality.errors import QualityError

__all__ = [
    "ATTRIBUTE_KINDS",
    "FAR",
    "Baseline",
    "Chart",
    "ChartKind",
    "Panel",
    "attribute_baseline",
    "attribute_chart",
    "choose_kind",
    "subgroups_of",
    "variable_baseline",
    "variable_chart",
]

_WIDTH: Final = 3.0
FAR: Final = 1e9
"""The distance, in standard errors, of a point that differs where nothing should vary."""
_RANGE_BEST_UP_TO: Final = 8
"""Above this subgroup size the range wastes information: X̄-S is chosen."""


class ChartKind(StrEnum):
    """Which chart; the moving and cumulative ones are in ``weighted``."""

    XBAR_R = "xbar-r"
    XBAR_S = "xbar-s"
    I_MR = "i-mr"
    P = "p"
    NP = "np"
    C = "c"
    U = "u"
    EWMA = "ewma"
    CUSUM = "cusum"


ATTRIBUTE_KINDS: Final = frozenset({ChartKind.P, ChartKind.NP, ChartKind.C, ChartKind.U})


@dataclass(frozen=True, slots=True)
class Panel:
    """One series of points with its limits, arrays of one length.

    ``sigma`` is the standard error of each point: zones of the run rules are multiples of it.
    ``lower`` may be clipped at zero where the statistic cannot be negative.
    """

    name: str
    values: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    sigma: Floats

    def z(self) -> Floats:
        """Distance of each point from its centre in standard errors.

        Where the error is 0, any distance counts as beyond every limit.
        """
        away = self.values - self.centre
        spread = self.sigma > 0
        return np.where(spread, away / np.where(spread, self.sigma, 1.0), np.sign(away) * FAR)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What phase I found. ``sigma`` is the standard deviation of a single measurement within
    subgroups (variables); for attributes it is 0 and ``mean`` is p̄, or c̄ or ū."""

    kind: ChartKind
    mean: float
    sigma: float
    size: int
    points: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: what it was drawn against, and its panels (location first, then spread)."""

    kind: ChartKind
    baseline: Baseline
    panels: tuple[Panel, ...]


def choose_kind(
    *, attribute: bool, size: int, constant_size: bool = True, defects: bool = False
) -> ChartKind:
    """The usual chart for a characteristic.

    ``attribute``: counted, not measured; ``defects``: counts of defects that may exceed the number
    of units (otherwise counts of defective units); ``size``: values of a subgroup, or units of a
    sample; ``constant_size``: the same in every sample.
    """
    if attribute and defects:
        return ChartKind.C if constant_size else ChartKind.U
    if attribute:
        return ChartKind.NP if constant_size else ChartKind.P
    if size <= 1:
        return ChartKind.I_MR
    return ChartKind.XBAR_R if size <= _RANGE_BEST_UP_TO else ChartKind.XBAR_S


def subgroups_of(values: ArrayLike, size: int) -> Floats:
    """Consecutive subgroups of ``size`` from one row; an unfinished last one is left out."""
    row = finite(values, least=size)
    whole = row.size // size
    return row[: whole * size].reshape(whole, size)


def _matrix(subgroups: Iterable[ArrayLike]) -> tuple[Floats, Ints]:
    """Subgroups as rows (not-a-number fills short ones) and the number of values in each."""
    rows = [
        finite(row, least=2, name=f"subgroup {number}") for number, row in enumerate(subgroups, 1)
    ]
    if not rows:
        raise QualityError("there is no subgroup")
    sizes = np.array([row.size for row in rows], dtype=np.int64)
    matrix = np.full((len(rows), int(sizes.max())), np.nan)
    for at, row in enumerate(rows):
        matrix[at, : row.size] = row
    return matrix, sizes


def _each(sizes: Ints, of: Callable[[int], float]) -> Floats:
    """The constant ``of`` each size."""
    known = {size: of(size) for size in np.unique(sizes).tolist()}
    return np.array([known[size] for size in sizes.tolist()], dtype=np.float64)


def _panel(name: str, values: Floats, centre: Floats, sigma: Floats, *, floor: bool) -> Panel:
    lower = centre - _WIDTH * sigma
    if floor:
        lower = np.maximum(lower, 0.0)
    return Panel(name, values, centre, lower, centre + _WIDTH * sigma, sigma)


def _flat(like: Floats, value: float) -> Floats:
    return np.full(like.shape, value)


def _spread(kind: ChartKind, matrix: Floats) -> Floats:
    """Range or standard deviation of every subgroup."""
    if kind is ChartKind.XBAR_R:
        return np.asarray(np.nanmax(matrix, axis=1) - np.nanmin(matrix, axis=1))
    return np.asarray(np.nanstd(matrix, axis=1, ddof=1))


def variable_baseline(kind: ChartKind, data: Iterable[ArrayLike] | ArrayLike) -> Baseline:
    """Phase I of measured data: subgroups for X̄ charts, one row of values for I-MR.

    σ is R̄/d2, s̄/c4 or the mean moving range / d2(2); with subgroups of unequal size the mean of
    R/d2(n) or s/c4(n), and the mean is weighted by size. Raises ``QualityError``.
    """
    if kind is ChartKind.I_MR:
        row = finite(np.asarray(data, dtype=np.float64), least=2)
        sigma = float(np.abs(np.diff(row)).mean()) / d2(2)
        return Baseline(kind, float(row.mean()), sigma, 1, row.size)
    if kind not in {ChartKind.XBAR_R, ChartKind.XBAR_S}:
        raise QualityError(f"{kind.value} is not a chart of measured data with limits of its own")
    matrix, sizes = _matrix(data)  # type: ignore[arg-type]
    unit = _each(sizes, d2 if kind is ChartKind.XBAR_R else c4)
    sigma = float((_spread(kind, matrix) / unit).mean())
    mean = float(np.nansum(matrix) / sizes.sum())
    return Baseline(kind, mean, sigma, int(sizes.max()), len(sizes))


def variable_chart(baseline: Baseline, data: Iterable[ArrayLike] | ArrayLike) -> Chart:
    """Draw measured data against ``baseline`` (phase II, or phase I over its own data).

    The moving-range panel of I-MR has one point fewer than there are values: its point i is the
    step to value i + 1.
    """
    if baseline.kind is ChartKind.I_MR:
        return _individuals(baseline, finite(np.asarray(data, dtype=np.float64)))
    matrix, sizes = _matrix(data)  # type: ignore[arg-type]
    means, sigma = np.nansum(matrix, axis=1) / sizes, baseline.sigma
    location = _panel(
        "mean", means, _flat(means, baseline.mean), sigma / np.sqrt(sizes), floor=False
    )
    if baseline.kind is ChartKind.XBAR_R:
        centre, error, name = _each(sizes, d2) * sigma, _each(sizes, d3) * sigma, "range"
    else:
        unit = _each(sizes, c4)
        centre, error, name = unit * sigma, sigma * np.sqrt(1 - unit**2), "deviation"
    spread = _panel(name, _spread(baseline.kind, matrix), centre, error, floor=True)
    return Chart(baseline.kind, baseline, (location, spread))


def _individuals(baseline: Baseline, row: Floats) -> Chart:
    sigma = baseline.sigma
    values = _panel("value", row, _flat(row, baseline.mean), _flat(row, sigma), floor=False)
    if row.size == 1:
        return Chart(baseline.kind, baseline, (values,))
    steps = np.abs(np.diff(row))
    moving = _panel(
        "moving range", steps, _flat(steps, d2(2) * sigma), _flat(steps, d3(2) * sigma), floor=True
    )
    return Chart(baseline.kind, baseline, (values, moving))


def _counts(kind: ChartKind, counts: ArrayLike, sizes: ArrayLike | None) -> tuple[Floats, Floats]:
    found = finite(counts, name="counts")
    if kind not in ATTRIBUTE_KINDS:
        raise QualityError(f"{kind.value} is not a chart of counts")
    if (found < 0).any():
        raise QualityError("a count is below zero")
    if kind is ChartKind.C:
        return found, np.ones_like(found)
    if sizes is None:
        raise QualityError(f"a {kind.value} chart needs the size of every sample")
    units = finite(np.broadcast_to(np.asarray(sizes, dtype=np.float64), found.shape), name="sizes")
    if (units <= 0).any():
        raise QualityError("a sample has no unit")
    if kind is not ChartKind.U and (found > units).any():
        raise QualityError("a sample has more defective units than units")
    if kind is ChartKind.NP and np.ptp(units) > 0:
        raise QualityError("an np chart needs samples of one size; a p chart takes any")
    return found, units


def attribute_baseline(
    kind: ChartKind, counts: ArrayLike, sizes: ArrayLike | None = None
) -> Baseline:
    """Phase I of counted data: p̄ = Σ counts / Σ sizes for p and np, ū likewise, c̄ for c."""
    found, units = _counts(kind, counts, sizes)
    mean = float(found.sum() / units.sum())
    return Baseline(kind, mean, 0.0, int(units.max()), found.size)


def attribute_chart(baseline: Baseline, counts: ArrayLike, sizes: ArrayLike | None = None) -> Chart:
    """Draw counted data against ``baseline``; limits of p and u charts follow each sample's size.

    Limits are 3 standard errors of the binomial (p, np) or Poisson (c, u) distribution, clipped
    to what can occur.
    """
    kind, mean = baseline.kind, baseline.mean
    found, units = _counts(kind, counts, sizes)
    if kind in {ChartKind.P, ChartKind.NP}:
        error, most = np.sqrt(mean * (1 - mean) / units), 1.0
    else:
        error, most = np.sqrt(mean / units), np.inf
    scale = units if kind is ChartKind.NP else np.ones_like(units)
    values = found if kind in {ChartKind.NP, ChartKind.C} else found / units
    drawn = _panel(kind.value, values, mean * scale, error * scale, floor=True)
    upper = np.minimum(drawn.upper, most * scale)
    panel = Panel(drawn.name, values, drawn.centre, drawn.lower, upper, drawn.sigma)
    return Chart(kind, baseline, (panel,))
