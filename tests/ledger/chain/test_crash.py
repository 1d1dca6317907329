"""Killed under load at random moments: all that was final stays, nothing is there twice.

``XL_CRASH_ROUNDS`` sets how often (6 by default).
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable

import pytest
from xinlian.ledger.chain import errors
from xinlian.ledger.chain.rpc import Rpc

from tests.support.history import history, status
from tests.support.node import NodeProcess
from tests.support.transactions import Account, hash_of

ROUNDS = int(os.environ.get("XL_CRASH_ROUNDS", "6"))
NOWHERE = "0x" + "22" * 20


class Load:
    """Threads that submit like a careful client: remember the raw bytes, resend until final."""

    def __init__(self, node: NodeProcess, threads: int = 2) -> None:
        self.node = node
        self.final: dict[str, tuple[str, int]] = {}  # transaction -> block hash, height
        self.sent: list[str] = []
        self._stop = threading.Event()
        self._failed: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._guard, args=(f"load {number}",))
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert self._failed == []

    def _guard(self, seed: str) -> None:
        try:
            self._work(Account(seed, self.node.chain_id))
        except BaseException as exc:  # noqa: BLE001 - shown by stop()
            self._failed.append(exc)

    def _work(self, account: Account) -> None:
        waiting: dict[str, bytes] = {}
        while not self._stop.is_set() or waiting:
            if not self._stop.is_set() and len(waiting) < 200:
                waiting |= {hash_of(raw): raw for raw in (account.sign(NOWHERE) for _ in range(20))}
                self.sent += list(waiting)[-20:]
            try:
                with Rpc(self.node.url, self.node.token, seconds=20) as rpc:
                    self._settle(rpc, waiting)
            except (errors.NodeUnavailableError, errors.NodeRecoveringError):
                time.sleep(0.02)

    def _settle(self, rpc: Rpc, waiting: dict[str, bytes]) -> None:
        answers = rpc.send_raw(waiting.values())
        for answer in answers:
            if not isinstance(answer, str | errors.NodeRecoveringError):
                raise answer
        head = rpc.wait_final(0)
        head = rpc.wait_final(head.height + 1, seconds=0.2)
        hashes = list(waiting)
        for receipt in rpc.batch([("eth_getTransactionReceipt", [h]) for h in hashes]):
            if isinstance(receipt, dict):
                found = receipt["transactionHash"]
                self.final[found] = (receipt["blockHash"], int(receipt["blockNumber"], 16))
                del waiting[found]
        del head


def kill_gateway(node: NodeProcess) -> None:
    node.kill()
    node.start("--snapshot-transactions", "300")


def kill_engine(node: NodeProcess) -> None:
    """The one that lives: history is shown also while the last one is being replaced."""
    deadline = time.monotonic() + 30
    while True:
        try:
            os.kill(status(node)["engine_pid"], signal.SIGKILL)
            return
        except ProcessLookupError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize("kill", [kill_gateway, kill_engine])
def test_killed_under_load_at_random_moments(
    fresh: NodeProcess, kill: Callable[[NodeProcess], None]
) -> None:
    fresh.start("--snapshot-transactions", "300")
    load = Load(fresh)
    try:
        rounds = ROUNDS if kill is kill_gateway else min(ROUNDS, 4)
        for _ in range(rounds):
            time.sleep(random.uniform(0.05, 0.6))
            known = dict(load.final)
            kill(fresh)
            shown = {block: set(held) for block, _, held in history(fresh)}
            missing = [tx for tx, (block, _) in known.items() if tx not in shown.get(block, ())]
            assert missing == [], "reported final, and not there after the crash"
    finally:
        load.stop()
    blocks = history(fresh)
    included = [transaction for _, _, held in blocks for transaction in held]
    assert len(included) == len(set(included)), "a transaction is there twice"
    assert set(included) == set(load.sent) == set(load.final)
    assert all(blocks[height][0] == block for block, height in load.final.values())
    assert all(held for _, _, held in blocks[1:]), "an empty block"
    fresh.kill()
    fresh.start()
    assert history(fresh) == blocks
