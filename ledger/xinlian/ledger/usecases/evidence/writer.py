"""The growing end of one log in memory: edges of its trees, and the newest state of subjects.

Everything here can be made again from the store, and is, whenever the store shows that another
process wrote or that a transaction was rolled back: a log row names its size and last leaf, and no
two leaves are equal, because each holds a root over fresh random salts.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection
from xinlian.ledger.model.evidence.buckets import bucket_of, find
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.evidence.frontier import HASH_BYTES, TILE_LEVELS, Frontier, Tile
from xinlian.ledger.model.evidence.leaf import (
    BODY,
    NOTHING,
    leaf_prefix,
    schema_id,
    subject_tag,
)
from xinlian.ledger.model.evidence.tree import NodeHash, leaf_sm3, node_sha256, node_sm3
from xinlian.ledger.usecases.evidence.ports import RUN_MAX, LogRow, Run, Store, Tree
from xinlian.ledger.usecases.evidence.preparing import Also, Prepared, further

CLEAN_MAX: Final = 200_000
"""Subjects whose state is kept in memory although the index holds it."""
TAGS_MAX: Final = 100_000
WAITING_MAX: Final = 1 << 20
"""Leaves that may wait for a head; each subject among them is held in memory."""

State = tuple[int, int, bytes]
"""Count, index of the last leaf, its hash."""


class Appended(NamedTuple):
    """Where a record went: its first leaf."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs
    leaf_hash: bytes
    subject_seq: int


class LogWriter:
    """Appends to one log. Whoever uses it holds the lock of the log row."""

    def __init__(self, store: Store, row: LogRow) -> None:
        self._store = store
        self.size = 0
        self._last_leaf = NOTHING
        self._head_size = 0
        self._sm3 = row.info.sm3
        self._prefix = b"\0" + leaf_prefix(row.info.log_id)
        self._key = row.subject_key
        self._tags: dict[str, bytes] = {}
        self._clean: dict[bytes, State] = {}
        self.dirty: dict[bytes, State] = {}
        self.trees: dict[Tree, Frontier] = {}

    def sync(self, conn: Connection, row: LogRow) -> None:
        """Bring the memory to what the store holds."""
        known = self.trees and self.size <= row.size and self._head_size <= row.head_size
        if known and self.size < row.size and self.size > 0:
            known = self._still_there(conn, row)
        elif known:
            known = self.size == row.size and self._last_leaf == row.last_leaf
        if not known:
            self._clean, self.dirty = {}, {}
            self.size = self._head_size = row.head_size
        if self.size < row.size or not known:
            self._read_on(conn, row)
        if row.head_size > self._head_size:
            self.covered(row.head_size)

    def _still_there(self, conn: Connection, row: LogRow) -> bool:
        found = self._store.leaves(conn, row.id, [self.size - 1])
        return sha256(self._prefix + found[self.size - 1].body).digest() == self._last_leaf

    def _read_on(self, conn: Connection, row: LogRow) -> None:
        """Take in what others appended, and the edges as they stand now."""
        unpack, prefix, dirty = BODY.unpack, self._prefix, self.dirty
        for index, (body, _) in self._store.leaves_from(conn, row.id, self.size, row.size):
            _, tag, seq, _, _, _ = unpack(body)
            dirty[tag] = (seq + 1, index, sha256(prefix + body).digest())
        self.trees = {tree: self._frontier(conn, row, tree) for tree in self._wanted()}
        self.size, self._last_leaf = row.size, row.last_leaf

    def _wanted(self) -> tuple[Tree, ...]:
        return (Tree.SHA256, Tree.SM3) if self._sm3 else (Tree.SHA256,)

    def _frontier(self, conn: Connection, row: LogRow, tree: Tree) -> Frontier:
        frontier = Frontier(row.size)
        level = 0
        while row.size >> TILE_LEVELS * level:
            number = row.size >> TILE_LEVELS * (level + 1)
            width = row.size >> TILE_LEVELS * level & 0xFF
            data = b""
            if width:
                data = self._store.tiles(conn, row.id, tree, level, [number])[number]
            frontier.edges.append(
                [data[at : at + HASH_BYTES] for at in range(0, HASH_BYTES * width, HASH_BYTES)]
            )
            level += 1
        return frontier

    def covered(self, size: int) -> None:
        """A head covers the first ``size`` leaves: their subjects stand in the index now."""
        self._head_size = size
        still = {tag: state for tag, state in self.dirty.items() if state[1] >= size}
        done = self.dirty
        if len(still) < len(done) and still:
            done = {tag: state for tag, state in done.items() if state[1] < size}
        elif still:
            return
        if len(self._clean) + len(done) > CLEAN_MAX:
            self._clean = done
        else:
            self._clean.update(done)
        self.dirty = still

    def append(
        self, conn: Connection, row: LogRow, prepared: Prepared, also: Also, now_ms: int
    ) -> list[Appended]:
        """Make leaves and nodes and write them; the first leaf of each record."""
        roots, times = prepared.wait()
        subjects, of, payloads = _spread(prepared, further(prepared.subjects, also))
        if row.size - row.head_size + len(subjects) > WAITING_MAX:
            raise EvidenceError(Refusal.BUSY, f"{row.size - row.head_size} leaves wait for a head")
        tags = self._tags_of(subjects)
        self._load(conn, row, tags)
        first = self.size
        done, stored = self._leaves(prepared.schemas, tags, of, roots, times)
        self._store.add_runs(conn, row.id, _runs(first, stored, payloads), now_ms)
        self._grow(conn, row, Tree.SHA256, [leaf.leaf_hash for leaf in done], node_sha256)
        if self._sm3:
            magic = self._prefix[1:]
            hashes = [leaf_sm3(magic + leaf[: BODY.size]) for leaf in stored]
            self._grow(conn, row, Tree.SM3, hashes, node_sm3)
        self.size, self._last_leaf = first + len(done), done[-1].leaf_hash
        self._store.grow(conn, row.id, self.size, self._last_leaf, now_ms)
        if len(done) == len(prepared):
            return done
        return [
            leaf for leaf, payload in zip(done, payloads, strict=True) if payload.__class__ is bytes
        ]

    def _tags_of(self, subjects: Sequence[str]) -> list[bytes]:
        known = self._tags
        if len(known) > TAGS_MAX:
            known.clear()
        tags = []
        for subject in subjects:
            tag = known.get(subject)
            if tag is None:
                tag = known[subject] = subject_tag(self._key, subject)
            tags.append(tag)
        return tags

    def _load(self, conn: Connection, row: LogRow, tags: Sequence[bytes]) -> None:
        """Read the state of subjects that are not in memory from the index."""
        dirty, clean, bits = self.dirty, self._clean, row.index_bits
        wanted = {tag for tag in tags if tag not in dirty and tag not in clean}
        if not wanted or not row.subjects:
            return
        by_bucket: dict[int, list[bytes]] = {}
        for tag in wanted:
            by_bucket.setdefault(bucket_of(tag, bits), []).append(tag)
        found = self._store.buckets(conn, row.id, bits, sorted(by_bucket))
        for number, data in found.items():
            for tag in by_bucket[number]:
                state = find(data, tag)
                if state is not None:
                    clean[tag] = state

    def _leaves(
        self,
        schemas: Sequence[str],
        tags: Sequence[bytes],
        of: Sequence[int],
        roots: bytes,
        times: Sequence[int],
    ) -> tuple[list[Appended], list[bytes]]:
        """A leaf for each tag; ``of`` are the places of their records."""
        dirty, clean, pack, prefix = self.dirty, self._clean, BODY.pack, self._prefix
        done: list[Appended] = []
        stored: list[bytes] = []
        index = self.size
        for at, tag in zip(of, tags, strict=True):
            state = dirty.get(tag) or clean.get(tag)
            if state is None:
                seq, before, previous = 0, 0, NOTHING
            else:
                seq, before, previous = state
            root = roots[32 * at : 32 * at + 32]
            body = pack(schema_id(schemas[at]), tag, seq, previous, times[at], root)
            leaf_hash = sha256(prefix + body).digest()
            dirty[tag] = (seq + 1, index, leaf_hash)
            stored.append(body + before.to_bytes(8, "big"))
            done.append(Appended(index, leaf_hash, seq))
            index += 1
        return done, stored

    def _grow(
        self, conn: Connection, row: LogRow, tree: Tree, hashes: list[bytes], pair: NodeHash
    ) -> None:
        frontier = self.trees[tree]
        before = frontier.size
        tiles = frontier.extend(hashes, pair)
        tiles += [tile for tile in frontier.open_tiles() if _changed(tile, before, frontier.size)]
        self._store.put_tiles(
            conn, row.id, tree, [(tile.level, tile.number, tile.pack()) for tile in tiles]
        )


def _changed(tile: Tile, before: int, now: int) -> bool:
    shift = TILE_LEVELS * tile.level
    return before >> shift != now >> shift


def _spread(
    prepared: Prepared, also: Also
) -> tuple[Sequence[str], Sequence[int], Sequence[bytes | int]]:
    """For each leaf its subject, the place of its record, and what is stored with it."""
    if not also:
        return prepared.subjects, range(len(prepared)), prepared.payloads
    subjects: list[str] = []
    of: list[int] = []
    payloads: list[bytes | int] = []
    each = zip(prepared.subjects, also, prepared.payloads, strict=True)
    for at, (subject, more, payload) in enumerate(each):
        subjects += (subject, *more)
        of += [at] * (1 + len(more))
        payloads += (payload, *range(1, 1 + len(more)))
    return subjects, of, payloads


def _runs(first: int, leaves: Sequence[bytes], payloads: Sequence[bytes | int]) -> list[Run]:
    """Rows that do not cross a multiple of the run's length."""
    runs = []
    at = 0
    while at < len(leaves):
        end = min(len(leaves), at + RUN_MAX - (first + at) % RUN_MAX)
        runs.append(Run(first + at, leaves[at:end], payloads[at:end]))
        at = end
    return runs
