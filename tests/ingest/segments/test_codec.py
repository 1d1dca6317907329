"""Segments as bytes, their tree, and what of them can be disclosed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.segments.block import Block, ClockState
from xinlian.ingest.model.segments.layout import SegmentError
from xinlian.ingest.model.segments.leaves import leaf_hash
from xinlian.ingest.model.segments.segment import Segment, decode
from xinlian.ingest.model.segments.summary import summary_proof, window_root
from xinlian.ingest.model.tags import Tag, TagTable, ValueType
from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.ledger.model.evidence.tree import root_from_multiproof, verify_inclusion

from tests.ingest.segments.made import METER, PLAIN, T0, frame, same
from tests.ingest.segments.plain import mth, segment_leaves

TABLES = {table.digest: table for table in (METER, PLAIN)}
SECRET = bytes(range(32))


def segment(*frames: Frame, secret: bytes = SECRET, sequence: int = 4) -> Segment:
    blocks = tuple(
        Block(each, "modbus-tcp/1 (fast)", "校准-118", ClockState("synchronised", -12))
        for each in frames
    )
    return Segment(7, "line-1", 60, sequence, T0, T0 + 200_000, blocks, secret)


def test_vector() -> None:
    """Fixed bytes: a change of the format shows here, and needs another version number."""
    table = TagTable(
        "t", (Tag(name="a", address="1"), Tag(name="b", address="2", type=ValueType.BOOL))
    )
    made = Frame(
        "m1", table, 0, np.array([T0, T0 + 1], "<i8"),
        (np.array([1, 513], "<u2"), np.array([0, 1], "u1")),
        np.array([[0, 18], [0, 0]], np.uint8), None, Counts(2, 2, 0, 0, 1),
    )  # fmt: skip
    data = Segment(1, "g", 60, 0, T0, T0 + 1, (Block(made),), SECRET).encode()
    assert data[:8] == b"XLSEGM\0\1"
    assert data.endswith(bytes([0b01]) + bytes([0, 18]) + bytes([1, 0, 1, 2]) + bytes([0, 1]))
    assert hashlib.sha256(data).hexdigest() == VECTOR


VECTOR = "03477fb63de574e762d0522a5fd57ea5c58b3af497a2531546710ff23eb2f145"


def test_the_tree_is_that_of_the_description() -> None:
    made = segment(
        frame("m1", bad=[(0, 1), (2, 0)], source=True), frame("m2", table=PLAIN), frame("m3")
    )
    head, hashes = segment_leaves(made.encode())
    assert mth(hashes) == made.tree.root == bytes.fromhex(head["root"])
    summary = made.summary
    assert summary.to_json() == head
    assert summary.data == json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
    assert made.blocks[0].header == canonical(json.loads(made.blocks[0].header))


def test_every_flipped_byte_is_noticed() -> None:
    made = segment(frame("m1", rows=2, bad=[(1, 1)]), frame("m2", table=PLAIN, rows=1))
    data = made.encode()
    assert decode(data, TABLES, verify=True).summary == made.summary
    for at in range(len(data)):
        for bit in (1, 128):
            bent = bytearray(data)
            bent[at] ^= bit
            with pytest.raises(SegmentError):
                decode(bytes(bent), TABLES, verify=True)
    for cut in range(len(data)):
        with pytest.raises(SegmentError):
            decode(data[:cut], TABLES, verify=True)
    with pytest.raises(SegmentError):
        decode(data + b"\0", TABLES, verify=True)


def test_a_root_left_to_the_reader_is_the_same() -> None:
    made = segment(frame(), frame("m2", table=PLAIN))
    read = decode(made.encode(seal=False), TABLES)
    assert read.root is None
    assert read.summary == made.summary


def test_one_column_shown_and_nothing_of_its_neighbours() -> None:
    made = segment(*[frame(f"m{n}", table=PLAIN, seed=n) for n in range(9)])
    tree = decode(made.encode(), TABLES).tree
    indices = sorted(tree.place(6, name) for name in ("", "@received", "@source", "t3"))
    shown = {at: leaf_hash(*tree.leaf(6, at)) for at in indices}
    proof = tree.proof(indices)
    assert root_from_multiproof(shown, tree.size, proof) == made.tree.root
    salt, body = tree.leaf(6, indices[-1])
    assert body[8:] == made.blocks[6].frame.columns[3].tobytes()
    for bent in (body[:-1] + b"\xff", body[:1] + b"\x04" + body[2:]):
        shown[indices[-1]] = leaf_hash(salt, bent)
        assert root_from_multiproof(shown, tree.size, proof) != made.tree.root
    # A neighbour whose values are known but whose salt is not cannot be told from others.
    neighbour = tree.leaf(6, indices[-1] + 1)[1]
    assert leaf_hash(salt, neighbour) not in proof
    assert leaf_hash(tree.leaf(6, indices[-1] + 1)[0], neighbour) in proof


def test_segments_in_the_tree_of_their_window() -> None:
    summaries = [segment(frame(seed=n), sequence=n).summary for n in range(7)]
    assert window_root(summaries) == mth([each.leaf_hash for each in summaries])
    for index, each in enumerate(summaries):
        path = summary_proof(summaries, index)
        assert verify_inclusion(index, 7, each.leaf_hash, path, window_root(summaries))
        assert not verify_inclusion(index, 7, summaries[0].leaf_hash, path, b"\0" * 32)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda f: {"columns": f.columns[:2]}, "2 columns for 3 tags"),
        (lambda f: {"columns": (*f.columns[:2], f.columns[2].astype("<u2"))}, "another type"),
        (lambda f: {"columns": (*f.columns[:2], f.columns[2][:1])}, "wrong length"),
        (lambda f: {"received_us": f.received_us.astype("<u4")}, "column of times"),
        (lambda f: {"quality": np.ones((3, 2), np.uint8)}, "wrong shape"),
    ],
)
def test_frames_that_are_not_what_their_table_says(change: Any, what: str) -> None:
    from dataclasses import replace

    good = frame(rows=3)
    with pytest.raises(SegmentError, match=what):
        Block(replace(good, **change(good))).check()


TYPES = st.sampled_from(list(ValueType))


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    kinds = draw(st.lists(TYPES, min_size=1, max_size=12))
    if draw(st.booleans()):
        kinds = kinds[:1] * len(kinds)
    table = TagTable(
        "t", tuple(Tag(name=f"t{n}", address=str(n), type=kind) for n, kind in enumerate(kinds))
    )
    rows = draw(st.integers(0, 20))
    chance = np.random.default_rng(draw(st.integers(0, 99)))
    columns = []
    for kind in kinds:
        raw = chance.bytes(rows * kind.dtype.itemsize)
        column = np.frombuffer(raw, kind.dtype)
        # Also columns that do not lie in one piece, as a matrix of rows gives them.
        columns.append(np.repeat(column, 2)[::2] if draw(st.booleans()) else column)
    times = np.sort(chance.integers(0, 2**53, rows))
    quality = None
    if draw(st.booleans()):
        quality = (chance.integers(0, 4, (len(kinds), rows)) // 3 * 17).astype(np.uint8)
    source = times - 3 if draw(st.booleans()) else None
    return Frame(
        draw(st.sampled_from(["m1", "m2"])), table, 0, times, tuple(columns), quality, source,
        Counts(*draw(st.lists(st.integers(0, 99), min_size=5, max_size=5))),
    )  # fmt: skip


@given(st.lists(frames(), min_size=1, max_size=4), st.binary(min_size=32, max_size=32))
@settings(max_examples=60, deadline=None)
def test_any_frames_come_back(made: list[Frame], secret: bytes) -> None:
    tables = {each.table.digest: each.table for each in made}
    data = segment(*made, secret=secret).encode()
    read = decode(data, tables, verify=True)
    for left, right in zip(made, read.frames, strict=True):
        assert same(left, right)
    _, hashes = segment_leaves(data)
    assert mth(hashes) == read.root
    assert Segment(**{**vars(read), "_made": {}}).encode() == data


@given(st.binary(max_size=400), st.integers(0, 10_000), st.integers(0, 10_000))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_in_words(noise: bytes, at: int, length: int) -> None:
    data = segment(frame(), frame("m2", table=PLAIN)).encode()
    at %= len(data)
    for bent in (noise, data[:at] + noise + data[at + length % 50 :]):
        if bent != data:
            with pytest.raises(SegmentError):
                decode(bent, TABLES, verify=True)
