"""Frames to Arrow batches: engineering values, many devices joined, sorted by device then time.

No Python object per value: pieces of columns are joined, scaled and handed on by buffer. A frame
costs a few Python calls, whatever its length; so entries of a log are best stored many at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from xinlian.ingest.adapters.store.values import column_type, engineering
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import DAY_US
from xinlian.ingest.model.tags import TagTable

__all__ = [
    "NARROW",
    "QUALITY",
    "Batch",
    "Source",
    "batches",
    "is_wide",
]

WIDE_TAGS_MAX: Final = 1_000
"""Fixed tables with more tags than this are stored narrow."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows lie: the wide table of a tag table's rate group, the narrow one, or qualities."""

    kind: str
    """``w``, ``n`` or ``q``."""
    digest: str = ""
    group: int = 0


NARROW: Final = Source("n")
"""A row a value: ``_device, _tag, _t, _src, _v, _q``."""
QUALITY: Final = Source("q")
"""Codes other than good of values in wide tables: ``_device, _tag, _t, _q``."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one source and one day, sorted. ``points`` counts values, bad ones too."""

    source: Source
    day: int
    rows: pa.Table
    points: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """How integers stand for names in a store."""

    device: Callable[[str], int]
    tag: Callable[[str], int]
    devices: pa.DataType
    tags: pa.DataType


def is_wide(table: TagTable) -> bool:
    """Whether rows of a table have a column a tag."""
    return table.fixed and len(table.tags) <= WIDE_TAGS_MAX


def batches(frames: Iterable[Frame], numbers: Numbers) -> list[Batch]:
    """Batches of all sources and days that the frames touch, in an order that depends on nothing
    but the frames."""
    tables: dict[int, TagTable] = {}
    groups: dict[tuple[int, int], list[Frame]] = {}
    for frame in frames:
        if len(frame.received_us):
            table = frame.table
            key = id(table)
            tables[key] = table
            groups.setdefault((key, frame.group), []).append(frame)
    joined: dict[tuple[str, int], tuple[TagTable, list[Frame]]] = {}
    for (key, group), members in groups.items():
        table = tables[key]
        joined.setdefault((table.digest, group), (table, []))[1].extend(members)
    made: list[Batch] = []
    narrow: list[pa.Table] = []
    codes: list[pa.Table] = []
    for (digest, group), (table, members) in joined.items():
        block = _Block(members, numbers)
        if is_wide(table):
            made += _by_day(Source("w", digest, group), block.wide(), len(block.tags))
            codes += block.codes()
        else:
            narrow.append(block.narrow())
    if narrow:
        made += _by_day(NARROW, _sorted(narrow), 1)
    if codes:
        made += _by_day(QUALITY, _sorted(codes), 0)
    return made


class _Block:
    """Frames of one rate group of one tag table, joined."""

    def __init__(self, frames: list[Frame], numbers: Numbers) -> None:
        count = len(frames)
        self._numbers = numbers
        names = {frame.device for frame in frames}
        ids = {name: numbers.device(name) for name in names}
        kind = numbers.devices.to_pandas_dtype()
        owner = np.fromiter((ids[frame.device] for frame in frames), kind, count)
        first = np.fromiter((frame.received_us[0] for frame in frames), np.int64, count)
        order = np.lexsort((first, owner))
        frames = [frames[place] for place in order.tolist()]
        lengths = np.fromiter((len(frame.received_us) for frame in frames), np.int64, count)
        self.tags = frames[0].tags
        self.device = np.repeat(owner[order], lengths)
        self.time = np.concatenate([frame.received_us for frame in frames])
        self._order: npt.NDArray[np.intp] | None = None
        mixed = (self.time[1:] < self.time[:-1]) & (self.device[1:] == self.device[:-1])
        if mixed.any():
            self._order = np.lexsort((self.time, self.device))
            self.device = self.device[self._order]
            self.time = self.time[self._order]
        self._columns = list(zip(*(frame.columns for frame in frames), strict=True))
        self._quality = self._joined_quality(frames, lengths)
        self.source = self._joined_source(frames, lengths)

    def _ordered(self, joined: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return joined if self._order is None else joined[..., self._order]

    def _joined_quality(
        self, frames: Sequence[Frame], lengths: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.uint8] | None:
        if all(frame.quality is None for frame in frames):
            return None
        good = np.zeros((len(self.tags), int(lengths.max())), np.uint8)
        pieces = [
            good[:, : len(frame.received_us)] if frame.quality is None else frame.quality
            for frame in frames
        ]
        return self._ordered(np.concatenate(pieces, axis=1))

    def _joined_source(self, frames: Sequence[Frame], lengths: npt.NDArray[np.int64]) -> pa.Array:
        if all(frame.source_us is None for frame in frames):
            return pa.nulls(len(self.time), pa.int64())
        none = np.zeros(int(lengths.max()), np.int64)
        told = np.repeat([frame.source_us is not None for frame in frames], lengths)
        times = np.concatenate(
            [
                none[: len(frame.received_us)] if frame.source_us is None else frame.source_us
                for frame in frames
            ]
        )
        return pa.array(self._ordered(times), pa.int64(), mask=~self._ordered(told))

    def _values(self, place: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        raw = np.concatenate(self._columns[place])
        return self._ordered(engineering(self.tags[place], raw, dtype))

    def wide(self) -> pa.Table:
        columns: dict[str, pa.Array] = {
            "_device": pa.array(self.device, self._numbers.devices),
            "_t": pa.array(self.time),
            "_src": self.source,
        }
        for place, tag in enumerate(self.tags):
            kind = column_type(tag)
            values = self._values(place, kind.to_pandas_dtype())
            bad = None if self._quality is None else self._quality[place] >= BAD_MIN
            columns[tag.name] = pa.array(values, kind, mask=bad)
        return pa.table(columns)

    def codes(self) -> list[pa.Table]:
        if self._quality is None:
            return []
        places, rows = np.nonzero(self._quality)
        if not len(rows):
            return []
        kind = self._numbers.tags.to_pandas_dtype()
        ids = np.array([self._numbers.tag(tag.name) for tag in self.tags], kind)
        return [
            pa.table(
                {
                    "_device": pa.array(self.device[rows], self._numbers.devices),
                    "_tag": pa.array(ids[places], self._numbers.tags),
                    "_t": pa.array(self.time[rows]),
                    "_q": pa.array(self._quality[places, rows]),
                }
            )
        ]

    def narrow(self) -> pa.Table:
        """By device, tag and time."""
        count, kinds = len(self.time), len(self.tags)
        values = np.empty((kinds, count))
        for place in range(kinds):
            values[place] = self._values(place, np.float64)
        starts = np.flatnonzero(np.diff(self.device, prepend=self.device[0] - 1))
        lengths = np.repeat(np.diff(starts, append=count), kinds)
        # Where a run of one device and tag begins in the arrays that hold tag after tag.
        begins = (starts[:, None] + np.arange(kinds) * count).ravel()
        order = np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
        order += np.arange(count * kinds)
        codes = np.zeros(count * kinds, np.uint8)
        if self._quality is not None:
            codes = self._quality.ravel()[order]
        kind = self._numbers.tags.to_pandas_dtype()
        ids = np.array([self._numbers.tag(tag.name) for tag in self.tags], kind)
        rows = order % count
        device = np.repeat(np.repeat(self.device[starts], kinds), lengths)
        bare = self.source.null_count == count
        bad = codes >= BAD_MIN if codes.any() else None
        return pa.table(
            {
                "_device": pa.array(device, self._numbers.devices),
                "_tag": pa.array(np.repeat(np.tile(ids, len(starts)), lengths), self._numbers.tags),
                "_t": pa.array(self.time[rows]),
                "_src": pa.nulls(count * kinds, pa.int64()) if bare else self.source.take(rows),
                "_v": pa.array(values.ravel()[order], mask=bad),
                "_q": pa.array(codes),
            }
        )


def _sorted(tables: list[pa.Table]) -> pa.Table:
    """By device, tag and time; a single table that is not a list of codes is so already."""
    whole = pa.concat_tables(tables).combine_chunks()
    if len(tables) == 1 and "_v" in whole.column_names:
        return whole
    device, tag, time = (whole[name].to_numpy() for name in ("_device", "_tag", "_t"))
    return whole.take(pa.array(np.lexsort((time, tag, device))))


def _by_day(source: Source, rows: pa.Table, points: int) -> list[Batch]:
    time = rows["_t"].to_numpy()
    first, last = int(time.min()), int(time.max())
    if first // DAY_US == last // DAY_US:
        return [Batch(source, first // DAY_US, rows, points * len(rows), first, last)]
    days = time // DAY_US
    made = []
    for day in np.unique(days).tolist():
        part = rows.filter(pa.array(days == day))
        times = part["_t"].to_numpy()
        made.append(
            Batch(source, day, part, points * len(part), int(times.min()), int(times.max()))
        )
    return made
