"""Roots and proofs equal the recursion of RFC 9162, and only right proofs pass."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.model.evidence.frontier import TILE_WIDTH, Frontier, Tile
from xinlian.ledger.model.evidence.tree import (
    MemoryNodes,
    consistency,
    inclusion,
    leaf_sm3,
    multiproof,
    node_sha256,
    node_sm3,
    root_from_multiproof,
    root_of,
    verify_consistency,
    verify_inclusion,
)

from tests.support import rfc9162_plain as plain

# Leaves and roots of sizes 0 to 8 as published with Certificate Transparency's reference code
# (google/certificate-transparency, merkletree/merkle_tree_test.cc).
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MANY = [hashlib.sha256(b"%d" % at).digest() for at in range(70_000)]


def leaves(count: int) -> tuple[list[bytes], list[bytes]]:
    """Entries and their leaf hashes."""
    entries = MANY[:count]
    return entries, [plain.leaf_hash(entry) for entry in entries]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    nodes = MemoryNodes([plain.leaf_hash(entry) for entry in REFERENCE_LEAVES])
    assert root_of(nodes, size).hex() == REFERENCE_ROOTS[size]
    assert plain.root(REFERENCE_LEAVES[:size]).hex() == REFERENCE_ROOTS[size]


@pytest.mark.parametrize("size", [*range(1, 36), 64, 65, 127])
def test_every_proof_equals_the_plain_one_and_verifies(size: int) -> None:
    entries, hashes = leaves(size)
    nodes = MemoryNodes(hashes)
    root = root_of(nodes, size)
    assert root == plain.root(entries)
    for index in range(size):
        proof = inclusion(nodes, index, size)
        assert proof == plain.path(index, entries)
        assert verify_inclusion(index, size, hashes[index], proof, root)
        assert not verify_inclusion(index + 1, size, hashes[index], proof, root)
    for old in range(1, size):
        joined = consistency(nodes, old, size)
        old_root = plain.root(entries[:old])
        assert joined == plain.consistency(old, entries)
        assert verify_consistency(old, old_root, size, root, joined)
        assert not verify_consistency(old, bytes(32), size, root, joined)
        assert not verify_consistency(old, old_root, size, bytes(32), joined)


@given(st.integers(1, 700), st.data())
def test_shared_proofs(size: int, data: st.DataObject) -> None:
    entries, hashes = leaves(size)
    nodes = MemoryNodes(hashes)
    shown = data.draw(st.sets(st.integers(0, size - 1), max_size=20))
    indices = sorted(shown)
    proof = multiproof(nodes, indices, size)
    assert proof == plain.many(shown, entries)
    held = {index: hashes[index] for index in indices}
    assert root_from_multiproof(held, size, proof) == plain.root(entries)
    if indices:
        held[indices[0]] = bytes(32)
        assert root_from_multiproof(held, size, proof) != plain.root(entries)
    for wrong in (proof[1:], [*proof, bytes(32)]):
        if wrong != proof:
            with pytest.raises(ValueError, match="too"):
                root_from_multiproof(held, size, wrong)


@given(st.integers(2, 300), st.data())
def test_a_changed_proof_never_verifies(size: int, data: st.DataObject) -> None:
    entries, hashes = leaves(size)
    nodes = MemoryNodes(hashes)
    root = plain.root(entries)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    proof, joined = inclusion(nodes, index, size), consistency(nodes, old, size)
    old_root = plain.root(entries[:old])

    def included(given: list[bytes]) -> bool:
        return verify_inclusion(index, size, hashes[index], given, root)

    def joins(given: list[bytes]) -> bool:
        return verify_consistency(old, old_root, size, root, given)

    for good, check in ((proof, included), (joined, joins)):
        at = data.draw(st.integers(0, len(good) - 1))
        assert check(good)
        assert not check(good[:at] + good[at + 1 :])
        assert not check([*good[:at], bytes(32), *good[at + 1 :]])
        assert not check([*good, bytes(32)])


def tile_nodes(tiles: Sequence[Tile]) -> dict[tuple[int, int], list[bytes]]:
    """Hashes by level and number; a tile that is there twice must not contradict itself."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for tile in tiles:
        before = found.get((tile.level, tile.number), [])
        assert tile.hashes[: len(before)] == before
        found[tile.level, tile.number] = tile.hashes
    return found


@given(st.lists(st.sampled_from([1, 2, 3, 100, 255, 256, 257, 700, 5000]), max_size=12))
def test_a_frontier_fed_in_any_batches_is_the_same_tree(batches: list[int]) -> None:
    frontier, tiles, done = Frontier(), [], 0
    for batch in batches:
        tiles += frontier.extend(MANY[done : done + batch])
        done += batch
        tiles += frontier.open_tiles()
        assert frontier.size == done
    whole = MemoryNodes(MANY[:done])
    assert frontier.root() == root_of(whole, done)
    for (level, number), hashes in tile_nodes(tiles).items():
        for at, found in enumerate(hashes):
            assert found == whole.node(8 * level, number * TILE_WIDTH + at)


def test_a_tile_of_the_third_level_begins_after_65536_leaves() -> None:
    frontier = Frontier()
    tiles = frontier.extend(MANY)
    assert [(tile.level, tile.number) for tile in tiles if tile.level] == [(1, 0)]
    whole = MemoryNodes(MANY)
    assert [tile.hashes for tile in frontier.open_tiles() if tile.level == 2] == [
        [whole.node(16, 0)]
    ]
    assert frontier.root() == root_of(whole, len(MANY))
    full = next(tile for tile in tiles if tile.level == 1)
    assert full.half == [whole.node(12, at) for at in range(16)]


@given(st.integers(0, 60))
def test_sm3_over_the_same_leaves(size: int) -> None:
    entries = MANY[:size]
    hashes = [leaf_sm3(entry) for entry in entries]
    nodes = MemoryNodes(hashes, node_sm3)
    assert root_of(nodes, size, node_sm3) == plain.root(entries, plain.sm3)
    frontier = Frontier()
    frontier.extend(hashes, node_sm3)
    assert frontier.root(node_sm3) == plain.root(entries, plain.sm3)


def test_sizes_that_do_not_fit_are_refused() -> None:
    nodes = MemoryNodes(MANY[:4])
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion(nodes, 4, 4)
    with pytest.raises(ValueError, match="not in a tree"):
        multiproof(nodes, [1, 4], 4)
    with pytest.raises(ValueError, match="no beginning"):
        consistency(nodes, 5, 4)
    assert not verify_inclusion(-1, 4, MANY[0], [], MANY[0])
    assert not verify_consistency(5, MANY[0], 4, MANY[0], [])
    assert not verify_consistency(2, MANY[0], 4, MANY[0], [])
    assert verify_consistency(0, b"", 4, MANY[0], [])
    assert not verify_consistency(4, MANY[1], 4, MANY[0], [])
    assert node_sha256(MANY[0], MANY[1]) == nodes.node(1, 0)
