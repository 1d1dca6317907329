"""Items, trees and gaps as the API shows them. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints
from xinlian.services.api.schemas.common import SAFE_MAX, View
from xinlian.trace.model.facts import Gap, GapKind
from xinlian.trace.model.items import Item, ItemType, Scheme
from xinlian.trace.model.links import Certainty, LinkKind
from xinlian.trace.model.tree import Direction, Node, Tree, Truncation

__all__ = ["CodeText", "GapView", "ItemNo", "ItemView", "Millis", "NodeView", "OwnerNo", "TreeView"]

Millis = Annotated[int, Field(ge=-(2**53) + 1, le=SAFE_MAX, examples=[1_764_547_200_000])]
ItemNo = Annotated[int, Field(ge=0, le=SAFE_MAX, examples=[42])]
OwnerNo = Annotated[int, Field(ge=0, le=2**32 - 1, examples=[0])]
CodeText = Annotated[str, StringConstraints(min_length=1, max_length=2_048)]


class ItemView(View):
    """A thing that is traced. ``owner`` 0: its id means the same to everyone. ``link`` leads to
    its page."""

    id: str
    type: ItemType
    owner: OwnerNo
    scheme: Scheme
    scanned: str
    name: str
    maker: str
    part_number: str
    made_at_ms: Millis | None
    attributes: dict[str, str]
    link: str = ""

    @classmethod
    def of(cls, item: Item, link: str = "") -> ItemView:
        """An item of the model."""
        return cls(
            id=item.id.id,
            type=item.id.type,
            owner=item.id.owner,
            scheme=item.scheme,
            scanned=item.scanned,
            name=item.name,
            maker=item.maker,
            part_number=item.part_number,
            made_at_ms=item.made_at_ms,
            attributes=dict(item.attributes),
            link=link,
        )


class NodeView(View):
    """One place of an item in a tree; ``parent`` is the index of the node above (-1: the root)."""

    parent: Annotated[int, Field(ge=-1)]
    depth: Annotated[int, Field(ge=0)]
    id: str
    type: ItemType
    owner: OwnerNo
    name: str
    maker: str
    link_kind: LinkKind | None
    certainty: Certainty | None
    quantity: str | None
    unit: str | None
    valid_from_ms: Millis | None
    valid_to_ms: Millis | None
    cut: Truncation | None

    @classmethod
    def of(cls, node: Node) -> NodeView:
        """A node of the model."""
        link = node.link
        return cls(
            parent=node.parent,
            depth=node.depth,
            id=node.item.id.id,
            type=node.item.id.type,
            owner=node.item.id.owner,
            name=node.item.name,
            maker=node.item.maker,
            link_kind=None if link is None else link.kind,
            certainty=None if link is None else link.certainty,
            quantity=None if link is None else link.quantity,
            unit=None if link is None else link.unit,
            valid_from_ms=None if link is None else link.valid_from_ms,
            valid_to_ms=None if link is None else link.valid_to_ms,
            cut=node.cut,
        )


class GapView(View):
    """Something that should be known and is not."""

    item: str
    type: ItemType
    kind: GapKind
    what: str
    since_ms: Millis | None

    @classmethod
    def of(cls, gap: Gap) -> GapView:
        """A gap of the model."""
        return cls(
            item=gap.item.id,
            type=gap.item.type,
            kind=gap.kind,
            what=gap.what,
            since_ms=gap.since_ms,
        )


class CutView(View):
    """How often, and why, a tree ends before its leaves."""

    cut: Truncation
    count: Annotated[int, Field(ge=1)]


class TreeView(View):
    """A tree in pre-order: node 0 is the root, every subtree is one slice. ``at_ms`` absent: as
    built."""

    direction: Direction
    at_ms: Millis | None
    nodes: list[NodeView]
    gaps: list[GapView]
    truncations: list[CutView]

    @classmethod
    def of(cls, tree: Tree) -> TreeView:
        """A tree of the model."""
        return cls(
            direction=tree.direction,
            at_ms=tree.at_ms,
            nodes=[NodeView.of(node) for node in tree.nodes],
            gaps=[GapView.of(gap) for gap in tree.gaps],
            truncations=[CutView(cut=cut, count=count) for cut, count in tree.truncations],
        )
