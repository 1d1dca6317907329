"""Readings in columns: some cycles of one rate group of one device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.tags import Tag, TagTable

__all__ = ["Column", "Counts", "Frame", "Times"]

Times = npt.NDArray[np.int64]
"""UTC microseconds since 1970."""
Column = npt.NDArray[Any]
"""Raw values of one tag as read, in the dtype of its ``ValueType``; 0 where the quality is bad."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Cycles of a rate group in a span of time. ``expected`` = ``received`` + ``missed``.

    ``received`` cycles were answered (also with bad values in them, told by ``bad``, the values of
    bad quality); of these ``suppressed`` were held back by deadband, so that a frame has
    ``received - suppressed`` rows plus one for each failed cycle that was told; ``missed`` cycles
    brought nothing (timeout, no connection, late start).
    """

    expected: int = 0
    received: int = 0
    missed: int = 0
    suppressed: int = 0
    bad: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.expected + other.expected,
            self.received + other.received,
            self.missed + other.missed,
            self.suppressed + other.suppressed,
            self.bad + other.bad,
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """``n`` rows of a rate group. All arrays are read-only once a frame is made.

    ``received_us`` int64[n], strictly ascending within a device and rate group (drivers nudge by a
    microsecond); ``source_us`` int64[n] or ``None`` where the device tells no time; ``columns`` one
    array [n] a tag of ``table.groups[group]``; ``quality`` uint8[tags, n] or ``None`` if all good.
    """

    device: str
    table: TagTable
    group: int
    received_us: Times
    columns: tuple[Column, ...]
    quality: npt.NDArray[np.uint8] | None = None
    source_us: Times | None = None
    counts: Counts = field(default=Counts())

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags of the columns."""
        return self.table.groups[self.group]

    def __len__(self) -> int:
        return len(self.received_us)
