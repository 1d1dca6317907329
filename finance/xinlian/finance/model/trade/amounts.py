"""Amounts as files write them: decimal mark, thousands mark and unit by the mapping alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from xinlian.finance.model.trade.import_reasons import RowProblemError, RowReason
from xinlian.ledger.model.money import FEN_MAX, Fen

AMOUNT_CHARS_MAX: Final = 40
AMOUNT_MAX: Final = Fen(FEN_MAX)


class MoneyUnit(StrEnum):
    """Unit of the numbers in a file."""

    YUAN = "yuan"
    FEN = "fen"
    WAN = "wan"
    """Ten thousand yuan (万元)."""

    @property
    def decimals(self) -> int:
        """Decimal places that make up one fen."""
        return {MoneyUnit.YUAN: 2, MoneyUnit.FEN: 0, MoneyUnit.WAN: 6}[self]


@dataclass(frozen=True)
class AmountStyle:
    """How amounts are written. ``thousands`` is empty where no separator is allowed."""

    decimal: str = "."
    thousands: str = ""
    unit: MoneyUnit = MoneyUnit.YUAN
    maximum: Fen = AMOUNT_MAX

    def __post_init__(self) -> None:
        if self.decimal not in (".", ","):
            raise ValueError("decimal: must be '.' or ','")
        if self.thousands not in ("", ",", ".", " ", "'") or self.thousands == self.decimal:
            raise ValueError("thousands: one of , . ' or a space, and not the decimal mark")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        whole = "0|[1-9][0-9]*"
        if self.thousands:
            whole = f"[1-9][0-9]{{0,2}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|{whole}"
        return re.compile(f"(-?)({whole})(?:{re.escape(self.decimal)}([0-9]+))?", re.ASCII)

    def parse(self, text: str, field: str, *, exact: bool = False) -> Fen:
        """The amount in fen, of any sign.

        ``exact`` is set for numbers of a workbook, which have no marks but a decimal point.
        Decimals beyond the fen must be zeros. Raises ``RowProblemError``.
        """
        style = PLAIN_STYLES[self.unit] if exact else self
        match = style._pattern.fullmatch(text) if len(text) <= AMOUNT_CHARS_MAX else None
        if match is None:
            raise RowProblemError(
                RowReason.AMOUNT_INVALID, field, f"{field}: not a plain decimal number: {text[:40]}"
            )
        sign, whole, decimals = match.groups()
        places = self.unit.decimals
        kept, beyond = (decimals or "")[:places], (decimals or "")[places:]
        if beyond.strip("0"):
            raise RowProblemError(
                RowReason.AMOUNT_INVALID, field, f"{field}: parts of a fen in {text[:40]}"
            )
        digits = whole.replace(style.thousands, "") if style.thousands else whole
        fen = int(digits + kept.ljust(places, "0"))
        if fen > FEN_MAX:
            raise RowProblemError(
                RowReason.AMOUNT_TOO_LARGE, field, f"{field}: above any amount: {text[:40]}"
            )
        return Fen(-fen if sign else fen)


PLAIN_STYLES: Final = {unit: AmountStyle(unit=unit) for unit in MoneyUnit}
