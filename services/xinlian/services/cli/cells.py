"""How one value is shown to people, by the name of its field: money in yuan, rates in per cent,
times in China Standard Time, words of enumerations in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from xinlian.services.cli.i18n import language, pick, text
from xinlian.services.cli.quantities import number_text, unit_text
from xinlian.services.labels import field_zh, word_zh

CHINA_HOURS: Final = 8
PPM_DIGITS: Final = 4
HASH_CHARS: Final = 66
DAY_SECONDS: Final = 86_400
_MOMENT_MS: Final = 10**10
"""From here on milliseconds are a moment (26 April 1970 and later), not a span."""

_MONEY: Final = frozenset(
    {
        "amount", "face", "price", "limit", "shortfall", "start", "end", "child_start",
        "child_end",
    }
)  # fmt: skip
_TIMES: Final = frozenset(
    {"expiry", "deadline", "time", "at", "block_time", "clock_now", "last_seal", "started"}
)
# Nobody has to type these again: they are shown short, whole with --json.
_SHORTENED: Final = frozenset(
    {
        "tx_hash", "hash", "block_hash", "terms", "registration", "file_sha256", "evidence",
        "receipt",
    }
)  # fmt: skip
_NAMES: Final = {"all_in": "annual cost", "rate_ppm": "rate", "advance_ppm": "advance"}
# Lists in one cell of a table: what matters of each element.
_BRIEF: Final = {
    "payments": ("purpose", "amount_fen", "state"),
    "effects": ("effect", "amount_fen"),
    "contracts": ("name", "address"),
}
_SEPARATOR: Final = {"payments": "; ", "effects": "; "}
_CONTROL: Final = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")
_SIZES: Final = ("B", "KB", "MB", "GB", "TB")


def yuan(fen: int) -> str:
    """Fen as yuan with separators, such as ``12,345.60``."""
    whole, cents = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{cents:02d}"


def moment(seconds: float) -> str:
    """A Unix second in China Standard Time."""
    if not seconds:
        return "-"
    local = datetime.fromtimestamp(int(seconds), UTC) + timedelta(hours=CHINA_HOURS)
    return f"{local:%Y-%m-%d %H:%M:%S}"


def moment_of_ms(ms: int) -> str:
    """Unix milliseconds in China Standard Time; what no calendar has stays a number."""
    try:
        return moment(ms // 1000)
    except (OverflowError, ValueError):
        return str(ms)


def percent(share: Decimal) -> str:
    """A share of one in per cent, as it is typed: ``4.5 %``, ``4.6968 %``."""
    shown = round(share * 100, PPM_DIGITS).normalize()
    return f"{shown:f} %"


def size(count: int) -> str:
    """Bytes in the unit that fits."""
    amount, at = Decimal(count), 0
    while amount >= 1000 and at < len(_SIZES) - 1:
        amount, at = amount / 1000, at + 1
    return f"{count} B" if at == 0 else f"{amount:.1f} {_SIZES[at]}"


def duration(seconds: float) -> str:
    """Seconds, or whole days where they are some."""
    if seconds >= DAY_SECONDS and seconds % DAY_SECONDS == 0:
        days = int(seconds) // DAY_SECONDS
        return pick(f"{days} days", f"{days} 天")
    return f"{seconds} s"


def cell(name: str, value: Any) -> str:
    """A value as people read it."""
    return printable(_cell(name, value))


def printable(told: str) -> str:
    """A text in which what would steer the terminal is shown, not obeyed."""
    return _CONTROL.sub("\ufffd", told)


def _cell(name: str, value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return text("yes") if value else text("no")
    if isinstance(value, (int, float)):
        return _number(name, value)
    if name == "content" and str(value).startswith("<"):
        return pick(
            f"{len(value)} characters; --json shows them", f"{len(value)} 字符，用 --json 查看"
        )
    if isinstance(value, Mapping) and name in _BRIEF:
        return " ".join(cell(key, value[key]) for key in _BRIEF[name] if value.get(key) is not None)
    if isinstance(value, Mapping):
        return " ".join(f"{heading(key)}={cell(key, inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return _SEPARATOR.get(name, ", ").join(cell(name, inner) for inner in value) or "-"
    if name == "all_in":
        try:
            return percent(Decimal(value))
        except InvalidOperation:
            return str(value)
    if name == "unit":
        return unit_text(str(value)) or "-"
    if name in _SHORTENED and len(value) in (HASH_CHARS - 2, HASH_CHARS):
        return f"{value[:10]}…{value[-6:]}"
    return word_zh(name, str(value)) if language() == "zh" else str(value)


def _number(name: str, value: float) -> str:
    if isinstance(value, int) and is_money(name):
        return yuan(value)
    if name.endswith("_at") or name in _TIMES:
        return moment(value)
    if name.endswith("_ppm"):
        return percent(Decimal(value) / 1_000_000)
    if name.endswith("_bytes"):
        return size(int(value))
    if name.endswith("_ms"):
        return moment_of_ms(int(value)) if abs(value) >= _MOMENT_MS else f"{value} ms"
    if name.endswith(("_s", "_seconds", "seconds_max")) or name == "seconds":
        return duration(value)
    if name.endswith("_us") and abs(value) >= 1_000 * _MOMENT_MS:
        return f"{moment_of_ms(int(value) // 1_000)}.{int(value) % 1_000_000:06d}"
    return str(value) if isinstance(value, int) else number_text(value)


def is_moment(name: str, value: Any) -> bool:
    """Whether a value is shown as a time in China."""
    if isinstance(value, bool) or not isinstance(value, int) or is_money(name):
        return False
    if name.endswith("_ms"):
        return abs(value) >= _MOMENT_MS
    if name.endswith("_us"):
        return abs(value) >= 1_000 * _MOMENT_MS
    return name.endswith("_at") or name in _TIMES


def is_money(name: str) -> bool:
    """Whether a field of the API holds fen."""
    return name.endswith("_fen") or name in _MONEY


def heading(name: str) -> str:
    """The label of a field."""
    stem = name
    for unit in ("_fen", "_seconds", "_ms", "_us", "_s", "_bytes"):
        stem = stem.removesuffix(unit)
    english = _NAMES.get(name, stem.removesuffix("_ppm").replace("_", " "))
    return pick(english, field_zh(name) or field_zh(stem) or english)


def padded(label: str, width: int) -> str:
    """A label filled up to a width in cells: a Chinese character takes two."""
    from rich.cells import cell_len

    return label + " " * (width - cell_len(label))
