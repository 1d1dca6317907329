"""SQL tables of items, links, captures and what is reckoned from them.

Times are Unix milliseconds in BIGINT. An item has a number of its own in this database, by which
everything refers to it. Kinds are small numbers (``codes.py``). A link's ``valid_from`` is -1 where
the source gives no time, ``valid_to`` is NULL while it holds.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.sql.schema import SchemaItem
from xinlian.ledger.adapters.sql.base import metadata

__all__ = ["big", "code", "data", "table", "text"]


def big(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    """A 64-bit number."""
    return Column(name, BigInteger, primary_key=key, nullable=null, autoincrement=False)


def code(name: str, *, key: bool = False) -> Column[int]:
    """A small number that stands for a word."""
    return Column(name, SmallInteger, primary_key=key, nullable=False, autoincrement=False)


def text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    """A text."""
    return Column(name, Text, primary_key=key, nullable=null)


def data(name: str, *, null: bool = False) -> Column[bytes]:
    """Bytes."""
    return Column(name, LargeBinary, nullable=null)


def table(name: str, *parts: Column[Any] | SchemaItem) -> Table:
    """A table that lies in the order of its primary key."""
    return Table(name, metadata, *parts, sqlite_with_rowid=False)


items: Final = table(
    "trace_items",
    big("item", key=True),
    code("type"),
    big("owner"),
    text("id"),
    Index("ix_trace_items_id", "id", "type", "owner", unique=True),
)

# What people type instead of an item's id (``model.codes.short``), where that is something else.
short_codes: Final = table("trace_short_codes", text("code", key=True), big("item", key=True))

_scanned: Final = text("scanned", null=True)  # NULL: as the id
_maker: Final = text("maker")

descriptions: Final = table(
    "trace_descriptions",
    big("item", key=True),
    big("party", key=True),
    big("record"),
    code("scheme"),
    _scanned,
    text("name"),
    _maker,
    text("part_number"),
    big("made_at", null=True),
    text("attributes"),
    Index(
        "ix_trace_descriptions_scanned",
        _scanned,
        sqlite_where=_scanned.is_not(None),
        postgresql_where=_scanned.is_not(None),
    ),
    Index(
        "ix_trace_descriptions_maker",
        _maker,
        "made_at",
        sqlite_where=_maker != "",
        postgresql_where=_maker != "",
    ),
)

links: Final = table(
    "trace_links",
    big("parent", key=True),
    big("child", key=True),
    big("valid_from", key=True),
    big("party", key=True),
    big("record"),
    big("end_record", null=True),
    big("valid_to", null=True),
    code("kind"),
    code("certainty"),
    code("withdrawn"),
    text("quantity", null=True),
    text("unit", null=True),
    text("candidate_group", null=True),
    # Trace up reads this index alone.
    Index(
        "ix_trace_links_child",
        *("child", "parent", "valid_from", "party", "valid_to", "kind", "certainty", "withdrawn"),
    ),
)

captures: Final = table(
    "trace_captures",
    text("capture", key=True),
    big("party"),
    text("capture_key"),
    big("made_ms"),
    code("taken"),
    text("counts"),
    text("log_id"),
    big("included_by_ms", null=True),
    Index("ix_trace_captures_party", "party", "capture_key"),
)

rows: Final = table(
    "trace_rows",
    text("capture", key=True),
    big("number", key=True),
    big("record", null=True),
    text("place"),
    code("status"),
    text("field"),
    text("why"),
    text("why_zh"),
)

records: Final = table(
    "trace_records",
    big("record", key=True),
    big("party"),
    big("leaf"),
    data("leaf_hash"),
    big("captured_ms"),
    text("source"),
)

kept: Final = table(
    "trace_kept",
    big("party", key=True),
    text("digest", key=True),
    big("record"),
)

vehicles: Final = table(
    "trace_vehicles",
    big("ordinal", key=True),
    big("item"),
    Index("ix_trace_vehicles_item", "item", unique=True),
)

factors: Final = table(
    "trace_factors",
    big("factor", key=True),
    code("kind"),
    text("name"),
    Index("ix_trace_factors_name", "kind", "name", unique=True),
)

# ``view``: the parties whose statements the sets rest on, see ``views``.
factor_sets: Final = table(
    "trace_factor_sets",
    big("view", key=True),
    big("factor", key=True),
    big("chunk", key=True),
    data("ever"),
    data("sure"),
)

# ``parties``: who they are, by number; ``through``: up to which line of each party's log of what it
# touched the sets are exact; ``todo``: ordinals of vehicles that are still to be reckoned.
views: Final = table(
    "trace_views",
    big("view", key=True),
    text("parties"),
    text("through"),
    data("todo"),
    big("version"),
    big("used_ms"),
    Index("ix_trace_views_parties", "parties", unique=True),
)

# What each party spoke of, in the order in which it did; ``shrinks``: something ended or was
# withdrawn.
touched: Final = table(
    "trace_touched",
    big("party", key=True),
    big("seq", key=True),
    big("item"),
    code("shrinks"),
)

shares: Final = table(
    "trace_shares",
    big("owner", key=True),
    big("reader", key=True),
    big("since_ms"),
    Index("ix_trace_shares_reader", "reader"),
)
