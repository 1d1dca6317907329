"""Trained models as files: one JSON object with the model's text and a SHA-256 over everything.

Loading runs no code. The digest refuses a file that was changed by chance or by hand; it is no
signature: pass the digest that was published with the model to know whose it is.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.prediction import Derived, Features, Platt
from xinlian.trace.usecases.quality.predicting import Model

__all__ = ["load_model", "save_model"]

FORMAT: Final = "xinlian-model/1"
_BYTES_MAX: Final = 64 << 20


def _digest(content: dict[str, Any]) -> str:
    plain = {name: value for name, value in content.items() if name != "sha256"}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def save_model(path: Path, model: Model) -> str:
    """Write a model; its digest in hex."""
    spec = model.features
    content: dict[str, Any] = {
        "format": FORMAT,
        "learner": model.learner,
        "calibration": [repr(model.platt.slope), repr(model.platt.offset)],
        "features": {
            "target": spec.target,
            "numbers": list(spec.numbers),
            "categories": [[name, list(values)] for name, values in spec.categories],
            "derived": [
                [one.name, one.kind, one.first, one.second, repr(one.scale)] for one in spec.derived
            ],
            "outcomes": list(spec.outcomes),
            "id_column": spec.id_column,
        },
        "model": model.text,
    }
    content["sha256"] = _digest(content)
    path.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    return str(content["sha256"])


def load_model(path: Path, expected: str = "") -> Model:
    """Read a model; ``expected`` is a digest it must have. Raises ``QualityError``."""
    if path.stat().st_size > _BYTES_MAX:
        raise QualityError(f"{path.name} is larger than a model may be")
    try:
        content = json.loads(path.read_bytes())
        if content.get("format") != FORMAT:
            raise QualityError(f"{path.name} is no model of the format {FORMAT}")
        digest = _digest(content)
        if content.get("sha256") != digest:
            raise QualityError(f"{path.name} was altered: its SHA-256 does not match")
        if expected and expected.lower() != digest:
            raise QualityError(f"{path.name} is another model than the one expected")
        return _read(content)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        if isinstance(exc, QualityError):
            raise
        raise QualityError(f"{path.name} is no model file: {exc}") from exc


def _read(content: dict[str, Any]) -> Model:
    columns = content["features"]
    slope, offset = content["calibration"]
    return Model(
        learner=content["learner"],
        text=content["model"],
        platt=Platt(float(slope), float(offset)),
        features=Features(
            target=columns["target"],
            numbers=tuple(columns["numbers"]),
            categories=tuple((name, tuple(values)) for name, values in columns["categories"]),
            derived=tuple(
                Derived(name, kind, first, second, float(scale))
                for name, kind, first, second, scale in columns["derived"]
            ),
            outcomes=tuple(columns["outcomes"]),
            id_column=columns["id_column"],
        ),
    )
