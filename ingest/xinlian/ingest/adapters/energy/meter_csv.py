"""Meter files: quarter hours from CSV, by a mapping of columns, in exact integers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from xinlian.ingest.adapters.energy.counter_csv import COUNTER_TAG, read_counter_csv
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.load import DAYS_MAX, LoadSeries

__all__ = ["PLAIN", "STEEL", "ColumnMap", "read_meter_csv"]

ROWS_MAX: Final = DAYS_MAX * 96
_STEP: Final = timedelta(minutes=15)
_SPLIT: Final = re.compile(r"[-/.: T]+")
_CELL_MAX: Final = 64
_HEAD_MAX: Final = 1 << 16
_WH_MAX: Final = 1_000_000_000
"""Of a quarter hour: 4 GW, more than any plant draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """Which column holds what. Energy in kWh, reactive energy in kvarh, CO2 in tonnes."""

    time: str
    order: str = "ymd"
    """Order of day, month and year in the time: ``ymd``, ``dmy`` or ``mdy``."""
    energy: str
    reactive: str = ""
    leading: str = ""
    co2: str = ""
    time_is_end: bool = False
    """Whether the time of a row is the end of its quarter hour."""


STEEL: Final = ColumnMap(
    time="date",
    order="dmy",
    energy="Usage_kWh",
    reactive="Lagging_Current_Reactive_Power_kVarh",
    leading="Leading_Current_Reactive_Power_kVarh",
    co2="CO2(tCO2)",
    time_is_end=True,
)
"""The public year of a steel plant (UCI, "Steel Industry Energy Consumption")."""

PLAIN: Final = ColumnMap(time="time", energy="kwh", reactive="kvarh")
"""Own exports: ``time`` (ISO, start of the quarter hour), ``kwh`` and perhaps ``kvarh``."""


@dataclass(slots=True)
class _Row:
    start: datetime
    numbers: tuple[int, int, int, int]
    midnight: bool


def read_meter_csv(path: Path, columns: ColumnMap | None = None) -> LoadSeries:
    """Read a file; without ``columns`` its head decides between ``STEEL``, ``PLAIN`` and what the
    store exports of an energy counter.

    Missing quarter hours stand as 0 and are counted, repeated ones are dropped and told. Days that
    are not whole at either end are filled likewise. ``EnergyError`` names the line at fault.
    """
    if columns is None and _is_counter(path):
        return read_counter_csv(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader, columns = _reader(text, path.name, columns)
            rows = list(_rows(reader, path.name, columns))
    except (csv.Error, UnicodeDecodeError) as exc:
        raise EnergyError(f"{path.name}: not CSV: {exc}", f"{path.name}：不是 CSV：{exc}") from exc
    if not rows:
        raise EnergyError(f"{path.name}: no readings", f"{path.name}：没有读数")
    first = min(row.start for row in rows).date()
    last = max(row.start for row in rows).date()
    days = (last - first).days + 1
    if days > DAYS_MAX:
        raise EnergyError(
            f"{path.name}: spans {days} days, at most {DAYS_MAX}",
            f"{path.name}：跨 {days} 天，最多 {DAYS_MAX} 天",
        )
    return _load(path.stem, rows, first, days, columns)


def _is_counter(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.readline(_HEAD_MAX).decode("utf-8-sig", "replace")
    return f"{COUNTER_TAG}__quality" in head


def _reader(
    text: TextIO, name: str, columns: ColumnMap | None
) -> tuple[csv.DictReader[str], ColumnMap]:
    reader = csv.DictReader(text)
    heads = set(reader.fieldnames or ())
    if columns is None:
        columns = STEEL if STEEL.energy in heads else PLAIN
        if columns is PLAIN and PLAIN.reactive not in heads:
            columns = ColumnMap(time=PLAIN.time, energy=PLAIN.energy)
    wanted = {columns.time, columns.energy, columns.reactive, columns.leading, columns.co2} - {""}
    missing = ", ".join(sorted(wanted - heads))
    if missing:
        raise EnergyError(
            f"{name}: no column {missing}; a meter file has {PLAIN.time}, {PLAIN.energy} and "
            f"perhaps {PLAIN.reactive}, or {STEEL.time} and {STEEL.energy} with its companions",
            f"{name}：缺少列 {missing}；表头须为 {PLAIN.time}、{PLAIN.energy}（可含 "
            f"{PLAIN.reactive}），或 {STEEL.time}、{STEEL.energy} 及其配套列",
        )
    return reader, columns


def _rows(reader: csv.DictReader[str], name: str, columns: ColumnMap) -> Iterator[_Row]:
    before: datetime | None = None
    for number, row in enumerate(reader, 2):
        try:
            if number > ROWS_MAX + 1:
                raise EnergyError(f"more than {ROWS_MAX} rows", f"超过 {ROWS_MAX} 行")
            moment = _moment(row[columns.time], columns.order)
            # Some meters write the midnight that ends a day as 0:00 of the same day.
            midnight = (
                columns.time_is_end
                and moment.time() == datetime.min.time()
                and before is not None
                and before.date() == moment.date()
                and before > moment
            )
            if midnight:
                moment += timedelta(days=1)
            elif columns.time_is_end and before is not None and moment < before:
                raise EnergyError(
                    "is earlier than the row before it: sort the file, oldest first",
                    "早于上一行：请按时间先后排序",
                )
            before = moment
            start = moment - _STEP if columns.time_is_end else moment
            if start.minute % 15 or start.second:
                raise EnergyError("no quarter hour", "不是整 15 分钟")
            numbers = (
                _energy(row[columns.energy]),
                _scaled(row[columns.reactive], 1_000) if columns.reactive else 0,
                _scaled(row[columns.leading], 1_000) if columns.leading else 0,
                _scaled(row[columns.co2], 1_000_000) if columns.co2 else 0,
            )
        except EnergyError as exc:
            raise EnergyError(
                f"{name}, line {number}: {exc}", f"{name} 第 {number} 行无效：{exc.zh}"
            ) from exc
        except OverflowError as exc:
            raise EnergyError(
                f"{name}, line {number}: no time of a calendar", f"{name} 第 {number} 行：时间无效"
            ) from exc
        if midnight:
            before = None
        yield _Row(start, numbers, midnight)


def _load(name: str, rows: list[_Row], first: date, days: int, columns: ColumnMap) -> LoadSeries:
    made = np.zeros((4, days * 96), dtype=np.int64)
    seen = np.zeros(days * 96, dtype=np.bool_)
    repeated = 0
    origin = datetime.combine(first, datetime.min.time())
    for row in rows:
        place = int((row.start - origin) / _STEP)
        if seen[place]:
            repeated += 1
            continue
        seen[place] = True
        made[:, place] = row.numbers
    missing = int((~seen).sum())
    midnights = sum(row.midnight for row in rows)
    notes: list[tuple[str, str]] = []
    if midnights:
        notes.append(
            (
                f"{midnights} rows write the midnight that ends a day with that day's own date; "
                "they were put at its end.",
                f"{midnights} 行把一天结束的零点记为当天 0:00，已归入当天最后一刻。",
            )
        )
    zeros = int(((made[0] == 0) & seen).sum())
    if zeros:
        notes.append(
            (
                f"Quarter hours that read exactly 0 kWh: {zeros}.",
                f"{zeros} 个 15 分钟读数恰为 0 kWh。",
            )
        )
    if repeated:
        notes.append(
            (
                f"Rows that repeat a quarter hour, dropped: {repeated}.",
                f"丢弃重复行 {repeated} 行。",
            )
        )
    if missing:
        notes.append(
            (f"Quarter hours that are missing: {missing}.", f"缺少 {missing} 个 15 分钟读数。")
        )
    return LoadSeries(
        name,
        first,
        made[0],
        made[1] if columns.reactive else None,
        made[2] if columns.leading else None,
        made[3] if columns.co2 else None,
        ~seen if missing else None,
        tuple(notes),
    )


def _moment(text: str | None, order: str) -> datetime:
    shown = (text or "").strip()[:_CELL_MAX]
    try:
        year, month, day, hour, minute, second = _parts(shown, order)
        # The clock of the place: a meter file names no zone.
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
    except (ValueError, OverflowError) as exc:
        raise EnergyError(f"{shown!r} is no time", f"{shown!r} 不是时间") from exc


def _parts(text: str, order: str) -> tuple[int, int, int, int, int, int]:
    parts = [int(part) for part in _SPLIT.split(text)]
    if len(parts) not in (5, 6):
        raise ValueError(text)
    by = dict(zip(order, parts[:3], strict=True))
    year = by["y"] + 2_000 if by["y"] < 100 else by["y"]
    hour, minute, second = (*parts[3:], 0)[:3]
    return year, by["m"], by["d"], hour, minute, second


def _energy(text: str | None) -> int:
    """Watt-hours drawn in a quarter hour; what no meter can tell is refused."""
    value = _scaled(text, 1_000)
    if not 0 <= value <= _WH_MAX:
        raise EnergyError(
            f"{text} kWh in a quarter hour cannot be: 0 to {_WH_MAX // 1_000}",
            f"15 分钟用电 {text} kWh 不可能：应为 0 至 {_WH_MAX // 1_000}",
        )
    return value


def _scaled(text: str | None, factor: int) -> int:
    """The number times ``factor``, which must be whole: nothing is rounded unsaid."""
    shown = (text or "").strip()[:_CELL_MAX]
    try:
        value = Decimal(shown) * factor
    except InvalidOperation as exc:
        raise EnergyError(f"{shown!r} is no number", f"{shown!r} 不是数字") from exc
    if not value.is_finite() or abs(value) > 1 << 53 or value != int(value):
        raise EnergyError(
            f"{shown!r} is finer than 1/{factor}, or too large",
            f"{shown!r} 精度高于 1/{factor}，或数值过大",
        )
    return int(value)
