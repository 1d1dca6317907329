"""GS1 keys and their check digits; the three spellings are in ``gs1``.

Sources: GS1 General Specifications (application identifiers, section 7.9 check digits), GS1 EPC Tag
Data Standard 2.0 (URNs), GS1 Digital Link URI syntax 1.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from xinlian.trace.model.codes.text import CodeError

__all__ = ["CANONICAL_HOST", "KINDS", "Gs1Key", "Kind", "check_digit", "make_key"]

CANONICAL_HOST: Final = "https://id.gs1.org"
GROUP_SEPARATOR: Final = "\x1d"
_X: Final = r"""[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"""
"""The 82 characters of GS1 (ISO/IEC 646 subset)."""

_PRIMARY: Final = {
    "00": r"[0-9]{18}",
    "01": r"[0-9]{14}",
    "253": rf"[0-9]{{13}}{_X}{{0,17}}",
    "255": r"[0-9]{13}[0-9]{0,12}",
    "401": rf"{_X}{{1,30}}",
    "402": r"[0-9]{17}",
    "414": r"[0-9]{13}",
    "417": r"[0-9]{13}",
    "8003": rf"0[0-9]{{13}}{_X}{{0,16}}",
    "8004": rf"{_X}{{1,30}}",
    "8006": r"[0-9]{18}",
    "8010": r"[#\-/0-9A-Z]{1,30}",
    "8017": r"[0-9]{18}",
    "8018": r"[0-9]{18}",
}
_QUALIFIERS: Final = {
    "10": rf"{_X}{{1,20}}",
    "21": rf"{_X}{{1,20}}",
    "22": rf"{_X}{{1,20}}",
    "235": rf"{_X}{{1,28}}",
    "254": rf"{_X}{{1,20}}",
    "8011": r"[1-9][0-9]{0,11}|0",
}
QUALIFIERS_OF: Final = {
    "01": ("22", "10", "21", "235"),
    "8006": ("22", "10", "21"),
    "8010": ("8011",),
    "414": ("254",),
}
_SYNTAX: Final = {
    ai: re.compile(pattern, re.ASCII) for ai, pattern in (_PRIMARY | _QUALIFIERS).items()
}
# Where the check digit stands in a primary key's value (index of the digit).
_CHECKED: Final = {
    "00": 17, "01": 13, "253": 12, "255": 12, "402": 16, "414": 12, "417": 12, "8003": 13,
    "8006": 13, "8017": 17, "8018": 17,
}  # fmt: skip
_FIXED_LENGTH: Final = frozenset({"00", "01", "414", "417"})
_SAFE: Final = "-._';="


@dataclass(frozen=True, slots=True)
class Kind:
    """How an EPC URN of a scheme is built.

    ``digits`` is the length of company prefix and reference together; ``tail`` says what the last
    component is: ``None``, ``"value"`` (part of the key's value) or the AI of a qualifier.
    ``leading`` marks schemes whose reference begins with a digit that goes before the prefix.
    """

    name: str
    ai: str
    digits: int
    tail: str | None = None
    leading: bool = False


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("sgtin", "01", 13, "21", leading=True),
        Kind("lgtin", "01", 13, "10", leading=True),
        Kind("upui", "01", 13, "235", leading=True),
        Kind("sscc", "00", 17, leading=True),
        Kind("sgln", "414", 12, "254"),
        Kind("pgln", "417", 12),
        Kind("grai", "8003", 12, "value"),
        Kind("giai", "8004", 0),
        Kind("gsrn", "8018", 17),
        Kind("gsrnp", "8017", 17),
        Kind("gdti", "253", 12, "value"),
        Kind("sgcn", "255", 12, "value"),
        Kind("ginc", "401", 0),
        Kind("gsin", "402", 16),
        Kind("cpi", "8010", 0, "8011"),
        Kind("itip", "8006", 13, "21", leading=True),
    )
}


@dataclass(frozen=True, slots=True)
class Gs1Key:
    """A GS1 key: the application identifier, its value with check digit, and the one qualifier
    that names the thing most finely (serial before lot), if there is one.
    """

    ai: str
    value: str
    qualifier: tuple[str, str] | None = None

    @property
    def uri(self) -> str:
        """The canonical Digital Link URI with only the finest level, as CBV 2.0 hashes it."""
        made = f"{CANONICAL_HOST}/{self.ai}/{_quoted(self.value)}"
        if self.qualifier is None:
            return made
        return f"{made}/{self.qualifier[0]}/{_quoted(self.qualifier[1])}"

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """AI and value pairs."""
        return ((self.ai, self.value), *((self.qualifier,) if self.qualifier else ()))

    @property
    def element_string(self) -> str:
        """As in a Data Matrix or Code 128 after FNC1; the group separator ends open lengths."""
        made = ""
        for position, (ai, value) in enumerate(self.parts, start=1):
            more = position < len(self.parts) and ai not in _FIXED_LENGTH
            made += ai + value + (GROUP_SEPARATOR if more else "")
        return made

    @property
    def human_readable(self) -> str:
        """With brackets around the application identifiers, as printed below a bar code."""
        return "".join(f"({ai}){value}" for ai, value in self.parts)

    @property
    def check_fits(self) -> bool:
        """Whether the check digit fits; true for keys that have none."""
        place = _CHECKED.get(self.ai)
        return place is None or self.value[place] == check_digit(self.value[:place])


def _quoted(text: str) -> str:
    # Most values are digits and letters alone; quoting is the costliest step of a URI.
    return text if text.isalnum() and text.isascii() else quote(text, safe=_SAFE)


def check_digit(body: str) -> str:
    """The GS1 check digit for the digits before it."""
    # Weights 3 and 1 alternate from the right.
    return str(-(3 * sum(map(int, body[::-2])) + sum(map(int, body[-2::-2]))) % 10)


def make_key(ai: str, value: str, qualifiers: dict[str, str], *, checked: bool = True) -> Gs1Key:
    """A key of given parts; raises ``CodeError`` naming the application identifier at fault.

    Of the qualifiers the finest is kept. ``checked`` enforces the check digit.
    """
    _check(ai, value)
    finest: tuple[str, str] | None = None
    for known in QUALIFIERS_OF.get(ai, ()):
        if known in qualifiers:
            _check(known, qualifiers[known])
            if known != "22":
                finest = (known, qualifiers[known])
    key = Gs1Key(ai, value, finest)
    if checked and not key.check_fits:
        place = _CHECKED[ai]
        right = check_digit(value[:place])
        raise CodeError(
            f"({ai}) {value}: the check digit is {value[place]}, {right} would fit",
            f"({ai}) {value}：校验位为 {value[place]}，应为 {right}",
        )
    return key


def _check(ai: str, value: str) -> None:
    pattern = _SYNTAX.get(ai)
    if pattern is None:
        raise CodeError(
            f"({ai}) is no key of GS1 that names a thing", f"({ai}) 不是可标识物品的 GS1 标识"
        )
    if pattern.fullmatch(value) is None:
        raise CodeError(
            f"({ai}) {value[:60]!r} has a wrong length or character",
            f"({ai})“{value[:60]}”长度或字符不符合规定",
        )
