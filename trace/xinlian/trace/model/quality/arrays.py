"""Arrays of measured numbers: their type, and the one check every statistic starts with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xinlian.trace.model.quality.errors import QualityError

__all__ = ["Bools", "Floats", "Ints", "finite", "measurable", "plain"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
_LARGEST = 1e30


def finite(values: ArrayLike, *, least: int = 1, name: str = "values") -> Floats:
    """``values`` as one row of at least ``least`` finite numbers; raises ``QualityError``."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise QualityError(f"{name} must be one row of numbers, not of shape {array.shape}")
    if array.size < least:
        raise QualityError(f"{name} need at least {least} numbers; there are {array.size}")
    if not np.isfinite(array).all():
        raise QualityError(f"{name} hold something that is not a finite number")
    return array


def measurable(text: str | None) -> bool:
    """Whether a decimal is a measurement: none is as far from 0 as 1e30, whatever a store that was
    filled by earlier versions holds."""
    return text is not None and abs(float(text)) <= _LARGEST


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: arrays as lists, not-a-number and infinity as null."""
    if isinstance(value, np.ndarray):
        return [plain(one) for one in value.tolist()]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(one) for one in value]
    return value
