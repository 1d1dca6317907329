"""Who reads, as one number: a party, everyone, or a stranger before a party's page."""

from __future__ import annotations

from typing import Final

__all__ = ["EVERYONE", "home_of", "is_stranger", "level_of", "stranger"]

EVERYONE: Final = -1
"""The reader that is no party and sees everything: auditors and regulators."""
_FIRST: Final = 16
_LEVELS: Final = 4


def stranger(home: int, level: int) -> int:
    """The reader that is no party and looks at a page of the party ``home``, which shows strangers
    ``level`` (0 to 3). Such numbers are negative and no other reader's."""
    if home < 0 or not 0 <= level < _LEVELS:
        raise ValueError(f"party {home} has no page of level {level}")
    return -(_FIRST + _LEVELS * home + level)


def is_stranger(reader: int) -> bool:
    """Whether a reader is a stranger before a page."""
    return reader <= -_FIRST


def home_of(reader: int) -> int:
    """Whose words a reader hears first: its own, and a stranger those of the page's party."""
    return (-reader - _FIRST) // _LEVELS if is_stranger(reader) else reader


def level_of(reader: int) -> int:
    """How much the page shows that a stranger looks at."""
    if not is_stranger(reader):
        raise ValueError(f"reader {reader} is no stranger")
    return (-reader - _FIRST) % _LEVELS
