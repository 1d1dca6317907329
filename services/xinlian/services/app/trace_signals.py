"""Signals of traceability as readers get them: in order of their numbers."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Engine, func, select
from xinlian.trace.adapters.sql.tables_facts import signals

__all__ = ["Signals"]


class Signals:
    """Reads signals; they are raised where facts are taken in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self) -> int:
        """The number of the newest signal of all; 0 before the first."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(signals.c.signal))).scalar() or 0

    def after(self, number: int, party: int | None, limit: int) -> list[dict[str, Any]]:
        """Signals beyond a number, of one party or of all."""
        query = select(signals).where(signals.c.signal > number)
        if party is not None:
            query = query.where(signals.c.party == party)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(signals.c.signal).limit(limit)).all()
        return [
            {
                "signal": row.signal,
                "kind": row.kind,
                "party": row.party,
                "raised_ms": row.raised_ms,
                "subject": row.subject,
                "detail": orjson.loads(row.detail) if row.detail else {},
            }
            for row in rows
        ]
