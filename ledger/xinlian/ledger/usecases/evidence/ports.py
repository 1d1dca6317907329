"""What the use cases need of a store. Each method works in the transaction of its connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol

from sqlalchemy import Connection
from xinlian.ledger.model.evidence.gaps import Times
from xinlian.ledger.model.evidence.heads import Anchor, Head, LogInfo

RUN_MAX = 32
"""Most leaves of a run; no run crosses a multiple of it."""


class Tree(IntEnum):
    """Whose nodes a tile holds."""

    SHA256 = 0
    SM3 = 1
    INDEX = 2


@dataclass(frozen=True, slots=True)
class LogRow:
    """A log as stored. ``last_leaf`` is the hash of leaf ``size - 1``, zeros at size 0.

    The newest head covers ``head_size`` leaves; ``subjects`` and ``index_bits`` describe the index
    as of that head.
    """

    id: int
    info: LogInfo
    subject_key: bytes
    size: int
    last_leaf: bytes
    head_size: int
    subjects: int
    index_bits: int
    waiting_since_ms: int | None


class StoredLeaf(NamedTuple):
    """A leaf without log id; ``previous`` is the index of its subject's leaf before it."""

    body: bytes
    previous: int


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record of the owner. An erased one has neither data nor secret, but its commitments.
    ``first`` is the place of its first leaf."""

    data: bytes
    secret: bytes
    commitments: tuple[bytes, ...]
    first: int

    @property
    def erased(self) -> bool:
        """Whether the values are gone."""
        return not self.secret


class Run(NamedTuple):
    """Leaves with their records, to be written as one row.

    ``leaves`` are bodies, each with the index of the previous leaf; ``payloads`` are secrets with
    the canonical records behind them, or for a further leaf of a record how many places before it
    the first one stands.
    """

    first: int
    leaves: Sequence[bytes]
    payloads: Sequence[bytes | int]


class StoredHead(NamedTuple):
    """A head as cut, with the block that carried it once that is known."""

    head: Head
    cut_ms: int
    anchor: Anchor | None


class Store(Protocol):
    """Logs, leaves, nodes, index and heads."""

    def create(self, conn: Connection, info: LogInfo, key: bytes, now_ms: int) -> None:
        """Add a log without leaves."""

    def log(self, conn: Connection, log_id: bytes, *, lock: bool = False) -> LogRow | None:
        """A log; locked until the end of the transaction if it is to grow."""

    def logs(self, conn: Connection) -> list[LogRow]:
        """Every log."""

    def waiting(self, conn: Connection) -> list[LogRow]:
        """Logs with leaves that no head covers, the longest waiting first."""

    def add_runs(self, conn: Connection, log: int, runs: Iterable[Run], now_ms: int) -> None:
        """Write leaves and records."""

    def grow(self, conn: Connection, log: int, size: int, last_leaf: bytes, now_ms: int) -> None:
        """The log has ``size`` leaves now."""

    def put_tiles(
        self, conn: Connection, log: int, tree: Tree, tiles: Sequence[tuple[int, int, bytes]]
    ) -> None:
        """Write or replace tiles: (level, number, hashes)."""

    def tiles(
        self, conn: Connection, log: int, tree: Tree, level: int, numbers: Sequence[int]
    ) -> dict[int, bytes]:
        """Tiles of one level by number; those that are not there are left out."""

    def leaves_from(
        self, conn: Connection, log: int, low: int, high: int
    ) -> Iterator[tuple[int, StoredLeaf]]:
        """The leaves from ``low`` to ``high`` (not included) with their indices, in order."""

    def event_times(self, conn: Connection, log: int, low: int, high: int) -> Times:
        """Event times in ms of the leaves from ``low`` to ``high`` (not included)."""

    def leaves(self, conn: Connection, log: int, indices: Iterable[int]) -> dict[int, StoredLeaf]:
        """Leaves by index."""

    def records(
        self, conn: Connection, log: int, indices: Iterable[int]
    ) -> dict[int, tuple[StoredLeaf, StoredRecord]]:
        """Leaves with their records by index; leaves of one record share it."""

    def erase(
        self, conn: Connection, log: int, first: int, kept: Sequence[bytes], now_ms: int
    ) -> None:
        """Replace the record whose first leaf that is, and its secret, by the commitments to its
        fields."""

    def buckets(
        self, conn: Connection, log: int, bits: int, numbers: Sequence[int]
    ) -> dict[int, bytes]:
        """Buckets of the index by number; empty ones are left out."""

    def put_buckets(
        self, conn: Connection, log: int, bits: int, buckets: Sequence[tuple[int, bytes]]
    ) -> None:
        """Write or replace buckets."""

    def drop_index(self, conn: Connection, log: int, bits: int) -> None:
        """Remove the buckets of that depth and the nodes above them."""

    def add_head(
        self, conn: Connection, row: LogRow, head: Head, subjects: int, bits: int, now_ms: int
    ) -> None:
        """A head over everything in the log; nothing waits any more."""

    def head(self, conn: Connection, row: LogRow, size: int) -> StoredHead | None:
        """The head at a size."""

    def open_heads(self, conn: Connection, row: LogRow) -> list[StoredHead]:
        """Heads that no block is known to carry, the smallest first."""

    def last_anchored(self, conn: Connection, row: LogRow) -> StoredHead | None:
        """The largest head that a block carries."""

    def anchor(self, conn: Connection, row: LogRow, size: int, anchor: Anchor, gaps: bytes) -> None:
        """A block carries the head."""

    def gaps(self, conn: Connection, row: LogRow) -> list[bytes]:
        """What ``anchor`` was given about each head."""


Subjects = Mapping[bytes, "tuple[int, int, bytes]"]
"""(count, index of the last leaf, its hash) by tag."""
