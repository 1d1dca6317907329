"""Predict failures of key nodes with the factors that drive each prediction.

The rows are split by time: the first part is learned from, the next tells when to stop and is
calibrated on, the last alone is judged. Baselines stand beside every figure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from xinlian.trace.model.quality.arrays import Bools, Floats, plain
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.prediction import (
    Derived,
    Features,
    Labelled,
    Logistic,
    Platt,
    Scores,
    auc,
    judge,
    leaks,
    split_by_time,
)
from xinlian.trace.usecases.quality.ports import Learner

__all__ = [
    "AI4I",
    "Influence",
    "Model",
    "Predicted",
    "PredictionReport",
    "Table",
    "learn",
    "predict",
]

AI4I: Final = Features(
    target="Machine failure",
    categories=(("Type", ("L", "M", "H")),),
    numbers=(
        "Air temperature [K]",
        "Process temperature [K]",
        "Rotational speed [rpm]",
        "Torque [Nm]",
        "Tool wear [min]",
    ),
    derived=(
        Derived("Power [W]", "product", "Rotational speed [rpm]", "Torque [Nm]", 2 * np.pi / 60),
        Derived("Heat gap [K]", "difference", "Process temperature [K]", "Air temperature [K]"),
        Derived("Strain [min Nm]", "product", "Tool wear [min]", "Torque [Nm]"),
    ),
    outcomes=("TWF", "HDF", "PWF", "OSF", "RNF"),
    id_column="UDI",
)
"""UCI AI4I 2020: the five kinds of failure tell the outcome and are no features; power, the gap of
temperatures and strain are physics of the machine, known before it fails."""

_SHOWN: Final = 10
_FACTORS: Final = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in the order of time, with the id of each."""

    data: Labelled
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned: the learner's text, its calibration and the columns it wants."""

    learner: str
    text: str
    platt: Platt
    features: Features


@dataclass(frozen=True, slots=True)
class Influence:
    """A factor of one prediction: its value and how much it moved the log odds."""

    name: str
    value: float | str | None
    contribution: float


@dataclass(frozen=True, slots=True)
class Predicted:
    """One row's chance of failure, and the strongest factors."""

    id: str
    chance: float
    factors: tuple[Influence, ...]
    failed: bool | None = None


@dataclass(frozen=True, slots=True)
class PredictionReport:
    """``scores`` by name: the model, then the baselines, all on the test rows. ``influence`` are
    mean absolute contributions in log odds over the test rows, the strongest first."""

    features: tuple[str, ...]
    left_out: tuple[str, ...]
    rows: tuple[int, int, int]
    failures: tuple[int, int, int]
    prevalence: float
    scores: dict[str, Scores]
    influence: tuple[tuple[str, float], ...]
    top: tuple[Predicted, ...]
    rule: str
    seed: int
    model_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "features": list(self.features),
            "left_out": list(self.left_out),
            "rows": dict(zip(("train", "stop", "test"), self.rows, strict=True)),
            "failures": dict(zip(("train", "stop", "test"), self.failures, strict=True)),
            "prevalence": self.prevalence,
            "scores": {name: _scores(one) for name, one in self.scores.items()},
            "influence": [{"name": name, "value": value} for name, value in self.influence],
            "top": [_predicted(one) for one in self.top],
            "rule": self.rule,
            "seed": self.seed,
            "model_sha256": self.model_sha256,
        }


def _scores(one: Scores) -> dict[str, Any]:
    figures = {"auc": one.auc, "pr_auc": one.average_precision}
    shown: dict[str, Any] = {
        name: {"value": figure.value, "low": figure.low, "high": figure.high}
        for name, figure in figures.items()
    }
    bins = [
        {"chance": chance, "failed": share, "rows": count}
        for chance, share, count in one.calibration
    ]
    return dict(plain({**shown, "brier": one.brier, "log_loss": one.log_loss, "calibration": bins}))


def _predicted(one: Predicted) -> dict[str, Any]:
    factors = [
        {"name": each.name, "value": each.value, "contribution": each.contribution}
        for each in one.factors
    ]
    return dict(
        plain({"id": one.id, "chance": one.chance, "failed": one.failed, "factors": factors})
    )


def learn(
    table: Table, spec: Features, learner: Learner, *, seed: int = 1
) -> tuple[Model, PredictionReport]:
    """Learn from a table and judge on its last part. Raises ``QualityError``: features that tell
    the outcome, too few failures, or a learner that is not installed."""
    train, stop, test = split_by_time(table.data)
    if told := leaks(train, spec.names):
        raise QualityError(f"{', '.join(told)} tells the outcome: leave it out of the features")
    text = learner.fit(train, stop, spec, seed)
    platt = Platt.fit(stop.failed, learner.scores(text, stop.rows))
    model = Model(learner.name, text, platt, spec)
    chances = platt.chances(learner.scores(text, test.rows))
    baselines, rule = _baselines(train, test, spec)
    scores = {learner.name: judge(test.failed, chances, seed)}
    scores |= {name: judge(test.failed, each, seed) for name, each in baselines.items()}
    shap = learner.contributions(text, test.rows)
    weight = np.abs(shap[:, :-1]).mean(axis=0)
    ranked = sorted(zip(spec.names, weight.tolist(), strict=True), key=lambda one: -one[1])
    first = table.data.failed.size - test.failed.size
    order = np.argsort(-chances, kind="stable")[:_SHOWN]
    top = _explained(
        spec,
        test.rows[order],
        [table.ids[first + at] for at in order.tolist()],
        chances[order],
        shap[order],
        test.failed[order],
    )
    blocks = (train, stop, test)
    report = PredictionReport(
        features=spec.names,
        left_out=spec.outcomes,
        rows=(train.failed.size, stop.failed.size, test.failed.size),
        failures=tuple(int(block.failed.sum()) for block in blocks),  # type: ignore[arg-type]
        prevalence=float(test.failed.mean()),
        scores=scores,
        influence=tuple(ranked),
        top=tuple(top),
        rule=rule,
        seed=seed,
        model_sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    return model, report


def _baselines(train: Labelled, test: Labelled, spec: Features) -> tuple[dict[str, Floats], str]:
    """Chances by prevalence, by logistic regression, and by the best single feature."""
    share = float(train.failed.mean())
    logistic = Logistic(train, spec.category_count)
    alone = [auc(train.failed, np.nan_to_num(column)) for column in train.rows.T]
    best = int(np.argmax([max(one, 1 - one) for one in alone]))
    sign = 1.0 if alone[best] >= 0.5 else -1.0
    rule = Platt.fit(train.failed, sign * np.nan_to_num(train.rows[:, best]))
    chances = {
        "prevalence": np.full(test.failed.size, share),
        "logistic regression": logistic.chances(test.rows),
        "best single feature": rule.chances(sign * np.nan_to_num(test.rows[:, best])),
    }
    return chances, f"{'high' if sign > 0 else 'low'} {spec.names[best]}"


def _explained(
    spec: Features,
    rows: Floats,
    ids: Sequence[str],
    chances: Floats,
    shap: Floats,
    failed: Bools | None,
) -> list[Predicted]:
    result = []
    for at, one in enumerate(ids):
        order = np.argsort(-np.abs(shap[at, :-1]), kind="stable")[:_FACTORS].tolist()
        factors = tuple(
            Influence(
                spec.names[column], _value(spec, column, rows[at, column]), float(shap[at, column])
            )
            for column in order
        )
        known = None if failed is None else bool(failed[at])
        result.append(Predicted(one, float(chances[at]), factors, known))
    return result


def _value(spec: Features, column: int, value: float) -> float | str | None:
    if not np.isfinite(value):
        return None
    if column < spec.category_count:
        return spec.categories[column][1][int(value)]
    return float(value)


def predict(model: Model, table: Table, learner: Learner) -> list[Predicted]:
    """Chances and factors of new rows, in their order."""
    if model.learner != learner.name:
        raise QualityError(f"the model is one of {model.learner}, not of {learner.name}")
    rows = table.data.rows
    if rows.shape[1] != len(model.features.names):
        raise QualityError("the rows have other columns than the model learned from")
    chances = model.platt.chances(learner.scores(model.text, rows))
    shap = learner.contributions(model.text, rows)
    return _explained(model.features, rows, table.ids, chances, shap, None)
