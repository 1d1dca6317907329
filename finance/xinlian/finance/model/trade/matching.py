"""Match of an invoice with the documents behind it: how much of it may be vouchered, and why.

Three-way match compares invoice, order and delivery; four-way also the contract. The usable amount
is the invoice net of credit notes, capped by what was delivered, ordered and contracted, less what
was paid in advance, is disputed, or is already vouchered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from xinlian.finance.model.trade.documents import (
    DocumentError,
    DocumentKind,
    DocumentLink,
    LinkKind,
    TradeDocument,
)
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import Fen


class BreakReason(StrEnum):
    """Why less than the whole invoice is usable, in the order in which breaks are listed."""

    CONTRACT_MISSING = "contract_missing"
    ORDER_MISSING = "order_missing"
    DELIVERY_MISSING = "delivery_missing"
    CREDITED = "credited"
    CREDITED_OVER_INVOICE = "credited_over_invoice"
    OVER_CONTRACT = "over_contract"
    OVER_ORDER = "over_order"
    OVER_DELIVERY = "over_delivery"
    PAID_IN_ADVANCE = "paid_in_advance"
    DISPUTED = "disputed"
    ALREADY_VOUCHERED = "already_vouchered"
    VOUCHERED_OVER_USABLE = "vouchered_over_usable"


_MISSING = {
    DocumentKind.CONTRACT: BreakReason.CONTRACT_MISSING,
    DocumentKind.ORDER: BreakReason.ORDER_MISSING,
    DocumentKind.DELIVERY: BreakReason.DELIVERY_MISSING,
}
_OVER = {
    DocumentKind.DELIVERY: BreakReason.OVER_DELIVERY,
    DocumentKind.ORDER: BreakReason.OVER_ORDER,
    DocumentKind.CONTRACT: BreakReason.OVER_CONTRACT,
}


class MatchPolicy(StrEnum):
    """Which documents must stand behind an invoice."""

    INVOICE_ONLY = "invoice_only"
    THREE_WAY = "three_way"
    FOUR_WAY = "four_way"

    @property
    def required(self) -> tuple[DocumentKind, ...]:
        """The kinds that must be linked."""
        three = (DocumentKind.ORDER, DocumentKind.DELIVERY)
        return {
            MatchPolicy.INVOICE_ONLY: (),
            MatchPolicy.THREE_WAY: three,
            MatchPolicy.FOUR_WAY: (DocumentKind.CONTRACT, *three),
        }[self]


@dataclass(frozen=True, slots=True)
class Break:
    """One reason with the amount it takes from the invoice, in fen."""

    reason: BreakReason
    amount: Fen


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What may still be vouchered on an invoice, and every reason why it is not all of it."""

    usable: Fen
    breaks: tuple[Break, ...]


@dataclass(frozen=True)
class Evidence:
    """An invoice with every document and link that touches it, directly or through others.

    Other invoices that bill the same deliveries or orders belong to it too: they use them up.
    """

    invoice: TradeDocument
    documents: dict[DocumentKey, TradeDocument]
    links: tuple[DocumentLink, ...]

    def linked_to_invoice(self, kind: LinkKind) -> Fen:
        """The sum of links of a kind that end at the invoice."""
        key = self.invoice.key
        return _sum(x.amount for x in self.links if x.kind is kind and x.target == key)

    def billed(self, kind: DocumentKind) -> dict[DocumentKey, dict[DocumentKey, Fen]]:
        """Per document of ``kind``: how much of it each invoice uses.

        An order is used through the deliveries that fulfil it and by invoices that bill it
        directly, whichever is more; a contract through its orders.
        """
        if kind is DocumentKind.DELIVERY:
            return self._direct(DocumentKind.DELIVERY)
        orders = self._through(LinkKind.FULFILS, self._direct(DocumentKind.DELIVERY))
        for order, uses in self._direct(DocumentKind.ORDER).items():
            known = orders.setdefault(order, {})
            for invoice, amount in uses.items():
                known[invoice] = max(known.get(invoice, Fen(0)), amount)
        return orders if kind is DocumentKind.ORDER else self._through(LinkKind.UNDER, orders)

    def _direct(self, kind: DocumentKind) -> dict[DocumentKey, dict[DocumentKey, Fen]]:
        uses: dict[DocumentKey, dict[DocumentKey, Fen]] = {}
        for link in self.links:
            if link.kind is LinkKind.BILLS and self.documents[link.target].kind is kind:
                of_target = uses.setdefault(link.target, {})
                of_target[link.source] = of_target.get(link.source, Fen(0)) + link.amount
        return uses

    def _through(
        self, kind: LinkKind, below: dict[DocumentKey, dict[DocumentKey, Fen]]
    ) -> dict[DocumentKey, dict[DocumentKey, Fen]]:
        uses: dict[DocumentKey, dict[DocumentKey, Fen]] = {}
        for link in self.links:
            if link.kind is not kind:
                continue
            of_target = uses.setdefault(link.target, {})
            for invoice, amount in below.get(link.source, {}).items():
                of_target[invoice] = of_target.get(invoice, Fen(0)) + min(amount, link.amount)
        return uses


def match_invoice(evidence: Evidence, policy: MatchPolicy, vouchered: Fen) -> MatchResult:
    """Compare an invoice with its evidence.

    ``vouchered`` is what vouchers already stand for, here or on another platform. Links that end
    at documents not in the evidence raise ``DocumentError``.
    """
    invoice = evidence.invoice
    if invoice.kind is not DocumentKind.INVOICE or vouchered < 0:
        raise DocumentError("an invoice is matched, with a vouchered amount that is not negative")
    if any(
        x.target not in evidence.documents or x.source not in evidence.documents
        for x in evidence.links
    ):
        raise DocumentError("a link of the evidence ends at a document that is not in it")
    breaks: list[Break] = []
    credited = evidence.linked_to_invoice(LinkKind.REVERSES)
    net = max(Fen(0), invoice.gross - credited)
    if credited > 0:
        breaks.append(Break(BreakReason.CREDITED, min(credited, invoice.gross)))
    if credited > invoice.gross:
        breaks.append(Break(BreakReason.CREDITED_OVER_INVOICE, credited - invoice.gross))
    usable, missing = net, False
    # From the delivery upwards: each level tells only what the one below it left uncovered.
    for kind, over in _OVER.items():
        covered = _covered(evidence, kind)
        if covered is None:
            if kind in policy.required:
                breaks.append(Break(_MISSING[kind], net))
                missing = True
        elif covered < usable:
            breaks.append(Break(over, usable - covered))
            usable = covered
    usable = Fen(0) if missing else usable
    taken = (
        (BreakReason.PAID_IN_ADVANCE, evidence.linked_to_invoice(LinkKind.SETTLES)),
        (BreakReason.DISPUTED, evidence.linked_to_invoice(LinkKind.CONTESTS)),
        (BreakReason.ALREADY_VOUCHERED, vouchered),
    )
    for reason, amount in taken:
        if amount > 0:
            breaks.append(Break(reason, amount))
            usable = usable - amount
    if usable < 0 and vouchered > 0:
        breaks.append(Break(BreakReason.VOUCHERED_OVER_USABLE, min(-usable, vouchered)))
    order = list(BreakReason)
    return MatchResult(
        max(Fen(0), usable), tuple(sorted(breaks, key=lambda item: order.index(item.reason)))
    )


def _covered(evidence: Evidence, kind: DocumentKind) -> Fen | None:
    """How much of the invoice documents of ``kind`` cover, or None where none is linked."""
    shares = []
    for key, uses in evidence.billed(kind).items():
        mine = uses.get(evidence.invoice.key)
        if mine is not None:
            others = _sum(uses.values()) - mine
            left = max(Fen(0), evidence.documents[key].gross - others)
            shares.append(min(mine, left))
    return _sum(shares) if shares else None


def _sum(amounts: Iterable[Fen]) -> Fen:
    return Fen(sum(amounts))
