"""Numbers of tree places, by which the tables of a dossier name items."""

from __future__ import annotations

from xinlian.trace.adapters.paper.ink import Ink
from xinlian.trace.adapters.paper.tree_picture import short_code
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.tree import Tree

__all__ = ["Numbering"]


class Numbering:
    """Names items as ``#12 Battery pack``: the number of their first place in the tree."""

    def __init__(self, tree: Tree, ink: Ink) -> None:
        self._first: dict[ItemId, tuple[int, str]] = {}
        for index, node in enumerate(tree.nodes):
            self._first.setdefault(node.item.id, (index + 1, ink.name(node.item)))

    def name(self, item: ItemId) -> str:
        """The item in a table; one that is not in the tree by its id."""
        found = self._first.get(item)
        if found is None:
            return short_code(item.id)
        number, name = found
        return f"#{number} {name}"
