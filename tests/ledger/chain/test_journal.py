import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.chain.errors import JournalCorruptError, NodeStartError, StorageFullError
from xinlian.ledger.chain.journal import SECTOR, BlockRecord, Journal

GENESIS = bytes(range(32))
BLOCKS = [[b"one"], [b"two" * 300, b"\x00" * 500, b"3"], [b"four" * 2000]]

Blocks = list[list[bytes]]


def write(path: Path, blocks: Blocks) -> None:
    journal = Journal.open(path, GENESIS)
    height = sum(1 for _ in journal.recover())
    journal.cut(height)
    for transactions in blocks:
        height += 1
        journal.prepare(height, 1000 + height, transactions)
        journal.flush()
        journal.commit(bytes([height]) * 32, bytes([255 - height]) * 32)
    journal.close()


def read(path: Path) -> list[BlockRecord]:
    journal = Journal.open(path, GENESIS)
    try:
        found = list(journal.recover())
        journal.cut(len(found))
        return found
    finally:
        journal.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "journal"
    write(path, BLOCKS)
    return path


@given(
    st.lists(st.lists(st.binary(max_size=1500), min_size=1, max_size=5), min_size=1, max_size=6),
    st.integers(0, 6),
)
@settings(max_examples=50, deadline=None)
def test_reads_what_was_written_also_after_reopening(
    tmp_path_factory: pytest.TempPathFactory, blocks: Blocks, split: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    write(path, blocks[:split])
    write(path, blocks[split:])
    found = read(path)
    assert [list(record.transactions) for record in found] == blocks
    assert [record.height for record in found] == list(range(1, len(blocks) + 1))
    assert [record.time for record in found] == [1000 + record.height for record in found]
    assert all(record.block_hash == bytes([record.height]) * 32 for record in found)
    assert all(record.state_root == bytes([255 - record.height]) * 32 for record in found)
    assert all(record.offset % SECTOR == 0 for record in found)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_cut_file_loses_only_what_was_cut(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = sound.read_bytes()
    records = read(sound)
    cut = data.draw(st.integers(SECTOR, len(whole)))
    path = tmp_path_factory.mktemp("cut") / "journal"
    path.write_bytes(whole[:cut])
    ends = [
        record.offset + 136 + sum(4 + len(t) for t in record.transactions) for record in records
    ]
    assert read(path) == [record for record, end in zip(records, ends, strict=True) if end <= cut]
    good = max([SECTOR, *(end for end in ends if end <= cut)])
    assert path.stat().st_size == good
    kept = {file.name: file.read_bytes() for file in path.parent.glob("journal.cut-*")}
    height = sum(1 for end in ends if end <= cut)
    whole_tail = whole[good:cut]
    assert kept == ({f"journal.cut-{height}": whole_tail} if any(whole_tail) else {})
    write(path, [[b"goes on"]])
    assert read(path)[-1].transactions == (b"goes on",)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_no_flipped_bit_goes_unnoticed(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(sound.read_bytes())
    records = read(sound)
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("flip") / "journal"
    path.write_bytes(whole)
    hit = next((record for record in reversed(records) if record.offset <= at), None)
    size = 0 if hit is None else 136 + sum(4 + len(t) for t in hit.transactions)
    if hit is not None and at >= hit.offset + size:  # the gap up to the next sector: says nothing
        assert read(path) == records
        return
    with pytest.raises(NodeStartError) as caught:
        read(path)
    if hit is not None:
        assert isinstance(caught.value, JournalCorruptError)
        assert caught.value.offset == hit.offset
        assert caught.value.record == records.index(hit)
        assert str(hit.offset) in str(caught.value)
    assert path.read_bytes() == whole, "a refused journal must stay as it is"


def test_a_prepared_record_that_was_never_sealed_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, BLOCKS)
    before = path.stat().st_size
    journal = Journal.open(path, GENESIS)
    list(journal.recover())
    journal.prepare(4, 2000, [b"never"])
    journal.flush()
    journal.close()
    assert path.stat().st_size > before
    assert len(read(path)) == 3
    assert path.stat().st_size == before


def test_what_is_cut_off_is_kept_every_time(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, BLOCKS)
    for content in (b"first", b"second", b"first"):
        journal = Journal.open(path, GENESIS)
        list(journal.recover())
        journal.prepare(4, 2000, [content])
        journal.close()
        read(path)
    kept = {file.name: file for file in tmp_path.glob("journal.cut-*")}
    assert set(kept) == {"journal.cut-3", "journal.cut-3-2"}
    assert b"first" in kept["journal.cut-3"].read_bytes()
    assert b"second" in kept["journal.cut-3-2"].read_bytes()
    assert kept["journal.cut-3"].stat().st_mode & 0o777 == 0o600


def test_reading_alone_cuts_nothing_off(tmp_path: Path, sound: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(sound.read_bytes()[:-10])
    before = path.read_bytes()
    journal = Journal.open(path, GENESIS)
    assert len(list(journal.recover())) == 2
    with pytest.raises(ValueError, match="not cut off"):
        journal.prepare(3, 2000, [b"over it"])
    with file_size_limit(100), pytest.raises(NodeStartError, match="Free some space"):
        journal.cut(2)
    journal.close()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["journal"]


def test_an_unsealed_record_in_the_middle_is_damage(tmp_path: Path, sound: Path) -> None:
    path = tmp_path / "journal"
    whole = bytearray(sound.read_bytes())
    second = read(sound)[1].offset
    whole[second + 40 : second + 136] = bytes(96)
    path.write_bytes(whole)
    with pytest.raises(JournalCorruptError, match="no seal") as caught:
        read(path)
    assert caught.value.offset == second


def test_zeros_given_out_by_the_file_system_are_cut_off(tmp_path: Path, sound: Path) -> None:
    path = tmp_path / "journal"
    shutil.copy(sound, path)
    with path.open("ab") as file:
        file.write(bytes(5000))
    assert len(read(path)) == 3


def test_the_journal_of_another_genesis_is_refused(sound: Path) -> None:
    with pytest.raises(NodeStartError, match="another genesis"):
        Journal.open(sound, bytes(32))


def test_something_else_is_not_taken_for_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"x" * 600)
    with pytest.raises(JournalCorruptError, match="byte 0"):
        Journal.open(path, GENESIS)
    assert path.read_bytes() == b"x" * 600


def test_a_creation_cut_short_is_made_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, [])
    head = path.read_bytes()
    path.write_bytes(head[:20])
    assert read(path) == []
    assert path.read_bytes() == head


@contextmanager
def file_size_limit(most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 100, 136, 200, 4000])
def test_a_full_disk_is_found_out_before_anything_happened(tmp_path: Path, room: int) -> None:
    path = tmp_path / "journal"
    write(path, BLOCKS)
    journal = Journal.open(path, GENESIS)
    before = list(journal.recover())
    size = path.stat().st_size
    with file_size_limit(size + room), pytest.raises(StorageFullError, match="space"):
        journal.prepare(4, 2000, [b"x" * 5000])
    assert path.stat().st_size == size
    journal.prepare(4, 2000, [b"x" * 5000])
    journal.flush()
    with file_size_limit(path.stat().st_size):
        journal.commit(b"h" * 32, b"r" * 32)  # needs no space
    journal.close()
    assert read(path)[:3] == before
    assert read(path)[3].transactions == (b"x" * 5000,)


def test_prepare_again_replaces_what_was_prepared(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal.open(path, GENESIS)
    assert list(journal.recover()) == []
    journal.prepare(1, 5, [b"long" * 1000, b"kept"])
    journal.prepare(1, 5, [b"kept"])
    journal.flush()
    journal.commit(b"h" * 32, b"r" * 32)
    journal.prepare(2, 6, [b"dropped"])
    journal.discard()
    journal.close()
    assert [record.transactions for record in read(path)] == [(b"kept",)]


def test_commit_needs_something_prepared(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal", GENESIS)
    assert list(journal.recover()) == []
    with pytest.raises(ValueError, match="prepare"):
        journal.commit(b"h" * 32, b"r" * 32)
    journal.close()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    write(tmp_path / "journal", [])
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600
