"""Series put together: versions of a table one after another, amendments over what was recorded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import Series

__all__ = ["amend", "empty", "joined"]


def empty(device: str, tag: str) -> Series:
    """No readings."""
    return Series(
        device,
        tag,
        np.empty(0, np.int64),
        np.empty(0),
        np.empty(0, np.uint8),
        np.empty(0, np.bool_),
    )


def joined(pieces: Sequence[Series]) -> Series | None:
    """Pieces of one tag by time; ``None`` if there are none."""
    return _merged(pieces) if pieces else None


def _merged(pieces: Sequence[Series]) -> Series:
    if len(pieces) == 1:
        return pieces[0]
    times = np.concatenate([piece.times_us for piece in pieces])
    order = np.argsort(times, kind="stable")
    return Series(
        pieces[0].device,
        pieces[0].tag,
        times[order],
        np.concatenate([piece.values for piece in pieces])[order],
        np.concatenate([piece.quality for piece in pieces])[order],
        np.concatenate([piece.amended for piece in pieces])[order],
    )


def amend(series: Series, force: pa.Table | None) -> Series:
    """Amendments in force (``_t, v, q`` by time) instead of, and between, what was recorded."""
    if force is None or not len(force):
        return series
    times = force["_t"].to_numpy()
    quality = force["q"].to_numpy().astype(np.uint8)
    values = np.where(quality >= BAD_MIN, np.nan, force["v"].to_numpy())
    kept = ~np.isin(series.times_us, times)
    recorded = Series(
        series.device,
        series.tag,
        series.times_us[kept],
        series.values[kept],
        series.quality[kept],
        series.amended[kept],
    )
    added = Series(series.device, series.tag, times, values, quality, np.ones(len(times), np.bool_))
    return _merged([recorded, added])
