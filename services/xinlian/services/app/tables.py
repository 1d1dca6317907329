"""Tables of the services: tokens, idempotency keys, audit log, profiles of parties."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)
from xinlian.ledger.adapters.sql.base import metadata

__all__ = [
    "audit_log",
    "bank_effects",
    "bank_message_parties",
    "evidence_writers",
    "financing_orders",
    "idempotency_keys",
    "import_owners",
    "party_profiles",
    "tokens",
]

tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    # SHA-256 of the secret: it has 256 bits of its own, so nothing slower is needed.
    Column("secret_hash", LargeBinary(32), nullable=False),
    # Party for which the token speaks; NULL is the platform's operator.
    Column("party", BigInteger),
    Column("scopes", Integer, nullable=False),
    Column("label", String(80), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    # 4 is the scope "sign": the platform never signs.
    CheckConstraint("party IS NOT NULL OR scopes NOT IN (4, 5, 6, 7, 12, 13, 14, 15)", "platform"),
)

idempotency_keys = Table(
    "api_idempotency_keys",
    metadata,
    # 0 is the platform's operator.
    Column("party", BigInteger, primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("operation", String(64), nullable=False),
    # JSON object: name of each field -> hash of its content.
    Column("fields", Text, nullable=False),
    # JSON: what has to be the same when the operation is tried again (nonce, deadline).
    Column("plan", Text),
    # Id of what came out of it; NULL while under way.
    Column("reference", Text),
    Column("created_at", BigInteger, nullable=False),
)

audit_log = Table(
    "api_audit_log",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("request_id", String(40), nullable=False),
    Column("token", String(16)),
    Column("party", BigInteger),
    Column("method", String(8), nullable=False),
    Column("path", String(200), nullable=False),
    Column("operation", String(64)),
    Column("status", Integer, nullable=False),
    Column("code", String(64)),
    Column("key", String(64)),
    # What a later reader needs beside the request, such as the value that was replaced.
    Column("detail", String(200)),
)
Index("ix_api_audit_log_party", audit_log.c.party, audit_log.c.id)

party_profiles = Table(
    "party_profiles",
    metadata,
    # Salted hash of the social credit code, as on chain.
    Column("id_hash", LargeBinary(32), primary_key=True),
    Column("salt", LargeBinary(32), nullable=False),
    Column("social_credit_code", String(18), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("bank_account", String(34)),
    Column("bank_code", String(12)),
    Column("created_at", BigInteger, nullable=False),
)

import_owners = Table(
    "import_owners",
    metadata,
    Column("import_id", String(64), primary_key=True),
    Column("party", BigInteger, primary_key=True, autoincrement=False),
)

bank_message_parties = Table(
    "bank_message_parties",
    metadata,
    # "out" or "in", as finance keeps its messages.
    Column("direction", String(16), primary_key=True),
    Column("message_id", String(35), primary_key=True),
    Column("party", BigInteger, primary_key=True, autoincrement=False),
    Column("is_bank", Boolean, nullable=False),
)

bank_effects = Table(
    "bank_effects",
    metadata,
    Column("message_id", String(35), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("effect", String(24), nullable=False),
    Column("payment_id", String(35), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    # What the bank has to order on chain: contract, kind and the item's words; NULL if nothing.
    Column("contract", String(16)),
    Column("kind", Integer),
    Column("item", LargeBinary),
    # The order that was made of it.
    Column("digest", LargeBinary(32)),
)

financing_orders = Table(
    "financing_orders",
    metadata,
    # Finance's id of the financing, and the order that is to lock its piece.
    Column("financing_id", String(64), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
)

evidence_writers = Table(
    "evidence_writers",
    metadata,
    Column("party", BigInteger, primary_key=True, autoincrement=False),
    # The account that signs heads of the party's evidence logs; its key is in custody here.
    Column("writer", LargeBinary, nullable=False),
)
