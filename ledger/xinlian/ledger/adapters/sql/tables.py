"""The tables of the ledger: what the blocks said, with the history of everything that changes.

Whatever changes is kept as versions: a row holds from block ``from_block`` until before
``to_block``; the row that holds now has ``to_block = OPEN``. The state as of block ``n`` are the
rows with ``from_block <= n AND to_block > n``. Amounts are fen, days count from
1970-01-01 in China, times are Unix seconds, keys and hashes are 32 raw bytes. Nothing here is
written but by the indexer.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    SmallInteger,
    Table,
    Text,
    text,
)
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.table_parts import bytes_column as _bytes
from xinlian.ledger.adapters.sql.table_parts import int_column as _int
from xinlian.ledger.adapters.sql.table_parts import versions as _versions

OPEN: Final = 2**63 - 1
"""``to_block`` of the version that holds now."""


ledger_state: Final = Table(
    "ledger_state",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    _int("chain_id"),
    _bytes("genesis"),
    _int("height"),
    _bytes("hash"),
    _int("checked_height"),
    Column("halted", Text, nullable=True),
    CheckConstraint("id = 1", name="one_row"),
)
"""One row: how far the books are, up to where the chain's own view was compared, why they stand."""

blocks: Final = Table(
    "blocks",
    metadata,
    _int("height", key=True),
    _bytes("hash"),
    _bytes("parent_hash"),
    _int("time"),
)

events: Final = Table(
    "events",
    metadata,
    _int("block", key=True),
    _int("log_index", key=True),
    _int("tx_index"),
    Column("contract", Text, nullable=False),
    Column("name", Text, nullable=False),
    _int("piece"),
    Column("args", Text, nullable=False),
    Index("ix_events_piece", "piece", "block", "log_index"),
    sqlite_with_rowid=False,
)
"""Every fact told by a contract (orders have their own table; ERC-721 mirrors are left out).

``tx_index`` is the place of the transaction in its block, ``piece`` the piece concerned (0 if
none), ``args`` the arguments as JSON in declared order.
"""

order_results: Final = Table(
    "order_results",
    metadata,
    _int("block", key=True),
    _int("log_index", key=True),
    _bytes("digest"),
    _int("tx_index"),
    _bytes("tx_hash"),
    Column("contract", Text, nullable=False),
    _int("party"),
    _bytes("nonce"),
    _int("kind"),
    _int("executed"),
    _int("burned"),
    _bytes("reason"),
    Index("ix_order_results_digest", "digest"),
    sqlite_with_rowid=False,
)
"""What became of each signed order that a contract saw, whoever carried it."""

party_versions: Final = _versions(
    "party_versions",
    _int("party", key=True),
    _bytes("id_hash"),
    _int("roles"),
    _int("status"),
    _int("threshold"),
)

account_versions: Final = _versions("account_versions", _bytes("account", key=True), _int("party"))
Index("ix_account_versions_party", account_versions.c.party, account_versions.c.to_block)

issuer_versions: Final = _versions(
    "issuer_versions",
    _int("issuer", key=True),
    _int("credit_limit"),
    _int("outstanding"),
    _int("blocked"),
    _int("offered"),
    _int("accepted"),
    _int("declined"),
    _int("withdrawn"),
    _int("expired"),
)
"""Limit and outstanding of an issuer, and how its issue offers ended (for the decline rate)."""

document_versions: Final = _versions(
    "document_versions",
    _bytes("document", key=True),
    _int("buyer"),
    _int("seller"),
    _int("kind"),
    _int("usable"),
    _int("used"),
    _int("shortfall"),
)
Index("ix_document_versions_seller", document_versions.c.seller, document_versions.c.to_block)
Index("ix_document_versions_buyer", document_versions.c.buyer, document_versions.c.to_block)

document_sources: Final = Table(
    "document_sources",
    metadata,
    _bytes("target", key=True),
    _int("block", key=True),
    _int("log_index", key=True),
    _bytes("source"),
    _int("amount"),
    Index("ix_document_sources_block", "block"),
    sqlite_with_rowid=False,
)
"""Which documents went into a bundle, with how much."""

policies: Final = Table(
    "policies",
    metadata,
    _int("number", key=True),
    _int("block"),
    _int("valid_from"),
    _int("tenor_months_soft"),
    _int("tenor_months_hard"),
    _int("max_depth"),
    _int("max_pieces"),
    _int("offer_seconds_max"),
    _int("grace_days"),
)

roots: Final = Table(
    "roots",
    metadata,
    _int("root", key=True),
    _int("block"),
    _int("issuer"),
    _int("payee"),
    _int("paying_bank"),
    _int("face"),
    _int("due_day"),
    _int("issued_day"),
    _int("policy"),
    _bytes("document"),
    _bytes("terms"),
    _int("cancelled_block"),
    _int("dishonoured_block"),
    Index("ix_roots_block", "block"),
    Index("ix_roots_issuer", "issuer", "root"),
    Index("ix_roots_document", "document"),
    Index("ix_roots_due_day", "due_day", "root"),
)
"""Facts of a root. The block of its cancellation or dishonour is ``OPEN`` until it happens."""

piece_versions: Final = _versions(
    "piece_versions",
    _int("piece", key=True),
    _int("root"),
    _int("holder"),
    _int("offeree"),
    _int("range_start"),
    _int("range_end"),
    _int("expiry"),
    _int("state"),
    _int("depth"),
    _int("parent"),
    _int("hops"),
)
"""Pieces as they stood. ``parent`` is an index in the same root; ``hops`` counts the hands that
this range went through since its issuer: 1 for the first holder."""
Index(
    "ix_piece_versions_holder",
    piece_versions.c.holder,
    piece_versions.c.to_block,
    piece_versions.c.piece,
)
Index(
    "ix_piece_versions_offeree",
    piece_versions.c.offeree,
    piece_versions.c.to_block,
    piece_versions.c.piece,
    sqlite_where=text("offeree <> 0"),
    postgresql_where=text("offeree <> 0"),
)

financing_versions: Final = _versions(
    "financing_versions",
    _int("financing", key=True),
    _int("piece"),
    _int("seller"),
    _int("funder"),
    _int("bank"),
    _int("expiry"),
    _int("state"),
    _int("sale"),
    _int("recourse"),
    _int("price"),
    _int("maturity_day"),
    _bytes("terms"),
    _bytes("registration"),
)
Index("ix_financing_versions_piece", financing_versions.c.piece, financing_versions.c.to_block)
Index("ix_financing_versions_seller", financing_versions.c.seller, financing_versions.c.to_block)
Index("ix_financing_versions_funder", financing_versions.c.funder, financing_versions.c.to_block)

log_versions: Final = _versions(
    "log_versions",
    _bytes("log", key=True),
    _int("party"),
    Column("stream", Text, nullable=False),
    _bytes("key_commitment"),
    _bytes("writer"),
    _int("sm3"),
)
"""Evidence logs as opened on chain; a new version is a new writer."""
Index("ix_log_versions_party", log_versions.c.party, log_versions.c.to_block)

anchored_heads: Final = Table(
    "anchored_heads",
    metadata,
    _bytes("log", key=True),
    _int("size", key=True),
    _int("block"),
    _int("log_index"),
    _bytes("tx_hash"),
    _int("party"),
    _bytes("root"),
    _bytes("index_root"),
    _bytes("sm3_root"),
    Index("ix_anchored_heads_block", "block"),
    sqlite_with_rowid=False,
)
"""Every head of an evidence log on chain. Its time and block hash are those of its block."""

VERSIONED: Final[dict[Table, tuple[str, ...]]] = {
    party_versions: ("party",),
    account_versions: ("account",),
    issuer_versions: ("issuer",),
    document_versions: ("document",),
    piece_versions: ("piece",),
    financing_versions: ("financing",),
    log_versions: ("log",),
}
"""Every table of versions with the columns that name the thing."""

PROJECTION: Final[tuple[Table, ...]] = (
    blocks,
    events,
    order_results,
    *VERSIONED,
    document_sources,
    policies,
    roots,
    anchored_heads,
)
"""Every table that a replay from block 0 must give again, byte for byte."""
