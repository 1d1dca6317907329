"""Conservation: the pieces of a root are disjoint and cover [0, face), and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xinlian.ledger.model.vouchers import PieceState

Range = tuple[int, int, int]
"""Start, end (fen) and state of a piece."""

_STATES = frozenset(int(state) for state in PieceState)


@dataclass(frozen=True, slots=True)
class Break:
    """One root whose books do not add up, and why."""

    root: int
    reason: str

    def __str__(self) -> str:
        return f"root {self.root}: {self.reason}"


def broken(face: int, pieces: Iterable[Range]) -> str | None:
    """Why the pieces do not conserve ``face``, or None if they do.

    Each non-empty range begins where the one before ends, the first at 0 and the last ends at
    ``face``: so they are disjoint, cover the face, and their amounts by state add up to it.
    """
    cursor = 0
    for start, end, state in sorted(pieces):
        if state not in _STATES:
            return f"state {state} does not exist"
        if start == end:
            if state != PieceState.MERGED:
                return f"a piece in state {state} is empty at {start}"
            continue
        if state == PieceState.MERGED:
            return f"a merged piece still has the range [{start}, {end})"
        if start != cursor:
            what = "overlap" if start < cursor else "gap"
            return f"{what} between {min(start, cursor)} and {max(start, cursor)}"
        if end < start:
            return f"the range [{start}, {end}) runs backwards"
        cursor = end
    if cursor != face:
        return f"the pieces end at {cursor}, the face is {face}"
    return None
