"""The subject index equals a plain sparse tree: roots, proofs, buckets in any cut."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.model.evidence.buckets import (
    HEADER_BYTES,
    bucket_of,
    build,
    count,
    entries_of,
    find,
    merge,
    split,
)
from xinlian.ledger.model.evidence.index import (
    EMPTY,
    Node,
    Subject,
    SubjectState,
    Token,
    entry,
    join,
    root_of,
    subtree_node,
    tokens,
)

from tests.support import rfc9162_plain as plain

LAST = hashlib.sha256(b"last").digest()


def near(bits: int, at: int) -> bytes:
    """A tag that shares its first ``bits`` bits with all others of the same number."""
    start = int.from_bytes(hashlib.sha256(b"start").digest(), "big")
    rest = int.from_bytes(hashlib.sha256(b"%d" % at).digest(), "big")
    mask = (1 << 256 - bits) - 1
    return (start & ~mask | rest & mask).to_bytes(32, "big")


tags = st.binary(min_size=32, max_size=32) | st.builds(
    near, st.sampled_from([1, 2, 5, 8, 17, 60, 66, 250]), st.integers(0, 40)
)
states = st.builds(SubjectState, st.integers(1, 9), st.integers(0, 99), st.just(LAST))
subjects = st.dictionaries(tags, states, max_size=24)


class MemoryIndex:
    """An index in buckets of ``bucket_bits``, as a store would keep it."""

    def __init__(self, held: dict[bytes, SubjectState], bits: int) -> None:
        self.bucket_bits = bits
        self._held = sorted(held.items())

    def _below(self, depth: int, prefix: int) -> list[bytes]:
        return [
            entry(tag, state)
            for tag, state in self._held
            if int.from_bytes(tag, "big") >> 256 - depth == prefix
        ]

    def upper(self, depth: int, prefix: int) -> Node:
        return subtree_node(self._below(depth, prefix), depth)

    def bucket(self, prefix: int) -> list[bytes]:
        return self._below(self.bucket_bits, prefix)


def values(held: dict[bytes, SubjectState]) -> dict[bytes, bytes]:
    return {tag: plain.index_value(state.records, state.last_leaf) for tag, state in held.items()}


@given(subjects)
def test_root_equals_the_plain_one(held: dict[bytes, SubjectState]) -> None:
    assert root_of(held.items()) == plain.index_root(values(held))


@given(subjects, st.integers(0, 12), st.data())
def test_proofs_equal_the_plain_ones_wherever_buckets_begin(
    held: dict[bytes, SubjectState], bits: int, data: st.DataObject
) -> None:
    asked = data.draw(st.sets(tags, max_size=4))
    if held:
        asked |= data.draw(st.sets(st.sampled_from(sorted(held)), max_size=6))
    wanted: list[Token] = plain.index_proof(values(held), asked)
    listed = [Subject(tag, held.get(tag)) for tag in sorted(asked)]
    assert tokens(MemoryIndex(held, bits), listed) == wanted


@given(subjects, subjects, st.sampled_from([0, 3, 8]))
def test_buckets_after_changes_and_splits(
    before: dict[bytes, SubjectState], changes: dict[bytes, SubjectState], bits: int
) -> None:
    held: dict[int, bytes] = {}
    for part in (before, changes):
        for number in sorted({bucket_of(tag, bits) for tag in part}):
            changed = [(tag, part[tag]) for tag in sorted(part) if bucket_of(tag, bits) == number]
            held[number], node = merge(held.get(number, b""), changed, bits)
            assert node == subtree_node(entries_of(held[number]), bits)
    after = before | changes
    assert sum(map(count, held.values())) == len(after)
    for tag, state in after.items():
        assert find(held[bucket_of(tag, bits)], tag) == state
    deeper = {number: data for number, data, _ in split(held, bits + 2)}
    packed = [entry(tag, state) for tag, state in sorted(after.items())]
    assert [one for number in sorted(deeper) for one in entries_of(deeper[number])] == packed
    level = [EMPTY] * (1 << bits + 2)
    for number, _, node in split(held, bits + 2):
        level[number] = node
    while len(level) > 1:
        level = [join(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    assert level[0] == subtree_node(packed, 0)


def test_a_tag_is_found_only_where_an_entry_begins() -> None:
    tag, inside = near(0, 1), near(0, 2)
    data, _ = build([entry(tag, SubjectState(1, 5, inside))], 0)
    assert find(data, inside) is None
    assert find(data, tag) == SubjectState(1, 5, inside)
    assert find(b"", tag) is None
    assert len(data) == HEADER_BYTES + 112
