"""The newest reading of each tag, looked for backwards in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from xinlian.ingest.adapters.store.arrow import NARROW, QUALITY, Source
from xinlian.ingest.adapters.store.reading import Reading
from xinlian.ingest.adapters.store.sql import among, ints, quoted, span, union
from xinlian.ingest.adapters.store.values import refined
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import DAY_US, DEVICES_MAX, Latest, QueryError

__all__ = ["Newest"]

_BACK_US: Final = (250_000, 5_000_000, 60_000_000, 3_600_000_000, DAY_US)
"""How far back the newest values are looked for at first; then a day, two, four, eight …, so that
what was silent for a year costs a few looks."""
_Row = tuple[int, str, int, float | None, int]
"""Device, tag, time, value, code."""


class Newest(Reading):
    """``latest`` on top of ``Reading``."""

    def latest(
        self, devices: Sequence[str], tags: Sequence[str] | None = None, *, amended: bool = True
    ) -> list[Latest]:
        """See the port."""
        if len(devices) > DEVICES_MAX:
            raise QueryError(
                f"ask for at most {DEVICES_MAX} devices, not {len(devices)}",
                f"请至多查询 {DEVICES_MAX} 台设备，而非 {len(devices)} 台",
            )
        wanted: dict[Source, dict[int, list[str]]] = {}
        known = self._catalog.devices
        names = {known[name]: name for name in devices if name in known}
        for number in names:
            for name in self._catalog.names(number) if tags is None else tags:
                for source in self._sources(number, name):
                    wanted.setdefault(source, {}).setdefault(number, []).append(name)
        found: dict[tuple[int, str], Latest] = {}
        for source, by in wanted.items():
            for number, name, time, value, code in self._newest(source, by):
                kept = found.get((number, name))
                if kept is None or kept.time_us < time:
                    found[number, name] = Latest(names[number], name, time, value, code)
        if amended:
            for key in list(found):
                found[key] = self._amended_latest(key, found[key])
        order = {name: place for place, name in enumerate(devices)}
        return sorted(found.values(), key=lambda each: order[each.device])

    def _amended_latest(self, key: tuple[int, str], latest: Latest) -> Latest:
        number, name = key
        tag = self._catalog.tags.get(name, -1)
        if (number, tag) not in self._catalog.amended:
            return latest
        force = self._dialect.amended(tag, [number], latest.time_us, 1 << 62)
        rows = self._read(f"SELECT _t, v, q FROM ({force}) AS a ORDER BY _t DESC LIMIT 1")
        if not len(rows):
            return latest
        time, value, code = (rows[column][0].as_py() for column in ("_t", "v", "q"))
        return Latest(latest.device, name, time, None if code >= BAD_MIN else value, code, True)

    def _newest(self, source: Source, by: Mapping[int, Sequence[str]]) -> list[_Row]:
        """Newest reading of each device and tag in a source, looked for backwards in time."""
        extent = self._extent(source)
        if extent is None:
            return []
        end, floor = extent[1] + 1, self._seen_from_us(source)
        starts = [end - back for back in _BACK_US]
        days = self._days(source)[::-1]
        starts += [days[at] * DAY_US for at in _doubling(len(days))]
        left = {(device, name) for device, names in by.items() for name in names}
        made: list[_Row] = []
        for start in starts:
            start = max(start, floor)
            if not left or start >= end:
                continue
            rows = self._newest_in(source, left, start, end)
            made += [row for row in rows if (row[0], row[1]) in left]
            left -= {(row[0], row[1]) for row in rows}
            end = start
        return made

    def _newest_in(
        self, source: Source, left: set[tuple[int, str]], start_us: int, end_us: int
    ) -> list[_Row]:
        parts = self._parts(source, start_us, end_us)
        if not parts:
            return []
        devices = sorted({device for device, _ in left})
        names = sorted({name for _, name in left})
        where = f"{among(devices)} AND {span(start_us, end_us)}"
        if source == NARROW:
            numbers = {self._catalog.tags[name]: name for name in names}
            where += f" AND _tag IN ({ints(numbers)})"
            key = "_device, _tag"
            columns = "_device, _tag, _t, _v, _q"
        else:
            key = "_device"
            columns = ", ".join(["_device", "_t", *(quoted(name) for name in names)])
        whole = union(parts, columns, where)
        last = (
            f"SELECT {key}, max(_t) FROM ({union(parts, key + ', _t', where)}) AS m GROUP BY {key}"
        )
        rows = self._read(f"SELECT {columns} FROM ({whole}) AS w WHERE ({key}, _t) IN ({last})")
        plain = {name: rows[name].to_pylist() for name in rows.column_names}
        if source == NARROW:
            return [
                (device, numbers[tag], time, value, code)
                for device, tag, time, value, code in zip(*plain.values(), strict=True)
            ]
        tags = {tag.name: tag for tag in self._catalog.tables[source.digest].tags}
        found = []
        for name in names:
            values = refined(tags[name], rows[name].to_numpy())
            for device, time, value in zip(plain["_device"], plain["_t"], values, strict=True):
                bad = bool(np.isnan(value))
                found.append((device, name, time, None if bad else float(value), BAD_MIN * bad))
        return self._with_codes(found, devices, names)

    def _with_codes(
        self,
        found: list[_Row],
        devices: Sequence[int],
        names: Sequence[str],
    ) -> list[_Row]:
        if not found:
            return found
        first, last = min(row[2] for row in found), max(row[2] for row in found)
        parts = self._parts(QUALITY, first, last + 1)
        numbers = {self._catalog.tags[n]: n for n in names if n in self._catalog.tags}
        if not parts or not numbers:
            return found
        where = f"{among(devices)} AND _tag IN ({ints(numbers)}) AND {span(first, last + 1)}"
        columns = "_device, _tag, _t, _q"
        rows = self._read(union(parts, columns, where)).to_pydict()
        codes = {
            (device, numbers[tag], time): code
            for device, tag, time, code in zip(*rows.values(), strict=True)
        }
        return [(*row[:4], codes.get(row[:3], row[4])) for row in found]


def _doubling(count: int) -> Iterator[int]:
    """0, 1, 3, 7, 15 … and the last of so many places."""
    at = 0
    while at < count - 1:
        yield at
        at = 2 * at + 1
    if count:
        yield count - 1
