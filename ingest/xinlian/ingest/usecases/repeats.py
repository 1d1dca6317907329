"""Rows that were taken before: of devices that send again when an acknowledgement was lost.

A row is the same if device, rate group, source time, values and qualities are. What is remembered
are hashes, bounded in all and by device; at the start they are read from the end of the log, so
that a row whose acknowledgement a crash swallowed is not recorded twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.frames import Column, Frame, Times

__all__ = ["Repeats", "Rows"]

ROWS_MAX: Final = 262_144
"""Remembered in all; some 30 MB."""
DEVICE_ROWS_MAX: Final = 32_768
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows on their way to a frame; ``failed`` ones hold no answer."""

    times: Times
    columns: tuple[Column, ...]
    quality: npt.NDArray[np.uint8] | None
    source: Times | None
    failed: _Mask

    def pick(self, kept: _Mask) -> Rows:
        """Those rows alone."""
        if kept.all():
            return self
        return Rows(
            self.times[kept],
            tuple(column[kept] for column in self.columns),
            None if self.quality is None else np.ascontiguousarray(self.quality[:, kept]),
            None if self.source is None else self.source[kept],
            self.failed[kept],
        )


class Repeats:
    """What was taken, by device."""

    def __init__(self, rows_max: int = ROWS_MAX, device_rows_max: int = DEVICE_ROWS_MAX) -> None:
        self._rows_max, self._device_rows_max = rows_max, device_rows_max
        self._known: dict[str, dict[int, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def fresh(self, device: str, group: int, rows: Rows) -> _Mask:
        """Which rows are new; they are known from now on. Rows without a source time always are."""
        made = np.ones(len(rows.times), np.bool_)
        if rows.source is None:
            return made
        known = self._known.setdefault(device, {})
        before = len(known)
        timed = np.flatnonzero(rows.source != rows.times)
        marks = _marks(group, rows.source, rows.columns, rows.quality, timed)
        for place, mark in zip(timed.tolist(), marks, strict=True):
            if mark in known:
                made[place] = False
            else:
                known[mark] = None
        self._count += len(known) - before
        self._bound(device)
        return made

    def seen(self, frame: Frame) -> None:
        """A frame that lies in the log."""
        if frame.source_us is None or not len(frame):
            return
        known = self._known.setdefault(frame.device, {})
        before = len(known)
        every = np.arange(len(frame))
        marks = _marks(frame.group, frame.source_us, frame.columns, frame.quality, every)
        known |= dict.fromkeys(marks)
        self._count += len(known) - before
        self._bound(frame.device)

    def _bound(self, device: str) -> None:
        """Forget the older half of a device that has too many, or of those that have the most."""
        if len(self._known[device]) > self._device_rows_max:
            self._halve(device)
        if self._count > self._rows_max:
            for each in sorted(self._known, key=lambda name: -len(self._known[name])):
                self._halve(each)
                if self._count <= self._rows_max * 15 // 16:
                    break

    def _halve(self, device: str) -> None:
        known = list(self._known[device])
        self._known[device] = dict.fromkeys(known[(len(known) + 1) // 2 :])
        self._count -= len(known) - len(self._known[device])
        if not self._known[device]:
            del self._known[device]


def _marks(
    group: int,
    source: Times,
    columns: Iterable[Column],
    quality: npt.NDArray[np.uint8] | None,
    places: npt.NDArray[np.intp],
) -> list[int]:
    """A hash of each row: eight bytes, as many as keep chance away from so few rows."""
    columns = tuple(columns)
    parts = [np.ascontiguousarray(source[places]).view(np.uint8).reshape(len(places), -1)]
    for column in columns:
        raw = np.ascontiguousarray(column[places])
        parts.append(raw.view(np.uint8).reshape(len(places), -1))
    if quality is None:
        parts.append(np.zeros((len(places), len(columns)), np.uint8))
    else:
        parts.append(np.ascontiguousarray(quality[:, places].T))
    key = group.to_bytes(2, "little")
    return [
        int.from_bytes(blake2b(row.tobytes(), digest_size=8, key=key).digest(), "little")
        for row in np.hstack(parts)
    ]
