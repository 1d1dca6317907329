"""What the sealer counts and measures as it goes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

_SEALS_KEPT: Final = 16


@dataclass(slots=True)
class Figures:
    """``last_seal`` in Unix seconds; ``storage_full`` says why sealing stands still, if it does."""

    last_seal: float | None = None
    restarts: int = 0
    empty_blocks: int = 0
    storage_full: str | None = None
    _seals: deque[float] = field(default_factory=lambda: deque(maxlen=_SEALS_KEPT))

    def sealed(self, seconds: float) -> None:
        """Note how long a block took to make."""
        self._seals.append(seconds)

    @property
    def seal_seconds(self) -> float:
        """How long the last block took; 0 before the first."""
        return self._seals[-1] if self._seals else 0.0

    @property
    def least_seconds(self) -> float:
        """About what a block costs that holds next to nothing: the quickest of the last few."""
        return min(self._seals, default=0.0)
