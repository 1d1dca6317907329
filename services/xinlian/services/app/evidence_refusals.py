"""Refusals of the evidence logs as those of the services."""

from __future__ import annotations

from typing import Final

from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.services.app.errors import Code, RefusedError

__all__ = ["refused"]

_CODES: Final = {
    Refusal.UNKNOWN_LOG: Code.NOT_FOUND,
    Refusal.UNKNOWN_LEAF: Code.NOT_FOUND,
    Refusal.LOG_EXISTS: Code.CONFLICT,
    Refusal.BUSY: Code.UNAVAILABLE,
    Refusal.NO_HEAD: Code.STATE,
    Refusal.ERASED: Code.STATE,
}


def refused(error: EvidenceError) -> RefusedError:
    """A refusal of the evidence log as one of the services."""
    code = _CODES.get(error.refusal, Code.INVALID)
    fields = {} if error.at is None else {"row": error.at}
    return RefusedError(code, error.message, **fields)
