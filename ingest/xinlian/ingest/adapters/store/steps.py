"""Aggregates per step, reckoned from readings or read from roll-ups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from xinlian.ingest.adapters.store.arrow import NARROW, Source, is_wide
from xinlian.ingest.adapters.store.newest import Newest
from xinlian.ingest.adapters.store.sql import ROLL_COLUMNS, ints, quoted, span, union
from xinlian.ingest.adapters.store.values import refined
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import Aggregate, Downsample, Known, QueryError, Roll, Steps

__all__ = ["Stepping"]

_EXACT: Final = (Aggregate.MIN, Aggregate.MAX, Aggregate.FIRST, Aggregate.LAST)
Found = dict[tuple[int, str], tuple[npt.NDArray[np.int64], list[npt.NDArray[Any]]]]


class Stepping(Newest):
    """Down-sampling on top of ``Newest``."""

    _rolls: tuple[Roll, ...]

    def downsample(self, request: Downsample) -> list[Steps]:
        """See the port."""
        numbers = self._numbers(request.devices)
        plain: dict[Source, list[str]] = {}
        found: Found = {}
        for name in request.tags:
            holders = [d for d in numbers.values() if self._catalog.tag(d, name) is not None]
            sources = list(dict.fromkeys(s for d in holders for s in self._sources(d, name)))
            touched = request.amended and self._touched(holders, name)
            one_table = all(len(self._sources(device, name)) == 1 for device in holders)
            if not touched and one_table and all(source.kind == "w" for source in sources):
                for source in sources:
                    plain.setdefault(source, []).append(name)
            elif holders:
                self._general(request, name, holders, sources, found)
        for source, names in plain.items():
            self._plain(request, source, names, list(numbers.values()), found)
        return self._steps(request, numbers, found)

    def across(
        self,
        tag: str,
        devices: Sequence[str],
        span_us: tuple[int, int],
        step_us: int,
        aggregate: Aggregate = Aggregate.AVG,
    ) -> list[Steps]:
        """See the port."""
        return self.downsample(
            Downsample(
                devices=tuple(devices),
                tags=(tag,),
                start_us=span_us[0],
                end_us=span_us[1],
                step_us=step_us,
                aggregates=(aggregate,),
            )
        )

    def rolled(self, roll: Roll, request: Downsample) -> list[Steps]:
        """See the port."""
        if roll not in self._rolls:
            raise QueryError(
                f"roll-ups of {int(roll)} s are not kept here", f"此处未保留 {int(roll)} 秒的汇总"
            )
        numbers = self._numbers(request.devices)
        names = {self._catalog.tags[n]: n for n in request.tags if n in self._catalog.tags}
        found: Found = {}
        if roll is Roll.S1:
            self._live(request, found)
        source = Source("r", group=int(roll))
        start = max(request.start_us - request.start_us % roll.us, self._seen_from_us(source))
        parts = self._parts(source, start, request.end_us) if start < request.end_us else []
        if parts and numbers and names:
            where = (
                f"_device IN ({ints(numbers.values())}) AND _tag IN ({ints(names)}) "
                f"AND {span(start, request.end_us)}"
            )
            chosen = ", ".join(
                f"{self._dialect.rolled(each)} AS _a{place}"
                for place, each in enumerate(request.aggregates)
            )
            rows = self._read(
                f"SELECT _device, _tag, _t, {chosen} FROM "
                f"({self._roll_rows(roll, parts, where)}) AS r "
                f"GROUP BY _device, _tag, _t ORDER BY _device, _tag, _t"
            )
            tag = rows["_tag"].to_numpy()
            for number, name in names.items():
                _split(rows.filter(pa.array(tag == number)), name, "_t", request, found)
        return self._steps(request, numbers, found)

    def _live(self, request: Downsample, found: Found) -> None:
        """Seconds of slow tags, from the readings."""
        start = request.start_us - request.start_us % Roll.S1.us
        numbers = self._numbers(request.devices)
        for name in request.tags:
            slow = [each for each, n in numbers.items() if not self._catalog.is_fast(n, name)]
            if not slow:
                continue
            live = replace(
                request, devices=tuple(slow), tags=(name,), start_us=start, step_us=Roll.S1.us
            )
            for steps in self.downsample(live):
                if len(steps):
                    columns = [steps.values[each] for each in request.aggregates]
                    found[numbers[steps.device], name] = (steps.times_us, columns)

    def _roll_rows(self, roll: Roll, parts: list[str], where: str) -> str:  # noqa: ARG002
        """Rows of roll-ups in force."""
        return union(parts, ", ".join(ROLL_COLUMNS), where)

    def catalogue(self) -> list[Known]:
        """See the port."""
        spans: dict[str, tuple[int, int]] = {}
        for digest, table in list(self._catalog.tables.items()):
            sources = (
                [Source("w", digest, group) for group in range(len(table.groups))]
                if is_wide(table)
                else [NARROW]
            )
            found = [each for source in sources if (each := self._extent(source)) is not None]
            spans[digest] = (
                min((first for first, _ in found), default=0),
                max((last for _, last in found), default=0),
            )
        made = []
        for name, number in list(self._catalog.devices.items()):
            for digest in self._catalog.held.get(number, ()):
                table = self._catalog.tables[digest]
                made.append(
                    Known(name, table.name, table.version, digest, table.fixed, table.tags,
                          *spans[digest])
                )  # fmt: skip
        return made

    def _numbers(self, devices: Iterable[str]) -> dict[str, int]:
        known = self._catalog.devices
        return {name: known[name] for name in devices if name in known}

    def _touched(self, devices: Sequence[int], name: str) -> bool:
        tag = self._catalog.tags.get(name, -1)
        amended = self._catalog.amended
        return bool(amended) and any((device, tag) in amended for device in devices)

    def _plain(
        self,
        request: Downsample,
        source: Source,
        names: list[str],
        devices: list[int],
        found: Found,
    ) -> None:
        start = max(request.start_us, self._seen_from_us(source))
        parts = self._parts(source, start, request.end_us) if start < request.end_us else []
        if not parts:
            return
        where = f"_device IN ({ints(devices)}) AND {span(start, request.end_us)}"
        columns = ", ".join(["_device", "_t", *(quoted(name) for name in names)])
        chosen = ", ".join(
            f"{self._dialect.aggregate(each, quoted(name))} AS _a{len(request.aggregates) * n + p}"
            for n, name in enumerate(names)
            for p, each in enumerate(request.aggregates)
        )
        rows = self._read(
            f"SELECT _device, _t - _t % {int(request.step_us)} AS _b, {chosen} "
            f"FROM ({union(parts, columns, where)}) AS w GROUP BY _device, _b ORDER BY _device, _b"
        )
        for place, name in enumerate(names):
            _split(rows, name, "_b", request, found, place * len(request.aggregates))

    def _general(
        self,
        request: Downsample,
        name: str,
        devices: list[int],
        sources: list[Source],
        found: Found,
    ) -> None:
        relation = self._amended_relation(
            sources, name, devices, (request.start_us, request.end_us), request.amended
        )
        if relation is None:
            return
        chosen = ", ".join(
            f"{self._dialect.aggregate(each, 'v')} AS _a{place}"
            for place, each in enumerate(request.aggregates)
        )
        rows = self._read(
            f"SELECT _device, _t - _t % {int(request.step_us)} AS _b, {chosen} "
            f"FROM ({relation}) AS w GROUP BY _device, _b ORDER BY _device, _b"
        )
        _split(rows, name, "_b", request, found)

    def _amended_relation(
        self,
        sources: Sequence[Source],
        name: str,
        devices: Sequence[int] | None,
        span_us: tuple[int, int],
        amended: bool,
    ) -> str | None:
        """Good readings ``_device, _t, v`` of all sources, corrected; all devices if ``None``."""
        start, end = span_us
        pieces = [self._relation(source, name, devices, start, end) for source in sources]
        whole = " UNION ALL ".join(piece for piece in pieces if piece is not None)
        start = max([start, *map(self._seen_from_us, sources)])
        tag = self._catalog.tags.get(name, -1)
        corrected = sorted(
            device
            for device, each in self._catalog.amended
            if each == tag and (devices is None or device in devices)
        )
        if not (amended and corrected) or start >= end:
            return whole or None
        force = self._dialect.amended(tag, corrected, start, end)
        added = f"SELECT _device, _t, v FROM ({force}) AS a WHERE q < {BAD_MIN}"
        if not whole:
            return added
        keys = f"SELECT _device, _t FROM ({force}) AS k"
        return (
            f"SELECT _device, _t, v FROM ({whole}) AS o WHERE (_device, _t) NOT IN ({keys}) "
            f"UNION ALL {added}"
        )

    def _steps(self, request: Downsample, numbers: dict[str, int], found: Found) -> list[Steps]:
        made = []
        for device in request.devices:
            for name in request.tags:
                key = (numbers.get(device, -1), name)
                times, columns = found.get(key, (np.empty(0, np.int64), []))
                values: dict[Aggregate, npt.NDArray[Any]] = {}
                tag = self._catalog.tag(key[0], name)
                for place, each in enumerate(request.aggregates):
                    column = columns[place] if columns else np.empty(0)
                    if each is Aggregate.COUNT:
                        column = column.astype(np.int64)
                    elif each in _EXACT and tag is not None and not self._touched(key[:1], name):
                        column = refined(tag, column)
                    values[each] = column
                made.append(Steps(device, name, times, values))
        return made


def _split(
    rows: pa.Table, name: str, time: str, request: Downsample, found: Found, first: int = 0
) -> None:
    """Rows of many devices, sorted by device, into pieces; steps without a good reading fall."""
    device, times = rows["_device"].to_numpy(), rows[time].to_numpy()
    columns = [rows[f"_a{first + place}"].to_numpy() for place in range(len(request.aggregates))]
    counts = request.aggregates[0] is Aggregate.COUNT
    edges = np.flatnonzero(np.diff(device)) + 1
    starts = [0, *edges.tolist(), len(device)]
    for begin, end in pairwise(starts):
        if begin < end:
            pieces = [column[begin:end] for column in columns]
            good = pieces[0] > 0 if counts else ~np.isnan(pieces[0].astype(np.float64))
            if good.any():
                found[int(device[begin]), name] = (
                    times[begin:end][good],
                    [piece[good] for piece in pieces],
                )
