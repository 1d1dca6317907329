"""Faults: what was final is there after every one of them, or the node says what is wrong."""

import hashlib
import os
import resource
import signal
import time
from pathlib import Path

from xinlian.ledger.chain import errors
from xinlian.ledger.chain.journal import Journal

from tests.support.history import fill, history, status
from tests.support.node import NodeProcess
from tests.support.transactions import Account, hash_of

NOWHERE = "0x" + "22" * 20


def records(node: NodeProcess) -> list[tuple[int, int]]:
    """Offset and end of every record of a stopped node's journal."""
    digest = hashlib.sha256((node.data_dir / "genesis.json").read_bytes()).digest()
    journal = Journal.open(node.data_dir / "journal", digest)
    found = [
        (record.offset, record.offset + 136 + sum(4 + len(raw) for raw in record.transactions))
        for record in journal.recover()
    ]
    journal.close()
    return found


def refused_start(node: NodeProcess) -> str:
    """Start a node that must not start; what it says on its way out."""
    before = node.log.stat().st_size if node.log.exists() else 0
    process = node.spawn()
    assert process.wait(timeout=60) == 1
    return node.log.read_text(encoding="utf-8")[before:]


def test_replay_arrives_at_the_same_blocks_with_and_without_snapshots(fresh: NodeProcess) -> None:
    account = Account("replay", fresh.chain_id)
    fresh.start("--snapshot-transactions", "20")
    contract = fill(fresh, account, 12)
    before = history(fresh)
    assert status(fresh)["snapshot_height"] > 0
    assert fresh.stop() == 0
    fresh.start()
    assert status(fresh)["snapshot_height"] > 0
    assert history(fresh) == before
    assert fresh.kill() == -signal.SIGKILL
    for snapshot in (fresh.data_dir / "snapshots").iterdir():
        snapshot.unlink()
    fresh.start()
    assert status(fresh)["snapshot_height"] == 0
    assert history(fresh) == before
    fill(fresh, account, 2, contract)
    assert history(fresh)[: len(before)] == before


def test_a_spoilt_snapshot_is_passed_over(fresh: NodeProcess) -> None:
    account = Account("snapshot", fresh.chain_id)
    fresh.start("--snapshot-transactions", "10")
    fill(fresh, account, 8)
    before = history(fresh)
    fresh.stop()
    kept = sorted((fresh.data_dir / "snapshots").iterdir())
    assert len(kept) == 2
    newest = bytearray(kept[1].read_bytes())
    newest[len(newest) // 2] ^= 1
    kept[1].write_bytes(newest)
    fresh.start()
    assert status(fresh)["snapshot_height"] == int(kept[0].stem)
    assert history(fresh) == before
    fresh.stop()
    kept[0].write_bytes(b"{}\n")
    fresh.start()
    assert status(fresh)["snapshot_height"] == 0
    assert history(fresh) == before
    assert "does not match its SHA-256" in fresh.log.read_text(encoding="utf-8")


def test_a_truncated_last_record_is_cut_off_and_the_rest_kept(fresh: NodeProcess) -> None:
    fresh.start()
    account = Account("tail", fresh.chain_id)
    fill(fresh, account, 3)
    before = history(fresh)
    fresh.stop()
    (_, good), (start, end) = records(fresh)[-2:]
    cut = (start + end) // 2
    os.truncate(fresh.data_dir / "journal", cut)
    (fresh.data_dir / "archive.db").unlink()  # it would prove that the record was sealed
    fresh.start()
    assert history(fresh) == before[:-1]
    assert f"cut off {cut - good} bytes of an unfinished last record at byte {good}" in log_of(
        fresh
    )
    kept = fresh.data_dir / f"journal.cut-{len(before) - 2}"
    assert kept.stat().st_size == cut - good


def log_of(node: NodeProcess) -> str:
    return node.log.read_text(encoding="utf-8")


def test_a_flipped_byte_is_refused_with_its_place(fresh: NodeProcess) -> None:
    fresh.start()
    fill(fresh, Account("flip", fresh.chain_id), 4)
    before = history(fresh)
    fresh.stop()
    path = fresh.data_dir / "journal"
    sound = path.read_bytes()
    start, end = records(fresh)[2]
    spoilt = bytearray(sound)
    spoilt[(start + 136 + end) // 2] ^= 0x40
    path.write_bytes(spoilt)
    said = refused_start(fresh)
    assert f"damaged in record 2 at byte {start}" in said
    assert "block 3" in said
    assert str(path) in said
    assert path.read_bytes() == spoilt
    path.write_bytes(sound)
    fresh.start()
    assert history(fresh) == before


def test_a_journal_that_lost_its_end_is_refused(fresh: NodeProcess) -> None:
    fresh.start("--snapshot-transactions", "10")
    fill(fresh, Account("lost", fresh.chain_id), 6)
    fresh.stop()
    height = max(int(path.stem) for path in (fresh.data_dir / "snapshots").iterdir())
    _, (_, second), (start, end), *_ = records(fresh)
    journal = fresh.data_dir / "journal"
    # Also where the cut looks like a record that was never finished: nothing is cut off then.
    for cut in ((start + end) // 2, second):
        os.truncate(journal, cut)
        said = refused_start(fresh)
        assert "ends at block 2, but a snapshot" in said
        assert f"at block {height}: the journal lost its end" in said
        assert journal.stat().st_size == cut
        assert not list(fresh.data_dir.glob("journal.cut-*"))


def test_an_engine_that_computes_otherwise_is_refused(fresh: NodeProcess) -> None:
    fresh.start()
    fill(fresh, Account("other", fresh.chain_id), 2)
    fresh.stop()
    genesis = fresh.data_dir / "genesis.json"
    genesis.write_text(genesis.read_text("utf-8").replace("1000000000", "1000000001"), "utf-8")
    assert "another genesis.json" in refused_start(fresh)


def test_two_processes_on_one_folder(fresh: NodeProcess) -> None:
    fresh.start()
    owner = fresh.pid
    second = NodeProcess.__new__(NodeProcess)
    second.__dict__.update(fresh.__dict__)
    said = refused_start(second)
    assert f"in use by process {owner}" in said
    assert status(fresh)["pid"] == owner


def test_a_folder_without_a_node_and_a_port_in_use(fresh: NodeProcess, tmp_path: Path) -> None:
    fresh.start()
    port = fresh.url.rpartition(":")[2]
    other = NodeProcess(tmp_path / "other")
    process = other.spawn("--port", port)
    assert process.wait(timeout=60) == 1
    assert f"Port {port} on 127.0.0.1 cannot be opened" in log_of(other)
    (other.data_dir / "genesis.json").unlink()
    assert "holds no node" in refused_start(other)


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / ("long" * 30) / "node").start()
    try:
        fill(node, Account("long", node.chain_id), 1)
        before = history(node)
        note = node.data_dir / "run" / "socket-folder"
        left = Path(note.read_text("utf-8"))
        assert left.stat().st_mode & 0o777 == 0o700
        node.kill()
        node.start()
        assert history(node) == before
        assert not left.exists(), "what a killed node left behind is removed"
        left = Path(note.read_text("utf-8"))
        assert node.stop() == 0
        assert not left.exists()
    finally:
        node.kill()


def test_a_dead_engine_is_replaced_and_nothing_accepted_is_lost(fresh: NodeProcess) -> None:
    fresh.start(seal_ms=300)
    account = Account("engine", fresh.chain_id)
    contract = fill(fresh, account, 2)
    before = history(fresh)
    with fresh.rpc() as rpc:
        for round_number in range(1, 4):
            head = rpc.wait_final(0)
            raws = [account.store(contract, key, 1) for key in range(40)]
            sent = rpc.send_raw(raws)
            assert sent == [hash_of(raw) for raw in raws]
            os.kill(status(fresh)["engine_pid"], signal.SIGKILL)
            while not all(
                receipt and receipt["status"] == "0x1"
                for receipt in rpc.batch([("eth_getTransactionReceipt", [h]) for h in sent])
            ):
                head = rpc.wait_final(head.height + 1, seconds=5)
            assert status(fresh)["engine_restarts"] == round_number
    after = history(fresh)
    assert after[: len(before)] == before
    fresh.kill()
    fresh.start()
    assert history(fresh) == after


def test_an_idle_node_notices_that_its_engine_died(fresh: NodeProcess) -> None:
    fresh.start()
    before = status(fresh)["engine_pid"]
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while status(fresh)["engine_pid"] == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert status(fresh)["engine_restarts"] == 1


def test_the_engine_dies_with_the_gateway(fresh: NodeProcess) -> None:
    fresh.start()
    engine = status(fresh)["engine_pid"]
    fresh.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{engine}").exists() and time.monotonic() < deadline:
        if "Z" in Path(f"/proc/{engine}/stat").read_text("ascii").split(")")[1].split()[0]:
            break  # dead, waiting for init to collect it
        time.sleep(0.01)
    else:
        assert not Path(f"/proc/{engine}").exists()


def test_a_full_disk_stops_sealing_and_space_lets_it_go_on(fresh: NodeProcess) -> None:
    fresh.start()
    account = Account("full", fresh.chain_id)
    contract = fill(fresh, account, 2)
    before = history(fresh)
    size = (fresh.data_dir / "journal").stat().st_size
    soft, hard = resource.prlimit(fresh.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(fresh.pid, resource.RLIMIT_FSIZE, (size + 100, hard))
    with fresh.rpc() as rpc:
        head = rpc.wait_final(0)
        raws = [account.store(contract, key, 7) for key in range(30)]
        sent = rpc.send_raw(raws)
        assert sent == [hash_of(raw) for raw in raws], "accepted, not final"
        assert rpc.wait_final(head.height + 1, seconds=0.5) == head, "nothing becomes final"
        report = status(fresh)
        assert "no space" in report["storage_full"]
        assert report["pending"] == 30
        assert rpc.call("eth_getTransactionReceipt", sent[0]) is None
        refusal = rpc.send_raw([account.sign(NOWHERE, nonce=account.nonce)])[0]
        assert isinstance(refusal, errors.NodeStorageFullError)
        assert history(fresh) == before, "reading goes on"
        resource.prlimit(fresh.pid, resource.RLIMIT_FSIZE, (soft, hard))
        assert rpc.wait_final(head.height + 1).height == head.height + 1
        assert all(rpc.batch([("eth_getTransactionReceipt", [h]) for h in sent]))
    assert status(fresh)["storage_full"] is None
    after = history(fresh)
    fresh.kill()
    fresh.start()
    assert history(fresh) == after
