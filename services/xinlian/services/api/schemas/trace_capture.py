"""Receipts of captures as the API shows them."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import Field
from xinlian.services.api.schemas.common import View
from xinlian.services.api.schemas.evidence import LeafIndex, SignedReceipt
from xinlian.services.api.schemas.trace import Millis
from xinlian.services.app.trace_receipts import Signed
from xinlian.trace.model.capture import CaptureReceipt, RowResult, RowStatus

__all__ = ["CaptureLineView", "CaptureView", "CountsView", "RowView"]

ROWS_SHOWN: int = 1_000


class RowView(View):
    """What became of a row. ``why`` tells why it was refused, or what to look at in a row that was
    taken in all the same. ``record_hash`` is the leaf hash of its evidence record."""

    number: int
    place: str
    status: RowStatus
    field: str
    why: str
    why_zh: str
    record_hash: str

    @classmethod
    def of(cls, row: RowResult) -> RowView:
        """A row's result of the model."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class CountsView(View):
    """How many rows ended how."""

    accepted: Annotated[int, Field(ge=0)] = 0
    exists: Annotated[int, Field(ge=0)] = 0
    conflict: Annotated[int, Field(ge=0)] = 0
    invalid: Annotated[int, Field(ge=0)] = 0
    not_taken: Annotated[int, Field(ge=0)] = 0

    @classmethod
    def of(cls, counts: dict[str, int]) -> CountsView:
        """Counts by the statuses' words."""
        return cls(**{name.replace("-", "_"): count for name, count in counts.items()})


class CaptureView(View):
    """The answer to a capture: whether it was taken in, how its rows ended (the first 1,000, those
    that are no good or to be looked at before all others), by when all is on the chain, and the
    signed receipt of its records. That of a long capture is for the first 10,000: the next begins
    behind the place ``receipt_after``."""

    capture: str
    taken: bool
    counts: CountsView
    rows: list[RowView]
    log_id: str
    included_by_ms: Millis | None
    signed_receipt: SignedReceipt | None
    receipt_after: LeafIndex | None

    @classmethod
    def of(cls, receipt: CaptureReceipt, signed: Signed | None) -> CaptureView:
        """A receipt of the model, and what was signed."""
        bad = (RowStatus.CONFLICT, RowStatus.INVALID)
        rows = sorted(receipt.rows, key=lambda row: (row.status not in bad, not row.why))
        counts = {status.value: count for status, count in receipt.counts.items()}
        return cls(
            capture=receipt.capture_id,
            taken=receipt.taken,
            counts=CountsView.of(counts),
            rows=[RowView.of(row) for row in rows[:ROWS_SHOWN]],
            log_id=receipt.log_id,
            included_by_ms=receipt.included_by_ms,
            signed_receipt=None if signed is None else SignedReceipt(**signed.content),
            receipt_after=None if signed is None else signed.after,
        )


class CaptureLineView(View):
    """A capture in a list."""

    capture: str
    key: str
    made_ms: Millis
    taken: bool
    counts: CountsView

    @classmethod
    def of(cls, line: tuple[str, str, int, bool, str]) -> CaptureLineView:
        """A capture as it is listed."""
        capture, key, made_ms, taken, counts = line
        return cls(
            capture=capture,
            key=key,
            made_ms=made_ms,
            taken=taken,
            counts=CountsView.of(orjson.loads(counts)),
        )
