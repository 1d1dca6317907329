"""Codes that identify companies, with their check characters.

Sources: GB 32100-2015 (unified social credit code), GB 11714-1997 (organisation code, the nine
characters inside it).
"""

from __future__ import annotations

import hashlib
from typing import Final

USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of GB 32100: no I, O, S, V, Z."""

USCC_LENGTH: Final = 18
_USCC_VALUE = {char: value for value, char in enumerate(USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(USCC_LENGTH - 1))

ORG_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

# GB/T 2260 gives no province the number 99: a code in this region is nobody's real code.
SYNTHETIC_REGION: Final = "990000"


class CodeError(ValueError):
    """A code is malformed; the message says how."""


def uscc_check_char(first_17: str) -> str:
    """The check character for the first 17 characters of a unified social credit code."""
    total = 0
    for index, char in enumerate(first_17):
        value = _USCC_VALUE.get(char)
        if value is None:
            raise CodeError(f"character {index + 1} ({char!r}) is outside the GB 32100 alphabet")
        total += value * _USCC_WEIGHTS[index]
    return USCC_ALPHABET[-total % 31]


def parse_uscc(text: str) -> str:
    """A unified social credit code, checked; returns it unchanged.

    Raises ``CodeError`` on a wrong length, a character outside the alphabet, a region that is
    not six digits, or a wrong check character. Lower case is refused: one company, one spelling.
    The inner organisation code's check digit is not enforced, since codes given to sole traders
    do not all keep it.
    """
    if len(text) != USCC_LENGTH:
        raise CodeError(f"a social credit code has {USCC_LENGTH} characters, this has {len(text)}")
    expected = uscc_check_char(text[:-1])
    if text[-1] not in _USCC_VALUE:
        raise CodeError(f"character 18 ({text[-1]!r}) is outside the GB 32100 alphabet")
    region = text[2:8]
    if not (region.isascii() and region.isdigit()):
        raise CodeError("characters 3 to 8 are the registration region and must be digits")
    if text[-1] != expected:
        raise CodeError("the check character does not fit the other 17 characters")
    return text


def organisation_check_char(first_8: str) -> str:
    """The check character of a GB 11714 organisation code of eight characters."""
    if len(first_8) != 8 or any(char not in ORG_ALPHABET for char in first_8):
        raise CodeError("an organisation code has eight characters of 0-9 and A-Z before its check")
    total = sum(
        ORG_ALPHABET.index(char) * weight
        for char, weight in zip(first_8, _ORG_WEIGHTS, strict=True)
    )
    check = (11 - total % 11) % 11
    return "X" if check == 10 else str(check)


def synthetic_uscc(namespace: str, name: str) -> str:
    """A well-formed code for a party whose data carries none; the same input, the same code.

    The code lies in region 990000, which no real company has, and keeps both check characters.
    """
    digest = hashlib.sha256(f"xinlian:synthetic-uscc:v1\n{namespace}\n{name}".encode()).digest()
    number = int.from_bytes(digest, "big")
    body = ""
    for _ in range(8):
        number, index = divmod(number, 31)
        body += USCC_ALPHABET[index]
    first_17 = "91" + SYNTHETIC_REGION + body + organisation_check_char(body)
    return first_17 + uscc_check_char(first_17)


def is_synthetic(code: str) -> bool:
    """Whether a code was made up by ``synthetic_uscc`` rather than given by the registry."""
    return code[2:8] == SYNTHETIC_REGION
