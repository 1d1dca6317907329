"""Where a piece came from: cuts and merges up to its voucher, and the invoice behind it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select
from xinlian.ledger.adapters.sql import query_registers, query_vouchers, tables
from xinlian.ledger.adapters.sql.rows import as_of, page
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.views import (
    DocumentNode,
    EventView,
    Lineage,
    LineageNode,
    LineageStep,
    PieceView,
)

SOURCES_MAX: Final = 1_000
LEVELS_MAX: Final = 400
"""Deepest nesting that is told; cuts are bounded by policy, merges of merges are not."""
_Place = tuple[int, int]
_END: Final[_Place] = (tables.OPEN, 0)

# Names of the arguments that say who acted and towards whom.
_PARTIES: Final[dict[str, tuple[str, str]]] = {
    "VoucherOffered": ("issuer", "payee"),
    "PieceOffered": ("from", "to"),
    "OfferAccepted": ("from", "to"),
    "OfferEnded": ("from", "to"),
    "PieceLocked": ("holder", "funder"),
    "PieceUnlocked": ("funder", "holder"),
    "PieceFinanced": ("from", "funder"),
    "PieceReleased": ("from", "to"),
    "PieceRedeemed": ("bank", "payee"),
    "PieceWrittenOff": ("holder", "holder"),
}


def piece_history(
    connection: Connection,
    piece: int,
    at: int | None = None,
    *,
    limit: int = 100,
    after: _Place = (-1, -1),
) -> list[EventView]:
    """What happened to one piece, oldest first; ``after`` is (block, log index)."""
    return _events(connection, piece, piece, at, limit=page(limit), after=after)


def lineage(connection: Connection, piece: int, at: int | None = None) -> Lineage | None:
    """A piece traced through cuts and merges to its voucher and its documents."""
    root = piece >> 16
    voucher = query_vouchers.voucher(connection, root, at)
    pieces = {view.piece: view for view in query_vouchers.pieces_of(connection, root, at)}
    found = pieces.get(PieceId(piece))
    if voucher is None or found is None:
        return None
    events = _events(connection, root << 16, root << 16 | 0xFFFF, at)
    return Lineage(
        voucher,
        _document(connection, voucher.document, at, seen=set()),
        _Tracer(pieces, events).node(found, _END, LEVELS_MAX),
    )


def longest_lineage(connection: Connection, at: int | None = None) -> PieceId | None:
    """The piece that went through most hands; of several the one cut deepest, then the first."""
    table = tables.piece_versions
    number = connection.execute(
        select(table.c.piece)
        .where(as_of(table, at))
        .order_by(table.c.hops.desc(), table.c.depth.desc(), table.c.piece)
        .limit(1)
    ).scalar()
    return None if number is None else PieceId(number)


class _Tracer:
    """Builds the tree of one root; each piece appears once, so it is bounded by their number."""

    def __init__(self, pieces: Mapping[PieceId, PieceView], events: list[EventView]) -> None:
        self._pieces = pieces
        self._steps: dict[int, list[tuple[_Place, LineageStep]]] = defaultdict(list)
        self._born: dict[int, _Place] = {}
        self._merged: dict[int, list[tuple[_Place, int]]] = defaultdict(list)
        self._seen: set[int] = set()
        for event in events:
            self._sort(event)

    def _sort(self, event: EventView) -> None:
        place = (event.block, event.log_index)
        if event.name == "PieceSplit":
            self._born[event.args["child"]] = place
        elif event.name == "PiecesMerged":
            self._merged[event.piece].append((place, event.args["other"]))
        roles = _PARTIES.get(event.name)
        if roles is not None:
            sender, to = (PartyId(event.args[role]) for role in roles)
            step = LineageStep(event.block, event.time, event.name, sender, to)
            self._steps[event.piece].append((place, step))

    def node(self, piece: PieceView, until: _Place, levels: int) -> LineageNode:
        """The piece with what happened to it before ``until``, and its sources."""
        self._seen.add(piece.piece)
        sources: list[LineageNode] = []
        born = self._born.get(piece.piece)
        if born is not None:
            self._add(sources, piece.root << 16 | piece.parent, born, levels)
        for place, other in self._merged[piece.piece]:
            if place < until:
                self._add(sources, other, place, levels)
        return LineageNode(
            piece.piece,
            piece.start,
            piece.end,
            piece.holder,
            piece.state,
            piece.depth,
            piece.hops,
            tuple(step for place, step in self._steps[piece.piece] if place < until),
            tuple(sources),
        )

    def _add(self, sources: list[LineageNode], number: int, until: _Place, levels: int) -> None:
        view = self._pieces.get(PieceId(number))
        if view is not None and number not in self._seen and levels > 0:
            sources.append(self.node(view, until, levels - 1))


def _document(
    connection: Connection, key: bytes, at: int | None, seen: set[bytes]
) -> DocumentNode | None:
    """A document with what it was bundled from; a bundle never holds a bundle."""
    found = query_registers.document(connection, key, at)
    if found is None:
        return None
    seen.add(key)
    table = tables.document_sources
    query = select(table).where(table.c.target == key)
    if at is not None:
        query = query.where(table.c.block <= at)
    sources = []
    for row in connection.execute(
        query.order_by(table.c.block, table.c.log_index).limit(SOURCES_MAX)
    ).all():
        source = bytes(row.source)
        node = None if source in seen else _document(connection, source, at, seen)
        if node is not None:
            sources.append((node, row.amount))
    return DocumentNode(found, tuple(sources))


def _events(
    connection: Connection,
    first: int,
    last: int,
    at: int | None,
    *,
    limit: int | None = None,
    after: _Place = (-1, -1),
) -> list[EventView]:
    table, blocks = tables.events, tables.blocks
    query = (
        select(table, blocks.c.time)
        .join(blocks, blocks.c.height == table.c.block)
        .where(table.c.piece >= first, table.c.piece <= last, table.c.block >= after[0])
        .order_by(table.c.block, table.c.log_index)
    )
    query = query.where((table.c.block > after[0]) | (table.c.log_index > after[1]))
    if at is not None:
        query = query.where(table.c.block <= at)
    return [_event(row) for row in connection.execute(query.limit(limit))]


def _event(row: Any) -> EventView:
    return EventView(
        row.block,
        row.log_index,
        row.tx_index,
        row.time,
        row.contract,
        row.name,
        PieceId(row.piece),
        json.loads(row.args),
    )
