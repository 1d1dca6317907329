"""SQL tables of how far recalls have come, and of what the published ones name."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index
from xinlian.trace.adapters.sql.tables import big, code, table, text

__all__ = ["named", "standings", "steps"]

standings: Final = table(
    "trace_recall_standings",
    text("recall", key=True),
    big("party"),
    big("number"),
    text("title"),
    text("state"),
    Index("ix_trace_recall_standings_number", "party", "number", unique=True),
)

steps: Final = table(
    "trace_recall_steps",
    text("recall", key=True),
    big("step", key=True),
    text("state"),
    big("at_ms"),
    text("reason"),
    big("leaf", null=True),
)

named: Final = table(
    "trace_recall_named",
    big("item", key=True),
    text("recall", key=True),
    code("possible"),
)
