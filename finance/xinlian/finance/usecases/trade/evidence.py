"""The evidence behind an invoice, and how much of it is usable on a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from xinlian.finance.model.trade.documents import DocumentError, DocumentKind, TradeDocument
from xinlian.finance.model.trade.evidence_graph import Evidence
from xinlian.finance.model.trade.links import DocumentLink
from xinlian.finance.model.trade.match_terms import MatchTerms
from xinlian.finance.model.trade.matching import Break, MatchResult, Taken, match_invoice
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import Fen

__all__ = ["EVIDENCE_MAX", "Node", "TradeStore", "Usable", "evidence_of", "usable", "usable_amount"]

EVIDENCE_MAX: Final = 10_000
"""Most documents that are gathered for one invoice."""


@dataclass(frozen=True, slots=True)
class Node:
    """A document as its author states it, or with ``lone`` as the other party alone does."""

    document: TradeDocument
    lone: bool = False


class GraphStore(Protocol):
    """Documents and what they say of each other."""

    def node(self, key: DocumentKey) -> Node | None:
        """The document under a key."""

    def around(self, nodes: Sequence[Node]) -> tuple[Sequence[DocumentLink], Sequence[Node]]:
        """The links that start or end at documents, and the documents at their other ends."""


class TradeStore(GraphStore, Protocol):
    """What the usable amount hangs on besides the documents."""

    def terms(self, day: Day) -> MatchTerms:
        """The terms of the match on a day."""

    def taken(self, invoice: DocumentKey, as_of: Day) -> Taken:
        """What of the invoice is vouchered here or financed elsewhere."""


@dataclass(frozen=True, slots=True)
class Usable:
    """What of an invoice may be vouchered, why it is not all, and by which terms."""

    invoice: TradeDocument
    amount: Fen
    reasons: tuple[Break, ...]
    terms: MatchTerms
    lone: bool = False
    """The invoice is known from its buyer alone."""


def evidence_of(store: GraphStore, invoice: DocumentKey) -> Evidence:
    """The invoice with every document that touches it, also through deliveries and orders.

    Raises ``DocumentError`` where there is no such document, or too much hangs on it.
    """
    first = store.node(invoice)
    if first is None:
        raise DocumentError(f"there is no document {invoice.hex()[:16]}")
    nodes = {invoice: first}
    links: dict[tuple[DocumentKey, DocumentKey], DocumentLink] = {}
    waiting: list[Node] = [first]
    while waiting:
        found, ends = store.around(waiting)
        links.update({(link.source, link.target): link for link in found})
        waiting = [node for node in ends if node.document.key not in nodes]
        nodes.update({node.document.key: node for node in waiting})
        if len(nodes) > EVIDENCE_MAX:
            raise DocumentError(f"the evidence of {invoice.hex()[:16]} can't be gathered")
    return Evidence(
        first.document,
        {key: node.document for key, node in nodes.items()},
        tuple(links[ends] for ends in sorted(links)),
        frozenset(key for key, node in nodes.items() if node.lone),
    )


def known_on(evidence: Evidence, day: Day) -> Evidence:
    """The evidence as far as documents were dated up to a day; the invoice stays."""
    late = _keys(
        document
        for document in evidence.documents.values()
        if document.issued > day and document.key != evidence.invoice.key
    )
    if not late:
        return evidence
    return replace(
        evidence,
        documents={key: doc for key, doc in evidence.documents.items() if key not in late},
        links=tuple(x for x in evidence.links if not late & {x.source, x.target}),
        lone=evidence.lone - late,
    )


def usable_amount(
    store: GraphStore, invoice: DocumentKey, terms: MatchTerms, taken: Taken
) -> MatchResult:
    """How much of an invoice may still be vouchered, with every break's reason."""
    return match_invoice(evidence_of(store, invoice), terms, taken)


def usable(store: TradeStore, invoice_key: DocumentKey, as_of: Day) -> Usable:
    """How much of an invoice was usable on a day, by the terms and documents of that day.

    Raises ``DocumentError`` where there is no such invoice, ``TermsError`` where there are no
    terms.
    """
    evidence = evidence_of(store, invoice_key)
    if evidence.invoice.kind is not DocumentKind.INVOICE:
        raise DocumentError(f"a {evidence.invoice.kind} has no usable amount")
    terms = store.terms(as_of)
    result = match_invoice(known_on(evidence, as_of), terms, store.taken(invoice_key, as_of))
    lone = invoice_key in evidence.lone
    return Usable(evidence.invoice, result.usable, result.breaks, terms, lone)


def _keys(documents: Iterable[TradeDocument]) -> set[DocumentKey]:
    return {document.key for document in documents}
