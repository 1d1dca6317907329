"""Reads that are the same on every database: windows, newest values, steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from xinlian.ingest.adapters.store.arrow import NARROW, QUALITY, Source
from xinlian.ingest.adapters.store.catalog import Catalog
from xinlian.ingest.adapters.store.series import amend, empty, joined
from xinlian.ingest.adapters.store.sql import Dialect, ints, quoted, span, union
from xinlian.ingest.adapters.store.values import refined, refined_sql
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import (
    Series,
    Window,
)

__all__ = ["Reading"]


class Reading(ABC):
    """The reading half of a store. The other half fills ``_catalog`` and knows the parts."""

    _catalog: Catalog
    _dialect: Dialect

    @abstractmethod
    def _read(self, sql: str) -> pa.Table:
        """Rows of a query; safe to call from several threads."""

    @abstractmethod
    def _parts(self, source: Source, start_us: int, end_us: int) -> list[str]:
        """Tables that hold rows of a source in a span."""

    @abstractmethod
    def _days(self, source: Source) -> list[int]:
        """Days since 1970 that have rows of a source, oldest first."""

    @abstractmethod
    def _extent(self, source: Source) -> tuple[int, int] | None:
        """Times of the oldest and the newest row, or about them: never later and earlier."""

    @abstractmethod
    def _seen_from_us(self, source: Source) -> int:
        """Rows before this time were dropped, and what came late for it is not shown."""

    def window(self, request: Window) -> list[Series]:
        """See the port."""
        device = self._catalog.devices.get(request.device)
        found: dict[str, list[Series]] = {name: [] for name in request.tags}
        if device is not None:
            asked: dict[Source, list[str]] = {}
            for name in request.tags:
                for source in self._catalog.sources(device, name):
                    asked.setdefault(source, []).append(name)
            for source, names in asked.items():
                for series in self._window(device, source, names, request):
                    found[series.tag].append(series)
        made = []
        for name in request.tags:
            series = joined(found[name]) or empty(request.device, name)
            if request.amended and device is not None:
                series = amend(series, self._amendments_of(device, name, request))
            made.append(_cut(series, request.limit))
        return made

    def _window(
        self, device: int, source: Source, names: list[str], request: Window
    ) -> list[Series]:
        start = max(request.start_us, self._seen_from_us(source))
        parts = self._parts(source, start, request.end_us) if start < request.end_us else []
        if not parts:
            return []
        where = f"_device = {int(device)} AND {span(start, request.end_us)}"
        if source == NARROW:
            return self._narrow(parts, names, where, request)
        columns = ", ".join(["_t", *(quoted(name) for name in names)])
        rows = self._read(
            f"SELECT {columns} FROM ({union(parts, columns, where)}) AS w "
            f"ORDER BY _t LIMIT {int(request.limit)}"
        )
        times = rows["_t"].to_numpy()
        codes = self._codes(device, names, start, request.end_us)
        tags = {tag.name: tag for tag in self._catalog.tables[source.digest].tags}
        made = []
        for name in names:
            values = refined(tags[name], rows[name].to_numpy())
            quality = np.zeros(len(times), np.uint8)
            quality[np.isnan(values)] = BAD_MIN
            if name in codes:
                at, code = codes[name]
                place = np.searchsorted(times, at)
                hit = place < len(times)
                hit[hit] = times[place[hit]] == at[hit]
                quality[place[hit]] = code[hit]
            made.append(
                Series(request.device, name, times, values, quality, np.zeros(len(times), np.bool_))
            )
        return made

    def _narrow(
        self, parts: list[str], names: list[str], where: str, request: Window
    ) -> list[Series]:
        made = []
        for name in names:
            tag = self._catalog.tags[name]
            only = f"{where} AND _tag = {int(tag)}"
            rows = self._read(
                f"SELECT _t, _v, _q FROM ({union(parts, '_t, _v, _q', only)}) AS w "
                f"ORDER BY _t LIMIT {int(request.limit)}"
            )
            times = rows["_t"].to_numpy()
            values = rows["_v"].to_numpy().astype(np.float64)
            quality = rows["_q"].to_numpy().astype(np.uint8)
            none = np.zeros(len(times), np.bool_)
            made.append(Series(request.device, name, times, values, quality, none))
        return made

    def _codes(
        self, device: int, names: Sequence[str], start_us: int, end_us: int
    ) -> Mapping[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        """Times and codes of the readings of a device in wide tables that were not good."""
        parts = self._parts(QUALITY, start_us, end_us)
        if not parts:
            return {}
        numbers = {self._catalog.tags[n]: n for n in names if n in self._catalog.tags}
        where = (
            f"_device = {int(device)} AND {span(start_us, end_us)} AND _tag IN ({ints(numbers)})"
        )
        if not numbers:
            return {}
        rows = self._read(
            f"SELECT _tag, _t, _q FROM ({union(parts, '_tag, _t, _q', where)}) AS q ORDER BY _t"
        )
        tag, time, code = (rows[name].to_numpy() for name in ("_tag", "_t", "_q"))
        return {name: (time[tag == n], code[tag == n]) for n, name in numbers.items()}

    def _amendments_of(self, device: int, name: str, request: Window) -> pa.Table | None:
        tag = self._catalog.tags.get(name)
        if tag is None or (device, tag) not in self._catalog.amended:
            return None
        start = max([request.start_us, *map(self._seen_from_us, self._sources(device, name))])
        if start >= request.end_us:
            return None
        force = self._dialect.amended(tag, [device], start, request.end_us)
        return self._read(f"SELECT _t, v, q FROM ({force}) AS a ORDER BY _t")

    def _sources(self, device: int, name: str) -> list[Source]:
        return self._catalog.sources(device, name)

    def _relation(
        self,
        source: Source,
        name: str,
        devices: Sequence[int] | None,
        start_us: int,
        end_us: int,
    ) -> str | None:
        """Good readings of a tag as recorded: ``_device, _t, v``."""
        start = max(start_us, self._seen_from_us(source))
        parts = self._parts(source, start, end_us) if start < end_us else []
        if not parts:
            return None
        column = "_v" if source == NARROW else quoted(name)
        where = f"{span(start, end_us)} AND {column} IS NOT NULL"
        if devices is not None:
            where = f"_device IN ({ints(devices)}) AND {where}"
        if source == NARROW:
            where += f" AND _tag = {int(self._catalog.tags[name])}"
        value = self._dialect.cast(column)
        if source != NARROW:
            tags = {tag.name: tag for tag in self._catalog.tables[source.digest].tags}
            value = refined_sql(tags[name], column, self._dialect.double)
        return union(parts, f"_device, _t, {value} AS v", where)


def _cut(series: Series, limit: int) -> Series:
    if len(series) <= limit:
        return series
    return Series(
        series.device,
        series.tag,
        series.times_us[:limit],
        series.values[:limit],
        series.quality[:limit],
        series.amended[:limit],
    )
