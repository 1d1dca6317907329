"""Recognitions in SQL: a row per point that moves, a row per step that never changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, tuple_, update
from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.trace.adapters.quality.tables import POINTS, STEPS
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.recognition import Recognition, State
from xinlian.trace.model.quality.recognition_terms import Terms
from xinlian.trace.usecases.quality.ports import PointKey, RecognitionStore

__all__ = ["SqlRecognitions"]


def _where(table: Any, key: PointKey) -> Any:
    return (
        (table.c.supplier == key.supplier)
        & (table.c.customer == key.customer)
        & (table.c.point == key.point)
    )


def _read(row: Row[Any]) -> Recognition:
    return Recognition(
        point=row.point,
        supplier=row.supplier,
        customer=row.customer,
        characteristic=row.characteristic,
        terms=Terms.from_record(json.loads(row.terms)),
        state=State(row.state),
        since_ms=row.since_ms,
        sequence=row.sequence,
    )


class SqlRecognitions(RecognitionStore):
    """The port of recognition over one SQL transaction of the caller."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, key: PointKey) -> Recognition | None:
        """Where a point stands."""
        row = self._connection.execute(select(POINTS).where(_where(POINTS, key))).one_or_none()
        return None if row is None else _read(row)

    def listed(self, party: int, state: State | None = None) -> Sequence[Recognition]:
        """Points that a party is a side of, by supplier, customer and id."""
        query = select(POINTS).where(or_(POINTS.c.supplier == party, POINTS.c.customer == party))
        if state is not None:
            query = query.where(POINTS.c.state == state.value)
        ordered = query.order_by(POINTS.c.supplier, POINTS.c.customer, POINTS.c.point)
        return [_read(row) for row in self._connection.execute(ordered)]

    def next_ones(self, state: State, after: PointKey | None, limit: int) -> Sequence[Recognition]:
        """Points of all parties in a state, by supplier, customer and id, beyond ``after``."""
        key = tuple_(POINTS.c.supplier, POINTS.c.customer, POINTS.c.point)
        query = select(POINTS).where(POINTS.c.state == state.value).order_by(*key.clauses)
        if after is not None:
            query = query.where(key > tuple_(*after))
        return [_read(row) for row in self._connection.execute(query.limit(limit))]

    def proposed(self, supplier: int, customer: int) -> int:
        """How many points between a supplier and a customer are proposed and not agreed on."""
        columns = POINTS.c
        query = select(func.count()).where(
            columns.supplier == supplier,
            columns.customer == customer,
            columns.state == State.PROPOSED.value,
        )
        return self._connection.scalar(query) or 0

    def add(self, after: Recognition, record: Mapping[str, Any]) -> None:
        """Write a point's first step; refuses a point that is there."""
        key = PointKey(after.supplier, after.customer, after.point)
        if self.find(key) is not None:
            raise QualityError(f"the control point {after.point} is there already")
        values = _values(after)
        values["characteristic"] = after.characteristic
        values["terms"] = canonical(after.terms.record()).decode()
        self._connection.execute(insert(POINTS).values(**key._asdict(), **values))
        self._step(key, after, record)

    def move(self, after: Recognition, record: Mapping[str, Any]) -> None:
        """Write the next step; refuses one that another step has overtaken."""
        key = PointKey(after.supplier, after.customer, after.point)
        done = self._connection.execute(
            update(POINTS)
            .where(_where(POINTS, key) & (POINTS.c.sequence == after.sequence - 1))
            .values(**_values(after))
        )
        if done.rowcount != 1:
            raise QualityError(f"the control point {after.point} has moved meanwhile")
        self._step(key, after, record)

    def steps(self, key: PointKey) -> Sequence[Mapping[str, Any]]:
        """Every record of a point, the oldest first."""
        query = select(STEPS.c.record).where(_where(STEPS, key)).order_by(STEPS.c.sequence)
        return [json.loads(text) for text in self._connection.scalars(query)]

    def _step(self, key: PointKey, after: Recognition, record: Mapping[str, Any]) -> None:
        text = canonical(dict(record)).decode()
        values = {**key._asdict(), "sequence": after.sequence, "record": text}
        self._connection.execute(insert(STEPS).values(**values))


def _values(after: Recognition) -> dict[str, Any]:
    return {
        "state": after.state.value,
        "since_ms": after.since_ms,
        "sequence": after.sequence,
    }
