"""The archive alone: how blocks are cut, what a damaged file does, what a full disk does."""

import asyncio
import json
import resource
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.chain.archive import archive as archive_module
from xinlian.ledger.chain.archive.archive import LAG_MAX, Archive
from xinlian.ledger.chain.archive.block import ArchivedBlock, Body, cut
from xinlian.ledger.chain.archive.file import ArchiveFile
from xinlian.ledger.chain.archive.reader import PieceCache, Reader
from xinlian.ledger.chain.errors import (
    LIMIT_EXCEEDED,
    ArchiveDamagedError,
    EngineError,
    NodeStartError,
    StorageFullError,
)
from xinlian.ledger.chain.gateway import history
from xinlian.ledger.chain.gateway.history import History

from tests.support.archive import BLOCKS, GENESIS, HASHES, LOGS, compact, make_json


def contents(path: Path, height: int) -> list[Any]:
    """All that a reader gives of the blocks up to ``height``."""
    reader = Reader(path, {}, PieceCache())
    try:
        return [
            [
                reader.short(at),
                reader.transactions(at),
                reader.receipts(at),
                reader.body(at, Body.LOGS),
                reader.addresses(at, at),
                reader.height_of(BLOCKS[at].hash),
                [reader.place_of(each) for each in BLOCKS[at].hashes],
            ]
            for at in range(height + 1)
        ]
    finally:
        reader.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "archive.db"
    file = ArchiveFile(path, GENESIS)
    for block in BLOCKS:
        file.add(block)
    file.close()
    return path


def reopened(path: Path, hashes: Sequence[bytes] = HASHES, genesis: bytes = GENESIS) -> int:
    file = ArchiveFile(path, genesis)
    file.check(hashes)
    file.close()
    return file.height


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=6))
def test_what_is_cut_can_be_put_together_again(logs: list[list[int]]) -> None:
    block, receipts = make_json(7, logs)
    found = cut(compact(block), compact(receipts))
    texts = [each["hash"] for each in block["transactions"]]
    assert json.loads(found.short) == {**block, "transactions": texts}
    assert list(found.hashes) == [bytes.fromhex(text[2:]) for text in texts]
    entries = [entry for receipt in receipts for entry in receipt["logs"]]
    assert json.loads(b"[" + found.bodies[Body.LOGS] + b"]") == entries
    assert found.addresses == {entry["address"].encode() for entry in entries}
    reader = object.__new__(Reader)
    reader._tail, reader._cache = {7: found}, PieceCache()
    assert [json.loads(each) for each in reader.receipts(7)] == receipts
    assert [json.loads(each) for each in reader.transactions(7)] == block["transactions"]


@pytest.mark.parametrize(
    "change",
    [
        lambda block, receipts: (block, receipts[:1]),
        lambda block, receipts: (block, receipts.replace(b'{"address"', b'{"place":{},"address"')),
        lambda block, receipts: (block, receipts.replace(b'"logIndex"', b'"position"', 1)),
        lambda block, receipts: (block, receipts.replace(b'"logs"', b'"entries"', 1)),
        lambda block, receipts: (block.replace(b'"number"', b'"height"'), receipts),
    ],
)
def test_what_is_not_of_the_known_form_is_refused(change: Any) -> None:
    with pytest.raises(EngineError, match="cannot be archived"):
        cut(*change(*map(compact, make_json(3, LOGS[0]))))


def test_a_file_is_found_again_as_it_was(sound: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sound, tmp_path / "archive.db"))
    before = contents(path, len(BLOCKS) - 1)
    assert before[2][-1] == [(2, 0), (2, 1)]
    assert reopened(path) == len(BLOCKS) - 1
    assert contents(path, len(BLOCKS) - 1) == before


def test_a_flipped_byte_anywhere_is_never_served(sound: Path, tmp_path: Path) -> None:
    """Whatever is left after the check is right."""
    before = contents(sound, len(BLOCKS) - 1)
    path, plain = tmp_path / "archive.db", sound.read_bytes()
    kept = set()
    for at in range(0, len(plain), 97):
        path.write_bytes(plain[:at] + bytes([plain[at] ^ 0x55]) + plain[at + 1 :])
        height = reopened(path)
        kept.add(height)
        assert contents(path, height) == before[: height + 1], at
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    assert {-1, len(BLOCKS) - 1} < kept, "some bytes cost all, some a part, unused ones nothing"


@pytest.mark.parametrize("content", [b"", b"no such thing" * 1000, None])
def test_an_empty_foreign_or_short_file_is_made_anew(
    sound: Path, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(sound.read_bytes()[:9000] if content is None else content)
    assert reopened(path) == -1
    file = ArchiveFile(path, GENESIS)
    file.add(BLOCKS[0])
    file.close()
    assert reopened(path) == 0


def test_blocks_of_another_chain_are_dropped(sound: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sound, tmp_path / "archive.db"))
    assert reopened(path, [*HASHES[:2], bytes(32), HASHES[3]]) == 1
    assert reopened(path, HASHES[:1]) == 0, "nor more than the journal has"
    assert reopened(path, HASHES, bytes(32)) == -1


def test_a_file_that_may_not_be_opened_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "archive.db").mkdir()
    with pytest.raises(NodeStartError, match="cannot be opened"):
        ArchiveFile(tmp_path / "archive.db", GENESIS)


def test_damage_while_reading_is_said(sound: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sound, tmp_path / "archive.db"))
    file = ArchiveFile(path, GENESIS)
    file._connection.execute("UPDATE bodies SET data = data || 'x' WHERE id = 8")
    file._connection.execute("UPDATE blocks SET short = x'00' WHERE height = 3")
    file.close()
    reader = Reader(path, {}, PieceCache())
    with pytest.raises(ArchiveDamagedError, match="block 2 in it is not as it was written"):
        reader.receipts(2)
    with pytest.raises(ArchiveDamagedError, match="block 3"):
        reader.short(3)
    reader.close()
    with pytest.raises(ArchiveDamagedError, match="cannot be read"):
        Reader(tmp_path / "none.db", {}, PieceCache())


class HeldFile(ArchiveFile):
    """A file whose writing waits for ``release``."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, GENESIS)
        self.release = threading.Event()

    def add(self, block: ArchivedBlock) -> None:
        assert self.release.wait(30)
        super().add(block)


def test_a_block_is_read_before_it_is_written_and_few_may_wait(tmp_path: Path) -> None:
    async def main() -> None:
        file = HeldFile(tmp_path / "archive.db")
        archive = Archive(file)
        for block in BLOCKS[: LAG_MAX + 1]:
            await archive.room()
            archive.add(block)
        assert (archive.height, archive.saved) == (LAG_MAX, -1)
        waiting = asyncio.create_task(archive.room())
        assert await archive.ask(lambda reader: reader.short(2)) == BLOCKS[2].short
        assert await archive.holds(next(iter(BLOCKS[2].hashes)))
        assert not await archive.holds(bytes(32))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        file.release.set()
        await waiting
        await archive.flush()
        assert archive.saved == LAG_MAX
        assert await archive.ask(lambda reader: reader.short(2)) == BLOCKS[2].short
        await archive.aclose()

    asyncio.run(main())


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_no_space_is_said_and_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_SPACE_RETRY_SECONDS", 0.02)
    path = tmp_path / "archive.db"

    async def main() -> None:
        archive = await Archive.open(path, GENESIS, HASHES)
        archive.add(BLOCKS[0])
        await archive.flush()
        with files_at_most(path.with_name("archive.db-wal").stat().st_size + 10):
            archive.add(BLOCKS[1])
            with pytest.raises(StorageFullError, match="no space for the archive"):
                await archive.flush()
            with pytest.raises(StorageFullError, match="goes on by itself"):
                await archive.room()
            assert await archive.ask(lambda reader: reader.short(1)) == BLOCKS[1].short
        while archive.full is not None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        await archive.room()
        archive.add(BLOCKS[2])
        await archive.aclose()

    asyncio.run(main())
    assert reopened(path) == 2


def test_an_answer_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one block holds is always given; more only up to a bound, over all calls of a body."""
    longest = len(BLOCKS[3].bodies[Body.LOGS])
    monkeypatch.setattr(history, "ANSWER_BYTES_MAX", longest - 1)

    async def main() -> list[Any]:
        archive = await Archive.open(tmp_path / "archive.db", GENESIS, HASHES)
        for block in BLOCKS:
            await archive.room()
            archive.add(block)
        asked: list[tuple[str, list[Any]]] = [
            ("eth_getLogs", [{"fromBlock": "0x2", "toBlock": "0x3"}]),
            ("eth_getLogs", [{"fromBlock": "0x3", "toBlock": "0x3"}]),
            ("eth_getBlockByNumber", ["0x0", False]),
            ("eth_getBlockTransactionCountByNumber", ["0x3"]),
        ]
        answers = await History(archive).answer(asked, 3)
        await archive.aclose()
        return answers

    too_much, logs, block, count = asyncio.run(main())
    assert too_much["error"]["code"] == block["error"]["code"] == LIMIT_EXCEEDED
    assert "ask for less at once" in too_much["error"]["message"]
    assert "result" in logs
    assert count == {"result": hex(30)}
