"""Vehicle identification numbers: ISO 3779 and ISO 3780, GB 16735, 49 CFR 565 (check digit)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinlian.trace.model.codes.text import CodeError, plain, refuse_look_alikes

__all__ = ["Vin", "VinRegion", "VinVerdict", "check_character", "judge_vin", "parse_vin"]

VIN_LENGTH: Final = 17
VIN_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_VALUES: Final = dict(
    zip(VIN_ALPHABET, (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)
)
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_YEAR_CODES: Final = "ABCDEFGHJKLMNPRSTVWXY123456789"
"""Position 10 from 1980 on; the code repeats every 30 years. U, Z and 0 name no year."""
FIRST_YEAR: Final = 1980


class VinVerdict(StrEnum):
    """What a validator says of a text."""

    VALID = "valid"
    ADVISORY = "check-digit-advisory"
    """The check digit does not fit, and the maker's region does not demand one."""
    BAD_CHECK_DIGIT = "bad-check-digit"
    ILLEGAL_CHARACTER = "illegal-character"
    BAD_LENGTH = "bad-length"


class VinRegion(StrEnum):
    """Where the maker's code (WMI) is registered, by its first characters (ISO 3780)."""

    AFRICA = "africa"
    CHINA = "china"
    ASIA = "asia"
    EUROPE = "europe"
    NORTH_AMERICA = "north-america"
    OCEANIA = "oceania"
    SOUTH_AMERICA = "south-america"


@dataclass(frozen=True, slots=True)
class Vin:
    """A text judged as a VIN. ``text`` is upper case; ``why`` says what is wrong, if something is.

    ``region`` and ``expected`` (the check character that would fit) are given where the text has
    17 characters of the alphabet.
    """

    text: str
    verdict: VinVerdict
    region: VinRegion | None = None
    expected: str = ""
    why: str = ""
    why_zh: str = ""

    @property
    def is_vin(self) -> bool:
        """Whether the text may be stored as a VIN."""
        return self.verdict in (VinVerdict.VALID, VinVerdict.ADVISORY)

    @property
    def wmi(self) -> str:
        """The maker's code: three characters, six for makers of fewer than 1,000 a year (a 9)."""
        if len(self.text) != VIN_LENGTH:
            return ""
        return self.text[:3] + (self.text[11:14] if self.text[2] == "9" else "")

    def model_years(self, until: int) -> tuple[int, ...]:
        """The model years up to ``until`` that position 10 can mean, the latest first.

        Empty where the position names none. A code stands for a year in each cycle of 30; outside
        North America and China makers may use the position otherwise.
        """
        index = _YEAR_CODES.find(self.text[9]) if len(self.text) == VIN_LENGTH else -1
        if index < 0:
            return ()
        return tuple(reversed(range(FIRST_YEAR + index, until + 1, len(_YEAR_CODES))))


def check_character(text: str) -> str:
    """The check character (position 9) for 17 characters of the VIN alphabet."""
    total = sum(_VALUES[char] * weight for char, weight in zip(text, _WEIGHTS, strict=True))
    return "X" if total % 11 == 10 else str(total % 11)


def judge_vin(text: str) -> Vin:
    """Judge any text; never raises. Lower case and full-width characters are made plain first."""
    try:
        made = plain(text)
        refuse_look_alikes(made)
    except CodeError as exc:
        return Vin(text, VinVerdict.ILLEGAL_CHARACTER, why=exc.why, why_zh=exc.why_zh)
    made = made.upper() if made.isascii() else made
    if len(made) != VIN_LENGTH:
        return Vin(
            made,
            VinVerdict.BAD_LENGTH,
            why=f"a VIN has {VIN_LENGTH} characters, this has {len(made)}",
            why_zh=f"VIN 应为 {VIN_LENGTH} 位，此处为 {len(made)} 位",
        )
    for position, char in enumerate(made, start=1):
        if char not in _VALUES:
            return Vin(
                made,
                VinVerdict.ILLEGAL_CHARACTER,
                why=f"character {position} is {char!r}: a VIN has digits and capitals but I, O, Q",
                why_zh=f"第 {position} 位为“{char}”：VIN 只含数字和除 I、O、Q 外的大写字母",
            )
    region, expected = _region(made), check_character(made)
    if made[8] == expected:
        return Vin(made, VinVerdict.VALID, region, expected)
    bound = region in (VinRegion.CHINA, VinRegion.NORTH_AMERICA)
    return Vin(
        made,
        VinVerdict.BAD_CHECK_DIGIT if bound else VinVerdict.ADVISORY,
        region,
        expected,
        why=f"the check digit (position 9) is {made[8]}, {expected} would fit",
        why_zh=f"校验位（第 9 位）为 {made[8]}，应为 {expected}",
    )


def parse_vin(text: str) -> Vin:
    """A text that may be stored as a VIN; raises ``CodeError`` otherwise."""
    vin = judge_vin(text)
    if not vin.is_vin:
        raise CodeError(vin.why, vin.why_zh)
    return vin


def _region(text: str) -> VinRegion:
    first, second = text[0], text[1]
    if first in "HL":
        return VinRegion.CHINA
    # Since 2017 7A to 7E are New Zealand's and the rest of 7 the United States'.
    if first in "1245" or (first == "3" and second in "ABCDEFGHJKLMNPRSTUVW"):
        return VinRegion.NORTH_AMERICA
    if first in "67":
        return VinRegion.OCEANIA if first == "6" or second in "ABCDE" else VinRegion.NORTH_AMERICA
    if first in "389":
        return VinRegion.SOUTH_AMERICA
    if first in "ABC":
        return VinRegion.AFRICA
    return VinRegion.EUROPE if first in "STUVWXYZ" else VinRegion.ASIA
