"""Deadband: rows in which nothing has moved far enough are held back, up to a heartbeat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.frames import Times
from xinlian.ingest.model.tags import Tag

__all__ = ["Deadband"]


class Deadband:
    """What was last reported of one rate group of one device.

    A row is reported when one value has moved by more than its tag's deadband since the row that
    was last reported, when a quality has changed, or when ``heartbeat_us`` have passed. Tags
    without a deadband report any change.
    """

    def __init__(self, tags: Sequence[Tag], heartbeat_us: int) -> None:
        raw = [float(abs(tag.deadband / tag.scale)) for tag in tags]
        self._bands: npt.NDArray[np.float64] = np.array(raw)
        self._heartbeat_us = heartbeat_us
        self._values: npt.NDArray[np.float64] | None = None
        self._quality: npt.NDArray[np.uint8] | None = None
        self._told_us = 0

    def keep(
        self,
        values: npt.NDArray[np.float64],
        quality: npt.NDArray[np.uint8] | None,
        times: Times,
    ) -> npt.NDArray[np.bool_]:
        """bool[n]: the rows to report, of raw ``values`` [tags, n] without NaN."""
        kept = np.zeros(len(times), np.bool_)
        for row in range(len(times)):
            now, worth = values[:, row], None if quality is None else quality[:, row]
            if self._moved(now, worth, int(times[row])):
                kept[row] = True
                self._values, self._told_us = now.copy(), int(times[row])
                self._quality = None if worth is None else worth.copy()
        return kept

    def _moved(
        self, now: npt.NDArray[np.float64], worth: npt.NDArray[np.uint8] | None, time_us: int
    ) -> bool:
        last = self._values
        if last is None or time_us - self._told_us >= self._heartbeat_us:
            return True
        before = self._quality
        if before is None or worth is None:
            either = before if worth is None else worth
            if either is not None and either.any():
                return True
        elif (before != worth).any():
            return True
        return bool((np.abs(now - last) > self._bands).any())
