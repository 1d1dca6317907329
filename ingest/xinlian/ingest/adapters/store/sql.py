"""SQL that both databases understand. Names in it are tag names (checked by ``Tag``), digests in
hex and fixed words; everything else is an integer. Texts never stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.model.query import Aggregate
from xinlian.ingest.model.tags import NAME

__all__ = ["AMENDMENTS", "ROLL_COLUMNS", "Dialect", "among", "ints", "quoted", "span", "union"]

AMENDMENTS: Final = "xl_amendments"
ROLL_COLUMNS: Final = (
    "_device", "_tag", "_t", "_n", "_lo", "_hi", "_sum", "_first", "_first_t", "_last", "_last_t",
)  # fmt: skip
LISTED_MAX: Final = 200
_OWN: Final = re.compile(r"_[a-z_]+|[a-z]+_[0-9a-z_]+")


def quoted(name: str) -> str:
    """A column or table name, safe in SQL; anything that is not one is refused."""
    if not (NAME.fullmatch(name) or _OWN.fullmatch(name)):
        raise ValueError(f"{name!r} is no name for SQL")
    return f'"{name}"'


def ints(numbers: Iterable[int]) -> str:
    """Numbers for an ``IN``."""
    return ",".join(str(int(number)) for number in numbers)


def among(devices: Sequence[int]) -> str:
    """A condition that at least these (sorted) devices meet; long lists are dear to read."""
    if len(devices) <= LISTED_MAX:
        return f"_device IN ({ints(devices)})"
    return f"_device >= {int(devices[0])} AND _device <= {int(devices[-1])}"


def span(start_us: int, end_us: int) -> str:
    """A condition on the time."""
    return f"_t >= {int(start_us)} AND _t < {int(end_us)}"


def union(parts: Sequence[str], columns: str, where: str) -> str:
    """Rows of all parts."""
    return " UNION ALL ".join(f"SELECT {columns} FROM {quoted(p)} WHERE {where}" for p in parts)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words in which the databases differ."""

    arg_min: str
    arg_max: str
    double: str
    """Type that a nullable double is cast to."""

    def cast(self, expression: str) -> str:
        """As a double."""
        return f"CAST({expression} AS {self.double})"

    def aggregate(self, aggregate: Aggregate, value: str) -> str:
        """An aggregate of a column over the rows that are not NULL."""
        return {
            Aggregate.MIN: self.cast(f"min({value})"),
            Aggregate.MAX: self.cast(f"max({value})"),
            Aggregate.AVG: self.cast(f"avg({self.cast(value)})"),
            Aggregate.FIRST: self.cast(f"{self.arg_min}({value}, _t)"),
            Aggregate.LAST: self.cast(f"{self.arg_max}({value}, _t)"),
            Aggregate.COUNT: f"CAST(count({value}) AS BIGINT)",
        }[aggregate]

    def rolled(self, aggregate: Aggregate) -> str:
        """An aggregate over rows of roll-ups."""
        return {
            Aggregate.MIN: "min(_lo)",
            Aggregate.MAX: "max(_hi)",
            Aggregate.AVG: "sum(_sum) / sum(_n)",
            Aggregate.FIRST: f"{self.arg_min}(_first, _first_t)",
            Aggregate.LAST: f"{self.arg_max}(_last, _last_t)",
            Aggregate.COUNT: "CAST(sum(_n) AS BIGINT)",
        }[aggregate]

    def roll_raw(self, relation: str, tag: int, step_us: int) -> str:
        """Rows of a roll-up from ``relation`` (``_device, _t, v`` without NULL)."""
        bucket = f"_t - _t % {int(step_us)}"
        return (
            f"SELECT _device, {int(tag)} AS _tag, {bucket} AS _b, CAST(count(v) AS BIGINT), "
            f"{self.cast('min(v)')}, {self.cast('max(v)')}, sum({self.cast('v')}), "
            f"{self.cast(f'{self.arg_min}(v, _t)')}, min(_t), "
            f"{self.cast(f'{self.arg_max}(v, _t)')}, max(_t) "
            f"FROM ({relation}) AS b GROUP BY _device, _tag, _b"
        )

    def roll_again(self, relation: str, step_us: int) -> str:
        """Rows of a roll-up from those of a shorter step."""
        bucket = f"_t - _t % {int(step_us)}"
        return (
            f"SELECT _device, _tag, {bucket} AS _b, CAST(sum(_n) AS BIGINT), min(_lo), max(_hi), "
            f"sum(_sum), {self.arg_min}(_first, _first_t), min(_first_t), "
            f"{self.arg_max}(_last, _last_t), max(_last_t) "
            f"FROM ({relation}) AS b GROUP BY _device, _tag, _b"
        )

    def amended(self, tag: int, devices: Sequence[int], start_us: int, end_us: int) -> str:
        """The amendments in force: ``_device, _t, v, q``."""
        return (
            f"SELECT _device, _t, {self.arg_max}(_v, _n) AS v, {self.arg_max}(_q, _n) AS q "
            f"FROM {AMENDMENTS} WHERE _tag = {int(tag)} AND _device IN ({ints(devices)}) "
            f"AND {span(start_us, end_us)} GROUP BY _device, _t"
        )
