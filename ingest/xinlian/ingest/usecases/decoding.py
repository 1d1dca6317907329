"""Raw answers and rows to columns, and to whole matrices where the decoder makes them anyway;
judging them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.frames import Column
from xinlian.ingest.model.lanes import Lane, is_bad
from xinlian.ingest.usecases.ports import Decoder

__all__ = ["NOTHING", "Qualities", "Row", "Whole", "decode", "fill", "judge"]

Whole = dict[tuple[int, ...], npt.NDArray[Any]]
"""Matrices [tags, n] by the places of their tags; columns are rows of them."""
Row = tuple[int, Sequence[Any] | None, Sequence[int] | int | None, int | None]
"""Position among the times, values (``None``: a failure), qualities, source time."""
Qualities = npt.NDArray[np.uint8]
"""[tags, n]."""
NOTHING: Final[Column] = np.zeros(0, np.uint8)


def decode(
    decoder: Decoder | None, parts: Sequence[bytes], row_bytes: int, tags: int
) -> tuple[tuple[Column, ...], Whole]:
    """Columns of raw answers; nothing without answers. A decoder may have ``matrices(rows)``, which
    gives the values of each type at once: judging them costs less than joining columns."""
    if decoder is None or not parts:
        return (), {}
    rows = np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), row_bytes)
    matrices = getattr(decoder, "matrices", None)
    if matrices is None:
        return decoder.columns(rows), {}
    whole: Whole = dict(matrices(rows))
    columns: list[Column] = [NOTHING] * tags
    for places, matrix in whole.items():
        for place, column in zip(places, matrix, strict=True):
            columns[place] = column
    return tuple(columns), whole


def fill(
    lane: Lane,
    columns: list[Column],
    quality: Qualities,
    decoded: tuple[Column, ...],
    raw_at: npt.NDArray[np.bool_],
    answered: list[Row],
    places: list[int],
) -> None:
    """One lane's columns, rows and raw answers put in their order."""
    matrix = np.zeros((len(lane.places), len(raw_at)), lane.type.dtype)
    if decoded:
        matrix[:, raw_at] = np.stack([decoded[place] for place in lane.places])
    if answered:
        values, given = lane.take([row[1] for row in answered if row[1] is not None])
        matrix[:, places] = values
        if given is not None:
            quality[np.ix_(lane.places, places)] = given
    for place, column in zip(lane.places, matrix, strict=True):
        columns[place] = column


def judge(
    among: Sequence[Lane],
    whole: Whole,
    columns: list[Column] | None,
    quality: Qualities | None,
    n: int,
) -> tuple[tuple[Column, ...], Qualities | None]:
    """Ranges and floats that are no numbers; 0 where the quality is bad."""
    tags = sum(len(lane.places) for lane in among)
    if columns is None:
        columns = [NOTHING] * tags
        for lane in among:
            for place in lane.places:
                columns[place] = np.zeros(n, lane.type.dtype)
        return tuple(columns), quality
    for lane in among:
        if not lane.judged and quality is None:
            continue
        matrix = whole.get(lane.places)
        if matrix is None:
            matrix = np.stack([columns[place] for place in lane.places])
        found = lane.judge(matrix) if lane.judged else None
        if found is not None:
            if quality is None:
                quality = np.zeros((tags, n), np.uint8)
            at = np.array(lane.places)
            quality[at] = np.maximum(quality[at], found)
        if quality is not None:
            worthless = is_bad(quality[np.array(lane.places)])
            if worthless.any():
                matrix[worthless] = 0
                for place, column in zip(lane.places, matrix, strict=True):
                    columns[place] = column
    return tuple(columns), quality
