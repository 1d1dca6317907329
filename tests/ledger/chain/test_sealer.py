"""The sealer and the gate in this process: a real anvil, a journal that can be held up."""

import asyncio
import json
import shutil
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.chain.archive.archive import Archive
from xinlian.ledger.chain.engine import (
    BATCH_MAX,
    MESSAGE_CHARS_MAX,
    Engine,
    EngineSettings,
    messages,
)
from xinlian.ledger.chain.errors import ChainError
from xinlian.ledger.chain.gateway import gate, lost
from xinlian.ledger.chain.gateway import sealer as sealer_module
from xinlian.ledger.chain.gateway.clock import Clock
from xinlian.ledger.chain.gateway.pending import Pending
from xinlian.ledger.chain.gateway.refusal import RefusalError
from xinlian.ledger.chain.gateway.replay import Replayed, replay, scan
from xinlian.ledger.chain.gateway.sealer import Sealer
from xinlian.ledger.chain.gateway.snapshotter import Snapshotter
from xinlian.ledger.chain.journal import Journal

from tests.support.repository import ROOT
from tests.support.transactions import Account, hash_of

GENESIS = bytes(32)
SETTINGS = EngineSettings(20230606, 1_750_000_000, 10**9, "cancun")
NOWHERE = "0x" + "22" * 20


class HeldJournal(Journal):
    """A journal whose last step waits for ``release``, and may fail."""

    release: threading.Event
    fail: OSError | None = None

    def commit(self, block_hash: bytes, state_root: bytes) -> int:
        assert self.release.wait(30)
        if self.fail is not None:
            raise self.fail
        return super().commit(block_hash, state_root)


class HandClock:
    def __init__(self) -> None:
        self.time = SETTINGS.timestamp

    def now(self) -> int:
        return self.time


Work = Callable[[Sealer, HeldJournal, HandClock], Awaitable[None]]


def run(folder: Path, work: Work, snapshot_every: int = 10**6) -> None:
    """Run ``work`` beside a sealer over a fresh chain; raises what ends the sealer."""

    async def main() -> None:
        journal = HeldJournal.open(folder / "journal", GENESIS)
        assert isinstance(journal, HeldJournal)
        journal.release = threading.Event()
        journal.release.set()
        index = scan(journal)
        snapshots = folder / "snapshots"
        archive = await Archive.open(folder / "archive.db", GENESIS, index.hashes)
        program = shutil.which("anvil") or str(ROOT / ".xl/bin/anvil")

        async def engine(state: bytes | None) -> Engine:
            return await Engine.start(SETTINGS, program, folder / "run", state)

        async def restart() -> Replayed:
            return await replay(engine, journal, index, archive, snapshots, GENESIS.hex())

        clock = HandClock()
        checked: Clock = clock
        keeper = Snapshotter(snapshots, archive, GENESIS.hex(), snapshot_every, 10**6, 0, 0, 0)
        sealer = Sealer(await restart(), journal, index, archive, checked, restart, keeper, 0.02)
        running = asyncio.create_task(sealer.run())
        try:
            async with asyncio.timeout(60):
                await work(sealer, journal, clock)
        finally:
            journal.release.set()
            sealer.stop()
            try:
                await running
            finally:
                await archive.aclose()
                journal.close()

    asyncio.run(main())


def request(method: str, *params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


async def ask(sealer: Sealer, method: str, *params: Any) -> Any:
    return json.loads(await sealer.gate.read(request(method, *params)))["result"]


async def sent(sealer: Sealer, raw: bytes) -> str:
    answer = (await sealer.submit(["0x" + raw.hex()]))[0]
    return str(answer["result"])


async def until_the_engine_has_a_block(sealer: Sealer) -> None:
    """The engine has it, the journal does not: asked around the gate."""
    while (  # noqa: ASYNC110 - the engine tells nobody
        b'"0x1"' not in await sealer.engine.read(request("eth_blockNumber"))
    ):
        await asyncio.sleep(0.005)


def test_an_engine_that_made_many_blocks_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps something of every block it made; nobody notices the change."""
    monkeypatch.setattr(sealer_module, "_HEADERS_MAX", 4)

    async def work(sealer: Sealer, journal: HeldJournal, clock: HandClock) -> None:
        account, engines = Account("many", SETTINGS.chain_id), set()
        waits = await sent(sealer, account.sign(NOWHERE, nonce=100))
        for height in range(1, 14):
            await sent(sealer, account.sign(NOWHERE))
            assert (await sealer.gate.wait_final(height, 30)).height == height
            assert int(await ask(sealer, "eth_blockNumber"), 16) == height
            engines.add(sealer.engine.pid)
        assert len(engines) == 3
        assert sealer.figures.restarts == 0
        assert waits in sealer.pending
        count = await ask(sealer, "eth_getTransactionCount", account.address, "latest")
        assert int(count, 16) == 13

    run(tmp_path, work, snapshot_every=1)


def test_nobody_sees_a_block_before_it_is_on_disk(tmp_path: Path) -> None:
    async def work(sealer: Sealer, journal: HeldJournal, clock: HandClock) -> None:
        journal.release.clear()
        transaction = await sent(sealer, Account("held", SETTINGS.chain_id).sign(NOWHERE))
        await until_the_engine_has_a_block(sealer)
        reads = [
            asyncio.create_task(ask(sealer, "eth_blockNumber")),
            asyncio.create_task(ask(sealer, "eth_getTransactionReceipt", transaction)),
            asyncio.create_task(ask(sealer, "eth_getBlockByNumber", "latest", False)),
            asyncio.create_task(sealer.gate.wait_final(1, 30)),
        ]
        done, _ = await asyncio.wait(reads, timeout=0.3)
        assert not done
        assert sealer.head.height == 0
        journal.release.set()
        number, receipt, block, head = await asyncio.gather(*reads)
        assert (number, head.height) == ("0x1", 1)
        assert receipt["blockHash"] == block["hash"] == "0x" + head.block_hash.hex()

    run(tmp_path, work)


def test_a_journal_that_fails_ends_the_node_and_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "_HOLD_SECONDS", 0.2)
    answers: list[Any] = []

    async def work(sealer: Sealer, journal: HeldJournal, clock: HandClock) -> None:
        journal.release.clear()
        journal.fail = OSError(5, "Input/output error")
        await sent(sealer, Account("fails", SETTINGS.chain_id).sign(NOWHERE))
        await until_the_engine_has_a_block(sealer)
        reading = asyncio.create_task(ask(sealer, "eth_blockNumber"))
        await asyncio.sleep(0.1)
        journal.release.set()
        answers.extend(await asyncio.gather(reading, return_exceptions=True))

    with pytest.raises(ChainError, match="cannot be written"):
        run(tmp_path, work)
    assert len(answers) == 1
    assert isinstance(answers[0], RefusalError)


def test_block_times_follow_the_clock_and_never_go_back(tmp_path: Path) -> None:
    times: list[int] = []

    async def work(sealer: Sealer, journal: HeldJournal, clock: HandClock) -> None:
        account = Account("times", SETTINGS.chain_id)
        for step in (10, 10, -3600, 0, 3700):
            clock.time += step
            height = sealer.head.height + 1
            await sent(sealer, account.sign(NOWHERE))
            times.append((await sealer.gate.wait_final(height, 30)).time - SETTINGS.timestamp)

    run(tmp_path, work)
    assert times == [10, 20, 20, 20, 120]


def test_what_waits_too_long_for_a_nonce_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost, "PATIENCE_SECONDS", 0.0)

    async def work(sealer: Sealer, journal: HeldJournal, clock: HandClock) -> None:
        account = Account("gap", SETTINGS.chain_id)
        first, _, third = (account.sign(NOWHERE) for _ in range(3))
        await sent(sealer, third)
        await sent(sealer, first)
        await sealer.gate.wait_final(1, 30)
        while sealer.pending:  # noqa: ASYNC110 - nothing tells when it is empty
            await asyncio.sleep(0.005)
        assert await ask(sealer, "eth_getTransactionByHash", hash_of(third)) is None
        assert await sealer.engine.waiting() == (0, 0)

    run(tmp_path, work)


def test_what_the_engine_dropped_is_forgotten(tmp_path: Path) -> None:
    async def work(sealer: Sealer, journal: HeldJournal, clock: HandClock) -> None:
        pending = Pending()
        raw = Account("dropped", SETTINGS.chain_id).sign(NOWHERE)
        pending.add(hash_of(raw), raw)
        await lost.drop_lost(sealer.engine, pending)
        assert (len(pending), pending.size) == (0, 0)

    run(tmp_path, work)


@given(st.lists(st.sampled_from([1, 500, 100_000, 260_000, 270_000]), max_size=80))
def test_messages_to_the_engine_are_short_and_in_order(sizes: list[int]) -> None:
    raws = [f"{number:08d}".ljust(size, "f") for number, size in enumerate(sizes)]
    parts = list(messages(raws))
    assert [raw for part in parts for raw in part] == raws
    assert all(1 <= len(part) <= BATCH_MAX for part in parts)
    assert all(len(part) == 1 or sum(map(len, part)) <= MESSAGE_CHARS_MAX for part in parts)


def test_large_transactions_keep_their_order(tmp_path: Path) -> None:
    async def work(sealer: Sealer, journal: HeldJournal, clock: HandClock) -> None:
        raws = [
            Account("big", SETTINGS.chain_id).sign(
                NOWHERE, bytes([n]) * 120_000, 16_000_000, nonce=n
            )
            for n in range(6)
        ]
        answers = await sealer.submit(["0x" + raw.hex() for raw in raws])
        assert [answer["result"] for answer in answers] == [hash_of(raw) for raw in raws]
        await sealer.gate.wait_final(1, 30)
        while sealer.pending:  # noqa: ASYNC110 - nothing tells when it is empty
            await asyncio.sleep(0.005)
        found = [await ask(sealer, "eth_getTransactionByHash", hash_of(raw)) for raw in raws]
        assert [int(one["nonce"], 16) for one in found] == list(range(6))

    run(tmp_path, work)
