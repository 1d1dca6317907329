"""SQL tables of the review of certificates; the certificates of an item are the store's own."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index
from xinlian.trace.adapters.sql.tables import big, code, data, table, text

__all__ = ["files", "reviews"]

files: Final = table(
    "trace_certificate_files",
    text("sha256", key=True),
    text("media_type"),
    big("size"),
    data("content"),
)

reviews: Final = table(
    "trace_reviews",
    big("review", key=True),
    big("party"),
    big("to_party"),
    text("number"),
    text("header"),
    text("sha256"),
    text("file_name"),
    code("state"),
    text("submitted_by"),
    big("submitted_ms"),
    text("taken_by"),
    big("taken_ms", null=True),
    text("decided_by"),
    big("decided_ms", null=True),
    text("reason"),
    text("leaf_hash"),
    text("decision_leaf_hash"),
    big("first_certificate"),
    big("certificates"),
    Index("ix_trace_reviews_number", "party", "to_party", "number", unique=True),
    Index("ix_trace_reviews_queue", "to_party", "state", "review"),
)
