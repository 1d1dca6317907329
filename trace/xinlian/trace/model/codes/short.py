"""Codes as people type them: a lot or serial number without what stands before it, in any case."""

from __future__ import annotations

from urllib.parse import unquote

from xinlian.trace.model.codes.gs1_keys import CANONICAL_HOST
from xinlian.trace.model.codes.text import plain

__all__ = ["folded", "short_code", "spellings"]

_GTIN_DIGITS = 14
_SHORTER_GTINS = (8, 12, 13)


def folded(text: str) -> str:
    """A text without blanks, in capitals."""
    return "".join(text.split()).upper()


def short_code(code: str) -> str:
    """What people type instead of a normal form: the last value of a GS1 key (serial, lot, or the
    key's own digits), else the code folded. Empty where that is the code itself, or a URI."""
    if code.startswith(CANONICAL_HOST):
        return folded(unquote(code.rsplit("/", 1)[1]))
    made = "" if ":" in code else folded(code)
    return "" if made == code else made


def spellings(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a typed text may stand for: as a whole code, and as a short one.

    Raises ``CodeError`` where no code can be meant (``codes.text.plain``).
    """
    made = "".join(plain(text).split())
    short = made.upper()
    wholes = tuple(dict.fromkeys((made, short, made.lower())))
    if made.isdigit() and len(made) in _SHORTER_GTINS:
        return wholes, (short, short.zfill(_GTIN_DIGITS))
    return wholes, (short,)
