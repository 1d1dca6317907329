"""Codes as people type them: lots and serials of GS1 keys alone, codes without case and blanks."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_CHUNK: Final = 10_000


def upgrade() -> None:
    made = op.create_table(
        "trace_short_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("item", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("code", "item", name=op.f("pk_trace_short_codes")),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    items = sa.table("trace_items", sa.column("item"), sa.column("id"))
    last = -1
    while True:
        query = sa.select(items.c.item, items.c.id).where(items.c.item > last)
        rows = connection.execute(query.order_by(items.c.item).limit(_CHUNK)).all()
        if not rows:
            return
        last = rows[-1].item
        short = [{"code": _short(row.id), "item": row.item} for row in rows]
        found = [each for each in short if each["code"]]
        if found:
            connection.execute(made.insert(), found)


def downgrade() -> None:
    op.drop_table("trace_short_codes")


def _short(code: str) -> str:
    if code.startswith("https://id.gs1.org"):
        return _folded(unquote(code.rsplit("/", 1)[1]))
    made = "" if ":" in code else _folded(code)
    return "" if made == code else made


def _folded(text: str) -> str:
    return "".join(text.split()).upper()
