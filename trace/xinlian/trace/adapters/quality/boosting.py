"""Gradient boosted trees by LightGBM, an extra; Shapley values by TreeSHAP inside it.

A model is LightGBM's text format: numbers of trees, nothing that is executed.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

import numpy as np
from xinlian.trace.model.quality.arrays import Floats
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.prediction import Features, Labelled
from xinlian.trace.usecases.quality.ports import Learner

__all__ = ["LightGbm"]

_ROUNDS_MAX: Final = 400
_PATIENCE: Final = 40
_PARAMETERS: Final = {
    "objective": "binary",
    "metric": "binary_logloss",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.9,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # more would make the sums depend on the machine
    "verbosity": -1,
}


def _library() -> ModuleType:
    try:
        import lightgbm
    except ImportError as exc:
        raise QualityError(
            "failure prediction needs the extra 'analysis' (the package lightgbm): "
            "pip install 'xinlian[analysis]', or ./xl setup dev in a checkout"
        ) from exc
    except OSError as exc:  # the OpenMP runtime that it links to is missing
        raise QualityError(f"lightgbm is installed but cannot be loaded: {exc}") from exc
    return lightgbm


class LightGbm(Learner):
    """The learner; one thread, fixed seeds: the same rows give the same model."""

    name = "lightgbm"

    def fit(self, train: Labelled, stop: Labelled, spec: Features, seed: int) -> str:
        """Learn; trees are added until the loss on ``stop`` has not improved for 40 rounds."""
        library = _library()
        words = list(range(spec.category_count))
        data = library.Dataset(
            train.rows,
            label=train.failed.astype(np.float64),
            feature_name=[f"f{at}" for at in range(train.rows.shape[1])],
            categorical_feature=words,
            free_raw_data=False,
        )
        held = library.Dataset(stop.rows, label=stop.failed.astype(np.float64), reference=data)
        booster = library.train(
            {**_PARAMETERS, "seed": seed},
            data,
            num_boost_round=_ROUNDS_MAX,
            valid_sets=[held],
            callbacks=[library.early_stopping(_PATIENCE, verbose=False)],
        )
        return str(booster.model_to_string(num_iteration=booster.best_iteration))

    def scores(self, model: str, rows: Floats) -> Floats:
        """Log odds per row."""
        return np.asarray(_booster(model).predict(rows, raw_score=True), dtype=np.float64)

    def contributions(self, model: str, rows: Floats) -> Floats:
        """Shapley values in log odds and the base value."""
        return np.asarray(_booster(model).predict(rows, pred_contrib=True), dtype=np.float64)


def _booster(model: str) -> Any:
    library = _library()
    try:
        return library.Booster(model_str=model)
    except library.basic.LightGBMError as exc:
        raise QualityError(f"this is no model of LightGBM: {exc}") from exc
