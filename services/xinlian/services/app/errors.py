"""Refusals of the services, by stable code in order of precedence.

What the ledger refuses keeps the ledger's own codes (``xinlian.ledger.model.errors``); these are
the reasons that arise before an order reaches the ledger.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

__all__ = ["Code", "RefusedError"]


class Code(StrEnum):
    """Stable codes; of several that apply, the one that stands first is given."""

    UNAUTHENTICATED = "unauthenticated"
    RATE_LIMITED = "rate_limited"
    SCOPE_MISSING = "scope_missing"
    ROLE_MISSING = "role_missing"
    OTHER_PARTY = "other_party"
    PARTY_SUSPENDED = "party_suspended"
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing"
    IDEMPOTENCY_KEY_MALFORMED = "idempotency_key_malformed"
    BODY_TOO_LARGE = "body_too_large"
    MEDIA_TYPE = "media_type"
    MALFORMED = "malformed"
    INVALID = "invalid"
    CURSOR = "cursor"
    AS_OF_AHEAD = "as_of_ahead"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    CONFLICT = "conflict"
    STATE = "state"
    NO_KEY_IN_CUSTODY = "no_key_in_custody"
    HALTED = "halted"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class RefusedError(Exception):
    """A request is refused.

    ``message`` says what happened, where and what to do; ``fields`` hold the facts for machines
    (JSON values only).
    """

    def __init__(self, code: Code, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields
