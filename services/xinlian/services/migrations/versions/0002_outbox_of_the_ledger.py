"""Outbox of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _order_nonces() -> None:
    op.create_table(
        "order_nonces",
        sa.Column("contract", sa.String(length=16), nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("contract", "party", name=op.f("pk_order_nonces")),
    )


def _outbox_calls() -> None:
    op.create_table(
        "outbox_calls",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("function", sa.String(length=400), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("carrier", sa.BigInteger(), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_calls")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_calls_key")),
    )
    with op.batch_alter_table("outbox_calls", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_calls_open",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state <= 2"),
            postgresql_where=sa.text("state <= 2"),
        )


def _outbox_carriers() -> None:
    op.create_table(
        "outbox_carriers",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("relayer", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("cargo", sa.SmallInteger(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("seen_block", sa.BigInteger(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_carriers")),
        sa.UniqueConstraint("relayer", "nonce", name=op.f("uq_outbox_carriers_relayer_nonce")),
        sa.UniqueConstraint("tx_hash", name=op.f("uq_outbox_carriers_tx_hash")),
    )
    with op.batch_alter_table("outbox_carriers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_carriers_open",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state <= 2"),
            postgresql_where=sa.text("state <= 2"),
        )


def _outbox_orders() -> None:
    op.create_table(
        "outbox_orders",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("contract", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.Column("signatures", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("carrier", sa.BigInteger(), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox_orders")),
        sa.UniqueConstraint(
            "contract", "party", "nonce", name=op.f("uq_outbox_orders_contract_party_nonce")
        ),
        sa.UniqueConstraint("digest", name=op.f("uq_outbox_orders_digest")),
        sa.UniqueConstraint("party", "key", name=op.f("uq_outbox_orders_party_key")),
    )
    with op.batch_alter_table("outbox_orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_orders_carried",
            ["carrier"],
            unique=False,
            sqlite_where=sa.text("state = 2"),
            postgresql_where=sa.text("state = 2"),
        )
        batch_op.create_index(
            "ix_outbox_orders_waiting",
            ["seq"],
            unique=False,
            sqlite_where=sa.text("state = 1"),
            postgresql_where=sa.text("state = 1"),
        )


def upgrade() -> None:
    _order_nonces()
    _outbox_calls()
    _outbox_carriers()
    _outbox_orders()


def downgrade() -> None:
    op.drop_table("outbox_orders")
    op.drop_table("outbox_carriers")
    op.drop_table("outbox_calls")
    op.drop_table("order_nonces")
