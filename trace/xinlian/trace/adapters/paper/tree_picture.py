"""The tree of a dossier: which places are drawn, and how."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable
from xinlian.trace.adapters.fonts import FONT, text_width
from xinlian.trace.adapters.paper.ink import (
    ACCENT,
    GREY,
    GRID,
    INK,
    MARKED,
    PAGE_WIDTH,
    PROOF_COLOURS,
    PROOF_MARKS,
    RED,
    Ink,
)
from xinlian.trace.model.dossier import ProofState
from xinlian.trace.model.items import ItemId, ItemType
from xinlian.trace.model.links import Certainty
from xinlian.trace.model.tree import Node, Tree

__all__ = ["OVERVIEW_ROWS", "TreeRow", "TreeRows", "choose_rows", "short_code"]

OVERVIEW_ROWS: Final = 180
"""Rows of the tree in the body of the dossier: some four pages."""
_WAYS_MAX: Final = 120
ROW: Final = 4.6 * mm
_STEP_MAX: Final = 5 * mm
_INDENT_MAX: Final = 55 * mm
_DEPTHS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 15, 25, 50, 100, 180)
_WIDTHS: Final = (1_000_000, 60, 30, 16, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One row: a node (by its index in the tree), or how many are left out here.

    ``rails`` tells for each level above whether its line goes on below this row.
    """

    node: int
    depth: int
    rails: tuple[bool, ...]
    last: bool
    more: int = 0
    below: int = 0


def choose_rows(
    tree: Tree, most: int = OVERVIEW_ROWS, suspects: Collection[ItemId] = ()
) -> tuple[list[TreeRow], set[int]]:
    """The rows to draw, at most about ``most``, and the indices of the nodes that they show.

    Cut evenly: down to one depth, and of many children the first of each parent. The first places
    of ``suspects`` are drawn besides, wherever they are, with the way to them.
    """
    children: list[list[int]] = [[] for _ in tree.nodes]
    for index, node in enumerate(tree.nodes):
        if node.parent >= 0:
            children[node.parent].append(index)
    sizes = [1] * len(tree.nodes)
    for index in range(len(tree.nodes) - 1, 0, -1):
        sizes[tree.nodes[index].parent] += sizes[index]
    best: tuple[int, int, int] | None = None
    for width in _WIDTHS:
        for depth in _DEPTHS:
            count = _count(children, depth, width, most)
            if count <= most and (best is None or count > best[0]):
                best = (count, depth, width)
    _, depth, width = best or (0, 1, _WIDTHS[-1])
    return _rows(children, sizes, depth, width, _ways(tree, suspects))


def _ways(tree: Tree, suspects: Collection[ItemId]) -> set[int]:
    """Indices of the first places of suspects and of all above them; bounded."""
    ways: set[int] = set()
    if not suspects:
        return ways
    for index, node in enumerate(tree.nodes):
        if node.item.id in suspects and node.depth + len(ways) <= _WAYS_MAX:
            at = index
            while at >= 0 and at not in ways:
                ways.add(at)
                at = tree.nodes[at].parent
    return ways


def _count(children: Sequence[Sequence[int]], depth: int, width: int, most: int) -> int:
    total, level = 1, [0]
    for _ in range(depth):
        level = [child for node in level for child in children[node][:width]]
        total += len(level)
        if total > most or not level:
            break
    return total


def _rows(
    children: Sequence[Sequence[int]],
    sizes: Sequence[int],
    depth: int,
    width: int,
    ways: Collection[int],
) -> tuple[list[TreeRow], set[int]]:
    rows: list[TreeRow] = []
    shown: set[int] = set()
    stack: list[TreeRow] = [TreeRow(0, 0, (), last=True)]
    while stack:
        row = stack.pop()
        rows.append(row)
        if row.more:
            continue
        shown.add(row.node)
        below = children[row.node]
        free = width if row.depth < depth else 0
        kept = [*below[:free], *(child for child in below[free:] if child in ways)]
        hidden = sum(sizes[child] for child in below) - sum(sizes[child] for child in kept)
        if hidden and not kept:
            rows[-1] = replace(row, below=hidden)
        rails = (*row.rails, not row.last) if row.depth else ()
        more = hidden if kept else 0
        fresh = [
            TreeRow(child, row.depth + 1, rails, last=not more and child == kept[-1])
            for child in kept
        ]
        if more:
            fresh.append(TreeRow(row.node, row.depth + 1, rails, last=True, more=more))
        stack.extend(reversed(fresh))
    return rows, shown


class TreeRows(Flowable):
    """Rows of the tree with their connecting lines; splits between pages."""

    def __init__(
        self,
        tree: Tree,
        rows: Sequence[TreeRow],
        ink: Ink,
        proofs: Mapping[ItemId, ProofState],
        names: Mapping[str, str],
        suspects: Collection[ItemId] = (),
    ) -> None:
        super().__init__()
        self.tree, self.rows, self.ink = tree, rows, ink
        self.proofs, self.names, self.suspects = proofs, names, suspects
        deepest = max((row.depth for row in rows), default=0)
        self.step = min(_STEP_MAX, _INDENT_MAX / max(deepest, 1))
        self.gone = _removed(tree)

    def wrap(self, *_available: float) -> tuple[float, float]:
        """The room that it takes."""
        return PAGE_WIDTH, ROW * len(self.rows)

    def split(self, _width: float, height: float) -> list[Flowable]:
        """Break after as many rows as fit."""
        fit = int(height // ROW)
        if fit < 1:
            return []
        if fit >= len(self.rows):
            return [self]
        return [self._part(self.rows[:fit]), self._part(self.rows[fit:])]

    def _part(self, rows: Sequence[TreeRow]) -> TreeRows:
        part = TreeRows(self.tree, rows, self.ink, self.proofs, self.names, self.suspects)
        part.step, part.gone = self.step, self.gone
        return part

    def draw(self) -> None:
        """Paint the rows from the top down."""
        page: Canvas = self.canv
        for number, row in enumerate(self.rows):
            y = ROW * (len(self.rows) - number) - ROW * 0.72
            self._rails(page, row, y)
            x = self.step * row.depth + (1.5 * mm if row.depth else 0)
            if row.more:
                page.setFont(FONT, 7)
                page.setFillColor(GREY)
                page.drawString(x, y, self.ink.text("more", count=row.more))
            else:
                self._node(page, row, x, y)

    def _rails(self, page: Canvas, row: TreeRow, y: float) -> None:
        page.setStrokeColor(GRID)
        page.setLineWidth(0.6)
        top, middle, foot = y + ROW * 0.72, y + 2, y - ROW * 0.28
        for level, goes_on in enumerate(row.rails):
            if goes_on:
                x = self.step * (level + 0.6)
                page.line(x, top, x, foot)
        if row.depth:
            x = self.step * (row.depth - 0.4)
            page.line(x, top, x, middle if row.last else foot)
            page.line(x, middle, self.step * row.depth + 1 * mm, middle)

    def _node(self, page: Canvas, row: TreeRow, x: float, y: float) -> None:
        node = self.tree.nodes[row.node]
        ink, item = self.ink, node.item
        state = self.proofs.get(item.id, ProofState.NONE)
        suspect = item.id in self.suspects
        if suspect:
            page.setFillColor(MARKED)
            page.rect(x - 1, y - ROW * 0.22, PAGE_WIDTH - x + 1, ROW * 0.86, stroke=0, fill=1)
        page.setFont(FONT, 7)
        page.setFillColor(PROOF_COLOURS[state])
        page.drawString(x, y, PROOF_MARKS[state])
        gone = row.node in self.gone
        page.setFillColor(GREY if gone else RED if suspect else INK)
        size = 8.0 if row.depth < 2 else 7.5
        page.setFont(FONT, size)
        notes = self._notes(node, row)
        note = "  ".join(text for text, _ in notes)
        room = PAGE_WIDTH - x - 12 - (min(text_width(note, 6.5), 70 * mm) + 6 if note else 0)
        label = f"#{row.node + 1}  {ink.name(item)}"
        label = ink.glyphs.fit(label, size, room * 0.5)
        page.drawString(x + 10, y, label)
        at = x + 10 + text_width(label, size) + 6
        page.setFillColor(GREY if gone else ACCENT)
        page.setFont(FONT, 7)
        code = ink.glyphs.fit(short_code(item.id.id), 7, max(PAGE_WIDTH - at - 12, 20))
        page.drawString(at, y, code)
        if gone:
            page.setStrokeColor(GREY)
            page.line(x + 10, y + 2.4, at + text_width(code, 7), y + 2.4)
        at += text_width(code, 7) + 6
        page.setFont(FONT, 6.5)
        for text, loud in notes:
            page.setFillColor(RED if loud else GREY)
            room = PAGE_WIDTH - at
            if room < 12:
                break
            text = ink.glyphs.fit(text, 6.5, room)
            page.drawString(at, y, text)
            at += text_width(text, 6.5) + 5

    def _notes(self, node: Node, row: TreeRow) -> list[tuple[str, bool]]:
        ink, link = self.ink, node.link
        notes: list[tuple[str, bool]] = []
        if node.item.id in self.suspects:
            notes.append((ink.text("suspect"), True))
        if link is not None and link.certainty is Certainty.CANDIDATE:
            notes.append((ink.of(Certainty.CANDIDATE), True))
        if link is not None and link.valid_to_ms is not None:
            notes.append((ink.text("removed", when=ink.day(link.valid_to_ms)), True))
        if node.cut is not None:
            notes.append((ink.of(node.cut), True))
        if row.below:
            notes.append((ink.text("more_below", count=row.below), False))
        if link is not None and link.quantity and node.item.id.type is ItemType.BATCH:
            notes.append((f"{link.quantity} {link.unit or ''}".strip(), False))
        if node.item.maker:
            notes.append((self.names.get(node.item.maker, node.item.maker), False))
        return notes


def short_code(code: str) -> str:
    """An id as people know it: of a GS1 link only the values, of anything else all."""
    head = "https://id.gs1.org/"
    return " / ".join(code[len(head) :].split("/")[1::2]) if code.startswith(head) else code


def _removed(tree: Tree) -> set[int]:
    """Nodes that are out (or below one that is out) at the tree's date."""
    out: set[int] = set()
    for index, node in enumerate(tree.nodes):
        link = node.link
        ended = (
            link is not None
            and link.valid_to_ms is not None
            and (tree.at_ms is None or link.valid_to_ms <= tree.at_ms)
        )
        if node.parent in out or (ended and node.parent >= 0):
            out.add(index)
    return out
