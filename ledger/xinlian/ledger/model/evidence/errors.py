"""Why a record, a log or a request for a proof is refused."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Kind of a refusal. If several apply, the one that stands first here is reported."""

    RECORD = "record"
    """The record is not what a record may be."""
    TOO_LARGE = "too_large"
    """More than a bound allows."""
    UNKNOWN_LOG = "unknown_log"
    LOG_EXISTS = "log_exists"
    BUSY = "busy"
    """Too many leaves wait for a head; the same request may succeed later."""
    NO_HEAD = "no_head"
    """No head covers what is asked for; it may be covered later."""
    UNKNOWN_LEAF = "unknown_leaf"
    ERASED = "erased"
    """The values of the record were erased; its commitments remain."""


class EvidenceError(ValueError):
    """A refusal: its kind, and a sentence for people. ``at`` is the place of a refused record."""

    def __init__(self, refusal: Refusal, message: str, at: int | None = None) -> None:
        self.refusal = refusal
        self.message = message
        self.at = at
        super().__init__(message if at is None else f"record {at}: {message}")

    def __reduce__(self) -> tuple[type[EvidenceError], tuple[Refusal, str, int | None]]:
        return type(self), (self.refusal, self.message, self.at)
