"""Tables of the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _api_audit_log() -> None:
    op.create_table(
        "api_audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=True),
        sa.Column("party", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_audit_log")),
    )
    with op.batch_alter_table("api_audit_log", schema=None) as batch_op:
        batch_op.create_index("ix_api_audit_log_party", ["party", "id"], unique=False)


def _api_idempotency_keys() -> None:
    op.create_table(
        "api_idempotency_keys",
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", "key", name=op.f("pk_api_idempotency_keys")),
    )


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=True),
        sa.Column("scopes", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "party IS NOT NULL OR scopes NOT IN (4, 5, 6, 7, 12, 13, 14, 15)",
            name=op.f("ck_api_tokens_platform"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
    )


def _bank_effects() -> None:
    op.create_table(
        "bank_effects",
        sa.Column("message_id", sa.String(length=35), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("effect", sa.String(length=24), nullable=False),
        sa.Column("payment_id", sa.String(length=35), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.Integer(), nullable=True),
        sa.Column("item", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("message_id", "number", name=op.f("pk_bank_effects")),
    )


def _bank_message_parties() -> None:
    op.create_table(
        "bank_message_parties",
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=35), nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_bank", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "direction", "message_id", "party", name=op.f("pk_bank_message_parties")
        ),
    )


def _financing_orders() -> None:
    op.create_table(
        "financing_orders",
        sa.Column("financing_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("financing_id", name=op.f("pk_financing_orders")),
    )


def _import_owners() -> None:
    op.create_table(
        "import_owners",
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "party", name=op.f("pk_import_owners")),
    )


def _party_profiles() -> None:
    op.create_table(
        "party_profiles",
        sa.Column("id_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("social_credit_code", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("bank_account", sa.String(length=34), nullable=True),
        sa.Column("bank_code", sa.String(length=12), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_party_profiles")),
        sa.UniqueConstraint(
            "social_credit_code", name=op.f("uq_party_profiles_social_credit_code")
        ),
    )


def upgrade() -> None:
    _api_audit_log()
    _api_idempotency_keys()
    _api_tokens()
    _bank_effects()
    _bank_message_parties()
    _financing_orders()
    _import_owners()
    _party_profiles()


def downgrade() -> None:
    op.drop_table("party_profiles")
    op.drop_table("import_owners")
    op.drop_table("financing_orders")
    op.drop_table("bank_message_parties")
    op.drop_table("bank_effects")
    op.drop_table("api_tokens")
    op.drop_table("api_idempotency_keys")
    op.drop_table("api_audit_log")
