"""The lineage of one voucher, from its events: which hands each piece went through, as a tree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select
from xinlian.ledger.adapters.sql.tables import OPEN, events, piece_versions, roots
from xinlian.ledger.model.ids import index_of, piece_id
from xinlian.ledger.model.vouchers import PieceState

Name = Callable[[int], str]
Money = Callable[[int], str]


@dataclass
class Branch:
    """A piece: its range in fen, how it ended, and what happened to it, in words for people.

    ``hands`` are the parties it went through since it was cut (the whole voucher's begin with the
    issuer); ``children`` were cut off it.
    """

    index: int
    start: int = 0
    end: int = 0
    cut: int = 0
    hands: list[int] = field(default_factory=list)
    funders: list[tuple[int, bool]] = field(default_factory=list)
    state: PieceState = PieceState.HELD
    children: list[Branch] = field(default_factory=list)


def deepest_root(connection: Connection) -> int:
    """The root whose pieces went through most hands; of those, the one with most pieces."""
    piece = piece_versions.c
    query = (
        select(piece.root)
        .where(piece.to_block == OPEN)
        .group_by(piece.root)
        .order_by(func.max(piece.hops).desc(), func.count().desc(), piece.root)
        .limit(1)
    )
    return connection.execute(query).scalar() or 0


def document_of(connection: Connection, root: int) -> bytes:
    """Key of the document on which a voucher stands; empty if there is no such voucher."""
    found = connection.execute(select(roots.c.document).where(roots.c.root == root)).scalar()
    return b"" if found is None else bytes(found)


def grow(connection: Connection, root: int) -> Branch:
    """The tree of a root, from the events that concern its pieces in the order of the chain."""
    first, last = piece_id(root, 0), piece_id(root, 65_535)
    query = select(events.c.name, events.c.piece, events.c.args).where(
        events.c.piece >= first, events.c.piece <= last
    )
    branches: dict[int, Branch] = {0: Branch(0)}
    for name, piece, text in connection.execute(query.order_by(events.c.block, events.c.log_index)):
        branch = branches[index_of(piece)]
        args = json.loads(text)
        if name == "VoucherOffered":
            branch.hands, branch.cut = [args["issuer"]], args["face"]
        elif name == "OfferAccepted":
            branch.hands.append(args["to"])
        elif name == "PieceSplit":
            child = Branch(index_of(args["child"]), cut=args["childEnd"] - args["childStart"])
            child.hands = branch.hands[-1:]
            branches[child.index] = child
            branch.children.append(child)
        elif name == "PieceFinanced":
            branch.funders.append((args["funder"], args["sale"]))
    _finish(connection, root, branches)
    return branches[0]


def _finish(connection: Connection, root: int, branches: dict[int, Branch]) -> None:
    piece = piece_versions.c
    query = select(piece_versions).where(piece.root == root, piece.to_block == OPEN)
    for row in connection.execute(query):
        branch = branches[index_of(row.piece)]
        branch.start, branch.end = row.range_start, row.range_end
        branch.state = PieceState(row.state)


def draw(branch: Branch, name: Name, money: Money, describe: Callable[[Branch], str]) -> list[str]:
    """The tree as lines of text."""
    return list(_lines(branch, "", "", name, money, describe))


def _lines(
    branch: Branch,
    lead: str,
    below: str,
    name: Name,
    money: Money,
    describe: Callable[[Branch], str],
) -> Iterator[str]:
    hands = " → ".join(name(party) for party in branch.hands)
    yield f"{lead}{money(branch.cut)}  {hands}  {describe(branch)}".rstrip()
    for place, child in enumerate(branch.children):
        final = place == len(branch.children) - 1
        yield from _lines(
            child,
            below + ("└─ " if final else "├─ "),
            below + ("   " if final else "│  "),
            name,
            money,
            describe,
        )
