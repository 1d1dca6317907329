"""What reads and lists share: the moment, paging, and the headers that tell the block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request, Response
from xinlian.services.api.paging import LIMIT_DEFAULT, LIMIT_MAX, Position
from xinlian.services.api.route import BLOCK_HASH_HEADER, BLOCK_HEADER
from xinlian.services.api.schemas.common import BlockNo, CursorText, Page
from xinlian.services.api.state import ActorDep, ApiState, StateDep
from xinlian.services.app.actors import Actor
from xinlian.services.app.reading import Moment, Reader, moment_of

__all__ = ["AsOf", "Lister", "ListerDep", "MomentDep", "PartyQuery", "PlainListerDep", "ReaderDep"]

Row = TypeVar("Row")
Shown = TypeVar("Shown")

AsOf = Annotated[
    BlockNo | None,
    Query(description="Read as of this block; by default as of the last one in the books."),
]
PartyQuery = Annotated[
    int | None,
    Query(
        ge=1, le=2**32 - 1, description="Whose view; only auditors and regulators may ask for any."
    ),
]


def _moment(request: Request, response: Response, state: StateDep, as_of: AsOf = None) -> Moment:
    moment = moment_of(state.app.engine, as_of)
    _tell(request, response, moment)
    return moment


def _reader(actor: ActorDep) -> Reader:
    return Reader.of(actor)


MomentDep = Annotated[Moment, Depends(_moment)]
ReaderDep = Annotated[Reader, Depends(_reader)]


@dataclass(frozen=True, slots=True)
class Lister:
    """Gives lists page by page. Every page of a list shows the same block."""

    request: Request
    response: Response
    state: ApiState
    actor: Actor
    limit: int
    cursor: str | None
    as_of: int | None

    def page(
        self,
        filters: dict[str, Any],
        fetch: Callable[[Moment, int, Any], Sequence[Row]],
        show: Callable[[Row], Shown],
        key: Callable[[Row], Any],
        start: Any = 0,
    ) -> Page[Shown]:
        """One page: ``fetch(moment, limit, after)`` gives rows, ``key(row)`` what to go on after.

        Keys are JSON values; ``start`` stands before the first.
        """
        listing = str(self.request.state.operation)
        bound = {**filters, "as_of": self.as_of}
        after, at = start, self.as_of
        if self.cursor is not None:
            position = self.state.cursors.read(self.cursor, listing, self.actor.owner, bound)
            after, at = position.after, position.at
        moment = moment_of(self.state.app.engine, at)
        _tell(self.request, self.response, moment)
        rows = fetch(moment, self.limit + 1, after)
        shown, following = rows[: self.limit], None
        if len(rows) > self.limit:
            position = Position(key(shown[-1]), moment.at)
            following = self.state.cursors.make(listing, self.actor.owner, bound, position)
        return Page(items=[show(row) for row in shown], next=following)


def _lister(
    request: Request,
    response: Response,
    state: StateDep,
    actor: ActorDep,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    cursor: Annotated[CursorText | None, Query(description="From `next` of a page.")] = None,
    as_of: AsOf = None,
) -> Lister:
    return Lister(request, response, state, actor, limit, cursor, as_of)


def _plain_lister(
    request: Request,
    response: Response,
    state: StateDep,
    actor: ActorDep,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    cursor: Annotated[CursorText | None, Query(description="From `next` of a page.")] = None,
) -> Lister:
    return Lister(request, response, state, actor, limit, cursor, None)


ListerDep = Annotated[Lister, Depends(_lister)]
PlainListerDep = Annotated[Lister, Depends(_plain_lister)]
"""For lists that are not of the chain: what is not in blocks has no state as of a block."""


def _tell(request: Request, response: Response, moment: Moment) -> None:
    response.headers[BLOCK_HEADER] = str(moment.at)
    response.headers[BLOCK_HASH_HEADER] = "0x" + moment.hash.hex()
    if moment.pinned:
        request.state.pinned_hash = moment.hash.hex()
