"""Replay of the node's journal and the reading of a chain's events, for `./xl bench vouchers`."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.adapters.sql.outbox import OutboxSettlement
from xinlian.ledger.chain.abi import Transaction, selector
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.items import ContractName, Item
from xinlian.ledger.model.orders import Order, encode_items
from xinlian.services.bench.figures import say
from xinlian.services.bench.vouchers_meter import Meter, Usage
from xinlian.services.bench.vouchers_plant import BenchError, status
from xinlian.services.bench.vouchers_work import Work
from xinlian.services.migrations import upgrade
from xinlian.services.soak.site import Site

REPLAY_SECONDS: Final = 300.0
SEND_AT_ONCE: Final = 200
GAS: Final = 400_000
_ARTIFACTS: Final = {
    ContractName.DOCUMENTS: "TradeDocuments",
    ContractName.VOUCHERS: "CreditVouchers",
}


@dataclass(frozen=True, slots=True)
class Replay:
    """Transactions of a journal made again, block by block, each block's hash compared."""

    transactions: int
    seconds: float
    blocks: int

    @property
    def per_second(self) -> float:
        """Transactions a second."""
        return self.transactions / self.seconds


def replay(site: Site, what: str) -> Replay:
    """Kill the node, take its snapshots away, start it again."""
    say(f"replay of {what}")
    site.replay(REPLAY_SECONDS)
    found = status(site)
    done = Replay(found["replayed_transactions"], found["replayed_seconds"], found["height"])
    say(
        f"replay of {what}: {done.transactions} transactions in {done.blocks} blocks, "
        f"{done.per_second:,.0f}/s"
    )
    return done


def replay_direct(folder: Path, units: int) -> Replay:
    """A chain of its own, on which parties call the contracts themselves, one operation each."""
    site = Site(folder, seed="direct")
    try:
        site.found()
        raws = _transactions(site, units)
        say(f"{len(raws)} direct transactions")
        with site.rpc() as rpc:
            for at in range(0, len(raws), SEND_AT_ONCE):
                for answer in rpc.send_raw(raws[at : at + SEND_AT_ONCE]):
                    if not isinstance(answer, str):
                        raise BenchError(f"a transaction was refused: {answer}")
            height = 0
            while status(site)["pending"]:
                height = rpc.wait_final(height + 1, 1.0).height
            last: Any = rpc.call("eth_getBlockByNumber", "latest", False)["transactions"][-1]
            if int(rpc.call("eth_getTransactionReceipt", last)["status"], 16) != 1:
                raise BenchError("the last direct transaction reverted")
        return replay(site, "single-operation transactions")
    finally:
        site.stop()


def _transactions(site: Site, units: int) -> list[bytes]:
    work = Work(site)
    counts: defaultdict[PartyId, int] = defaultdict(int)
    raws: list[bytes] = []
    for party, items in work.steps(units):
        for item in items:
            data = _selector(item) + encode_items(Order(party, 0, 0, (item,)))
            to = site.deployment.addresses[item.contract]
            tx = Transaction(site.deployment.chain_id, counts[party], GAS, to, data)
            raws.append(tx.signed(site.signers[party])[1])
            counts[party] += 1
    return raws


def _selector(item: Item) -> bytes:
    name = type(item).__name__
    return selector(artifact(_ARTIFACTS[item.contract]).signature(name[0].lower() + name[1:]))


@dataclass(frozen=True, slots=True)
class Indexed:
    """Events read from block 0 into empty tables; ``compare_seconds`` is what it took to hold
    every root against the contract's own digest afterwards."""

    events: int
    compare_seconds: float
    usage: Usage


def index(site: Site, folder: Path, pids: dict[str, int | None]) -> Indexed:
    """Read a whole chain from its gateway into a new SQLite file."""
    say("index from block 0")
    folder.mkdir(parents=True, exist_ok=True)
    engine = make_engine(f"sqlite:///{folder / 'index.sqlite3'}")
    upgrade(engine)
    chain_id = site.deployment.chain_id
    try:
        with site.rpc() as rpc:
            indexer = Indexer(engine, rpc, site.contracts, chain_id, settlement=OutboxSettlement())
            with Meter(pids) as meter:
                indexer.catch_up(compare=False)
            began = time.monotonic()
            indexer.catch_up()
            compare_seconds = time.monotonic() - began
    finally:
        engine.dispose()
    say(f"index: {indexer.events_read} events, {indexer.events_read / meter.usage.seconds:,.0f}/s")
    return Indexed(indexer.events_read, compare_seconds, meter.usage)
