"""Least squares with the diagnostics that judge an energy baseline (ISO 50006, ASHRAE 14)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.exact import EnergyError

__all__ = ["Baseline", "Term", "cusum", "degree_days", "fit"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Term:
    """A driver's coefficient, its standard error, and t; |t| below 2 explains little."""

    name: str
    value: float
    error: float

    @property
    def t(self) -> float:
        """Coefficient by standard error."""
        return self.value / self.error if self.error > 0 else math.inf


@dataclass(frozen=True)
class Baseline:
    """A fitted model: what energy is to be expected from the drivers."""

    terms: tuple[Term, ...]
    """The constant first, if there is one."""
    observations: int
    r2: float
    r2_adjusted: float
    residual_error: float
    """Standard deviation of the residuals, in units of the energy."""
    cv_rmse: float
    """``residual_error`` by the mean."""
    f: float
    """F of the regression."""
    constant: bool

    @property
    def valid(self) -> bool:
        """Fit for savings by common practice: R² of 0.75 and CV(RMSE) of at most 0.25."""
        return self.r2 >= 0.75 and self.cv_rmse <= 0.25

    def expected(self, drivers: Sequence[Floats]) -> Floats:
        """Energy to be expected, given the drivers in the order of the fit."""
        design = _design(drivers, self.constant)
        return np.asarray(design @ np.array([term.value for term in self.terms]))


def fit(
    energy: npt.ArrayLike, drivers: Sequence[tuple[str, npt.ArrayLike]], *, constant: bool = True
) -> Baseline:
    """Ordinary least squares of energy on drivers, by QR of the scaled design.

    ``EnergyError`` where there are too few observations, a value is not finite, or drivers say the
    same thing (the design lacks rank).
    """
    y = np.asarray(energy, dtype=np.float64)
    columns = [np.asarray(values, dtype=np.float64) for _, values in drivers]
    names = ["constant"] * constant + [name for name, _ in drivers]
    if not names or any(column.shape != y.shape for column in columns) or y.ndim != 1:
        raise EnergyError("energy and drivers differ in length", "能耗与驱动因素的数量不一致")
    design = _design(columns, constant, len(y))
    count, parameters = design.shape
    if count <= parameters:
        raise EnergyError(
            f"{count} observations do not determine {parameters} coefficients",
            f"{count} 个观测不足以确定 {parameters} 个系数",
        )
    if not (np.isfinite(design).all() and np.isfinite(y).all()):
        raise EnergyError("a baseline needs finite numbers", "基准拟合的数据须为有限数")
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1.0
    q, r = np.linalg.qr(design / scale)
    diagonal = np.abs(np.diag(r))
    if diagonal.min() < 1e-11 * max(1.0, float(diagonal.max())):
        raise EnergyError(
            "drivers say the same thing: leave one out", "驱动因素线性相关，请去掉一个"
        )
    solved = np.linalg.solve(r, q.T @ y)
    # One step of refinement: the residual's own fit, which wins back digits of ill-scaled designs.
    residual = y - (design / scale) @ solved
    solved += np.linalg.solve(r, q.T @ residual)
    residual = y - (design / scale) @ solved
    freedom = count - parameters
    sum_squares = float(residual @ residual)
    variance = sum_squares / freedom
    inverse: Any = np.linalg.inv(r)
    errors = np.sqrt(variance * (inverse**2).sum(axis=1)) / scale
    centred = y - y.mean() if constant else y
    whole = float(centred @ centred)
    explained = whole - sum_squares
    r2 = explained / whole if whole > 0 else 1.0
    model_freedom = parameters - constant
    f = explained / max(1, model_freedom) / variance if variance > 0 else math.inf
    mean = float(y.mean())
    terms = zip(names, solved / scale, errors, strict=True)
    return Baseline(
        tuple(Term(name, float(value), float(error)) for name, value, error in terms),
        count,
        r2,
        1.0 - (1.0 - r2) * (count - constant) / freedom,
        math.sqrt(variance),
        math.sqrt(variance) / abs(mean) if mean else math.inf,
        f,
        constant,
    )


def cusum(actual: npt.ArrayLike, expected: npt.ArrayLike) -> Floats:
    """Savings so far: falls while more is used than expected, rises while less is."""
    return np.cumsum(np.asarray(expected, dtype=np.float64) - np.asarray(actual, dtype=np.float64))


def degree_days(mean_celsius: npt.ArrayLike, base: float, *, cooling: bool = False) -> Floats:
    """Degrees of each day below the base (heating), or above it (cooling)."""
    off = base - np.asarray(mean_celsius, dtype=np.float64)
    return np.maximum(-off if cooling else off, 0.0)


def _design(columns: Sequence[Floats], constant: bool, count: int | None = None) -> Floats:
    length = len(columns[0]) if count is None else count
    ones = [np.ones(length)] if constant else []
    return np.column_stack([*ones, *columns])
