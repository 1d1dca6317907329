"""A block: one frame and what must be known about it, as bytes.

A block is a header and a body. The header is canonical JSON (RFC 8785)::

    device       id                          rate_group   number in the table, period_ms beside it
    table        digest of the tag table     driver       its version
    calibration  number of the certificate   clock        {state, offset_us}; no offset if unknown
    counts       {expected, received, missed, suppressed, bad}
    rows         n                           columns      [[type, how many], ...], in order
    source       whether source times follow quality      whether quality bytes follow

The body, little-endian:

| bytes | content |
| --- | --- |
| 8 n | ``@received``: int64, UTC microseconds since 1970 |
| 8 n | ``@source``, if ``source`` |
| ceil(columns / 8) | if ``quality``: bit k % 8 of byte k // 8: quality bytes of tag k follow |
| n for each such tag | quality codes |
| n x width for each tag | values |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
from xinlian.ingest.model.frames import Column, Counts, Frame
from xinlian.ingest.model.segments.layout import (
    ROWS_MAX,
    Layout,
    SegmentError,
    UnknownTableError,
    layout,
)
from xinlian.ingest.model.tags import TagTable

__all__ = ["CLOCK_STATES", "Block", "ClockState"]

CLOCK_STATES: Final = ("synchronised", "jumped", "unsynchronised", "unknown")
"""What was known of the collector's clock, the best first."""
_TIME: Final = np.dtype("<i8")
_COUNTS: Final = ("expected", "received", "missed", "suppressed", "bad")


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the collector knew of its clock; ``offset_us`` from the reference, if known."""

    state: str = "unknown"
    offset_us: int | None = None

    def __post_init__(self) -> None:
        if self.state not in CLOCK_STATES:
            raise SegmentError(f"there is no clock state {self.state!r}")

    def to_json(self) -> dict[str, Any]:
        """Canonical members."""
        if self.offset_us is None:
            return {"state": self.state}
        return {"state": self.state, "offset_us": self.offset_us}


@dataclass(frozen=True)
class Block:
    """A frame and its circumstances. ``header`` is made when first asked for, or as it was read."""

    frame: Frame
    driver: str = ""
    calibration: str = ""
    clock: ClockState = ClockState()
    _made: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def layout(self) -> Layout:
        """The order and types of the columns."""
        return layout(self.frame.table, self.frame.group)

    @property
    def header(self) -> bytes:
        """Canonical JSON of the header."""
        if "header" not in self._made:
            self._made["header"] = self._header()
        return self._made["header"]

    @property
    def values(self) -> bytes:
        """All columns end to end; ``SegmentError`` if they are not what the table says."""
        if "values" not in self._made:
            self._made["values"] = _values(self.frame, self.layout)
        return self._made["values"]

    def check(self) -> None:
        """Refuse columns that are not what the table says: ``SegmentError``, ``TypeError``."""
        rows = len(self.frame)
        for times in (self.frame.received_us, self.frame.source_us):
            if times is not None and (times.shape != (rows,) or times.dtype != _TIME):
                raise SegmentError(f"device {self.frame.device!r}: a column of times is none")
        marked_columns(self.frame)
        _ = self.values, self.header

    def body(self) -> bytes:
        """The bytes after the header."""
        frame, rows = self.frame, len(self.frame)
        parts = [_times(frame.received_us, rows)]
        if frame.source_us is not None:
            parts.append(_times(frame.source_us, rows))
        if frame.quality is not None:
            marked = marked_columns(frame)
            parts.append(np.packbits(marked, bitorder="little").tobytes())
            parts.append(np.ascontiguousarray(frame.quality[marked], np.uint8).tobytes())
        parts.append(self.values)
        return b"".join(parts)

    def _header(self) -> bytes:
        frame = self.frame
        members = {
            "device": frame.device,
            "rate_group": frame.group,
            "period_ms": frame.table.periods[frame.group],
            "table": frame.table.digest,
            "driver": self.driver,
            "calibration": self.calibration,
            "clock": self.clock.to_json(),
            "counts": {name: getattr(frame.counts, name) for name in _COUNTS},
            "rows": len(frame),
            "columns": self.layout.runs,
            "source": frame.source_us is not None,
            "quality": frame.quality is not None,
        }
        # Names are ASCII and numbers small integers: sorting by bytes is what RFC 8785 asks for.
        return orjson.dumps(members, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)

    @classmethod
    def read(cls, header: bytes, body: memoryview, tables: Mapping[str, TagTable]) -> Block:
        """The reverse, without copying columns; ``SegmentError`` for anything that is no block."""
        try:
            members = orjson.loads(header)
            table = tables.get(members["table"])
            if table is None:
                raise UnknownTableError(str(members["table"])[:64])
            clock = ClockState(members["clock"]["state"], members["clock"].get("offset_us"))
            counts = Counts(**{name: int(members["counts"][name]) for name in _COUNTS})
            frame = _read_frame(members, body, table, counts)
            block = cls(frame, members["driver"], members["calibration"], clock)
        except SegmentError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as exc:
            raise SegmentError(f"a block's header cannot be read: {exc!r}") from exc
        block._made["header"] = header
        return block


def marked_columns(frame: Frame) -> npt.NDArray[np.bool_]:
    """Which tags have quality bytes: those with any code that is not 0."""
    if frame.quality is None:
        return np.zeros(len(frame.columns), np.bool_)
    if frame.quality.shape != (len(frame.columns), len(frame)):
        raise SegmentError(f"device {frame.device!r}: quality has the wrong shape")
    return np.asarray(frame.quality.any(axis=1), np.bool_)


def _times(times: npt.NDArray[np.int64], rows: int) -> bytes:
    if times.shape != (rows,):
        raise SegmentError("a column of times has the wrong length")
    return np.ascontiguousarray(times, _TIME).tobytes()


def _values(frame: Frame, order: Layout) -> bytes:
    columns = frame.columns
    if len(columns) != len(order):
        raise SegmentError(f"device {frame.device!r}: {len(columns)} columns for {len(order)} tags")
    if order.single is not None:
        right = {column.dtype.str for column in columns} == {order.single.str}
    else:
        right = all(
            column.dtype == dtype for column, dtype in zip(columns, order.dtypes, strict=True)
        )
    if not right:
        raise SegmentError(f"device {frame.device!r}: a column has another type than its tag")
    try:
        made = b"".join(columns)  # type: ignore[arg-type]
    except (BufferError, TypeError):  # views that do not lie in one piece
        made = b"".join([column.tobytes() for column in columns])
    if len(made) != order.row_bytes * len(frame):
        raise SegmentError(f"device {frame.device!r}: a column has the wrong length")
    return made


def _read_frame(
    members: dict[str, Any], body: memoryview, table: TagTable, counts: Counts
) -> Frame:
    group, rows = members["rate_group"], members["rows"]
    if type(group) is not int or type(rows) is not int or not 0 <= rows <= ROWS_MAX:
        raise SegmentError("a block's header has numbers that cannot be")
    order = layout(table, group)
    if members["columns"] != order.runs or members["period_ms"] != table.periods[group]:
        raise SegmentError("a block's columns are not those of its tag table")
    take = _Taker(body)
    received = take.array(_TIME, rows)
    source = take.array(_TIME, rows) if members["source"] is True else None
    quality = _read_quality(take, rows, len(order)) if members["quality"] is True else None
    columns: tuple[Column, ...]
    if order.single is not None:
        columns = tuple(take.array(order.single, rows * len(order)).reshape(len(order), rows))
    else:
        columns = tuple(take.array(dtype, rows) for dtype in order.dtypes)
    take.end()
    return Frame(str(members["device"]), table, group, received, columns, quality, source, counts)


def _read_quality(take: _Taker, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    bits = np.unpackbits(take.array(np.dtype("u1"), -(-columns // 8)), bitorder="little")
    if bits[columns:].any():
        raise SegmentError("quality is marked for columns that are not there")
    marked = bits[:columns].astype(np.bool_)
    quality = np.zeros((columns, rows), np.uint8)
    count = int(marked.sum())
    quality[marked] = take.array(np.dtype("u1"), rows * count).reshape(count, rows)
    if count and not quality[marked].any(axis=1).all():
        raise SegmentError("a column that is all good is marked as having quality")
    quality.flags.writeable = False
    return quality


class _Taker:
    """Takes arrays off the front of bytes, and never more than are there."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def array(self, dtype: np.dtype[Any], count: int) -> npt.NDArray[Any]:
        size = dtype.itemsize * count
        if size > len(self._data) - self._at:
            raise SegmentError("a block ends too early")
        made = np.frombuffer(self._data, dtype, count, self._at)
        self._at += size
        return made

    def end(self) -> None:
        if self._at != len(self._data):
            raise SegmentError("a block has bytes too many")
