"""Charts with a memory: exponentially weighted moving average and cumulative sum.

NIST/SEMATECH e-Handbook 6.3.2.3 and 6.3.2.4; Montgomery, Statistical Quality Control, chapter 9.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from xinlian.trace.model.quality.arrays import Floats, Ints, finite
from xinlian.trace.model.quality.charts import Baseline, Chart, ChartKind, Panel
from xinlian.trace.model.quality.errors import QualityError

__all__ = ["cusum_chart", "ewma_chart", "ewma_error"]


def _target(target: float, sigma: float) -> None:
    if not np.isfinite(target) or not np.isfinite(sigma) or sigma <= 0:
        raise QualityError(f"a chart needs a target and a standard deviation above 0, not {sigma}")


def ewma_chart(
    values: ArrayLike,
    *,
    target: float,
    sigma: float,
    weight: float = 0.2,
    width: float = 3.0,
    settled: bool = False,
) -> Chart:
    """EWMA_t = weight · x_t + (1 - weight) · EWMA_{t-1}, from EWMA_0 = ``target``.

    ``sigma``: standard deviation of one plotted value. Limits are ``width`` standard errors, exact
    for every t, or those of the settled state (t → ∞) throughout.
    """
    row = finite(values)
    _target(target, sigma)
    if not 0 < weight <= 1:
        raise QualityError(f"the weight lies above 0 and at most at 1, not at {weight}")
    averages, latest = np.empty(row.size), target
    for at, value in enumerate(row.tolist()):
        latest = weight * value + (1 - weight) * latest
        averages[at] = latest
    error = ewma_error(sigma, weight, None if settled else np.arange(1, row.size + 1), row.size)
    centre = np.full(row.size, target)
    panel = Panel("ewma", averages, centre, centre - width * error, centre + width * error, error)
    return Chart(ChartKind.EWMA, Baseline(ChartKind.EWMA, target, sigma, 1, 0), (panel,))


def ewma_error(sigma: float, weight: float, ages: Ints | None, count: int = 1) -> Floats:
    """Standard error of EWMA_t for t in ``ages``, or ``count`` times that of the settled state."""
    growth = np.ones(count) if ages is None else 1 - (1 - weight) ** (2 * ages)
    return np.asarray(sigma * np.sqrt(weight / (2 - weight) * growth))


def cusum_chart(
    values: ArrayLike,
    *,
    target: float,
    sigma: float,
    slack: float = 0.5,
    decision: float = 5.0,
    head_start: float = 0.0,
) -> Chart:
    """Tabular CUSUM: sums above and below the target, signalled beyond ``decision`` · σ.

    ``slack`` (k), ``decision`` (h) and ``head_start`` are in units of ``sigma``. The panel of the
    lower sum is drawn with its sign turned: both lie above 0.
    """
    row = finite(values)
    _target(target, sigma)
    if slack < 0 or decision <= 0 or not 0 <= head_start < decision:
        raise QualityError("a CUSUM needs slack ≥ 0, decision > 0 and a head start below it")
    above = np.empty(row.size)
    below = np.empty(row.size)
    high = low = head_start * sigma
    k, h = slack * sigma, decision * sigma
    for at, value in enumerate(row.tolist()):
        high = max(0.0, high + value - target - k)
        low = max(0.0, low + target - k - value)
        above[at], below[at] = high, low
    zeros, limit = np.zeros(row.size), np.full(row.size, h)
    error = np.full(row.size, sigma)
    panels = tuple(
        Panel(name, sums, zeros, zeros, limit, error)
        for name, sums in (("upper sum", above), ("lower sum", below))
    )
    return Chart(ChartKind.CUSUM, Baseline(ChartKind.CUSUM, target, sigma, 1, 0), panels)
