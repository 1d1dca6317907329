"""How far recalls have come, and what the published ones name.

Until now making a recall published it: those there are stay so, in the order in which they were
made.
"""

from __future__ import annotations

import zlib
from collections import Counter
from typing import Any, Final

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TYPES: Final = {"serial": 0, "batch": 1, "vehicle": 2, "package": 3}
_AT_ONCE: Final = 500


def _big(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    standings = op.create_table(
        "trace_recall_standings",
        *(_text("recall"), _big("party"), _big("number"), _text("title"), _text("state")),
        sa.PrimaryKeyConstraint("recall", name=op.f("pk_trace_recall_standings")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_trace_recall_standings_number",
        "trace_recall_standings",
        ["party", "number"],
        unique=True,
    )
    steps = op.create_table(
        "trace_recall_steps",
        *(_text("recall"), _big("step"), _text("state"), _big("at_ms"), _text("reason")),
        _big("leaf", null=True),
        sa.PrimaryKeyConstraint("recall", "step", name=op.f("pk_trace_recall_steps")),
        sqlite_with_rowid=False,
    )
    named = op.create_table(
        "trace_recall_named",
        *(_big("item"), _text("recall")),
        sa.Column("possible", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("item", "recall", name=op.f("pk_trace_recall_named")),
        sqlite_with_rowid=False,
    )
    _carry_over(op.get_bind(), standings, steps, named)


def _carry_over(connection: Any, standings: Any, steps: Any, named: Any) -> None:
    counts: Counter[int] = Counter()
    rows = connection.execute(
        sa.text(
            "SELECT recall, party, made_ms, leaf, details FROM trace_recalls"
            " ORDER BY made_ms, recall"
        )
    ).all()
    for recall, party, made_ms, leaf, details in rows:
        counts[party] += 1
        row = {"recall": recall, "party": party, "number": counts[party]}
        connection.execute(sa.insert(standings).values(**row, title="", state="published"))
        step = {"recall": recall, "at_ms": made_ms, "reason": ""}
        first = {**step, "step": 0, "state": "draft", "leaf": leaf}
        second = {**step, "step": 1, "state": "published", "leaf": None}
        connection.execute(sa.insert(steps), [first, second])
        kept = orjson.loads(zlib.decompress(bytes(details)))
        findings = {
            line[0]: line[1] for line in (*kept["lines"], *kept["stock"]) if line[1] != "excluded"
        }
        found = [
            {"item": number, "recall": recall, "possible": int(findings[text] == "possible")}
            for text, number in _numbers(connection, findings).items()
        ]
        if found:
            connection.execute(sa.insert(named), found)


def _numbers(connection: Any, names: dict[str, str]) -> dict[str, int]:
    """The numbers of items written as ``type:owner:id``."""
    items = sa.table("trace_items", *map(sa.column, ("item", "type", "owner", "id")))
    words = {number: word for word, number in _TYPES.items()}
    ids = [name.split(":", 2)[2] for name in names]
    found = {}
    for at in range(0, len(ids), _AT_ONCE):
        query = sa.select(items).where(items.c.id.in_(ids[at : at + _AT_ONCE]))
        for number, kind, owner, name in connection.execute(query):
            text = f"{words[kind]}:{owner}:{name}"
            if text in names:
                found[text] = number
    return found


def downgrade() -> None:
    for name in ("trace_recall_named", "trace_recall_steps", "trace_recall_standings"):
        op.drop_table(name)
