"""Documents of all kinds by who speaks for them; references by number; files; claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0021"
branch_labels = None
depends_on = None

_DIGEST, _CODE, _KIND = sa.String(length=64), sa.String(length=18), sa.String(length=16)


def _document_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("kind", _KIND, nullable=False),
        sa.Column("author_code", _CODE, nullable=False),
        sa.Column("seller_code", _CODE, nullable=False),
        sa.Column("seller_name", sa.String(length=200), nullable=False),
        sa.Column("buyer_code", _CODE, nullable=False),
        sa.Column("buyer_name", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("issued_day", sa.Integer(), nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=True),
        sa.Column("delivered_day", sa.Integer(), nullable=True),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=True),
        sa.Column("tax_fen", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("import_id", _DIGEST, nullable=True),
    ]


_SAME = (
    "key, kind, seller_code, seller_name, buyer_code, buyer_name, number, issued_day, due_day, "
    "delivered_day, gross_fen, net_fen, tax_fen, facts, import_id"
)


def upgrade() -> None:
    op.execute("ALTER TABLE trade_documents RENAME TO old_documents")
    op.execute("ALTER TABLE buyer_statements RENAME TO old_statements")
    op.execute("ALTER TABLE document_links RENAME TO old_links")
    _drop_names()
    _make_tables()
    # Until now sellers' invoices and credit notes alone came in.
    op.execute(
        f"INSERT INTO trade_documents ({_SAME}, author_code, lines) "  # noqa: S608  names of columns
        f"SELECT {_SAME}, seller_code, '[]' FROM old_documents"
    )
    op.execute(
        f"INSERT INTO document_copies ({_SAME}, stated_by, author_code, lines) "  # noqa: S608
        f"SELECT {_SAME}, buyer_code, seller_code, '[]' FROM old_statements"
    )
    op.execute(
        "INSERT INTO document_references (source_key, stated_by, target_kind, target_number, "
        "seller_code, buyer_code, amount_fen) SELECT old_links.source_key, source.seller_code, "
        "target.kind, target.number, source.seller_code, source.buyer_code, old_links.amount_fen "
        "FROM old_links JOIN old_documents AS source ON source.key = old_links.source_key "
        "JOIN old_documents AS target ON target.key = old_links.target_key"
    )
    for name in ("old_links", "old_statements", "old_documents"):
        op.drop_table(name)


def _drop_names() -> None:
    """Free the names of indexes, and on PostgreSQL those of constraints, for the new tables."""
    op.drop_index("ix_document_links_target_key", table_name="old_links")
    op.drop_index("ix_buyer_statements_import_id", table_name="old_statements")
    op.drop_index("ix_trade_documents_buyer_code", table_name="old_documents")
    op.drop_index("ix_trade_documents_import_id", table_name="old_documents")
    if op.get_bind().dialect.name != "postgresql":
        return
    for name in (
        "fk_document_links_source_key",
        "fk_document_links_target_key",
        "pk_document_links",
    ):
        op.drop_constraint(name, "old_links")
    for name in (
        "fk_trade_documents_import_id",
        "uq_trade_documents_kind_seller_code_number",
        "ck_trade_documents_gross",
        "pk_trade_documents",
    ):
        op.drop_constraint(name, "old_documents")


def _make_tables() -> None:
    op.create_table(
        "trade_documents",
        sa.Column("key", _DIGEST, nullable=False),
        *_document_columns(),
        sa.CheckConstraint("gross_fen > 0", name=op.f("ck_trade_documents_gross")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_trade_documents_import_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_trade_documents")),
        sa.UniqueConstraint(
            *("kind", "author_code", "number"),
            name=op.f("uq_trade_documents_kind_author_code_number"),
        ),
    )
    for name in ("seller_code", "buyer_code", "import_id"):
        op.create_index(op.f(f"ix_trade_documents_{name}"), "trade_documents", [name])
    op.create_table(
        "document_copies",
        sa.Column("key", _DIGEST, nullable=False),
        sa.Column("stated_by", _CODE, nullable=False),
        *_document_columns(),
        sa.CheckConstraint("gross_fen > 0", name=op.f("ck_document_copies_gross")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_document_copies_import_id")
        ),
        sa.PrimaryKeyConstraint("key", "stated_by", name=op.f("pk_document_copies")),
        sa.UniqueConstraint(
            *("stated_by", "kind", "author_code", "number"),
            name=op.f("uq_document_copies_stated_by_kind_author_code_number"),
        ),
    )
    op.create_index(
        "ix_document_copies_names", "document_copies", ["kind", "author_code", "number"]
    )
    op.create_index(op.f("ix_document_copies_import_id"), "document_copies", ["import_id"])
    op.create_table(
        "document_references",
        sa.Column("source_key", _DIGEST, nullable=False),
        sa.Column("stated_by", _CODE, nullable=False),
        sa.Column("target_kind", _KIND, nullable=False),
        sa.Column("target_number", sa.String(length=64), nullable=False),
        sa.Column("seller_code", _CODE, nullable=False),
        sa.Column("buyer_code", _CODE, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_document_references_amount")),
        sa.PrimaryKeyConstraint(
            *("source_key", "stated_by", "target_kind", "target_number"),
            name=op.f("pk_document_references"),
        ),
    )
    op.create_index(
        "ix_document_references_target",
        "document_references",
        ["seller_code", "buyer_code", "target_kind", "target_number"],
    )


def downgrade() -> None:
    """The tables as before, without what they could not hold: nothing goes back with data."""
    op.drop_table("document_references")
    op.drop_table("document_copies")
    op.drop_table("trade_documents")
    _old_tables()


def _old_columns() -> list[sa.Column[object]]:
    return [each for each in _document_columns() if each.name not in ("author_code", "lines")]


def _old_tables() -> None:
    """As earlier steps made them, with every constraint: this step drops them by name."""
    _old_documents("trade_documents", ["key"], ["kind", "seller_code", "number"])
    _old_documents(
        "buyer_statements",
        ["key", "buyer_code"],
        ["buyer_code", "kind", "seller_code", "number"],
    )
    op.create_index(op.f("ix_trade_documents_buyer_code"), "trade_documents", ["buyer_code"])
    ends = ("source_key", "target_key")
    op.create_table(
        "document_links",
        *(sa.Column(end, _DIGEST, nullable=False) for end in ends),
        sa.Column("kind", _KIND, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_document_links_amount")),
        *(
            sa.ForeignKeyConstraint(
                [end], ["trade_documents.key"], name=op.f(f"fk_document_links_{end}")
            )
            for end in ends
        ),
        sa.PrimaryKeyConstraint(*ends, name=op.f("pk_document_links")),
    )
    op.create_index(op.f("ix_document_links_target_key"), "document_links", ["target_key"])


def _old_documents(table: str, names: list[str], unique: list[str]) -> None:
    op.create_table(
        table,
        sa.Column("key", _DIGEST, nullable=False),
        *_old_columns(),
        sa.CheckConstraint("gross_fen > 0", name=op.f(f"ck_{table}_gross")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f(f"fk_{table}_import_id")),
        sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}")),
    )
    op.create_index(op.f(f"ix_{table}_import_id"), table, ["import_id"])
