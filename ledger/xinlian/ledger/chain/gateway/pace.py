"""When the next block is due.

anvil computes the state root anew in each block, over the whole state. So after a block it rests as
long as that takes: roots take half of the time at most, and blocks grow instead. Where so much
waits that the root costs little beside it, the next block follows without a rest.
"""

from __future__ import annotations

import time
from typing import Final

from xinlian.ledger.chain.gateway.figures import Figures
from xinlian.ledger.chain.gateway.pending import Pending

_REST_SECONDS_MAX: Final = 3.0
_FULL_BYTES: Final = 5 << 20
_FULL_COUNT: Final = 2_000


class Pace:
    """``interval``: seconds between two blocks at least."""

    def __init__(self, interval: float, figures: Figures) -> None:
        self._interval = interval
        self._figures = figures
        self._due = 0.0
        self._due_if_full = 0.0

    def made(self, began: float) -> None:
        """A block was made; ``began`` is a time of :func:`time.monotonic`."""
        took = time.monotonic() - began
        self._figures.sealed(took)
        rest = min(self._figures.least_seconds, _REST_SECONDS_MAX)
        self._due = began + max(self._interval, took + rest)
        self._due_if_full = began + self._interval

    def put_off(self, seconds: float) -> None:
        """No block before so many seconds are over."""
        self._due = self._due_if_full = time.monotonic() + seconds

    def seconds_left(self, pending: Pending) -> float:
        """Until a block of what waits is due."""
        full = pending.size >= _FULL_BYTES or len(pending) >= _FULL_COUNT
        return max(0.0, (self._due_if_full if full else self._due) - time.monotonic())
