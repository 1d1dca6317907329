"""Raw answers to columns, and to whole matrices where the decoder makes them anyway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.frames import Column
from xinlian.ingest.usecases.ports import Decoder

__all__ = ["Whole", "decode"]

Whole = dict[tuple[int, ...], npt.NDArray[Any]]
"""Matrices [tags, n] by the places of their tags; columns are rows of them."""
_NOTHING: Final[Column] = np.zeros(0, np.uint8)


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
    columns: list[Column] = [_NOTHING] * tags
    for places, matrix in whole.items():
        for place, column in zip(places, matrix, strict=True):
            columns[place] = column
    return tuple(columns), whole
