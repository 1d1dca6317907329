"""Books of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _account_versions() -> None:
    op.create_table(
        "account_versions",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("from_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("from_block < to_block", name=op.f("ck_account_versions_order")),
        sa.PrimaryKeyConstraint("account", "from_block", name=op.f("pk_account_versions")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("account_versions", schema=None) as batch_op:
        batch_op.create_index("ix_account_versions_party", ["party", "to_block"], unique=False)


def _blocks() -> None:
    op.create_table(
        "blocks",
        sa.Column("height", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("parent_hash", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("height", name=op.f("pk_blocks")),
    )


def _document_sources() -> None:
    op.create_table(
        "document_sources",
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("amount", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("target", "block", "log_index", name=op.f("pk_document_sources")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("document_sources", schema=None) as batch_op:
        batch_op.create_index("ix_document_sources_block", ["block"], unique=False)


def _document_versions() -> None:
    op.create_table(
        "document_versions",
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("from_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("buyer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seller", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("usable", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shortfall", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("from_block < to_block", name=op.f("ck_document_versions_order")),
        sa.PrimaryKeyConstraint("document", "from_block", name=op.f("pk_document_versions")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("document_versions", schema=None) as batch_op:
        batch_op.create_index("ix_document_versions_buyer", ["buyer", "to_block"], unique=False)
        batch_op.create_index("ix_document_versions_seller", ["seller", "to_block"], unique=False)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("piece", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("block", "log_index", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_piece", ["piece", "block", "log_index"], unique=False)


def _financing_versions() -> None:
    op.create_table(
        "financing_versions",
        sa.Column("financing", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("piece", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seller", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("funder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bank", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expiry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sale", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recourse", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("price", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("maturity_day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("registration", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("from_block < to_block", name=op.f("ck_financing_versions_order")),
        sa.PrimaryKeyConstraint("financing", "from_block", name=op.f("pk_financing_versions")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("financing_versions", schema=None) as batch_op:
        batch_op.create_index("ix_financing_versions_funder", ["funder", "to_block"], unique=False)
        batch_op.create_index("ix_financing_versions_piece", ["piece", "to_block"], unique=False)
        batch_op.create_index("ix_financing_versions_seller", ["seller", "to_block"], unique=False)


def _issuer_versions() -> None:
    op.create_table(
        "issuer_versions",
        sa.Column("issuer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outstanding", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("blocked", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offered", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("accepted", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("declined", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("withdrawn", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expired", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("from_block < to_block", name=op.f("ck_issuer_versions_order")),
        sa.PrimaryKeyConstraint("issuer", "from_block", name=op.f("pk_issuer_versions")),
        sqlite_with_rowid=False,
    )


def _ledger_state() -> None:
    op.create_table(
        "ledger_state",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("genesis", sa.LargeBinary(), nullable=False),
        sa.Column("height", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("checked_height", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("halted", sa.Text(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_state")),
    )


def _order_results() -> None:
    op.create_table(
        "order_results",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tx_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("executed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("burned", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block", "log_index", name=op.f("pk_order_results")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("order_results", schema=None) as batch_op:
        batch_op.create_index("ix_order_results_digest", ["digest"], unique=False)


def _party_versions() -> None:
    op.create_table(
        "party_versions",
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("roles", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("from_block < to_block", name=op.f("ck_party_versions_order")),
        sa.PrimaryKeyConstraint("party", "from_block", name=op.f("pk_party_versions")),
        sqlite_with_rowid=False,
    )


def _piece_versions() -> None:
    op.create_table(
        "piece_versions",
        sa.Column("piece", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offeree", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("range_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("range_end", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expiry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("depth", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("parent", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hops", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("from_block < to_block", name=op.f("ck_piece_versions_order")),
        sa.PrimaryKeyConstraint("piece", "from_block", name=op.f("pk_piece_versions")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("piece_versions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_piece_versions_holder", ["holder", "to_block", "piece"], unique=False
        )
        batch_op.create_index(
            "ix_piece_versions_offeree",
            ["offeree", "to_block", "piece"],
            unique=False,
            sqlite_where=sa.text("offeree <> 0"),
            postgresql_where=sa.text("offeree <> 0"),
        )


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenor_months_soft", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenor_months_hard", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("max_depth", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("max_pieces", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offer_seconds_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("grace_days", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policies")),
    )


def _roots() -> None:
    op.create_table(
        "roots",
        sa.Column("root", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issuer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payee", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("paying_bank", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("face", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issued_day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("cancelled_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dishonoured_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("root", name=op.f("pk_roots")),
    )
    with op.batch_alter_table("roots", schema=None) as batch_op:
        batch_op.create_index("ix_roots_block", ["block"], unique=False)
        batch_op.create_index("ix_roots_document", ["document"], unique=False)
        batch_op.create_index("ix_roots_due_day", ["due_day", "root"], unique=False)
        batch_op.create_index("ix_roots_issuer", ["issuer", "root"], unique=False)


def upgrade() -> None:
    _account_versions()
    _blocks()
    _document_sources()
    _document_versions()
    _events()
    _financing_versions()
    _issuer_versions()
    _ledger_state()
    _order_results()
    _party_versions()
    _piece_versions()
    _policies()
    _roots()


def downgrade() -> None:
    op.drop_table("roots")
    op.drop_table("policies")
    op.drop_table("piece_versions")
    op.drop_table("party_versions")
    op.drop_table("order_results")
    op.drop_table("ledger_state")
    op.drop_table("issuer_versions")
    op.drop_table("financing_versions")
    op.drop_table("events")
    op.drop_table("document_versions")
    op.drop_table("document_sources")
    op.drop_table("blocks")
    op.drop_table("account_versions")
