"""A process that submits and carries orders, and kills itself (-9) at a step of its choice.

Arguments: a file with a pickled ``Task``. Prints ``ack <digest>`` for every order acknowledged.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.adapters.sql.outbox import OutboxSettlement
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.chain.submitter import Submitter
from xinlian.ledger.model.orders import SignedOrder
from xinlian.ledger.model.statuses import Submitted


@dataclass
class Task:
    """What the child is to do, and at which call of which step it is to die."""

    url: str
    token: str
    database: str
    deployment: Deployment
    relayer: bytes
    now: int
    batches: list[list[tuple[SignedOrder, str]]]
    step: str
    call: int


def main(path: str) -> None:
    task: Task = pickle.loads(Path(path).read_bytes())
    calls = 0

    def step(name: str) -> None:
        nonlocal calls
        calls += name == task.step
        if calls == task.call:
            os.kill(os.getpid(), signal.SIGKILL)

    engine, rpc, place = make_engine(task.database), Rpc(task.url, task.token), task.deployment
    contracts = {"0x" + found.hex(): name.value for name, found in place.addresses.items()}
    submitter = Submitter(
        engine, rpc, LocalSigner(task.relayer), place, now=lambda: task.now, step=step
    )
    indexer = Indexer(engine, rpc, contracts, place.chain_id, settlement=OutboxSettlement())
    for batch in task.batches:
        for outcome in submitter.submit_many(batch):
            if isinstance(outcome, Submitted):
                print("ack", outcome.digest.hex(), flush=True)
        submitter.pump()
    while True:  # The step comes sooner or later; the parent's timeout says if it does not.
        submitter.pump()
        rpc.wait_final(indexer.catch_up() + 1, 0.03)


if __name__ == "__main__":
    main(sys.argv[1])
