"""Sums over the books: exposures, maturities, decline rates, each as of any block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Select, func, select
from xinlian.ledger.adapters.sql import tables
from xinlian.ledger.adapters.sql.rows import as_of
from xinlian.ledger.model.days import Day, date_of, day_of
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.views import (
    DeclineRate,
    HolderExposure,
    IssuerExposure,
    LadderStep,
)
from xinlian.ledger.model.vouchers import UNPAID_STATES, PieceState

_PIECES = tables.piece_versions
_ROOTS = tables.roots
_AMOUNT: Final = func.sum(_PIECES.c.range_end - _PIECES.c.range_start)
_UNPAID: Final = tuple(sorted(int(state) for state in UNPAID_STATES))
_ACCEPTED: Final = tuple(state for state in _UNPAID if state != PieceState.ISSUED)


def sums_by_state(connection: Connection, at: int | None = None) -> dict[PieceState, int]:
    """Fen by state over all pieces; merged pieces are empty and left out."""
    rows = connection.execute(
        select(_PIECES.c.state, _AMOUNT).where(as_of(_PIECES, at)).group_by(_PIECES.c.state)
    )
    return {PieceState(state): int(amount) for state, amount in rows if amount}


def exposure_by_issuer(
    connection: Connection, at: int | None = None, *, issuer: int | None = None
) -> list[IssuerExposure]:
    """Per issuer: limit, outstanding, and fen by state of its pieces."""
    table = tables.issuer_versions
    query = select(table).where(as_of(table, at)).order_by(table.c.issuer)
    sums = (
        select(_ROOTS.c.issuer, _PIECES.c.state, _AMOUNT)
        .select_from(_ROOTS.join(_PIECES, _of_root()))
        .where(as_of(_PIECES, at))
        .group_by(_ROOTS.c.issuer, _PIECES.c.state)
    )
    if issuer is not None:
        query = query.where(table.c.issuer == issuer)
        sums = sums.where(_ROOTS.c.issuer == issuer)
    by_state: dict[int, dict[PieceState, int]] = defaultdict(dict)
    for number, state, amount in connection.execute(sums):
        if amount:
            by_state[number][PieceState(state)] = int(amount)
    return [
        IssuerExposure(
            PartyId(row.issuer),
            row.credit_limit,
            row.outstanding,
            bool(row.blocked),
            by_state[row.issuer],
        )
        for row in connection.execute(query)
    ]


def exposure_by_holder(
    connection: Connection, at: int | None = None, *, holder: int | None = None
) -> list[HolderExposure]:
    """Unpaid fen by holder, issuer and state."""
    keys = (_PIECES.c.holder, _ROOTS.c.issuer, _PIECES.c.state)
    query = (
        select(*keys, _AMOUNT, func.count())
        .select_from(_PIECES.join(_ROOTS, _ROOTS.c.root == _PIECES.c.root))
        .where(as_of(_PIECES, at), _PIECES.c.state.in_(_UNPAID))
        .group_by(*keys)
        .order_by(*keys)
    )
    if holder is not None:
        query = query.where(_PIECES.c.holder == holder)
    return [
        HolderExposure(PartyId(owner), PartyId(issuer), PieceState(state), int(amount), pieces)
        for owner, issuer, state, amount, pieces in connection.execute(query)
    ]


def maturity_ladder(
    connection: Connection,
    at: int | None = None,
    *,
    bucket: Literal["day", "month"] = "month",
    issuer: int | None = None,
    holder: int | None = None,
) -> list[LadderStep]:
    """Unpaid accepted fen by due day or by calendar month, of one issuer or holder if asked for."""
    sums = _due_of_issuer(at, issuer, holder) if issuer is not None else _due(at, holder)
    rows: Sequence[Any] = connection.execute(sums).all()
    steps: dict[int, list[int]] = {}
    for due_day, amount, pieces in rows:
        key = due_day if bucket == "day" else _month(due_day)
        step = steps.setdefault(key, [0, 0])
        step[0] += int(amount)
        step[1] += int(pieces)
    return [LadderStep(day, amount, pieces) for day, (amount, pieces) in steps.items()]


def decline_rates(connection: Connection, at: int | None = None) -> list[DeclineRate]:
    """How issue offers ended, per issuer that ever made one."""
    table = tables.issuer_versions
    rows = connection.execute(
        select(table).where(as_of(table, at), table.c.offered > 0).order_by(table.c.issuer)
    )
    return [
        DeclineRate(
            PartyId(row.issuer),
            row.offered,
            row.accepted,
            row.declined,
            row.withdrawn,
            row.expired,
        )
        for row in rows
    ]


def _due(at: int | None, holder: int | None) -> Select[Any]:
    """Due day, fen and pieces over the books or over one holder's pieces."""
    query = (
        select(_ROOTS.c.due_day, _AMOUNT, func.count())
        .select_from(_PIECES.join(_ROOTS, _ROOTS.c.root == _PIECES.c.root))
        .where(as_of(_PIECES, at), _PIECES.c.state.in_(_ACCEPTED))
        .group_by(_ROOTS.c.due_day)
        .order_by(_ROOTS.c.due_day)
    )
    return query if holder is None else query.where(_PIECES.c.holder == holder)


def _due_of_issuer(at: int | None, issuer: int, holder: int | None) -> Select[Any]:
    """The same over one issuer's roots: root by root, so that only their pieces are read."""
    pieces = [as_of(_PIECES, at), _of_root(), _PIECES.c.state.in_(_ACCEPTED)]
    if holder is not None:
        pieces.append(_PIECES.c.holder == holder)
    one_root = (
        select(
            _ROOTS.c.due_day,
            select(_AMOUNT).where(*pieces).correlate(_ROOTS).scalar_subquery().label("amount"),
            select(func.count())
            .select_from(_PIECES)
            .where(*pieces)
            .correlate(_ROOTS)
            .scalar_subquery()
            .label("pieces"),
        )
        .where(_ROOTS.c.issuer == issuer)
        .subquery()
    )
    return (
        select(one_root.c.due_day, func.sum(one_root.c.amount), func.sum(one_root.c.pieces))
        .where(one_root.c.pieces > 0)
        .group_by(one_root.c.due_day)
        .order_by(one_root.c.due_day)
    )


def _of_root() -> ColumnElement[bool]:
    """Pieces by the range of their ids, which the primary key serves."""
    return (_PIECES.c.piece >= _ROOTS.c.root * 65_536) & (
        _PIECES.c.piece < (_ROOTS.c.root + 1) * 65_536
    )


def _month(day: int) -> int:
    return int(day_of(date_of(Day(day)).replace(day=1)))
