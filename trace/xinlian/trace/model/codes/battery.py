"""Codes of traction batteries after GB/T 34014-2017.

24 characters: maker (3), product (1), chemistry (1), specification (2), traceability information
(7), day of making (3: year, month, day), serial number (7). The standard gives no check digit, so
only the alphabet and the fields with listed values can be checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from xinlian.trace.model.codes.text import CodeError, plain, refuse_look_alikes

__all__ = ["BatteryCode", "is_battery_code", "parse_battery_code"]

BATTERY_CODE_LENGTH: Final = 24
PRODUCTS: Final = {"P": ("pack", "电池包"), "M": ("module", "模块"), "C": ("cell", "单体")}
CHEMISTRIES: Final = {
    "A": ("nickel-metal hydride", "镍氢"),
    "B": ("lithium iron phosphate", "磷酸铁锂"),
    "C": ("lithium manganese oxide", "锰酸锂"),
    "D": ("lithium cobalt oxide", "钴酸锂"),
    "E": ("lithium nickel manganese cobalt oxide", "三元材料"),
    "F": ("supercapacitor", "超级电容"),
    "G": ("lithium titanate", "钛酸锂"),
    "Z": ("other", "其他"),
}
_ALPHABET = re.compile(r"[0-9A-Z]*", re.ASCII)
_DATE = re.compile(r"[1-9A-HJ-NPR-Y][1-9ABC][1-9A-HJ-NP-Z]", re.ASCII)


@dataclass(frozen=True, slots=True)
class BatteryCode:
    """A code taken apart into the standard's fields."""

    text: str

    @property
    def maker(self) -> str:
        """The maker's code in the national register."""
        return self.text[:3]

    @property
    def product(self) -> str:
        """pack, module or cell."""
        return PRODUCTS[self.text[3]][0]

    @property
    def chemistry(self) -> str:
        """The kind of battery, in words."""
        return CHEMISTRIES[self.text[4]][0]

    @property
    def specification(self) -> str:
        """The maker's registered specification."""
        return self.text[5:7]

    @property
    def traceability(self) -> str:
        """The maker's registered traceability information."""
        return self.text[7:14]

    @property
    def date_code(self) -> str:
        """Year, month and day of making, one character each, as written."""
        return self.text[14:17]

    @property
    def serial(self) -> str:
        """The serial number of the day."""
        return self.text[17:]


def parse_battery_code(text: str) -> BatteryCode:
    """A battery code; lower case is made upper. Raises ``CodeError`` naming the place."""
    made = plain(text)
    refuse_look_alikes(made)
    made = made.upper()
    if len(made) != BATTERY_CODE_LENGTH:
        raise CodeError(
            f"a battery code has {BATTERY_CODE_LENGTH} characters, this has {len(made)}",
            f"动力电池编码应为 {BATTERY_CODE_LENGTH} 位，此处为 {len(made)} 位",
        )
    if _ALPHABET.fullmatch(made) is None:
        position = next(i for i, char in enumerate(made) if not _ALPHABET.fullmatch(char))
        raise CodeError(
            f"character {position + 1} is {made[position]!r}: only digits and letters are allowed",
            f"第 {position + 1} 位为“{made[position]}”：只允许数字和字母",
        )
    for position, known, what, what_zh in (
        (3, PRODUCTS, "product", "产品类型"),
        (4, CHEMISTRIES, "battery", "电池类型"),
    ):
        if made[position] not in known:
            raise CodeError(
                f"character {position + 1} ({made[position]!r}) is no {what} type of"
                f" GB/T 34014: {', '.join(known)}",
                f"第 {position + 1} 位（{made[position]}）不是 GB/T 34014 的{what_zh}代码："
                f"{'、'.join(known)}",
            )
    if _DATE.fullmatch(made[14:17]) is None:
        raise CodeError(
            f"characters 15 to 17 ({made[14:17]}) are no date code of GB/T 34014",
            f"第 15 至 17 位（{made[14:17]}）不是 GB/T 34014 的生产日期代码",
        )
    return BatteryCode(made)


def is_battery_code(text: str) -> bool:
    """Whether the text has the form of a battery code."""
    try:
        parse_battery_code(text)
    except CodeError:
        return False
    return True
