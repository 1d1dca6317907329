"""Things that are traced: found by their codes, as trees, as dossiers, with proof."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query, Response
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.trace import ItemView, Millis, TreeView
from xinlian.services.api.schemas.trace_facts import DossierView
from xinlian.services.api.schemas.trace_views import (
    AnswerBody,
    FoundView,
    PolicyBody,
    PolicyView,
    ShareBody,
    SharesView,
)
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.app.actors import Actor
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_dossier import Extent
from xinlian.services.app.trace_items import Eyes, Found
from xinlian.services.app.trace_policy import PagePolicy, Strangers
from xinlian.services.app.trace_sharing import EVERYONE
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.tree import Direction

__all__ = ["FILES", "ThingDep", "attachment", "reader_of", "router"]

router = guarded_router("items", "/trace")

CodeQuery = Annotated[
    str,
    Query(
        min_length=1,
        max_length=2_048,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="A VIN, serial, batch, GS1 key, Digital Link, or what a label says.",
    ),
]
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_ANY_FILE: Final = (
    *("application/pdf", "application/json", "application/zip", "text/csv"),
    *("image/png", "image/jpeg", "image/svg+xml"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
FILES: Final[dict[str, dict[int | str, dict[str, Any]]]] = {
    "application/pdf": {200: {"content": {"application/pdf": _BINARY}}},
    "application/json": {200: {"content": {"application/json": _BINARY}}},
    "application/octet-stream": {200: {"content": dict.fromkeys(_ANY_FILE, _BINARY)}},
}
"""What answers with a file is documented to answer; the last is for several kinds of files."""


def reader_of(actor: Actor) -> int:
    """Through whose eyes an actor reads."""
    return EVERYONE if actor.reads_all else actor.signer


def _thing(
    state: StateDep,
    actor: ActorDep,
    code: CodeQuery,
    kind: Annotated[ItemType | None, Query(alias="type", description="Of several, this.")] = None,
    owner: Annotated[
        int | None, Query(ge=0, le=2**32 - 1, description="Of several, in this number space.")
    ] = None,
) -> Found:
    return state.app.trace.items.one(code, kind, owner, reader_of(actor))


ThingDep = Annotated[Found, Depends(_thing)]


@router.get("/items")
def find_items(state: StateDep, actor: ActorDep, code: CodeQuery) -> FoundView:
    """Things that a code means and that you may see."""
    found = state.app.trace.items.find(code, reader_of(actor))
    return FoundView(items=[ItemView.of(each.item, each.address) for each in found if each.whole])


@router.get("/tree")
def get_tree(
    state: StateDep,
    actor: ActorDep,
    thing: ThingDep,
    direction: Direction = Direction.DOWN,
    at_ms: Annotated[
        Millis | None, Query(description="As it was then; by default as it was built.")
    ] = None,
    depth: Annotated[int, Query(ge=1, le=10_000)] = 100,
    nodes: Annotated[int, Query(ge=1, le=20_000)] = 5_000,
) -> TreeView:
    """What a thing is made of (down), or what it is in (up), as built or at a time."""
    eyes = Eyes(reader_of(actor), Strangers.ALL)
    extent = Extent(depth=depth, nodes=nodes, at_ms=at_ms)
    tree = state.app.trace.dossiers.tree(thing.item.id, eyes, direction, extent)
    if tree is None:
        raise RefusedError(Code.NOT_FOUND, f"there is no item {thing.item.id.id} that you may see")
    return TreeView.of(tree)


@router.get("/dossier")
def get_dossier(
    state: StateDep,
    actor: ActorDep,
    thing: ThingDep,
    at_ms: Annotated[Millis | None, Query(description="The parts as they were then.")] = None,
) -> DossierView:
    """Everything known of a thing: verdict, tree, inspections, process, proof states."""
    eyes = Eyes(reader_of(actor), Strangers.ALL)
    found = state.app.trace.dossiers.of(thing.item, eyes, thing.address, Extent(at_ms=at_ms))
    if found is None:
        raise RefusedError(Code.NOT_FOUND, f"there is no item {thing.item.id.id} that you may see")
    return DossierView.of(found)


@router.get("/dossier.pdf", response_class=Response, responses=FILES["application/pdf"])
def get_dossier_paper(
    state: StateDep,
    actor: ActorDep,
    thing: ThingDep,
    lang: Annotated[Language, Query(description="Language of the paper.")] = Language.ZH,
) -> Response:
    """The dossier of a thing as PDF."""
    eyes = Eyes(reader_of(actor), Strangers.ALL)
    data = state.app.trace.papers.dossier(thing.item, eyes, thing.address, lang.value)
    return attachment(data, "application/pdf", "dossier.pdf")


@router.get("/proof", response_class=Response, responses=FILES["application/json"])
def get_item_proof(
    state: StateDep,
    actor: ActorDep,
    thing: ThingDep,
    whole_tree: Annotated[bool, Query(description="Of all its parts too.")] = False,
) -> Response:
    """The proof file of a thing: every record about it, and that there are no others."""
    reader = reader_of(actor)
    items = [thing.item.id]
    if whole_tree:
        eyes = Eyes(reader, Strangers.ALL)
        tree = state.app.trace.dossiers.tree(thing.item.id, eyes, Direction.DOWN, Extent())
        items = list(dict.fromkeys(node.item.id for node in tree.nodes)) if tree else items
    data = state.app.trace.bundles.of(reader, items)
    return attachment(data, "application/json", "proof.xlproof")


@router.get("/page-policy")
def get_page_policy(state: StateDep, actor: ActorDep) -> PolicyView:
    """What strangers with a label of yours see."""
    return PolicyView.of(state.app.trace.policies.of(actor.signer))


@router.post("/page-policy")
def set_page_policy(body: PolicyBody, state: StateDep, actor: ActorDep) -> PolicyView:
    """Set what strangers with a label of yours see; the same again changes nothing."""
    policy = PagePolicy(body.strangers, body.guessable)
    return PolicyView.of(state.app.shares.set_policy(actor.signer, policy))


@router.get("/shares")
def list_shares(state: StateDep, actor: ActorDep) -> SharesView:
    """Who sees your records about parts, and whose you see."""
    return SharesView.of(state.app.shares.state(actor.signer))


@router.post("/shares")
def set_share(body: ShareBody, state: StateDep, actor: ActorDep) -> SharesView:
    """Offer your records about parts to a party, or close them; it sees them once it accepts. The
    same again changes nothing."""
    if state.app.parties.member(body.reader) is None:
        raise RefusedError(Code.NOT_FOUND, f"there is no party {body.reader}")
    shares = state.app.shares
    if not body.open:
        return SharesView.of(shares.close(actor.signer, body.reader))
    return SharesView.of(shares.offer(actor.signer, body.reader, keys=body.keys))


@router.post("/shares/answer")
def answer_share(body: AnswerBody, state: StateDep, actor: ActorDep) -> SharesView:
    """Accept the records that a party offers you, or decline them: what it says of parts goes into
    your trees, recalls and verdicts."""
    found = state.app.shares.answer(actor.signer, body.owner, accept=body.accept)
    return SharesView.of(found)


def attachment(data: bytes, kind: str, name: str) -> Response:
    """A file as the answer."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=headers)
