"""A node whose archive is lost, damaged, behind or out of space: history stays whole."""

import asyncio
import os
import resource
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.chain import errors
from xinlian.ledger.chain.archive.file import ArchiveFile
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.engine import Engine, EngineSettings

from tests.support.history import fill, status
from tests.support.node import NodeProcess
from tests.support.repository import ROOT
from tests.support.transactions import Account

NOWHERE = "0x" + "22" * 20


def everything(node: NodeProcess) -> list[Any]:
    """Blocks with transactions, receipts, and all logs."""
    with node.rpc() as rpc:
        top = rpc.wait_final(0).height
        heights = [hex(at) for at in range(top + 1)]
        return rpc.batch(
            [
                *(("eth_getBlockByNumber", [height, True]) for height in heights),
                *(("eth_getBlockReceipts", [height]) for height in heights),
                ("eth_getLogs", [{"fromBlock": "0x0"}]),
            ]
        )


def archive_of(node: NodeProcess) -> ArchiveFile:
    folder = DataFolder(node.data_dir)
    return ArchiveFile(folder.archive, folder.digest)


def wait_written(node: NodeProcess, height: int) -> None:
    """Blocks are in the file a moment after they are final."""
    deadline = time.monotonic() + 30
    while status(node)["archive_height"] < height:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert status(node)["archive_height"] == status(node)["height"] == height


def log_of(node: NodeProcess) -> str:
    return node.log.read_text(encoding="utf-8")


@pytest.fixture(name="filled")
def filled_node(fresh: NodeProcess) -> NodeProcess:
    """A running node with snapshots and some blocks above them."""
    fresh.start("--snapshot-transactions", "20")
    fill(fresh, Account("filled", fresh.chain_id), 11)
    assert status(fresh)["snapshot_height"] > 4
    return fresh


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_archive_that_is_there_spares_the_replay(filled: NodeProcess, end: str) -> None:
    before, height = everything(filled), status(filled)["snapshot_height"]
    getattr(filled, end)()
    filled.start()
    assert status(filled)["snapshot_height"] == height
    assert everything(filled) == before
    wait_written(filled, len(before) // 2 - 1)


def test_a_lost_archive_is_made_anew_from_block_0(filled: NodeProcess) -> None:
    """So is that of a data folder from before there were archives."""
    before = everything(filled)
    filled.stop()
    (filled.data_dir / "archive.db").unlink()
    filled.start()
    assert everything(filled) == before
    assert status(filled)["snapshot_height"] == 0
    assert "the archive ends at block -1; passing over the snapshot" in log_of(filled)
    filled.kill()
    filled.start()
    assert everything(filled) == before


@pytest.mark.parametrize("part", [0.0, 0.5, 0.9])
def test_a_damaged_archive_is_mended(filled: NodeProcess, part: float) -> None:
    before = everything(filled)
    filled.stop()
    path = filled.data_dir / "archive.db"
    data = bytearray(path.read_bytes())
    start = int(part * len(data))
    data[start : start + 4096] = os.urandom(4096)
    path.write_bytes(data)
    filled.start()
    assert everything(filled) == before
    said = log_of(filled)
    assert "it is made anew" in said or "are dropped" in said


def test_a_snapshot_above_the_archive_is_passed_over(filled: NodeProcess) -> None:
    before = everything(filled)
    filled.stop()
    older, newest = sorted(
        int(path.stem) for path in (filled.data_dir / "snapshots").glob("*.snapshot")
    )
    file = archive_of(filled)
    file._truncate(newest - 1)
    file.close()
    filled.start()
    assert f"ends at block {newest - 1}; passing over the snapshot of block {newest}" in log_of(
        filled
    )
    assert status(filled)["snapshot_height"] == older
    assert everything(filled) == before


@pytest.mark.parametrize("missing", [10, 1000])
def test_a_journal_that_ends_below_the_archive_is_refused(fresh: NodeProcess, missing: int) -> None:
    """Whether its last record looks unfinished or is gone: readers have seen that block."""
    fresh.start()
    fill(fresh, Account("lost", fresh.chain_id), 3)
    before = everything(fresh)
    fresh.stop()
    path = fresh.data_dir / "journal"
    whole = path.read_bytes()
    path.write_bytes(whole[:-missing])
    process = fresh.spawn()
    assert process.wait(timeout=60) == 1
    assert "The journal ends at block 3, but" in log_of(fresh)
    assert "archive.db reaches block 4: the journal lost its end" in log_of(fresh)
    assert path.read_bytes() == whole[:-missing]
    path.write_bytes(whole)
    fresh.start()
    assert everything(fresh) == before


def test_no_space_for_the_archive_stops_sealing(fresh: NodeProcess) -> None:
    fresh.start()
    account = Account("full", fresh.chain_id)
    fill(fresh, account, 2)
    log = fresh.data_dir / "archive.db-wal"
    size = max(log.stat().st_size, (fresh.data_dir / "journal").stat().st_size + 20_000)
    soft, hard = resource.prlimit(fresh.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(fresh.pid, resource.RLIMIT_FSIZE, (size, hard))
    refused: list[errors.RpcError] = []
    with fresh.rpc() as rpc:
        for _ in range(50):
            head = rpc.wait_final(0)
            answer = rpc.send_raw([account.sign(NOWHERE)])[0]
            if isinstance(answer, errors.RpcError):
                refused.append(answer)
                break
            rpc.wait_final(head.height + 1, seconds=0.5)
        assert isinstance(refused[0], errors.NodeStorageFullError)
        assert "no space for the archive" in status(fresh)["storage_full"]
        top = status(fresh)["height"]
        assert top - status(fresh)["archive_height"] <= 3, "what is not on disk yet is bounded"
        before = everything(fresh)
        resource.prlimit(fresh.pid, resource.RLIMIT_FSIZE, (soft, hard))
        rpc.wait_final(top + 1)
    after = everything(fresh)
    assert after[: top + 1] == before[: top + 1]
    assert status(fresh)["storage_full"] is None
    fresh.kill()
    fresh.start()
    assert everything(fresh) == after


def test_history_is_read_while_the_engine_stands_still(fresh: NodeProcess) -> None:
    fresh.start()
    fill(fresh, Account("still", fresh.chain_id), 3)
    before, engine = everything(fresh), status(fresh)["engine_pid"]
    os.kill(engine, signal.SIGSTOP)
    try:
        assert everything(fresh) == before
    finally:
        os.kill(engine, signal.SIGCONT)


def test_an_engine_holds_the_last_blocks_only(tmp_path: Path) -> None:
    async def main() -> list[bytes]:
        program = shutil.which("anvil") or str(ROOT / ".xl/bin/anvil")
        settings = EngineSettings(20230606, 1_750_000_000, 10**9, "cancun")
        engine = await Engine.start(settings, program, tmp_path / "run", blocks_kept=2)
        account = Account("few", 20230606)
        try:
            for number in range(1, 6):
                await engine.submit(["0x" + account.sign(NOWHERE).hex()])
                await engine.seal(1_750_000_000 + number)
            return [(await engine.block(height))[1] for height in range(1, 6)]
        finally:
            await engine.stop()

    receipts = asyncio.run(main())
    assert receipts[:3] == [b"[]"] * 3
    assert all(b"transactionHash" in each for each in receipts[3:])
