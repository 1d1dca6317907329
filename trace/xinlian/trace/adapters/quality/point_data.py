"""What is on record of a control point."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, or_, select
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.model.facts import Inspection
from xinlian.trace.model.quality.recognition import Recognition
from xinlian.trace.usecases.ports import OnlyOwn
from xinlian.trace.usecases.quality.standings import window_of

__all__ = ["point_data"]


def point_data(
    connection: Connection, point: Recognition, until_ms: int
) -> tuple[Sequence[Inspection], int]:
    """The latest inspections of a point before a moment, and how many there ever were of as many as
    its terms ask for, withdrawn ones too.

    They are the supplier's own: what others let it see says nothing about its process. What lies
    in the future would stay the latest for ever.
    """
    reader = SqlQuality(connection, OnlyOwn())
    found = reader.inspections(
        point.supplier,
        characteristic=point.characteristic,
        until_ms=until_ms,
        limit=window_of(point.terms),
    )
    columns = t.inspections.c
    some = (
        select(columns.inspection)
        .where(
            columns.party == point.supplier,
            columns.characteristic == point.characteristic,
            columns.time_ms < until_ms,
            or_(columns.value.is_not(None), columns.sample_size.is_not(None)),
        )
        .limit(point.terms.measurements_min)
    )
    ever = connection.scalar(select(func.count()).select_from(some.subquery())) or 0
    return list(found), ever
