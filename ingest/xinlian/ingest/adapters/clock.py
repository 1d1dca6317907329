"""The state of this machine's clock, as its kernel knows it, and jumps that were seen."""

from __future__ import annotations

import ctypes
import sys
import time
from typing import Any, Final

from xinlian.ingest.model.segments.block import ClockState

__all__ = ["KernelClock"]

_JUMP_S: Final = 0.5
_TOLD_S: Final = 60.0
_UNSYNCHRONISED: Final = 0x40
"""STA_UNSYNC of adjtimex(2)."""
_NANOSECONDS: Final = 0x2000
_ERROR: Final = 5
"""TIME_ERROR: the clock is not synchronised."""


class _Timex(ctypes.Structure):
    """The beginning of ``struct timex`` of adjtimex(2), and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


class KernelClock:
    """``synchronised`` with its offset where NTP or PTP disciplines the kernel's clock;
    ``jumped`` for a minute after the time of day moved by more than half a second against the
    monotonic clock between two calls."""

    def __init__(self) -> None:
        self._call = _adjtimex()
        self._apart: float | None = None
        self._jumped_at = float("-inf")

    def __call__(self) -> ClockState:
        """What is known now."""
        monotonic = time.monotonic()
        apart = time.time() - monotonic
        if self._apart is not None and abs(apart - self._apart) > _JUMP_S:
            self._jumped_at = monotonic
        self._apart = apart
        state, offset = self._kernel()
        if monotonic - self._jumped_at < _TOLD_S:
            return ClockState("jumped", offset)
        return ClockState(state, offset)

    def _kernel(self) -> tuple[str, int | None]:
        if self._call is None:
            return "unknown", None
        told = _Timex()
        answer = self._call(ctypes.byref(told))
        if answer < 0:
            return "unknown", None
        if answer == _ERROR or told.status & _UNSYNCHRONISED:
            return "unsynchronised", None
        offset = told.offset // 1000 if told.status & _NANOSECONDS else told.offset
        return "synchronised", int(offset)


def _adjtimex() -> Any:
    """The C library's function, if there is one: on Linux."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
