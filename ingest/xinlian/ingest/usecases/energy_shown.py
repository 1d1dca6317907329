"""What tables of reports are made of: cells in both languages, and numbers as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from xinlian.ingest.model.energy.exact import decimal_text
from xinlian.ingest.model.energy.tariff import Period
from xinlian.trace.model.dossier import Words

__all__ = ["PERIOD_WORDS", "WEEKDAYS", "Table", "kilo", "rounded", "same", "tonnes", "yuan"]

PERIOD_WORDS: Final = {
    Period.SHARP: Words("Sharp", "尖"),
    Period.PEAK: Words("Peak", "峰"),
    Period.FLAT: Words("Flat", "平"),
    Period.VALLEY: Words("Valley", "谷"),
    Period.DEEP: Words("Deep valley", "深谷"),
}
WEEKDAYS: Final = tuple(
    Words(english, chinese)
    for english, chinese in zip(
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
        strict=True,
    )
)


@dataclass(frozen=True)
class Table:
    """A table to show: texts of each cell in both languages (numbers are the same in both)."""

    name: str
    title: Words
    heads: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]
    right: frozenset[int] = frozenset()
    """Columns of numbers, set to the right."""
    note: Words | None = None
    total: bool = False
    """Whether the last row is a sum."""


def kilo(units: int, places: int = 0) -> str:
    """Wh as kWh (W as kW) with separators, rounded half up."""
    return f"{rounded(Decimal(units) / 1_000, places):,}"


def yuan(fen: int) -> str:
    """Fen as yuan with separators: exact."""
    return f"{Decimal(decimal_text(fen, 2)):,}"


def rounded(value: Decimal, places: int) -> Decimal:
    """Rounded half up."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def same(text: object) -> Words:
    """A text that is the same in both languages."""
    return Words(str(text), str(text))


def tonnes(grams: Decimal | int) -> str:
    """Grams as tonnes with separators."""
    return f"{rounded(Decimal(grams) / 1_000_000, 2):,}"
