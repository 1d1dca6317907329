"""Documents quotes and payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _bank_messages() -> None:
    op.create_table(
        "bank_messages",
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=35), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("direction", "message_id", name=op.f("pk_bank_messages")),
    )
    with op.batch_alter_table("bank_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_messages_sent"), ["sent"], unique=False)


def _bank_payments() -> None:
    op.create_table(
        "bank_payments",
        sa.Column("id", sa.String(length=35), nullable=False),
        sa.Column("order_id", sa.String(length=35), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("receipt", sa.String(length=64), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_bank_payments_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_payments")),
    )
    with op.batch_alter_table("bank_payments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_payments_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bank_payments_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_bank_payments_subject"), ["subject"], unique=False)


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("mapping_name", sa.String(length=100), nullable=False),
        sa.Column("mapping_digest", sa.String(length=64), nullable=False),
        sa.Column("judged_day", sa.Integer(), nullable=True),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )


def _quote_requests() -> None:
    op.create_table(
        "quote_requests",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("supplier", sa.Integer(), nullable=False),
        sa.Column("piece", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("from_back", sa.Boolean(), nullable=False),
        sa.Column("issued_day", sa.Integer(), nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_quote_requests_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_requests")),
    )
    with op.batch_alter_table("quote_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_requests_piece"), ["piece"], unique=False)
        batch_op.create_index(batch_op.f("ix_quote_requests_supplier"), ["supplier"], unique=False)


def _import_rows() -> None:
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("field", sa.String(length=100), nullable=True),
        sa.Column("message", sa.String(length=300), nullable=False),
        sa.Column("document_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_rows")),
    )
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_import_rows_document_key"), ["document_key"], unique=False
        )


def _quotes() -> None:
    op.create_table(
        "quotes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("funder", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("quoted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["quote_requests.id"], name=op.f("fk_quotes_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
    )
    with op.batch_alter_table("quotes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quotes_funder"), ["funder"], unique=False)
        batch_op.create_index("ix_quotes_request", ["request_id"], unique=False)


def _trade_documents() -> None:
    op.create_table(
        "trade_documents",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("seller_code", sa.String(length=18), nullable=False),
        sa.Column("seller_name", sa.String(length=200), nullable=False),
        sa.Column("buyer_code", sa.String(length=18), nullable=False),
        sa.Column("buyer_name", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("issued_day", sa.Integer(), nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=True),
        sa.Column("delivered_day", sa.Integer(), nullable=True),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=True),
        sa.Column("tax_fen", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("import_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint("gross_fen > 0", name=op.f("ck_trade_documents_gross")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_trade_documents_import_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_trade_documents")),
        sa.UniqueConstraint(
            "kind", "seller_code", "number", name=op.f("uq_trade_documents_kind_seller_code_number")
        ),
    )
    with op.batch_alter_table("trade_documents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_trade_documents_buyer_code"), ["buyer_code"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_trade_documents_import_id"), ["import_id"], unique=False
        )


def _document_links() -> None:
    op.create_table(
        "document_links",
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("target_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_document_links_amount")),
        sa.ForeignKeyConstraint(
            ["source_key"], ["trade_documents.key"], name=op.f("fk_document_links_source_key")
        ),
        sa.ForeignKeyConstraint(
            ["target_key"], ["trade_documents.key"], name=op.f("fk_document_links_target_key")
        ),
        sa.PrimaryKeyConstraint("source_key", "target_key", name=op.f("pk_document_links")),
    )
    with op.batch_alter_table("document_links", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_document_links_target_key"), ["target_key"], unique=False
        )


def _financings() -> None:
    op.create_table(
        "financings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("quote_id", sa.String(length=64), nullable=False),
        sa.Column("supplier", sa.Integer(), nullable=False),
        sa.Column("funder", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=True),
        sa.Column("locked_piece", sa.BigInteger(), nullable=True),
        sa.Column("registration", sa.String(length=40), nullable=True),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("maturity_day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["quote_id"], ["quotes.id"], name=op.f("fk_financings_quote_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["quote_requests.id"], name=op.f("fk_financings_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financings")),
        sa.UniqueConstraint("chain_id", name=op.f("uq_financings_chain_id")),
        sa.UniqueConstraint("quote_id", name=op.f("uq_financings_quote_id")),
        sa.UniqueConstraint("registration", name=op.f("uq_financings_registration")),
        sa.UniqueConstraint("request_id", name=op.f("uq_financings_request_id")),
    )
    with op.batch_alter_table("financings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_financings_funder"), ["funder"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_financings_locked_piece"), ["locked_piece"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_financings_maturity_day"), ["maturity_day"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_financings_stage"), ["stage"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_supplier"), ["supplier"], unique=False)


def upgrade() -> None:
    _bank_messages()
    _bank_payments()
    _imports()
    _quote_requests()
    _import_rows()
    _quotes()
    _trade_documents()
    _document_links()
    _financings()


def downgrade() -> None:
    op.drop_table("financings")
    op.drop_table("document_links")
    op.drop_table("trade_documents")
    op.drop_table("quotes")
    op.drop_table("import_rows")
    op.drop_table("quote_requests")
    op.drop_table("imports")
    op.drop_table("bank_payments")
    op.drop_table("bank_messages")
