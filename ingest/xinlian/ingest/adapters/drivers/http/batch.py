"""Bodies of pushes: readings as JSON or CSV, within bounds.

JSON: ``{"readings": [{"time": "2026-07-01T08:00:00+08:00", "values": {"P": 1.5}}]}``. CSV: a column
``time`` (may be left out) and a column per value; empty cells are values that were not told.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

__all__ = ["READINGS_MAX", "BatchError", "Reading", "readings"]

READINGS_MAX: Final = 10_000
VALUES_MAX: Final = 200_000
"""Values in one push."""
NAMES_MAX: Final = 4_096
CELL_MAX: Final = 1_024


class BatchError(ValueError):
    """A body that is no batch; message in English, ``zh`` in Chinese."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


@dataclass(frozen=True, slots=True)
class Reading:
    """Values of one time; ``timed`` says whether a time was given at all."""

    time: Any
    timed: bool
    values: Mapping[str, Any]


def readings(kind: str, body: bytes) -> list[Reading]:
    """The readings of a body of type ``json`` or ``csv``; ``BatchError``."""
    made = _json(body) if kind == "json" else _csv(body)
    if not made:
        raise BatchError("there is no reading in it", "其中没有任何读数")
    if sum(len(each.values) for each in made) > VALUES_MAX:
        raise BatchError(f"more than {VALUES_MAX} values", f"数值超过 {VALUES_MAX} 个")
    return made


def _json(body: bytes) -> list[Reading]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise BatchError(f"no JSON: {exc}", f"不是有效的 JSON：{exc}") from exc
    told = document.get("readings") if isinstance(document, dict) else None
    if not isinstance(told, list):
        raise BatchError('the member "readings" is no list', "成员 readings 不是列表")
    if len(told) > READINGS_MAX:
        raise BatchError(f"more than {READINGS_MAX} readings", f"读数超过 {READINGS_MAX} 条")
    made: list[Reading] = []
    for number, each in enumerate(told):
        values = each.get("values") if isinstance(each, dict) else None
        if not isinstance(values, dict) or not values:
            raise BatchError(
                f'reading {number} has no member "values" with values',
                f"第 {number} 条读数没有带数值的成员 values",
            )
        made.append(Reading(each.get("time"), "time" in each, values))
    return made


def _csv(body: bytes) -> list[Reading]:
    try:
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        names = [name.strip() for name in next(lines, [])]
        if not names or len(names) > NAMES_MAX or len(set(names)) != len(names):
            raise BatchError(
                f"the first line is 1 to {NAMES_MAX} different names",
                f"首行须为 1 至 {NAMES_MAX} 个互不相同的名称",
            )
        made: list[Reading] = []
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(names) or max(map(len, cells)) > CELL_MAX:
                raise BatchError(
                    f"line {lines.line_num} has {len(cells)} cells, or one that is too long",
                    f"第 {lines.line_num} 行有 {len(cells)} 格，或某格过长",
                )
            if len(made) >= READINGS_MAX:
                raise BatchError(
                    f"more than {READINGS_MAX} readings", f"读数超过 {READINGS_MAX} 条"
                )
            row = dict(zip(names, cells, strict=True))
            when = row.pop("time", "")
            made.append(
                Reading(when.strip(), bool(when.strip()), {k: v for k, v in row.items() if v})
            )
    except UnicodeDecodeError as exc:
        raise BatchError("the text is not UTF-8", "文本不是 UTF-8") from exc
    except csv.Error as exc:
        raise BatchError(f"no CSV: {exc}", f"不是有效的 CSV：{exc}") from exc
    return made
