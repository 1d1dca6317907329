"""Helpers of the tests of faults: an outbox that listens, and digests of whole databases."""

from typing import Any

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.dump import table_digest
from xinlian.ledger.adapters.sql.tables import PROJECTION
from xinlian.ledger.chain.indexer import Indexer

from tests.ledger.indexer.activity import Activity
from tests.ledger.indexer.logs import CONTRACTS
from tests.ledger.indexer.model_chain import CHAIN_ID, ModelChain


class Outbox:
    """Notes what the indexer tells the outbox; can fail once, in the middle of a range."""

    def __init__(self) -> None:
        self.settled: list[tuple[int, int, int]] = []
        self.unsettled: list[int] = []
        self.fail = False

    def settle(
        self,
        connection: Connection,
        through_block: int,
        executed: list[tuple[bytes, int, bytes]],
        failed: list[tuple[bytes, int, bytes, bool, bytes]],
    ) -> None:
        if self.fail:
            self.fail = False
            raise OSError("the disk is full")
        self.settled.append((through_block, len(executed), len(failed)))

    def unsettle(self, connection: Connection, above_block: int) -> None:
        self.unsettled.append(above_block)


def indexer(engine: Engine, chain: ModelChain, **more: Any) -> Indexer:
    return Indexer(engine, chain, CONTRACTS, CHAIN_ID, **more)


def digests(engine: Engine) -> dict[str, bytes]:
    with engine.connect() as connection:
        return {table.name: table_digest(connection, table).sha256 for table in PROJECTION}


def halted(engine: Engine) -> str | None:
    with engine.connect() as connection:
        state = books.read_state(connection)
    return state.halted if state else None


def busy(seed: int = 5, steps: int = 150) -> ModelChain:
    chain = ModelChain()
    Activity(chain, seed).run(steps, per_block=5)
    return chain
