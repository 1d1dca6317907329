"""Engineering values of raw ones, and how they are stored."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from xinlian.ingest.model.frames import Column
from xinlian.ingest.model.tags import Tag, ValueType

__all__ = ["column_type", "engineering", "refined", "refined_sql"]

_SINGLE: Final = frozenset(
    (ValueType.BOOL, ValueType.INT8, ValueType.UINT8, ValueType.INT16, ValueType.UINT16,
     ValueType.FLOAT32)
)  # fmt: skip
_OFFSET_MAX: Final = 2**23 - 2**16
"""In steps of the scale: with it a value of 16 bits stays within half of what float32 counts to."""


@lru_cache(maxsize=65_536)
def _single(tag: Tag) -> bool:
    """Whether float32 holds every value of a tag: an offset must not push its last digit out."""
    if tag.type not in _SINGLE or tag.type.is_float:
        return tag.type in _SINGLE and not tag.offset
    return abs(tag.offset / tag.scale) < _OFFSET_MAX


def column_type(tag: Tag) -> pa.DataType:
    """float32 where that is enough to tell any two values of the tag apart, else float64."""
    return pa.float32() if _single(tag) else pa.float64()


@lru_cache(maxsize=65_536)
def _ratio(tag: Tag) -> tuple[float, float, float]:
    scale = Fraction(tag.scale)
    return float(scale.numerator), float(scale.denominator), float(tag.offset)


def engineering(tag: Tag, raw: Column, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """``raw * scale + offset``: the nearest float of the decimal for scales such as 0.1 or 5."""
    above, below, offset = _ratio(tag)
    if above == below == 1.0 and offset == 0.0:
        return raw.astype(dtype, copy=False)
    if above == 1.0 and offset == 0.0:
        made = np.empty(len(raw), dtype)
        return np.divide(raw, below, out=made, dtype=np.float64, casting="unsafe")
    exact = raw.astype(np.float64)
    if above != 1.0:
        exact *= above
    if below != 1.0:
        exact /= below
    if offset != 0.0:
        exact += offset
    return exact.astype(dtype, copy=False)


def refined(tag: Tag, stored: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Stored values as float64; where float32 holds an integer's scaled value, the double nearest
    to the decimal comes back (21.3, not 21.299999). NaN stays."""
    wide = stored.astype(np.float64)
    if tag.type.is_float or not _single(tag):
        return wide
    above, below, offset = _ratio(tag)
    if above == below == 1.0 and offset == 0.0:
        return wide
    raw = np.rint((wide - offset) * below / above)
    return raw * above / below + offset if offset else raw * above / below


def refined_sql(tag: Tag, column: str, double: str) -> str:
    """The same in SQL; ``double`` is the name of that type."""
    wide = f"CAST({column} AS {double})"
    above, below, offset = _ratio(tag)
    if tag.type.is_float or not _single(tag) or (above, below, offset) == (1.0, 1.0, 0.0):
        return wide
    return (
        f"round(({wide} - {offset!r}) * {below!r} / {above!r}) * {above!r} / {below!r} + {offset!r}"
    )
