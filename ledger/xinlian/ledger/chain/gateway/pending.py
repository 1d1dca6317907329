"""Transactions that the engine accepted and no durable block holds yet, in order of acceptance."""

from __future__ import annotations

import time
from collections.abc import Iterable


class Pending:
    """Hash (0x hex) to raw bytes and the moment of acceptance."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[bytes, float]] = {}
        self.size = 0

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, transaction: str) -> bool:
        return transaction in self._held

    def add(self, transaction: str, raw: bytes) -> None:
        """Accepted now; a second time changes nothing."""
        if transaction not in self._held:
            self._held[transaction] = (raw, time.monotonic())
            self.size += len(raw)

    def raw(self, transaction: str) -> bytes:
        """The raw bytes. Raises KeyError for one that never came through here."""
        return self._held[transaction][0]

    def hashes(self) -> list[str]:
        """All, in order of acceptance."""
        return list(self._held)

    def raws(self) -> list[bytes]:
        """All, in order of acceptance."""
        return [raw for raw, _ in self._held.values()]

    def remove(self, transactions: Iterable[str]) -> None:
        """Forget these."""
        for transaction in transactions:
            raw, _ = self._held.pop(transaction)
            self.size -= len(raw)

    def clear(self) -> None:
        """Forget all."""
        self._held.clear()
        self.size = 0

    def older_than(self, seconds: float) -> list[str]:
        """Those accepted more than ``seconds`` ago."""
        limit = time.monotonic() - seconds
        return [transaction for transaction, (_, at) in self._held.items() if at < limit]

    def oldest_seconds(self) -> float:
        """Age of the oldest; 0 if none waits."""
        first = next(iter(self._held.values()), None)
        return 0.0 if first is None else time.monotonic() - first[1]
