"""Numbers (nonces) for orders: dense, because one storage slot on the chain holds 256 of them."""

from __future__ import annotations

import threading
from typing import Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.outbox_orders import reserve_nonces, start_nonces
from xinlian.ledger.chain.reader import ChainReader
from xinlian.ledger.model.items import ContractName

_AT_ONCE: Final = 16
_PROBES: Final[tuple[int, ...]] = tuple(2**power - 1 for power in range(40))


class OrderNumbers:
    """Hands out numbers that were never used, each once, across processes and restarts.

    Single numbers are reserved 16 at a time; a crash leaves at most that many unused.
    """

    def __init__(self, engine: Engine, reader: ChainReader) -> None:
        self._engine = engine
        self._reader = reader
        self._stock: dict[tuple[ContractName, int], tuple[int, int]] = {}
        self._guard = threading.Lock()

    def next(self, contract: ContractName, party: int) -> int:
        """One new number."""
        with self._guard:
            first, end = self._stock.get((contract, party), (0, 0))
            if first == end:
                first = self._reserve(contract, party, _AT_ONCE)
                end = first + _AT_ONCE
            self._stock[contract, party] = first + 1, end
            return first

    def take(self, contract: ContractName, party: int, count: int) -> range:
        """``count`` new numbers in a row."""
        with self._guard:
            first = self._reserve(contract, party, count)
            return range(first, first + count)

    def _reserve(self, contract: ContractName, party: int, count: int) -> int:
        with begin_write(self._engine) as connection:
            first = reserve_nonces(connection, contract.value, party, count)
        if first is not None:
            return first
        # A new database may meet an old chain: start above what the chain knows as used.
        start = self._first_unused(contract, party)
        with begin_write(self._engine) as connection:
            start_nonces(connection, contract.value, party, start)
            first = reserve_nonces(connection, contract.value, party, count)
        assert first is not None  # noqa: S101  the row exists now
        return first

    def _first_unused(self, contract: ContractName, party: int) -> int:
        """A number from which on nothing is used, if numbers were used densely so far.

        Steps: 1. ask for 0, 1, 3, 7, 15 …; 2. between the last used and the first unused of
        them, halve. Gaps (numbers reserved before a crash) can hide a used number above; such an
        order is refused as used and signed again.
        """
        used = self._reader.nonces_used(contract, party, _PROBES)  # 1
        if not any(used):
            return 0
        last = len(used) - 1 - used[::-1].index(True)
        low: int = _PROBES[last]
        high: int = _PROBES[min(last + 1, len(_PROBES) - 1)]
        while high - low > 1:  # 2
            middle = (low + high) // 2
            if self._reader.nonces_used(contract, party, (middle,))[0]:
                low = middle
            else:
                high = middle
        # The next word of the bitmap is clear of such gaps.
        return (low // 256 + 1) * 256
