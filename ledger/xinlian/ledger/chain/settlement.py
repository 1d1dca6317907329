"""What the outbox learns of orders, in the transaction in which the books learn of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

Executed = tuple[bytes, int, bytes]
"""Digest of an order, block and hash of the transaction in which it took effect."""
Failed = tuple[bytes, int, bytes, bool, bytes]
"""The same for an order that failed, and whether its number is used up, and the error's bytes."""


class Settlement(Protocol):
    """What the outbox does in the transaction of a range."""

    def settle(
        self,
        connection: Connection,
        through_block: int,
        executed: list[Executed],
        failed: list[Failed],
    ) -> None:
        """Orders (digest, block, transaction) took effect or (…, burned, reason) failed."""

    def unsettle(self, connection: Connection, above_block: int) -> None:
        """Blocks above this one are gone again."""


def settled(orders: Sequence[Sequence[Any]]) -> tuple[list[Executed], list[Failed]]:
    """Rows of ``order_results`` as what the outbox takes."""
    executed: list[Executed] = []
    failed: list[Failed] = []
    for block, _, digest, _, tx_hash, _, _, _, _, success, burned, reason in orders:
        if success:
            executed.append((digest, block, tx_hash))
        else:
            failed.append((digest, block, tx_hash, bool(burned), reason))
    return executed, failed
