"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["clock_ms", "moment_ms"]

_CHINA: Final = timedelta(hours=8)


def moment_ms(ms: int | None) -> str:
    """Unix milliseconds in China Standard Time with its zone; a dash where there is none."""
    told = clock_ms(ms)
    return f"{told} UTC+8" if ":" in told else told


def clock_ms(ms: int | None) -> str:
    """As ``moment_ms`` where the zone stands beside it. A time that no calendar has stays the
    number that it is."""
    if ms is None:
        return "–"
    try:
        told = datetime.fromtimestamp(ms // 1000, UTC) + _CHINA
    except (OverflowError, ValueError, OSError):
        return str(ms)
    return f"{told:%Y-%m-%d %H:%M:%S}"
