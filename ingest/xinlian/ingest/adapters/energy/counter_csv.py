"""An energy counter as the store exports it, turned into quarter hours of consumption.

Columns ``time`` (UTC), ``device``, ``<tag>`` in kWh and ``<tag>__quality``; readings that are not
good are left out, and what the counter gained meanwhile is spread over the time.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

import numpy as np
from xinlian.ingest.model.energy.counters import Consumption, FindingKind, consumption
from xinlian.ingest.model.energy.exact import EnergyError, half_up
from xinlian.ingest.model.energy.load import DAYS_MAX, LoadSeries
from xinlian.ingest.model.quality import BAD_MIN

__all__ = ["COUNTER_TAG", "read_counter_csv"]

COUNTER_TAG: Final = "energy_import"
READINGS_MAX: Final = 5_000_000
QUARTER_US: Final = 900_000_000
GAP_US: Final = 2 * QUARTER_US
DAY_US: Final = 96 * QUARTER_US
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TOLD: Final = {
    FindingKind.ROLLOVER: ("Times the counter rolled over: {}.", "计数器翻转 {} 次。"),
    FindingKind.RESET: (
        "Times the counter went back and was counted from 0 again: {}.",
        "计数器回退并从 0 重新计数 {} 次。",
    ),
    FindingKind.GAP: (
        "Gaps of more than half an hour, over which the gain was spread: {}.",
        "超过半小时的缺口 {} 处，其间增量按时间均摊。",
    ),
}


def read_counter_csv(
    path: Path,
    *,
    tag: str = COUNTER_TAG,
    zone_hours: int = 8,
    rollover_kwh: Decimal | None = None,
) -> LoadSeries:
    """Read one device's counter; days are those of the zone (hours east of UTC, no summer time).

    ``rollover_kwh``: one step more than the highest value it shows. Quarter hours before the first
    and after the last reading stand as 0, counted as missing. ``EnergyError`` names the line.
    """
    device, times, readings = _readings(path, tag)
    local = [time_us + zone_hours * 3_600_000_000 for time_us in times]
    start = local[0] // DAY_US * DAY_US
    days = -(-(local[-1] - start) // DAY_US)
    if len(times) < 2 or not 1 <= days <= DAYS_MAX:
        raise EnergyError(
            f"{path.name}: needs two good readings within {DAYS_MAX} days",
            f"{path.name}：{DAYS_MAX} 天内至少需要两个有效读数",
        )
    modulus = None if rollover_kwh is None else half_up(rollover_kwh * 1_000)
    made = consumption(
        local, readings, start_us=start, step_us=QUARTER_US, steps=days * 96,
        modulus=modulus, gap_us=GAP_US,
    )  # fmt: skip
    ahead = (local[0] - start) // QUARTER_US
    behind = days * 96 - -(-(local[-1] - start) // QUARTER_US)
    first = (_EPOCH + timedelta(microseconds=start)).date()
    unknown = np.zeros(days * 96, np.bool_)
    unknown[:ahead] = True
    unknown[days * 96 - behind :] = True
    return LoadSeries(
        device, first, made.steps, unknown=unknown, notes=_notes(made, ahead + behind)
    )  # fmt: skip


def _readings(path: Path, tag: str) -> tuple[str, list[int], list[int]]:
    times: list[int] = []
    readings: list[int] = []
    device, number = "", 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            missing = {"time", tag} - set(reader.fieldnames or ())
            if missing:
                listed = ", ".join(sorted(missing))
                raise EnergyError(
                    f"{path.name}: no column {listed}", f"{path.name}：缺少列 {listed}"
                )
            for number, row in enumerate(reader, 2):
                if number > READINGS_MAX:
                    raise ValueError(f"more than {READINGS_MAX} rows")
                if not _good(row, tag):
                    continue
                device = device or row.get("device") or path.stem
                if (row.get("device") or device) != device:
                    raise ValueError("more than one device")
                moment = datetime.fromisoformat(row["time"])
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                value = Decimal(row[tag])
                if not abs(value) < 10**12:
                    raise ValueError(f"{value} is no reading of a counter")
                times.append((moment - _EPOCH) // timedelta(microseconds=1))
                readings.append(half_up(value * 1_000))
    except (TypeError, ValueError, OverflowError, InvalidOperation, csv.Error) as exc:
        if isinstance(exc, EnergyError):
            raise
        raise EnergyError(
            f"{path.name}, line {number}: {exc!r}",
            f"{path.name} 第 {number} 行无效：{exc!r}",
        ) from exc
    if not times:
        raise EnergyError(f"{path.name}: no good readings", f"{path.name}：没有有效读数")
    return device, times, readings


def _good(row: dict[str, str], tag: str) -> bool:
    code = row.get(f"{tag}__quality") or "0"
    return bool(row.get(tag)) and code.isdigit() and int(code) < BAD_MIN


def _notes(made: Consumption, missing: int) -> tuple[tuple[str, str], ...]:
    counts = Counter(finding.kind for finding in made.findings)
    notes = [
        (_TOLD[kind][0].format(count), _TOLD[kind][1].format(count))
        for kind, count in counts.items()
        if kind in _TOLD
    ]
    if missing:
        notes.append(
            (
                f"Quarter hours before the first or after the last reading: {missing}.",
                f"首个读数之前与末个读数之后的 15 分钟数：{missing}。",
            )
        )
    return tuple(notes)
