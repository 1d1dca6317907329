"""Tables behind the pages of traceability: who signed in, and what strangers may see."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table
from xinlian.ledger.adapters.sql.base import metadata

__all__ = ["key_grants", "page_policies", "page_sessions", "share_offers"]

page_sessions = Table(
    "page_sessions",
    metadata,
    # SHA-256 of what the cookie holds.
    Column("secret_hash", LargeBinary(32), primary_key=True),
    Column("token", String(16), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
Index("ix_page_sessions_token", page_sessions.c.token)

page_policies = Table(
    "page_policies",
    metadata,
    Column("party", BigInteger, primary_key=True, autoincrement=False),
    # What a stranger with the label sees: "nothing", "identity", "tree" or "all".
    Column("strangers", String(16), nullable=False),
    # Whether a code that can be guessed (GS1 Digital Link, VIN) counts as having the label.
    Column("guessable", Boolean, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)

share_offers = Table(
    "trace_share_offers",
    metadata,
    # What one party would show another, until that one accepts it.
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("reader", BigInteger, primary_key=True, autoincrement=False),
    Column("offered_at", BigInteger, nullable=False),
)
Index("ix_trace_share_offers_reader", share_offers.c.reader)

key_grants = Table(
    "trace_key_grants",
    metadata,
    # Whose proof files may hold the subject key of the owner's log.
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("reader", BigInteger, primary_key=True, autoincrement=False),
    Column("granted_at", BigInteger, nullable=False),
)
Index("ix_trace_key_grants_reader", key_grants.c.reader)
