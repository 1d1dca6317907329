"""What judging a prediction takes: splits by time, leakage guard, scores, calibration, baselines.

Formulas as in scikit-learn's user guide: AUC by ranks (ties count half), average precision as the
sum of precision over steps of recall (ties are one step), Platt's calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit
from xinlian.trace.model.quality.arrays import Bools, Floats
from xinlian.trace.model.quality.errors import QualityError

__all__ = [
    "Derived",
    "Features",
    "Interval",
    "Labelled",
    "Logistic",
    "Platt",
    "Scores",
    "auc",
    "average_precision",
    "calibration_table",
    "judge",
    "leaks",
    "split_by_time",
]

_POSITIVES_MIN: Final = 10
_RESAMPLES: Final = 300
_LEAK_AUC: Final = 0.995
_LEAK_SHARE: Final = 0.95
_LEAK_ROWS: Final = 10
_LEAK_VALUES: Final = 20
_EDGE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Derived:
    """A feature made of two others: ``product`` or ``difference`` of ``first`` and ``second``,
    times ``scale``."""

    name: str
    kind: str
    first: str
    second: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Features:
    """Columns of a table. ``categories`` gives the values of word columns in their order;
    ``outcomes`` are columns that tell the failure itself and must never be features."""

    target: str
    numbers: tuple[str, ...]
    categories: tuple[tuple[str, tuple[str, ...]], ...] = ()
    derived: tuple[Derived, ...] = ()
    outcomes: tuple[str, ...] = ()
    id_column: str = ""

    def __post_init__(self) -> None:
        taken = set(self.outcomes) | {self.target}
        named = [*self.numbers, *(name for name, _ in self.categories)]
        if clash := sorted(taken & set(named)):
            raise QualityError(f"{', '.join(clash)} tells the outcome and cannot be a feature")
        if len(set(self.names)) != len(self.names):
            raise QualityError("two features have one name")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the feature columns, in the order of the array."""
        words = tuple(name for name, _ in self.categories)
        return (*words, *self.numbers, *(one.name for one in self.derived))

    @property
    def category_count(self) -> int:
        """How many of the first columns are categories."""
        return len(self.categories)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows (rows, features) and whether each failed."""

    rows: Floats
    failed: Bools

    def part(self, first: int, last: int) -> Labelled:
        """Rows from ``first`` up to ``last``."""
        return Labelled(self.rows[first:last], self.failed[first:last])


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scores:
    """How good chances were. ``calibration`` rows are (mean chance, share that failed, count)."""

    auc: Interval
    average_precision: Interval
    brier: float
    log_loss: float
    calibration: tuple[tuple[float, float, int], ...]


def split_by_time(data: Labelled, train: float = 0.6, stop: float = 0.2) -> tuple[Labelled, ...]:
    """Train, stop (also for calibration) and test blocks in the order of the rows, which is time.

    Nothing later ever helps to judge something earlier. Raises ``QualityError`` where a block has
    fewer than ten failures.
    """
    count = data.failed.size
    first, second = round(count * train), round(count * (train + stop))
    blocks = data.part(0, first), data.part(first, second), data.part(second, count)
    for name, block in zip(("training", "stopping", "test"), blocks, strict=True):
        if int(block.failed.sum()) < _POSITIVES_MIN or block.failed.all():
            raise QualityError(
                f"the {name} rows hold {int(block.failed.sum())} failures of {block.failed.size}; "
                f"at least {_POSITIVES_MIN} are needed"
            )
    return blocks


def auc(failed: Bools, scores: Floats) -> float:
    """Chance that a failure scores above a non-failure; ties count half."""
    bad = int(failed.sum())
    good = failed.size - bad
    if bad == 0 or good == 0:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    return float((ranks[failed].sum() - bad * (bad + 1) / 2) / (bad * good))


def average_precision(failed: Bools, scores: Floats) -> float:
    """Area under the precision-recall curve as a sum of steps; the prevalence is its baseline."""
    bad = int(failed.sum())
    if bad == 0:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(failed[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), failed.size - 1)
    precision, recall = hits[last] / (last + 1), hits[last] / bad
    return float((precision * np.diff(np.concatenate(([0.0], recall)))).sum())


def calibration_table(
    failed: Bools, chances: Floats, bins: int = 10
) -> tuple[tuple[float, float, int], ...]:
    """Rows of (mean chance, share that failed, count) over bins of about equal size."""
    order = np.argsort(chances, kind="stable")
    return tuple(
        (float(chances[part].mean()), float(failed[part].mean()), part.size)
        for part in np.array_split(order, bins)
        if part.size
    )


def judge(failed: Bools, chances: Floats, seed: int = 1) -> Scores:
    """Every score of ``chances``, with intervals from stratified resampling."""
    generator = np.random.default_rng(seed)
    bad, good = np.flatnonzero(failed), np.flatnonzero(~failed)
    drawn = np.empty((_RESAMPLES, 2))
    for at in range(_RESAMPLES):
        rows = np.concatenate((generator.choice(bad, bad.size), generator.choice(good, good.size)))
        drawn[at] = auc(failed[rows], chances[rows]), average_precision(failed[rows], chances[rows])
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    kept = np.clip(chances, _EDGE, 1 - _EDGE)
    loss = -np.where(failed, np.log(kept), np.log1p(-kept)).mean()
    return Scores(
        auc=Interval(auc(failed, chances), float(low[0]), float(high[0])),
        average_precision=Interval(
            average_precision(failed, chances), float(low[1]), float(high[1])
        ),
        brier=float(((chances - failed) ** 2).mean()),
        log_loss=float(loss),
        calibration=calibration_table(failed, chances),
    )


def leaks(data: Labelled, names: Sequence[str]) -> list[str]:
    """Features that look as if they told the outcome: one value means failure nearly always, or
    the feature alone sorts failures from the rest. Give it the training rows."""
    found = []
    for column, name in enumerate(names):
        values = data.rows[:, column]
        known = np.isfinite(values)
        values, failed = values[known], data.failed[known]
        if values.size == 0:
            continue
        alone = auc(failed, values)
        if max(alone, 1 - alone) >= _LEAK_AUC or _tells(values, failed):
            found.append(name)
    return found


def _tells(values: Floats, failed: Bools) -> bool:
    kinds = np.unique(values)
    if kinds.size > _LEAK_VALUES:
        return False
    share = failed.mean()
    return any(
        int(same.sum()) >= _LEAK_ROWS
        and failed[same].mean() >= _LEAK_SHARE
        and failed[same].mean() > 2 * share
        for same in (values == kind for kind in kinds)
    )


class Logistic:
    """Logistic regression by Newton's method; the baseline of every report.

    ``ridge`` is the weight of half the squared coefficients of standardised features.
    """

    def __init__(self, data: Labelled, categories: int = 0, ridge: float = 1.0) -> None:
        self._categories = categories
        self._kinds = [np.unique(data.rows[:, at])[1:] for at in range(categories)]
        plain = self._expand(data.rows)
        self._means = np.nan_to_num(np.nanmean(plain, axis=0))
        spread = np.nanstd(plain, axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)
        rows = self._design(data.rows)
        weights = np.zeros(rows.shape[1])
        penalty = ridge * np.eye(weights.size)
        penalty[0, 0] = 0.0
        for _ in range(50):
            chances = expit(rows @ weights)
            slope = rows.T @ (chances - data.failed) + penalty @ weights
            bend = (rows * (chances * (1 - chances))[:, None]).T @ rows + penalty
            step = np.linalg.solve(bend + _EDGE * np.eye(weights.size), slope)
            weights -= step
            if np.abs(step).max() < 1e-8:
                break
        self.weights = weights

    def _expand(self, rows: Floats) -> Floats:
        """Categories as columns of 0 and 1 (all but the first value), numbers as they are."""
        words = [
            (rows[:, at, None] == kinds[None, :]).astype(float)
            for at, kinds in enumerate(self._kinds)
        ]
        return np.hstack([*words, rows[:, self._categories :]])

    def _design(self, rows: Floats) -> Floats:
        plain = self._expand(rows)
        plain = np.where(np.isfinite(plain), plain, self._means)
        return np.hstack([np.ones((rows.shape[0], 1)), (plain - self._means) / self._spread])

    def chances(self, rows: Floats) -> Floats:
        """Chance of failure per row."""
        return np.asarray(expit(self._design(rows) @ self.weights))


@dataclass(frozen=True, slots=True)
class Platt:
    """Calibration: chance = expit(slope · score + offset)."""

    slope: float
    offset: float

    @classmethod
    def fit(cls, failed: Bools, scores: Floats) -> Platt:
        """Learn from rows that the model did not learn from."""
        model = Logistic(Labelled(scores[:, None], failed))
        spread, mean = float(model._spread[0]), float(model._means[0])
        slope = float(model.weights[1]) / spread
        return cls(slope, float(model.weights[0]) - slope * mean)

    def chances(self, scores: Floats) -> Floats:
        """Chances of raw scores."""
        return np.asarray(expit(self.slope * scores + self.offset))
