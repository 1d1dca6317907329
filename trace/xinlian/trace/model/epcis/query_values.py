"""Values of query parameters as they stand in an address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from xinlian.trace.model.epcis.times import stamp_ms
from xinlian.trace.model.sources import SourceError, short

__all__ = ["BETWEEN_WORDS", "count", "members", "one", "split", "time_ms", "token"]

VALUES_MAX: Final = 500
BETWEEN_URIS = re.compile(r"\||,(?=[A-Za-z][A-Za-z0-9+.\-]*:)", re.ASCII)
BETWEEN_WORDS = re.compile(r"[|,]")
_TOKEN = re.compile(r"[A-Za-z0-9_\-=.]{1,200}", re.ASCII)


def split(name: str, values: list[str], between: re.Pattern[str] | None = None) -> list[str]:
    """The values of a parameter, each given alone, joined, or both."""
    pattern = between or BETWEEN_URIS
    listed = [item.strip() for value in values for item in pattern.split(value)]
    if not all(listed) or len(listed) > VALUES_MAX:
        raise SourceError(name, f"needs 1 to {VALUES_MAX} values", f"应有 1 至 {VALUES_MAX} 个值")
    return listed


def time_ms(name: str, text: str) -> int:
    """A time stamp as Unix milliseconds."""
    # A plus sign of an address arrives as a blank where the client forgot to escape it.
    made = stamp_ms(text.strip().replace(" ", "+"))
    if made is None:
        raise SourceError(
            name, f"{short(text)!r} is no time with offset", f"“{short(text)}”不是带时区的时间"
        )
    return made


def members(known: Iterable[str]) -> Callable[[str, str], frozenset[str]]:
    """Reads several of a few known words."""
    allowed = frozenset(known)

    def read(name: str, text: str) -> frozenset[str]:
        listed = frozenset(split(name, [text], BETWEEN_WORDS))
        if not listed <= allowed:
            joined = ", ".join(sorted(allowed))
            raise SourceError(name, f"must be among {joined}", f"应在 {joined} 之中")
        return listed

    return read


def one(*known: str) -> Callable[[str, str], str]:
    """Reads one of a few known words."""

    def read(name: str, text: str) -> str:
        if text not in known:
            raise SourceError(name, f"one of {', '.join(known)}", f"应为 {'、'.join(known)} 之一")
        return text

    return read


def count(most: int) -> Callable[[str, str], int]:
    """Reads a whole number from 1 to ``most``."""

    def read(name: str, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
            raise SourceError(name, f"a whole number from 1 to {most}", f"应为 1 至 {most} 的整数")
        return int(text)

    return read


def token(name: str, text: str) -> str:
    """Reads a page token."""
    if _TOKEN.fullmatch(text) is None:
        raise SourceError(name, "is none of ours", "不是本系统给出的标记")
    return text
