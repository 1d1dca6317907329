"""Rows of answers to columns, a thousand at a time; and values to registers."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.adapters.drivers.modbus.layout import Plan, Spot
from xinlian.ingest.model.frames import Column
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import ByteOrder, Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["RowDecoder", "encode"]

SWAPPED_BYTES: Final = (ByteOrder.BADC, ByteOrder.DCBA)
SWAPPED_WORDS: Final = (ByteOrder.CDAB, ByteOrder.DCBA)
FORMATS: Final = {
    ValueType.INT16: "h", ValueType.UINT16: "H", ValueType.INT32: "i", ValueType.UINT32: "I",
    ValueType.INT64: "q", ValueType.UINT64: "Q", ValueType.FLOAT32: "f", ValueType.FLOAT64: "d",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Batch:
    """Tags of one type: bytes of each, least significant first, and where their columns go.

    ``pick`` is intp[tags, bytes], or a slice where the registers stand in a row in wire order.
    """

    dtype: np.dtype[Any]
    pick: npt.NDArray[np.intp] | slice
    to: tuple[int, ...]
    bits: npt.NDArray[np.uint8] | None = None
    any_bit: bool = False


class RowDecoder:
    """Decoder of one plan: ``columns`` takes uint8[n, row_bytes]."""

    __slots__ = ("_batches", "_count", "_identity", "row_bytes")

    def __init__(self, plan: Plan) -> None:
        self.row_bytes = plan.row_bytes
        self._count = len(plan.spots)
        kinds: dict[tuple[str, bool], list[int]] = defaultdict(list)
        for index, spot in enumerate(plan.spots):
            plain = spot.tag.type is ValueType.BOOL and spot.bit < 0 and spot.place.bit < 0
            kinds[(spot.tag.type.value, plain)].append(index)
        self._batches = [
            _batch(ValueType(kind), plain, indices, plan)
            for (kind, plain), indices in kinds.items()
        ]
        self._identity = len(self._batches) == 1 and self._batches[0].to == tuple(
            range(self._count)
        )

    def matrices(
        self, rows: npt.NDArray[np.uint8]
    ) -> tuple[tuple[tuple[int, ...], npt.NDArray[Any]], ...]:
        """Places of the tags of a type and their values, one array [tags, n] each."""
        return tuple((batch.to, _decode(batch, rows)) for batch in self._batches)

    def columns(self, rows: npt.NDArray[np.uint8]) -> tuple[Column, ...]:
        """One array [n] a tag, in the dtype of its type."""
        found = self.matrices(rows)
        if self._identity:
            return tuple(found[0][1])
        made: list[Column] = [np.empty(0)] * self._count
        for places, matrix in found:
            for index, column in zip(places, matrix, strict=True):
                made[index] = column
        return tuple(made)


def _decode(batch: _Batch, rows: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    if isinstance(batch.pick, slice):
        words: npt.NDArray[Any] = rows[:, batch.pick].view(batch.dtype.newbyteorder(">"))
        turned: npt.NDArray[Any] = words.T.astype(batch.dtype, order="C")
        return turned
    if batch.bits is not None:
        bits: npt.NDArray[Any] = (rows.T[batch.pick[:, 0]] >> batch.bits[:, None]) & np.uint8(1)
        return bits
    held: npt.NDArray[Any] = rows.T[batch.pick]  # uint8[tags, bytes, n]
    if batch.any_bit:
        some: npt.NDArray[Any] = (held != 0).any(axis=1).astype(np.uint8)
        return some
    plain = np.ascontiguousarray(held.transpose(0, 2, 1))
    made: npt.NDArray[Any] = plain.view(batch.dtype)[:, :, 0]
    return made


def _batch(kind: ValueType, plain_bool: bool, indices: list[int], plan: Plan) -> _Batch:
    spots = [plan.spots[index] for index in indices]
    to = tuple(indices)
    if kind is ValueType.BOOL and not plain_bool:
        picked = [_bit_of(spot) for spot in spots]
        at = np.array([[byte] for byte, _ in picked], np.intp)
        return _Batch(kind.dtype, at, to, np.array([bit for _, bit in picked], np.uint8))
    if kind is ValueType.BOOL:
        at = np.array([(spot.at, spot.at + 1) for spot in spots], np.intp)
        return _Batch(kind.dtype, at, to, any_bit=True)
    at = np.array([_bytes_of(spot) for spot in spots], np.intp)
    size = at.shape[1]
    first = int(at[0, -1])
    wire = first + np.arange(at.size).reshape(at.shape)[:, ::-1]
    if size > 1 and np.array_equal(at, wire):
        return _Batch(kind.dtype, slice(first, first + at.size), to)
    return _Batch(kind.dtype, at, to)


def _bit_of(spot: Spot) -> tuple[int, int]:
    """Byte and bit of a bool that is a bit."""
    if spot.bit >= 0:
        return spot.at, spot.bit
    low_first = spot.tag.order in SWAPPED_BYTES
    return spot.at + ((spot.place.bit >= 8) == low_first), spot.place.bit % 8


def _bytes_of(spot: Spot) -> list[int]:
    """Bytes of a number in the row, least significant first."""
    words = [spot.at + 2 * word for word in range(spot.place.count)]
    if spot.tag.order not in SWAPPED_WORDS:
        words.reverse()  # the word that comes first is the most significant
    low, high = (0, 1) if spot.tag.order in SWAPPED_BYTES else (1, 0)
    found = [byte for word in words for byte in (word + low, word + high)]
    return found[: spot.tag.type.dtype.itemsize]


def encode(tag: Tag, raw: int | float | bool) -> bytes:
    """A number as the bytes of its registers in the order of the wire; ``DriverError`` if it does
    not fit. Values of 8 bits and bools fill one register."""
    kind = tag.type
    try:
        if kind is ValueType.BOOL:
            if raw not in (0, 1):
                raise ValueError
            wire = struct.pack(">H", int(raw))
        elif kind in (ValueType.INT8, ValueType.UINT8):
            wire = struct.pack(">xb" if kind is ValueType.INT8 else ">xB", _whole(raw))
        else:
            number = float(raw) if kind.is_float else _whole(raw)
            wire = struct.pack(">" + FORMATS[kind], number)
    except (ValueError, struct.error, OverflowError) as exc:
        raise DriverError(
            f"{raw!r} does not fit tag {tag.name!r} of type {kind}", Quality.OUT_OF_RANGE
        ) from exc
    words = [wire[at : at + 2] for at in range(0, len(wire), 2)]
    if tag.order in SWAPPED_WORDS:
        words.reverse()
    if tag.order in SWAPPED_BYTES:
        words = [word[::-1] for word in words]
    return b"".join(words)


def _whole(raw: int | float | bool) -> int:
    if raw != int(raw):
        raise ValueError
    return int(raw)
