"""Gauge repeatability and reproducibility of a crossed study, by ANOVA or by average and range.

AIAG, Measurement Systems Analysis, 4th edition, chapter III section B: %GRR of the study variation
and of the tolerance, number of distinct categories, and the usual verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from scipy.special import fdtrc
from xinlian.trace.model.quality.arrays import Floats
from xinlian.trace.model.quality.constants import d2, d2_star
from xinlian.trace.model.quality.errors import QualityError

__all__ = ["CATEGORIES_MIN", "AnovaRow", "GaugeMethod", "GaugeStudy", "Verdict", "gauge_study"]

GOOD_PERCENT: Final = 10.0
BAD_PERCENT: Final = 30.0
CATEGORIES_MIN: Final = 5
_CATEGORIES: Final = math.sqrt(2)  # 1.41 in the manual
_STUDY_WIDTH: Final = 6.0
_CELLS_MAX: Final = 1_000_000


class GaugeMethod(StrEnum):
    """How the variances are estimated."""

    ANOVA = "anova"
    RANGE = "range"


class Verdict(StrEnum):
    """The usual reading of %GRR: at most 10, above 10 to 30, above 30."""

    ACCEPTABLE = "acceptable"
    MARGINAL = "marginal"
    UNACCEPTABLE = "unacceptable"


@dataclass(frozen=True, slots=True)
class AnovaRow:
    """A line of the analysis of variance; ``f`` and ``p`` are ``None`` for errors and totals."""

    source: str
    freedom: int
    squares: float
    mean_square: float
    f: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class GaugeStudy:
    """Result of a study. Deviations are standard deviations in the unit of the measurement.

    ``grr_percent`` is 100 · grr / total; ``tolerance_percent`` 100 · 6 grr / tolerance. ``pooled``:
    the interaction was not significant and joined the repeatability.
    """

    method: GaugeMethod
    parts: int
    appraisers: int
    trials: int
    repeatability: float
    reproducibility: float
    interaction: float
    grr: float
    part: float
    total: float
    grr_percent: float
    tolerance_percent: float | None
    categories: int
    verdict: Verdict
    pooled: bool
    anova: tuple[AnovaRow, ...] = ()

    @property
    def fit(self) -> bool:
        """May be used: not unacceptable, and at least five distinct categories."""
        return self.verdict is not Verdict.UNACCEPTABLE and self.categories >= CATEGORIES_MIN


def _cube(rows: Iterable[tuple[str, str, float]]) -> Floats:
    """Measurements as an array (part, appraiser, trial); raises where the study is not complete."""
    cells: dict[tuple[str, str], list[float]] = {}
    for count, (part, appraiser, value) in enumerate(rows, 1):
        if count > _CELLS_MAX:
            raise QualityError(f"a study has at most {_CELLS_MAX} measurements")
        if not math.isfinite(value):
            raise QualityError(f"part {part}, appraiser {appraiser}: not a finite number")
        cells.setdefault((part, appraiser), []).append(value)
    parts = list(dict.fromkeys(part for part, _ in cells))
    appraisers = list(dict.fromkeys(appraiser for _, appraiser in cells))
    if len(parts) < 2 or len(appraisers) < 2:
        raise QualityError("a study needs at least 2 parts and 2 appraisers")
    trials = len(next(iter(cells.values())))
    if trials < 2:
        raise QualityError("a study needs at least 2 trials of every part by every appraiser")
    for part in parts:
        for appraiser in appraisers:
            found = len(cells.get((part, appraiser), ()))
            if found != trials:
                raise QualityError(
                    f"appraiser {appraiser} measured part {part} {found} times, others {trials}"
                )
    return np.array([[cells[part, one] for one in appraisers] for part in parts])


@dataclass(frozen=True, slots=True)
class _Variances:
    repeatability: float
    appraiser: float
    interaction: float
    part: float
    pooled: bool = False
    anova: tuple[AnovaRow, ...] = ()


def _row(source: str, freedom: int, squares: float, over: tuple[float, int] | None) -> AnovaRow:
    mean = squares / freedom
    if over is None or over[0] <= 0:
        return AnovaRow(source, freedom, squares, mean)
    f = mean / over[0]
    return AnovaRow(source, freedom, squares, mean, f, float(fdtrc(freedom, over[1], f)))


def _anova(cube: Floats, pool_above: float) -> _Variances:
    parts, people, trials = cube.shape
    grand = cube.mean()
    by_part, by_person, by_cell = cube.mean((1, 2)), cube.mean((0, 2)), cube.mean(2)
    squares_part = people * trials * float(((by_part - grand) ** 2).sum())
    squares_person = parts * trials * float(((by_person - grand) ** 2).sum())
    fitted = by_part[:, None] + by_person[None, :] - grand
    squares_both = trials * float(((by_cell - fitted) ** 2).sum())
    squares_error = float(((cube - by_cell[:, :, None]) ** 2).sum())
    free_part, free_person = parts - 1, people - 1
    free_both, free_error = free_part * free_person, parts * people * (trials - 1)
    mean_both, mean_error = squares_both / free_both, squares_error / free_error
    both = _row("interaction", free_both, squares_both, (mean_error, free_error))
    pooled = both.p is not None and both.p > pool_above
    if pooled:
        free_noise = free_both + free_error
        noise = (squares_both + squares_error) / free_noise
        repeat, over, interaction = noise, (noise, free_noise), 0.0
    else:
        repeat, over = mean_error, (mean_both, free_both)
        interaction = max(0.0, (mean_both - mean_error) / trials)
    person = max(0.0, (squares_person / free_person - over[0]) / (parts * trials))
    part = max(0.0, (squares_part / free_part - over[0]) / (people * trials))
    table = (
        _row("part", free_part, squares_part, over),
        _row("appraiser", free_person, squares_person, over),
        both,
        _row("repeatability", free_error, squares_error, None),
        _row("total", cube.size - 1, float(((cube - grand) ** 2).sum()), None),
    )
    return _Variances(repeat, person, interaction, part, pooled, table)


def _ranges(cube: Floats) -> _Variances:
    parts, people, trials = cube.shape
    repeat = (float(np.ptp(cube, axis=2).mean()) / d2(trials)) ** 2
    spread = float(np.ptp(cube.mean((0, 2)))) / d2_star(1, people)
    person = max(0.0, spread**2 - repeat / (parts * trials))
    part = (float(np.ptp(cube.mean((1, 2)))) / d2_star(1, parts)) ** 2
    return _Variances(repeat, person, 0.0, part)


def gauge_study(
    rows: Iterable[tuple[str, str, float]],
    *,
    method: GaugeMethod = GaugeMethod.ANOVA,
    tolerance: float | None = None,
    pool_above: float = 0.05,
) -> GaugeStudy:
    """Study of ``rows`` of (part, appraiser, value): every appraiser measures every part equally
    often, at least twice.

    ``tolerance``: upper minus lower limit. ``pool_above``: an interaction whose p value lies above
    it joins the repeatability. Raises ``QualityError``.
    """
    if tolerance is not None and not tolerance > 0:
        raise QualityError(f"a tolerance is wider than 0, not {tolerance}")
    cube = _cube(rows)
    found = _anova(cube, pool_above) if method is GaugeMethod.ANOVA else _ranges(cube)
    reproducibility = found.appraiser + found.interaction
    grr = math.sqrt(found.repeatability + reproducibility)
    total = math.sqrt(grr * grr + found.part)
    if total == 0:
        raise QualityError("every measurement is the same: the gauge resolves nothing here")
    percent = 100 * grr / total
    against = None if tolerance is None else 100 * _STUDY_WIDTH * grr / tolerance
    worst = percent if against is None else max(percent, against)
    part = math.sqrt(found.part)
    return GaugeStudy(
        method=method,
        parts=cube.shape[0],
        appraisers=cube.shape[1],
        trials=cube.shape[2],
        repeatability=math.sqrt(found.repeatability),
        reproducibility=math.sqrt(found.appraiser),
        interaction=math.sqrt(found.interaction),
        grr=grr,
        part=part,
        total=total,
        grr_percent=percent,
        tolerance_percent=against,
        categories=_categories(part, grr),
        verdict=_verdict(worst),
        pooled=found.pooled,
        anova=found.anova,
    )


def _categories(part: float, grr: float) -> int:
    """Number of distinct categories, cut to a whole number and at least 1."""
    if grr == 0:
        return 1_000_000
    return max(1, int(_CATEGORIES * part / grr))


def _verdict(percent: float) -> Verdict:
    if percent <= GOOD_PERCENT:
        return Verdict.ACCEPTABLE
    return Verdict.MARGINAL if percent <= BAD_PERCENT else Verdict.UNACCEPTABLE
