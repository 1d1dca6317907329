"""Looks after accepted transactions that blocks keep passing by."""

from __future__ import annotations

import logging
from typing import Final

from xinlian.ledger.chain.engine import Engine
from xinlian.ledger.chain.gateway.pending import Pending

log = logging.getLogger(__name__)

# A transaction whose predecessor (by nonce) does not come within this time makes room for others.
PATIENCE_SECONDS: Final = 600.0


async def drop_lost(engine: Engine, pending: Pending) -> None:
    """Forget what the engine dropped by itself, and make it drop what waited too long."""
    for transaction in pending.older_than(PATIENCE_SECONDS):
        found = await engine.write("eth_getTransactionByHash", transaction)
        if found is not None:
            log.warning("%s waits too long for a nonce of %s", transaction, found["from"])
            # All of the account's: right after a block, whatever is left of it waits for that
            # nonce. (anvil_dropTransaction leaves such ones where they are.)
            await engine.write("anvil_removePoolTransactions", found["from"])
    ready, queued = await engine.waiting()
    if ready + queued == len(pending):
        return
    for transaction in pending.hashes():
        if await engine.write("eth_getTransactionByHash", transaction) is None:
            log.warning("the engine dropped transaction %s", transaction)
            pending.remove([transaction])
