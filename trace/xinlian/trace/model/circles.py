"""Circles and depth in a set of links, without recursion."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

__all__ = ["circle_link", "circular", "deepest"]

Pair = tuple[int, int]
"""Parent and child."""


def _children(pairs: Iterable[Pair]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for parent, child in pairs:
        found.setdefault(parent, set()).add(child)
        found.setdefault(child, set())
    return found


def _peel(children: dict[int, set[int]]) -> dict[int, int]:
    """Longest way from a top to each item that no circle leads to."""
    waits = dict.fromkeys(children, 0)
    for below in children.values():
        for child in below:
            waits[child] += 1
    depth = {item: 0 for item, count in waits.items() if not count}
    queue = deque(depth)
    while queue:
        item = queue.popleft()
        for child in children[item]:
            waits[child] -= 1
            depth[child] = max(depth.get(child, 0), depth[item] + 1)
            if not waits[child]:
                queue.append(child)
    return {item: level for item, level in depth.items() if not waits[item]}


def deepest(pairs: Iterable[Pair]) -> int:
    """Links one below the other, at most; for links without a circle."""
    return max(_peel(_children(pairs)).values(), default=0)


def circular(pairs: Iterable[Pair]) -> bool:
    """Whether the links form a circle."""
    children = _children(pairs)
    return len(_peel(children)) < len(children)


def circle_link(pairs: Iterable[Pair], new: Sequence[Pair]) -> Pair | None:
    """The last of the ``new`` links that is part of a circle; ``None`` if there is no circle."""
    children = _children(pairs)
    clear = _peel(children)
    if len(clear) == len(children):
        return None
    rest = {item: below - clear.keys() for item, below in children.items() if item not in clear}
    for parent, child in reversed(new):
        if parent in rest and child in rest and _reaches(rest, child, parent):
            return parent, child
    return None


def _reaches(children: dict[int, set[int]], start: int, end: int) -> bool:
    seen = {start}
    queue = deque([start])
    while queue:
        item = queue.popleft()
        if item == end:
            return True
        for child in children.get(item, ()):
            if child not in seen:
                seen.add(child)
                queue.append(child)
    return False
