"""The page behind a label: an item, its tree level by level, its proof file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import RedirectResponse
from xinlian.services.api.state import StateDep
from xinlian.services.api.web.engine import fragment, language, page
from xinlian.services.api.web.shown import item_values, level_values
from xinlian.services.api.web.visit import Visitor, VisitorDep, refusal, room_for
from xinlian.services.app.errors import RefusedError
from xinlian.services.app.trace_dossier import Extent
from xinlian.services.app.trace_items import Eyes
from xinlian.services.bootstrap import Store
from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.tree import Direction, Tree

__all__ = ["router"]

LEVEL_NODES: Final = 300
"""Nodes of one level on a page."""
PAGE_NODES: Final = 2_000
"""Nodes whose facts and proofs stand on a page."""
_CHINA: Final = timezone(timedelta(hours=8))

router = APIRouter(include_in_schema=False)


class _Gs1Convertor(Convertor[str]):
    """A first path segment that is a primary key of GS1 (Digital Link 1.4, section 4.3)."""

    regex = "00|01|253|255|401|402|414|417|8003|8004|8006|8010|8013|8017|8018"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("gs1", _Gs1Convertor())


class _Looked:
    """An item as a visitor sees it, or the answer that there is nothing."""

    def __init__(self, store: Store, visitor: Visitor, tag: str) -> None:
        self.store = store
        self.visitor = visitor
        self.eyes: Eyes | None = None
        label = store.trace.items.tagged(tag)
        if label is not None:
            self.eyes = store.trace.items.eyes(
                label.number, visitor.reader, guessed=False, party=label.party
            )
            if self.eyes is not None:
                self.item = store.trace.items.item(label.number, self.eyes)
                self.base = f"/t/{tag}"

    def addresses(self, eyes: Eyes, *trees: Tree | None) -> Callable[[ItemId], str]:
        """The pages of the items below the roots of trees."""
        ids = {node.item.id for tree in trees if tree is not None
               for node in tree.nodes if node.parent == 0}  # fmt: skip
        found = self.store.trace.items.addresses(ids, eyes)
        return lambda item: found.get(item, "")


def _look(state: Any, visitor: Visitor, tag: str) -> _Looked:
    return _Looked(state.app, visitor, tag)


@router.get("/t/{tag}")
def get_item_page(
    request: Request, state: StateDep, visitor: VisitorDep, tag: str, at: str = ""
) -> Response:
    """The page of an item."""
    if visitor.wait_seconds:
        return refusal(request, visitor, 429)
    looked = _look(state, visitor, tag)
    if looked.eyes is None:
        return refusal(request, visitor, 404)
    with room_for(state, visitor, whole=looked.eyes.whole) as wait:
        if wait:
            return refusal(request, replace(visitor, wait_seconds=wait), 429)
        return _page(request, looked, looked.eyes, looked.item, at)


def _page(request: Request, looked: _Looked, eyes: Eyes, item: Item, at: str) -> Response:
    dossiers = looked.store.trace.dossiers
    at_ms = _at_ms(at)
    extent = Extent(nodes=PAGE_NODES, at_ms=at_ms)
    dossier = dossiers.of(item, eyes, looked.base, extent)
    if dossier is None:
        return refusal(request, looked.visitor, 404)
    above = Extent(depth=1, nodes=LEVEL_NODES, at_ms=at_ms)
    up = dossiers.tree(item.id, eyes, Direction.UP, above)
    lang = language(request)
    values = item_values(
        dossier,
        up,
        base=looked.base,
        at=at if at_ms is not None else "",
        lang=lang,
        address=looked.addresses(eyes, dossier.tree, up),
    )
    rights = {"all": eyes.whole, "tree": eyes.tree}
    return page(request, "item.html", {**values, "rights": rights}, visitor=looked.visitor.name)


@router.get("/t/{tag}/branch")
def get_branch(
    request: Request,
    state: StateDep,
    visitor: VisitorDep,
    tag: str,
    at: str = "",
    direction: str = "down",
    top: str = "",
) -> Response:
    """The next level of a tree, as a part of a page."""
    if visitor.wait_seconds:
        return Response(status_code=429, headers={"Retry-After": str(visitor.wait_seconds)})
    looked = _look(state, visitor, tag)
    way = Direction.UP if direction == "up" else Direction.DOWN
    eyes = looked.eyes
    if eyes is None or not eyes.tree or (eyes.stranger and way is Direction.UP):
        return Response(status_code=404)
    at_ms, dossiers = _at_ms(at), looked.store.trace.dossiers
    suspects: set[ItemId] = set()
    above = _look(state, visitor, top) if top else looked
    if above.eyes is not None and way is Direction.DOWN:
        suspects = dossiers.suspects(above.item.id, above.eyes, at_ms)
    # Deeper only to tell which parts have one of the suspects in them.
    extent = Extent(depth=1, nodes=LEVEL_NODES, at_ms=at_ms)
    if suspects:
        extent = Extent(nodes=PAGE_NODES, at_ms=at_ms)
    tree = dossiers.tree(looked.item.id, eyes, way, extent)
    level = level_values(
        tree,
        dossiers.names_in(tree),
        at=at,
        address=looked.addresses(eyes, tree),
        suspects=suspects,
        top=top,
    )
    return fragment(request, "branch.html", {"level": level})


@router.get("/t/{tag}/proof.xlproof")
def get_item_bundle(state: StateDep, visitor: VisitorDep, tag: str) -> Response:
    """The proof file of an item, for who may see all of it."""
    if visitor.wait_seconds:
        return Response(status_code=429, headers={"Retry-After": str(visitor.wait_seconds)})
    looked = _look(state, visitor, tag)
    if looked.eyes is None or not looked.eyes.whole:
        return Response(status_code=404)
    with room_for(state, visitor, whole=True) as wait:
        if wait:
            return Response(status_code=429, headers={"Retry-After": str(wait)})
        try:
            data = _bundle(looked, looked.eyes)
        except RefusedError as exc:
            return Response(exc.message, 409, media_type="text/plain")
    return _file(data, "application/json", f"{tag}.xlproof")


def _bundle(looked: _Looked, eyes: Eyes) -> bytes:
    extent = Extent(nodes=PAGE_NODES)
    tree = looked.store.trace.dossiers.tree(looked.item.id, eyes, Direction.DOWN, extent)
    nodes = () if tree is None else tree.nodes
    shown = list(dict.fromkeys([looked.item.id, *(node.item.id for node in nodes)]))
    return looked.store.trace.bundles.of(eyes.reader, shown)


@router.get("/t/{tag}/dossier.pdf")
def get_item_paper(request: Request, state: StateDep, visitor: VisitorDep, tag: str) -> Response:
    """The dossier of an item as PDF, for who may see all of it."""
    if visitor.wait_seconds:
        return Response(status_code=429, headers={"Retry-After": str(visitor.wait_seconds)})
    looked = _look(state, visitor, tag)
    if looked.eyes is None or not looked.eyes.whole:
        return Response(status_code=404)
    with room_for(state, visitor, whole=True) as wait:
        if wait:
            return Response(status_code=429, headers={"Retry-After": str(wait)})
        data = looked.store.trace.papers.dossier(
            looked.item, looked.eyes, looked.base, language(request)
        )
    return _file(data, "application/pdf", f"{tag}.pdf")


@router.get("/{ai:gs1}/{rest:path}")
def get_digital_link(
    request: Request, state: StateDep, visitor: VisitorDep, ai: str, rest: str
) -> Response:
    """A GS1 Digital Link: to the page of what it names, where the owner lets guessers in."""
    if visitor.wait_seconds:
        return refusal(request, visitor, 429)
    code = f"https://id.gs1.org/{ai}/{rest}"
    found = state.app.trace.items.printed(code, visitor.reader)
    if found is None:
        return refusal(request, visitor, 404)
    query = f"?lang={language(request)}" if "lang" in request.query_params else ""
    return RedirectResponse(found.address + query, 307)


def _file(data: bytes, kind: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type=kind, headers=headers)


def _at_ms(day: str) -> int | None:
    """The end of a day in China, or ``None`` for what is no day."""
    try:
        wanted = date.fromisoformat(day)
        end = datetime(wanted.year, wanted.month, wanted.day, tzinfo=_CHINA) + timedelta(days=1)
        return int(end.astimezone(UTC).timestamp() * 1000) - 1
    except (ValueError, OverflowError):
        return None
