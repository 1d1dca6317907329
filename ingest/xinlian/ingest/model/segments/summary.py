"""What of a segment goes into the tree of its window, and that tree.

A segment's summary is the canonical JSON (RFC 8785) of party, group, window_s (length of a window
in seconds), sequence (0, 1, 2 … for each stream and group, without gaps), start_us and end_us (the
earliest and latest reading, UTC microseconds since 1970), leaves and root (over the leaves, hex).
Its leaf hash is SHA-256(0x00 ‖ these bytes).

The tree of a window is that of RFC 9162 over the summaries of its segments, by sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xinlian.ingest.model.segments.leaves import leaf_hash
from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.ledger.model.evidence.tree import MemoryNodes, inclusion, root_of

__all__ = ["Summary", "summary_proof", "window_root"]


@dataclass(frozen=True, slots=True)
class Summary:
    """A segment without its readings."""

    party: int
    group: str
    window_s: int
    sequence: int
    start_us: int
    end_us: int
    leaves: int
    root: bytes

    @property
    def data(self) -> bytes:
        """The bytes that are hashed."""
        return canonical(self.to_json())

    @property
    def leaf_hash(self) -> bytes:
        """The leaf of the window's tree."""
        return leaf_hash(b"", self.data)

    @property
    def window_us(self) -> int:
        """Start of the window that the segment belongs to: the one in which it begins."""
        length = self.window_s * 1_000_000
        return self.start_us // length * length

    def to_json(self) -> dict[str, Any]:
        """Canonical members."""
        return {
            "party": self.party, "group": self.group, "window_s": self.window_s,
            "sequence": self.sequence, "start_us": self.start_us, "end_us": self.end_us,
            "leaves": self.leaves, "root": self.root.hex(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> Summary:
        """The reverse."""
        return cls(**(members | {"root": bytes.fromhex(members["root"])}))


def window_root(summaries: Sequence[Summary]) -> bytes:
    """The root over the segments of a window, given in order of their sequence."""
    return root_of(MemoryNodes([each.leaf_hash for each in summaries]), len(summaries))


def summary_proof(summaries: Sequence[Summary], index: int) -> list[bytes]:
    """The way from one segment to the window's root: PATH of RFC 9162, 2.1.3.1."""
    return inclusion(MemoryNodes([each.leaf_hash for each in summaries]), index, len(summaries))
