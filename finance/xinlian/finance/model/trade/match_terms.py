"""What has to stand behind an invoice, as dated data: required documents and tolerances."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinlian.finance.model.trade.documents import DocumentKind
from xinlian.ledger.model.days import Day, iso_of

PPM: Final = 1_000_000
_ALWAYS: Final = Day(0)
TOLERANCE_PPM_MAX: Final = 200_000
"""A fifth: above that nothing is compared any more."""

COMPARED: Final = (
    DocumentKind.CONTRACT,
    DocumentKind.ORDER,
    DocumentKind.DELIVERY,
    DocumentKind.ACCEPTANCE,
)
"""The kinds with which an invoice is compared."""


class TermsError(ValueError):
    """The terms of the match are malformed, or there are none for a day."""


class MatchPolicy(StrEnum):
    """Which documents must stand behind an invoice."""

    INVOICE_ONLY = "invoice_only"
    THREE_WAY = "three_way"
    """Invoice, order, delivery."""
    FOUR_WAY = "four_way"
    """Invoice, order, delivery, acceptance."""
    CONTRACTED = "contracted"
    """Invoice, order, delivery, contract."""
    FULL = "full"
    """All of them."""

    @property
    def required(self) -> tuple[DocumentKind, ...]:
        """The kinds that must be linked."""
        three = (DocumentKind.ORDER, DocumentKind.DELIVERY)
        return {
            MatchPolicy.INVOICE_ONLY: (),
            MatchPolicy.THREE_WAY: three,
            MatchPolicy.FOUR_WAY: (*three, DocumentKind.ACCEPTANCE),
            MatchPolicy.CONTRACTED: (DocumentKind.CONTRACT, *three),
            MatchPolicy.FULL: COMPARED,
        }[self]


@dataclass(frozen=True, slots=True)
class MatchTerms:
    """How strictly an invoice is matched.

    ``own_word``: kinds that count only where the party that speaks for them stated them itself.
    Tolerances are ppm of the invoice: what differs by no more is no break; what differs by more is
    one in full.
    """

    policy: MatchPolicy = MatchPolicy.INVOICE_ONLY
    own_word: frozenset[DocumentKind] = frozenset()
    quantity_ppm: int = 0
    price_ppm: int = 0
    amount_ppm: int = 0
    valid_from: Day = _ALWAYS
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("quantity_ppm", "price_ppm", "amount_ppm"):
            if not 0 <= getattr(self, name) <= TOLERANCE_PPM_MAX:
                raise TermsError(f"{name}: from 0 to {TOLERANCE_PPM_MAX}")
        if not self.own_word <= set(COMPARED):
            raise TermsError("own_word: kinds with which an invoice is compared")

    @property
    def version(self) -> str:
        """The day they began and a digest: equal versions mean equal terms."""
        text = json.dumps(
            {
                "policy": self.policy,
                "own_word": sorted(self.own_word),
                "quantity_ppm": self.quantity_ppm,
                "price_ppm": self.price_ppm,
                "amount_ppm": self.amount_ppm,
                "source": self.source,
            },
            ensure_ascii=False,
            sort_keys=True,
        )
        return f"{iso_of(self.valid_from)}/{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class MatchRules:
    """The terms of all days."""

    rows: tuple[MatchTerms, ...]

    @classmethod
    def of(cls, rows: Iterable[MatchTerms]) -> MatchRules:
        """Rows in order of their days; two for one day are refused."""
        ordered = tuple(sorted(rows, key=lambda row: row.valid_from))
        if len({row.valid_from for row in ordered}) != len(ordered):
            raise TermsError("two terms of the match begin on the same day")
        return cls(ordered)

    def at(self, day: Day) -> MatchTerms:
        """The terms in force on a day."""
        found = [row for row in self.rows if row.valid_from <= day]
        if not found:
            raise TermsError(f"there are no terms of the match for {iso_of(day)}")
        return found[-1]
