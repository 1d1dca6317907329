"""Reads a CSV of machine states into rows of features; errors name the row and the field."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.prediction import Derived, Features, Labelled
from xinlian.trace.usecases.quality.predicting import Table

__all__ = ["read_table"]

ROWS_MAX: Final = 2_000_000
_FAILED: Final = frozenset({"1", "true", "yes", "y"})
_FINE: Final = frozenset({"0", "false", "no", "n"})


def read_table(path: Path, spec: Features, *, labelled: bool = True) -> Table:
    """Read a UTF-8 CSV with a header line; rows are in the order of time.

    An empty number or a word that ``spec`` does not list is a missing value. Without ``labelled``
    the target may be absent. Raises ``QualityError``.
    """
    rows, failed, ids = [], [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            _check_header(path.name, reader.fieldnames or (), spec, labelled)
            for number, row in enumerate(reader, 2):
                if number > ROWS_MAX:
                    raise QualityError(f"{path.name} has more than {ROWS_MAX} rows")
                rows.append(_features(row, spec, number))
                failed.append(_failed(row, spec.target, number) if labelled else False)
                ids.append(row.get(spec.id_column) or str(number - 1))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise QualityError(f"{path.name} is no CSV in UTF-8: {exc}") from exc
    if not rows:
        raise QualityError(f"{path.name} has no row")
    array = np.array(rows, dtype=np.float64)
    derived = [_derived(array, spec, one)[:, None] for one in spec.derived]
    return Table(Labelled(np.hstack([array, *derived]), np.array(failed)), tuple(ids))


def _check_header(name: str, header: Sequence[str], spec: Features, labelled: bool) -> None:
    wanted = [*spec.numbers, *(column for column, _ in spec.categories)]
    wanted += [spec.target] if labelled else []
    missing = [column for column in wanted if column not in header]
    if missing:
        raise QualityError(f"{name} has no column {', '.join(missing)}")


def _features(row: dict[str, str], spec: Features, number: int) -> list[float]:
    words = [
        float(values.index(row[name])) if row[name] in values else math.nan
        for name, values in spec.categories
    ]
    return words + [_number(row, name, number) for name in spec.numbers]


def _number(row: dict[str, str], name: str, number: int) -> float:
    text = (row[name] or "").strip()
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise QualityError(f"line {number}, {name}: {text[:40]!r} is no number") from None
    if not math.isfinite(value):
        raise QualityError(f"line {number}, {name}: {text[:40]!r} is not finite")
    return value


def _failed(row: dict[str, str], name: str, number: int) -> bool:
    text = (row[name] or "").strip().lower()
    if text in _FAILED:
        return True
    if text in _FINE:
        return False
    raise QualityError(f"line {number}, {name}: {text[:40]!r} is neither failed nor fine")


def _derived(array: np.ndarray, spec: Features, one: Derived) -> np.ndarray:
    at = {name: column for column, name in enumerate(spec.names)}
    first, second = array[:, at[one.first]], array[:, at[one.second]]
    if one.kind == "product":
        return np.asarray(one.scale * first * second)
    if one.kind == "difference":
        return np.asarray(one.scale * (first - second))
    raise QualityError(f"{one.kind!r} is not a way to make a feature of two others")
