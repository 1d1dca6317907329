"""SQL tables of finance, for SQLite and PostgreSQL. Money is BIGINT fen, days are day numbers.

Digests are lower-case hex. ``metadata`` is what migrations compare with.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Digest = String(64)
_Code = String(18)
_Kind = String(16)


class Base(DeclarativeBase):
    """Base of finance's tables."""

    metadata = metadata


class ImportRow(Base):
    """One import of a file."""

    __tablename__ = "imports"

    id: Mapped[str] = mapped_column(_Digest, primary_key=True)
    file_name: Mapped[str] = mapped_column(String(255))
    file_sha256: Mapped[str] = mapped_column(_Digest)
    mapping_name: Mapped[str] = mapped_column(String(100))
    mapping_digest: Mapped[str] = mapped_column(_Digest)
    judged_day: Mapped[int | None] = mapped_column(Integer)
    imported_at: Mapped[int] = mapped_column(BigInteger)


class ImportLineRow(Base):
    """How one row of an import ended."""

    __tablename__ = "import_rows"

    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(_Kind)
    reason: Mapped[str | None] = mapped_column(String(40))
    field: Mapped[str | None] = mapped_column(String(100))
    message: Mapped[str] = mapped_column(String(300))
    document_key: Mapped[str | None] = mapped_column(_Digest, index=True)


class DocumentRow(Base):
    """A trade document as the party states it that speaks for it. ``facts`` is a JSON object of
    what became known later, ``lines`` a JSON list of item, unit, millionths, fen."""

    __tablename__ = "trade_documents"
    __table_args__ = (
        UniqueConstraint("kind", "author_code", "number"),
        CheckConstraint("gross_fen > 0", name="gross"),
    )

    key: Mapped[str] = mapped_column(_Digest, primary_key=True)
    kind: Mapped[str] = mapped_column(_Kind)
    author_code: Mapped[str] = mapped_column(_Code)
    seller_code: Mapped[str] = mapped_column(_Code, index=True)
    seller_name: Mapped[str] = mapped_column(String(200))
    buyer_code: Mapped[str] = mapped_column(_Code, index=True)
    buyer_name: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(64))
    issued_day: Mapped[int] = mapped_column(Integer)
    due_day: Mapped[int | None] = mapped_column(Integer)
    delivered_day: Mapped[int | None] = mapped_column(Integer)
    gross_fen: Mapped[int] = mapped_column(BigInteger)
    net_fen: Mapped[int | None] = mapped_column(BigInteger)
    tax_fen: Mapped[int | None] = mapped_column(BigInteger)
    facts: Mapped[str] = mapped_column(Text)
    lines: Mapped[str] = mapped_column(Text)
    import_id: Mapped[str | None] = mapped_column(ForeignKey("imports.id"), index=True)


class StatementRow(Base):
    """What the other party alone says of a document; the columns are those of a document."""

    __tablename__ = "document_copies"
    __table_args__ = (
        UniqueConstraint("stated_by", "kind", "author_code", "number"),
        Index("ix_document_copies_names", "kind", "author_code", "number"),
        CheckConstraint("gross_fen > 0", name="gross"),
    )

    key: Mapped[str] = mapped_column(_Digest, primary_key=True)
    stated_by: Mapped[str] = mapped_column(_Code, primary_key=True)
    kind: Mapped[str] = mapped_column(_Kind)
    author_code: Mapped[str] = mapped_column(_Code)
    seller_code: Mapped[str] = mapped_column(_Code)
    seller_name: Mapped[str] = mapped_column(String(200))
    buyer_code: Mapped[str] = mapped_column(_Code)
    buyer_name: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(64))
    issued_day: Mapped[int] = mapped_column(Integer)
    due_day: Mapped[int | None] = mapped_column(Integer)
    delivered_day: Mapped[int | None] = mapped_column(Integer)
    gross_fen: Mapped[int] = mapped_column(BigInteger)
    net_fen: Mapped[int | None] = mapped_column(BigInteger)
    tax_fen: Mapped[int | None] = mapped_column(BigInteger)
    facts: Mapped[str] = mapped_column(Text)
    lines: Mapped[str] = mapped_column(Text)
    import_id: Mapped[str | None] = mapped_column(ForeignKey("imports.id"), index=True)


class ReferenceRow(Base):
    """What a party states of a document: that it refers to another one, over an amount.

    The other one is named by kind and number between the same seller and buyer; it may come later.
    """

    __tablename__ = "document_references"
    __table_args__ = (
        Index(
            "ix_document_references_target",
            *("seller_code", "buyer_code", "target_kind", "target_number"),
        ),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    source_key: Mapped[str] = mapped_column(_Digest, primary_key=True)
    stated_by: Mapped[str] = mapped_column(_Code, primary_key=True)
    target_kind: Mapped[str] = mapped_column(_Kind, primary_key=True)
    target_number: Mapped[str] = mapped_column(String(64), primary_key=True)
    seller_code: Mapped[str] = mapped_column(_Code)
    buyer_code: Mapped[str] = mapped_column(_Code)
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class QuoteRequestRow(Base):
    """A supplier's request for quotes on part of a piece."""

    __tablename__ = "quote_requests"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount"),)

    id: Mapped[str] = mapped_column(_Digest, primary_key=True)
    supplier: Mapped[int] = mapped_column(Integer, index=True)
    piece: Mapped[int] = mapped_column(BigInteger, index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    from_back: Mapped[bool] = mapped_column(Boolean)
    issued_day: Mapped[int] = mapped_column(Integer)
    due_day: Mapped[int] = mapped_column(Integer)
    requested_at: Mapped[int] = mapped_column(BigInteger)
    closes_at: Mapped[int] = mapped_column(BigInteger)
    withdrawn: Mapped[bool] = mapped_column(Boolean)


class QuoteRow(Base):
    """A funder's quote on a request; ``terms`` is the canonical JSON that its hash is of."""

    __tablename__ = "quotes"
    __table_args__ = (Index("ix_quotes_request", "request_id"),)

    id: Mapped[str] = mapped_column(_Digest, primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("quote_requests.id"))
    funder: Mapped[int] = mapped_column(Integer, index=True)
    terms: Mapped[str] = mapped_column(Text)
    quoted_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    withdrawn: Mapped[bool] = mapped_column(Boolean)


class FinancingRow(Base):
    """An accepted quote on its way; ``progress`` is a JSON object of its steps."""

    __tablename__ = "financings"

    id: Mapped[str] = mapped_column(_Digest, primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("quote_requests.id"), unique=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.id"), unique=True)
    supplier: Mapped[int] = mapped_column(Integer, index=True)
    funder: Mapped[int] = mapped_column(Integer, index=True)
    stage: Mapped[str] = mapped_column(_Kind, index=True)
    terms: Mapped[str] = mapped_column(Text)
    progress: Mapped[str] = mapped_column(Text)
    chain_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    locked_piece: Mapped[int | None] = mapped_column(BigInteger, index=True)
    registration: Mapped[str | None] = mapped_column(String(40), unique=True)
    price_fen: Mapped[int] = mapped_column(BigInteger)
    maturity_day: Mapped[int] = mapped_column(Integer, index=True)


class PaymentRow(Base):
    """A payment told to a bank and how it ended."""

    __tablename__ = "bank_payments"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount"),)

    id: Mapped[str] = mapped_column(String(35), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(35), index=True)
    purpose: Mapped[str] = mapped_column(_Kind)
    subject: Mapped[str] = mapped_column(_Digest, index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(_Kind, index=True)
    receipt: Mapped[str | None] = mapped_column(_Digest)


class BankMessageRow(Base):
    """A message to or from a bank, once by direction and message id."""

    __tablename__ = "bank_messages"

    direction: Mapped[str] = mapped_column(_Kind, primary_key=True)
    message_id: Mapped[str] = mapped_column(String(35), primary_key=True)
    content_sha256: Mapped[str] = mapped_column(_Digest)
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    sent: Mapped[bool] = mapped_column(Boolean, index=True)
