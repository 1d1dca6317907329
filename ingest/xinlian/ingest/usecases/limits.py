"""Bounds of the collector."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, unless named otherwise."""

    opening: int = 100
    """Devices being connected at once."""
    retry_s: float = 1.0
    """Before the second attempt to connect; doubles."""
    retry_most_s: float = 60.0
    dead_after: int = 6
    """Failed attempts after which a device is only probed."""
    probe_s: float = 15.0
    """The first pause between polls of a silent device; doubles."""
    silent_after: int = 5
    """Timeouts in a row after which a device counts as silent."""
    open_s: float = 2.0
    """Beyond the device's timeout, for opening."""
    close_s: float = 5.0
    answer_s: float = 5.0
    """Beyond the device's timeouts: a poll without any outcome ends the session."""
    slice_s: float = 0.0015
    """Longest stretch of making frames between two looks at what is due."""
    slow_most: int = 64
    """While the path behind is full, one cycle in at most so many is read."""
    follow_s: float = 0.25
    """Between comparisons with the wall clock."""
