"""Sums over the books as of a block: exposure, holdings, maturities, declined offers. In fen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, func, or_, select, true
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.tables import issuer_versions, piece_versions, roots
from xinlian.ledger.model.views import DeclineRate, PolicyView
from xinlian.ledger.model.vouchers import UNPAID_STATES, PieceState
from xinlian.services.app.reading import Moment, Reader

__all__ = ["ExposureRow", "HoldingRow", "MaturityRow", "Reports"]

_UNPAID = sorted(int(state) for state in UNPAID_STATES)
_p = piece_versions.c


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """What an issuer owes the reader (or everybody), and in how many pieces."""

    issuer: int
    unpaid: int
    pieces: int
    limit: int
    outstanding: int
    blocked: bool


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """Sum and number of pieces in one state."""

    state: PieceState
    amount: int
    pieces: int


@dataclass(frozen=True, slots=True)
class MaturityRow:
    """What falls due on a day: what the reader is to get and what it owes."""

    due_day: int
    receivable: int
    payable: int
    pieces: int


class Reports:
    """The sums. A party gets its own; who reads all gets everybody's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def exposure(self, reader: Reader, moment: Moment) -> list[ExposureRow]:
        """By issuer, largest first: what is owed to the reader as holder or lien holder."""
        i = issuer_versions.c
        owed = (
            _pieces(moment.at)
            .where(_p.state.in_(_UNPAID), _owned(reader.party))
            .with_only_columns(
                roots.c.issuer,
                func.sum(_p.range_end - _p.range_start).label("unpaid"),
                func.count().label("pieces"),
            )
            .group_by(roots.c.issuer)
            .subquery()
        )
        query = (
            select(owed, i.credit_limit, i.outstanding, i.blocked)
            .join(issuer_versions, i.issuer == owed.c.issuer)
            .where(i.from_block <= moment.at, i.to_block > moment.at)
            .order_by(owed.c.unpaid.desc(), owed.c.issuer)
        )
        return [
            ExposureRow(
                row.issuer,
                int(row.unpaid),
                row.pieces,
                row.credit_limit,
                row.outstanding,
                bool(row.blocked),
            )
            for row in self._all(query)
        ]

    def holdings(self, reader: Reader, moment: Moment) -> list[HoldingRow]:
        """By state: the pieces that the reader holds."""
        holder = true() if reader.party is None else _p.holder == reader.party
        query = (
            _pieces(moment.at)
            .where(holder, _p.range_end > _p.range_start)
            .with_only_columns(
                _p.state,
                func.sum(_p.range_end - _p.range_start).label("amount"),
                func.count().label("pieces"),
            )
            .group_by(_p.state)
            .order_by(_p.state)
        )
        return [
            HoldingRow(PieceState(row.state), int(row.amount), row.pieces)
            for row in self._all(query)
        ]

    def maturities(self, reader: Reader, moment: Moment) -> list[MaturityRow]:
        """By due day: unpaid pieces to be paid to the reader, and to be paid by it."""
        rows: dict[int, MaturityRow] = {}
        for payable, concern in ((False, _owned(reader.party)), (True, _owing(reader.party))):
            query = (
                _pieces(moment.at)
                .where(_p.state.in_(_UNPAID), concern)
                .with_only_columns(
                    roots.c.due_day,
                    func.sum(_p.range_end - _p.range_start).label("amount"),
                    func.count().label("pieces"),
                )
                .group_by(roots.c.due_day)
            )
            for row in self._all(query):
                known = rows.get(row.due_day, MaturityRow(row.due_day, 0, 0, 0))
                amount = int(row.amount)
                rows[row.due_day] = MaturityRow(
                    row.due_day,
                    known.receivable + (0 if payable else amount),
                    known.payable + (amount if payable else 0),
                    known.pieces + (0 if reader.party is None and payable else row.pieces),
                )
        return [rows[day] for day in sorted(rows)]

    def declines(self, reader: Reader, moment: Moment) -> list[DeclineRate]:
        """By issuer: how its offers ended. A party sees its own row."""
        with self._engine.connect() as connection:
            rates = queries.decline_rates(connection, moment.at)
        return [rate for rate in rates if reader.party in (None, rate.issuer)]

    def policies(self, moment: Moment) -> list[PolicyView]:
        """The market rules that were on chain, by number."""
        with self._engine.connect() as connection:
            return queries.policies(connection, moment.at)

    def _all(self, query: Select[Any]) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(query))


def _pieces(at: int) -> Select[Any]:
    return (
        select(piece_versions)
        .join(roots, roots.c.root == _p.root)
        .where(_p.from_block <= at, _p.to_block > at)
    )


def _owned(party: int | None) -> ColumnElement[bool]:
    """Held by the party, or pledged to it."""
    if party is None:
        return true()
    lien = (_p.state == int(PieceState.FINANCED)) & (_p.offeree == party)
    return or_(_p.holder == party, lien)


def _owing(party: int | None) -> ColumnElement[bool]:
    return true() if party is None else roots.c.issuer == party
