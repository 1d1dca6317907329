"""Batches that were pushed, by their keys."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from xinlian.ingest.adapters.drivers.reported import Put

__all__ = ["Batch"]


@dataclass(slots=True)
class Batch:
    """One key: what was sent with it, and how far it came."""

    digest: bytes
    body: dict[str, Any]
    puts: list[Put]
    next: int = 0
    left: int = 0
    """Rows that are not durable yet."""
    all_durable: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        if not self.puts:
            self.all_durable.set()

    def durable(self) -> None:
        """One row more lies on disk."""
        self.left -= 1
        if self.left == 0:
            self.all_durable.set()
            self.puts.clear()
