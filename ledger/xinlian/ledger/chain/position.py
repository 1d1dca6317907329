"""How far the chain is with the transactions of one account."""

from __future__ import annotations

import time
from typing import Final

from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.ids import Address, to_checksum

_ASK_AGAIN_S: Final = 5.0


class Position:
    """The account's count of transactions, asked for sparingly.

    A node that makes a block answers only when it is done. The count changes with a block, so it
    is asked for when the height has moved, and every few seconds in case the chain went back.
    """

    def __init__(self, rpc: Rpc, account: Address) -> None:
        self._rpc = rpc
        self._account = to_checksum(account)
        self._height = -1
        self._asked_at = 0.0
        self._last = (0, 0)

    def ask(self) -> tuple[int, int]:
        """(transactions on the chain, a height at which it held them already)."""
        # The height is asked for by itself: calls of one batch may be answered in any order.
        self._height, self._asked_at = self._now_at(), time.monotonic()
        count = int(self._rpc.call("eth_getTransactionCount", self._account, "latest"), 16)
        self._last = count, self._now_at()
        return self._last

    def ask_if_moved(self) -> tuple[int, int]:
        """The same; the last answer if no block was made since."""
        late = time.monotonic() - self._asked_at >= _ASK_AGAIN_S
        return self.ask() if late or self._now_at() != self._height else self._last

    def _now_at(self) -> int:
        return int(self._rpc.call("eth_blockNumber"), 16)
