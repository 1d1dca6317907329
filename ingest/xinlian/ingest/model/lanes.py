"""Lanes: the tags of a rate group by type, so that judging values is arithmetic on matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.model.tags import Tag, TagTable, ValueType

__all__ = ["Lane", "Matrix", "is_bad", "known_code", "lanes", "raw_ends", "type_limits"]

Matrix = npt.NDArray[Any]
"""Values of a lane: [tags of the lane, n], in the lane's dtype."""
_NEARLY: Final = Decimal("0.999999")
"""Roundings of a scaled value must not reach beyond its type."""
_CODES: Final = frozenset(int(code) for code in Quality)


@dataclass(frozen=True, eq=False)
class Lane:
    """The tags of one type. ``places`` are their numbers in the group."""

    type: ValueType
    places: tuple[int, ...]
    low: Matrix | None
    """[tags, 1] lowest and highest raw values that are in range; ``None`` if all are."""
    high: Matrix | None
    reach: Matrix | None = None
    """[tags, 1] the raw values of floats beyond which the engineering value is no number any more;
    ``None`` if it is the raw one."""

    @property
    def judged(self) -> bool:
        """Whether any value can be out of range or not a number."""
        return self.low is not None or self.type.is_float

    def judge(self, values: Matrix) -> npt.NDArray[np.uint8] | None:
        """uint8 [tags, n] qualities of raw values, ``None`` if all are good."""
        quality: npt.NDArray[np.uint8] | None = None
        if self.low is not None and self.high is not None:
            beyond = (values < self.low) | (values > self.high)
            if beyond.any():
                quality = np.where(beyond, np.uint8(Quality.OUT_OF_RANGE), np.uint8(0))
        if self.type.is_float:
            finite = np.isfinite(values) if self.reach is None else np.abs(values) <= self.reach
            if not finite.all():
                if quality is None:
                    quality = np.zeros(values.shape, np.uint8)
                quality[~finite] = Quality.NOT_A_NUMBER
        return quality

    def take(self, rows: Sequence[Sequence[Any]]) -> tuple[Matrix, npt.NDArray[np.uint8] | None]:
        """[tags, n] from rows of a driver, and the qualities that the conversion itself gives:
        ``BAD`` for ``None``, ``MALFORMED`` for what does not fit the type."""
        places = self.places
        flat = [row[place] for row in rows for place in places]
        shape = (len(rows), len(places))
        made = self._at_once(flat)
        if made is not None:
            return np.ascontiguousarray(made.reshape(shape).T), None
        values = np.zeros(len(flat), self.type.dtype)
        quality = np.zeros(len(flat), np.uint8)
        for number, value in enumerate(flat):
            if value is None:
                quality[number] = Quality.BAD
                continue
            fitting = self._fit(value)
            if fitting is None:
                quality[number] = Quality.MALFORMED
            else:
                values[number] = fitting
        return (
            np.ascontiguousarray(values.reshape(shape).T),
            np.ascontiguousarray(quality.reshape(shape).T),
        )

    def _at_once(self, flat: list[Any]) -> Matrix | None:
        """All values by one conversion, if each fits; ``None``: look at them one by one."""
        try:
            found = np.array(flat)
        except (ValueError, OverflowError):
            return None
        dtype = self.type.dtype
        if self.type.is_float:
            if found.dtype.kind not in "iufb":
                return None
            with np.errstate(over="ignore"):
                return found.astype(dtype)
        if found.dtype.kind not in "iub":
            return None
        low, high = type_limits(self.type)
        if found.size and (int(found.min()) < low or int(found.max()) > high):
            return None
        return found.astype(dtype)

    def _fit(self, value: Any) -> int | float | None:
        """The value as the type has it, or ``None``."""
        if isinstance(value, np.generic):
            value = value.item()
        if not isinstance(value, int | float):
            return None
        if self.type.is_float:
            try:
                wide = float(value)
            except OverflowError:
                return None
            with np.errstate(over="ignore"):
                return float(np.array(wide).astype(self.type.dtype))
        if isinstance(value, float):
            if not value.is_integer():
                return None
            value = int(value)
        low, high = type_limits(self.type)
        return value if low <= value <= high else None


def type_limits(kind: ValueType) -> tuple[int, int]:
    """Lowest and highest value of an integer type, or of a bit."""
    if kind is ValueType.BOOL:
        return 0, 1
    limits = np.iinfo(kind.dtype)
    return int(limits.min), int(limits.max)


def raw_ends(tag: Tag) -> tuple[float | int, float | int]:
    """Lowest and highest raw value within the tag's range, in reach of its type; the lowest above
    the highest where there is none."""
    scale, offset = Fraction(tag.scale), Fraction(tag.offset)
    ends = [
        None if end is None else (Fraction(end) - offset) / scale for end in (tag.low, tag.high)
    ]
    if tag.scale < 0:
        ends.reverse()
    if tag.type.is_float:
        info = np.finfo(tag.type.dtype)
        low = float(info.min) if ends[0] is None else float(ends[0])
        high = float(info.max) if ends[1] is None else float(ends[1])
        return max(low, float(info.min)), min(high, float(info.max))
    least, most = type_limits(tag.type)
    bottom = least if ends[0] is None else max(ceil(ends[0]), least)
    top = most if ends[1] is None else min(floor(ends[1]), most)
    return (bottom, top) if bottom <= most and top >= least else (most, least)


def _lane(kind: ValueType, places: tuple[int, ...], tags: Sequence[Tag]) -> Lane:
    members = [tags[place] for place in places]
    low = high = None
    if any(tag.low is not None or tag.high is not None for tag in members):
        ends = [raw_ends(tag) for tag in members]
        low = np.array([[end[0]] for end in ends], kind.dtype)
        high = np.array([[end[1]] for end in ends], kind.dtype)
    reach = None
    if kind.is_float and any(tag.scale != 1 or tag.offset for tag in members):
        reach = np.array([[_reach(tag)] for tag in members], kind.dtype)
    return Lane(kind, places, low, high, reach)


def _reach(tag: Tag) -> float:
    """The largest raw value whose engineering value its type still holds."""
    most = Decimal(float(np.finfo(tag.type.dtype).max))
    if tag.scale == 1 and not tag.offset:
        return float(most)
    within = (most - abs(tag.offset)) / max(abs(tag.scale), Decimal(1))
    return float(max(within, Decimal(0)) * _NEARLY)


def lanes(table: TagTable, group: int) -> tuple[Lane, ...]:
    """The lanes of a rate group; the same object for devices that share a table."""
    found: dict[int, tuple[Lane, ...]] = table.__dict__.setdefault("_lanes", {})
    if group not in found:
        tags = table.groups[group]
        kinds: dict[ValueType, list[int]] = {}
        for place, tag in enumerate(tags):
            kinds.setdefault(tag.type, []).append(place)
        found[group] = tuple(_lane(kind, tuple(places), tags) for kind, places in kinds.items())
    return found[group]


def known_code(code: int) -> int:
    """A quality code as given by a driver; ``BAD`` for one that does not exist."""
    return code if code in _CODES else int(Quality.BAD)


def is_bad(quality: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Where a value means nothing."""
    return quality >= BAD_MIN
