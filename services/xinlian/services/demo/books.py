"""Reads the books at the end of a run from the ledger's tables, and adds them up anew.

Nothing here trusts what the demo meant to do: every figure comes from what the chain told the
indexer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select
from xinlian.ledger.adapters.sql.tables import (
    OPEN,
    blocks,
    events,
    financing_versions,
    order_results,
    piece_versions,
    roots,
)
from xinlian.ledger.model.vouchers import FinancingState, PieceState


@dataclass(slots=True)
class IssuerLine:
    """What one issuer's vouchers came to, in fen. ``late`` counts vouchers it dishonoured."""

    issuer: int
    vouchers: int = 0
    face: int = 0
    financed: int = 0
    redeemed: int = 0
    written_off: int = 0
    open: int = 0
    late: int = 0
    declined: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether what was promised equals what became of it."""
        return self.face == self.redeemed + self.written_off + self.open


class _Financed(NamedTuple):
    issuer: int
    price: int
    amount: int


@dataclass(frozen=True)
class Books:
    """The books of a whole run."""

    issuers: tuple[IssuerLine, ...]
    pieces: int
    pieces_by_hops: dict[int, int]
    transfers: int
    financings: int
    financed: int
    disbursed: int
    blocks: int
    orders: int
    orders_failed: int
    documents: int
    breaks: tuple[str, ...]
    """Where something does not add up, in words; empty when all does."""

    @property
    def vouchers(self) -> int:
        """Vouchers that were accepted."""
        return sum(line.vouchers for line in self.issuers)

    @property
    def redeemed(self) -> int:
        """Fen redeemed."""
        return sum(line.redeemed for line in self.issuers)

    @property
    def dishonoured(self) -> int:
        """Vouchers that were dishonoured."""
        return sum(line.late for line in self.issuers)


_piece = piece_versions.c
_loan = financing_versions.c
_now = _piece.to_block == OPEN


def read_books(connection: Connection) -> Books:
    """The books as of the last block."""
    lines, breaks = _issuers(connection)
    financed = _financed(connection)
    for loan in financed:
        lines[loan.issuer].financed += loan.amount
    breaks += [
        f"issuer {line.issuer}: {line.face} fen promised, {line.redeemed + line.written_off} "
        f"settled, {line.open} open"
        for line in lines.values()
        if not line.adds_up
    ]
    named = _pairs(connection, select(events.c.name, func.count()).group_by(events.c.name))
    ran = select(order_results.c.executed, func.count()).group_by(order_results.c.executed)
    orders = _pairs(connection, ran)
    hops = select(_piece.hops, func.count()).where(_now, _piece.range_end > _piece.range_start)
    vouchers = sum(line.vouchers for line in lines.values())
    return Books(
        issuers=tuple(lines[issuer] for issuer in sorted(lines)),
        pieces=_number(connection, select(func.count()).select_from(piece_versions).where(_now)),
        pieces_by_hops=_pairs(connection, hops.group_by(_piece.hops)),
        transfers=named.get("OfferAccepted", 0) - vouchers,
        financings=len(financed),
        financed=sum(loan.amount for loan in financed),
        disbursed=sum(loan.price for loan in financed),
        blocks=_number(connection, select(func.max(blocks.c.height))),
        orders=sum(orders.values()),
        orders_failed=orders.get(0, 0),
        documents=named.get("DocumentRegistered", 0),
        breaks=tuple(breaks),
    )


def _issuers(connection: Connection) -> tuple[dict[int, IssuerLine], list[str]]:
    """Every issuer's line, and the roots whose pieces don't cover their face exactly once."""
    lines: dict[int, IssuerLine] = {}
    kept: dict[int, IssuerLine] = {}
    faces: dict[int, int] = {}
    for row in connection.execute(select(roots)):
        line = lines.setdefault(row.issuer, IssuerLine(row.issuer))
        faces[row.root] = row.face
        if row.cancelled_block != OPEN:
            line.declined += 1
            continue
        kept[row.root] = line
        line.vouchers += 1
        line.face += row.face
        line.late += row.dishonoured_block != OPEN
    reached: dict[int, int] = defaultdict(int)
    breaks: list[str] = []
    query = select(_piece.root, _piece.range_start, _piece.range_end, _piece.state).where(_now)
    for root, start, end, state in connection.execute(
        query.where(_piece.range_end > _piece.range_start).order_by(_piece.root, _piece.range_start)
    ):
        if start != reached[root]:
            breaks.append(f"root {root}: a gap or overlap at {start}")
        reached[root] = end
        _book(kept.get(root), state, end - start)
    breaks += [
        f"root {root}: its pieces reach {reached[root]} of {face}"
        for root, face in faces.items()
        if reached[root] != face
    ]
    return lines, breaks


def _book(line: IssuerLine | None, state: int, amount: int) -> None:
    if line is None:
        return
    if state == PieceState.REDEEMED:
        line.redeemed += amount
    elif state == PieceState.CANCELLED:
        line.written_off += amount
    else:
        line.open += amount


def _financed(connection: Connection) -> list[_Financed]:
    """Every financing on which money flowed, with the size of its piece at that moment."""
    query = (
        select(roots.c.issuer, _loan.price, _piece.range_end - _piece.range_start)
        .select_from(financing_versions)
        .join(piece_versions, _piece.piece == _loan.piece)
        .join(roots, roots.c.root == _piece.root)
        .where(
            _loan.state == int(FinancingState.DISBURSED),
            _piece.from_block <= _loan.from_block,
            _piece.to_block > _loan.from_block,
        )
    )
    return [_Financed(*row) for row in connection.execute(query)]


def _pairs(connection: Connection, query: Select[Any]) -> dict[Any, int]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _number(connection: Connection, query: Select[Any]) -> int:
    return connection.execute(query).scalar() or 0
