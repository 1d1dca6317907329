"""An invoice with all documents that touch it, and how much of each its invoices use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from xinlian.finance.model.trade.documents import DocumentError, DocumentKind, TradeDocument
from xinlian.finance.model.trade.links import DocumentLink, LinkKind
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import FEN_MAX, Fen

__all__ = ["Evidence", "Uses"]

Uses = dict[DocumentKey, dict[DocumentKey, Fen]]
"""Per document: how much of it each invoice uses."""


@dataclass(frozen=True)
class Evidence:
    """An invoice with every document and link that touches it, directly or through others.

    Other invoices that bill the same deliveries or orders belong to it too: they use them up.
    ``lone``: documents that only the party stated that does not speak for them.
    """

    invoice: TradeDocument
    documents: dict[DocumentKey, TradeDocument]
    links: tuple[DocumentLink, ...]
    lone: frozenset[DocumentKey] = frozenset()

    def check(self) -> None:
        """Raise ``DocumentError`` where a link ends at a document that is not here."""
        known = self.documents
        if any(x.target not in known or x.source not in known for x in self.links):
            raise DocumentError("a link of the evidence ends at a document that is not in it")

    def spoken_for(
        self, kinds: frozenset[DocumentKind]
    ) -> tuple[Evidence, frozenset[DocumentKind]]:
        """The evidence without lone documents of some kinds, and of which kinds there were any."""
        dropped = {key for key in self.lone if self.documents[key].kind in kinds}
        if not dropped:
            return self, frozenset()
        links = tuple(x for x in self.links if not dropped & {x.source, x.target})
        kept = {key: doc for key, doc in self.documents.items() if key not in dropped}
        found = frozenset(self.documents[key].kind for key in dropped)
        return replace(self, documents=kept, links=links, lone=self.lone - dropped), found

    def linked_to_invoice(self, kind: LinkKind) -> Fen:
        """The sum of links of a kind that end at the invoice; what exceeds 64 bits is cut."""
        key = self.invoice.key
        return _sum(x.amount for x in self.links if x.kind is kind and x.target == key)

    def billed(self, kind: DocumentKind) -> Uses:
        """Per document of ``kind``: how much of it each invoice uses.

        An order is used through the deliveries that fulfil it and by invoices that bill it
        directly, whichever is more; a contract through its orders. Acceptance is reckoned by the
        delivery that was accepted.
        """
        if kind in (DocumentKind.DELIVERY, DocumentKind.ACCEPTANCE):
            return self._direct(DocumentKind.DELIVERY)
        orders = self._through(LinkKind.FULFILS, self._direct(DocumentKind.DELIVERY))
        for order, uses in self._direct(DocumentKind.ORDER).items():
            known = orders.setdefault(order, {})
            for invoice, amount in uses.items():
                known[invoice] = max(known.get(invoice, Fen(0)), amount)
        if kind is DocumentKind.ORDER:
            return orders
        contracts = self._through(LinkKind.UNDER, orders)
        return {
            key: uses
            for key, uses in contracts.items()
            if self.documents[key].kind is DocumentKind.CONTRACT
        }

    def bound_of(self, key: DocumentKey, kind: DocumentKind) -> Fen | None:
        """The amount up to which a document covers; of acceptance, what was accepted of a delivery,
        None where nobody accepted anything of it and no other delivery of the invoice was."""
        if kind is not DocumentKind.ACCEPTANCE:
            return self.documents[key].gross
        accepted = self.accepted()
        if key in accepted:
            return min(accepted[key], self.documents[key].gross)
        mine = self.billed(DocumentKind.DELIVERY)
        some = any(self.invoice.key in mine.get(each, {}) for each in accepted)
        return Fen(0) if some else None

    def accepted(self) -> dict[DocumentKey, Fen]:
        """Per delivery of which something was accepted: how much of it."""
        found: dict[DocumentKey, list[Fen]] = {}
        for link in self.links:
            if link.kind is LinkKind.ACCEPTS:
                found.setdefault(link.target, []).append(link.amount)
        return {key: _sum(amounts) for key, amounts in found.items()}

    def acceptances_of(self, delivery: DocumentKey) -> list[TradeDocument]:
        """The acceptance notes of a delivery."""
        return [
            self.documents[x.source]
            for x in self.links
            if x.kind is LinkKind.ACCEPTS and x.target == delivery
        ]

    def _direct(self, kind: DocumentKind) -> Uses:
        uses: Uses = {}
        credited = self._credited()
        for link in self.links:
            if link.kind is LinkKind.BILLS and self.documents[link.target].kind is kind:
                amount = int(link.amount)
                if link.source != self.invoice.key:
                    # What was taken back of another invoice is free to be billed again.
                    gross = int(self.documents[link.source].gross)
                    amount -= amount * min(gross, credited.get(link.source, 0)) // gross
                of_target = uses.setdefault(link.target, {})
                of_target[link.source] = _sum((of_target.get(link.source, Fen(0)), Fen(amount)))
        return uses

    def _credited(self) -> dict[DocumentKey, int]:
        found: dict[DocumentKey, int] = {}
        for link in self.links:
            if link.kind is LinkKind.REVERSES:
                found[link.target] = found.get(link.target, 0) + int(link.amount)
        return found

    def _through(self, kind: LinkKind, below: Uses) -> Uses:
        uses: Uses = {}
        for link in self.links:
            if link.kind is not kind:
                continue
            of_target = uses.setdefault(link.target, {})
            for invoice, amount in below.get(link.source, {}).items():
                known = of_target.get(invoice, Fen(0))
                of_target[invoice] = _sum((known, min(amount, link.amount)))
        return uses


def _sum(amounts: Iterable[Fen]) -> Fen:
    return Fen(min(sum(int(amount) for amount in amounts), FEN_MAX))
