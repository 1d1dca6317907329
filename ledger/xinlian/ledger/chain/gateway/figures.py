"""What the sealer counts and measures as it goes, for the status report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Figures:
    """``last_seal`` in Unix seconds; ``storage_full`` says why sealing stands still, if it does."""

    last_seal: float | None = None
    seal_ms: float = 0.0
    restarts: int = 0
    empty_blocks: int = 0
    storage_full: str | None = None
