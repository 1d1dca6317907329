"""Giving memory back: large buffers come and go with every block."""

from __future__ import annotations

import contextlib
import ctypes
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_LARGE_BYTES: Final = 1 << 20


def return_large_buffers() -> None:
    """Have the C library return every freed buffer of 1 MiB or more to the system at once.

    Left to itself glibc raises that bound as buffers are freed, and then keeps them. Where there
    is another library nothing is changed.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
