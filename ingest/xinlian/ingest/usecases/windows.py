"""From the log to evidence: closed windows, and columns disclosed with their proofs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from xinlian.ingest.model.segments.layout import SegmentError
from xinlian.ingest.model.segments.summary import Summary
from xinlian.ingest.model.segments.windows import ClosedWindow, WindowState
from xinlian.ingest.model.tags import TagTable
from xinlian.ingest.usecases.log_ports import Kind, LogSource

__all__ = ["Disclosed", "Disclosure", "closed_windows"]


def closed_windows(
    log: LogSource, state: WindowState, segments_max: int = 50, bytes_max: int = 64 << 20
) -> tuple[list[ClosedWindow], bool]:
    """Feed what the log has from ``state.position`` on. The windows that closed, and whether there
    may be more to read at once. Save ``state.to_json()`` together with what is made of them: each
    window then comes exactly once, whatever dies when.
    """
    batch = log.segments(state.position, segments_max, bytes_max)
    steps = [(at, segment, None) for at, segment in batch.segments]
    marks = [(each.position, None, each) for each in batch.others if each.kind is Kind.MARK]
    found: list[ClosedWindow] = []
    for position, segment, mark in sorted([*steps, *marks], key=lambda step: step[0]):
        if segment is not None:
            found += state.feed(position, segment)
        elif mark is not None:
            told = orjson.loads(mark.payload)
            found += state.mark(position, told["now_us"], told["final"])
    more = batch.next > state.position or len(batch.segments) >= segments_max
    state.position = max(state.position, batch.next)
    return found, more and batch.next < log.next


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf that is shown."""

    index: int
    salt: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Some columns of a segment: their leaves, with those of the headers and receive and source
    times of their blocks, and the hashes that lead to ``summary.root``."""

    summary: Summary
    leaves: tuple[Leaf, ...]
    proof: tuple[bytes, ...]
    """As ``xinlian.ledger.model.evidence.tree.root_from_multiproof`` takes it."""
    tables: tuple[TagTable, ...]
    """The tag tables of the blocks: names, types, scales and units of the columns."""


class Disclosure:
    """Reads segments back to show chosen columns."""

    def __init__(self, log: LogSource) -> None:
        self._log = log

    def disclose(self, position: int, wanted: Sequence[tuple[str, str]]) -> Disclosed:
        """The columns ``(device, tag)`` of the segment at ``position``, in all its blocks that have
        them; a device without a tag (``""``) shows its headers alone. ``SegmentError`` if the
        segment was altered, ``KeyError`` if none stands there."""
        segment = self._log.segment(position)
        tree = segment.tree
        if tree.root != segment.summary.root:
            raise SegmentError(f"the segment at {position} was altered")
        places: dict[int, int] = {}
        tables: dict[str, TagTable] = {}
        for device, tag in wanted:
            for number in tree.blocks_of(device):
                block = segment.blocks[number]
                names = {each.name for each in block.frame.tags}
                if tag and tag not in names:
                    continue
                shown = ["", "@received", "@source", tag] if tag else [""]
                places |= {tree.place(number, name): number for name in shown}
                tables[block.frame.table.digest] = block.frame.table
        indices = sorted(places)
        leaves = tuple(Leaf(at, *tree.leaf(places[at], at)) for at in indices)
        return Disclosed(
            segment.summary, leaves, tuple(tree.proof(indices)), tuple(tables.values())
        )
