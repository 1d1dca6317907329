"""Recording trade documents, matching invoices, and reversal by red-letter invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xinlian.finance.model.rules import MarketRules
from xinlian.finance.model.trade.documents import (
    DocumentError,
    DocumentKind,
    DocumentLink,
    LinkKind,
    TradeDocument,
    check_link,
)
from xinlian.finance.model.trade.import_reasons import Outcome
from xinlian.finance.model.trade.import_report import RowResult
from xinlian.finance.model.trade.matching import Evidence, MatchPolicy, MatchResult, match_invoice
from xinlian.finance.model.trade.payment_clock import (
    BuyerKind,
    PaymentClock,
    SizeClass,
    late_interest,
    payment_clock,
)
from xinlian.finance.usecases.ports import DocumentStore
from xinlian.finance.usecases.trade.import_table import settle
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.items import CreditNote
from xinlian.ledger.model.money import Fen

EVIDENCE_MAX: Final = 10_000
NOTHING: Final = Fen(0)


def record_document(
    store: DocumentStore, document: TradeDocument, links: Sequence[DocumentLink] = ()
) -> RowResult:
    """Record a document with the links that start at it.

    Ends as accepted, exists or conflict (naming the field). Links of a document that exists
    already are added where they are new; one that differs is a conflict and nothing is written.
    """
    known = {link.target: link for link in store.links(document.key)}
    for link in links:
        if link.source != document.key:
            raise DocumentError("a document's links start at the document")
        target = store.get(link.target)
        if target is None:
            raise DocumentError(f"a link ends at the unknown document {link.target.hex()[:16]}")
        check_link(link, document, target)
        if known.get(link.target, link) != link:
            message = "the link is known with another kind or amount"
            return RowResult(1, Outcome.CONFLICT, None, "link", message, document.key)
    result = settle([(1, document)], store, None)[0]
    if result.outcome is not Outcome.CONFLICT:
        for link in links:
            if link.target not in known:
                store.add_link(link)
    return result


def evidence_of(store: DocumentStore, invoice: DocumentKey) -> Evidence:
    """The invoice with every document that touches it, also through deliveries and orders."""
    first = store.get(invoice)
    if first is None:
        raise DocumentError(f"there is no document {invoice.hex()[:16]}")
    documents = {invoice: first}
    links: dict[tuple[DocumentKey, DocumentKey], DocumentLink] = {}
    waiting = [invoice]
    while waiting:
        key = waiting.pop()
        for link in store.links(key):
            links[link.source, link.target] = link
            for end in (link.source, link.target):
                if end in documents:
                    continue
                found = store.get(end)
                if found is None or len(documents) >= EVIDENCE_MAX:
                    raise DocumentError(f"the evidence of {invoice.hex()[:16]} can't be gathered")
                documents[end] = found
                waiting.append(end)
    ordered = tuple(links[ends] for ends in sorted(links))
    return Evidence(first, documents, ordered)


def usable_amount(
    store: DocumentStore, invoice: DocumentKey, policy: MatchPolicy, vouchered: Fen
) -> MatchResult:
    """How much of an invoice may still be vouchered, with every break's reason."""
    return match_invoice(evidence_of(store, invoice), policy, vouchered)


@dataclass(frozen=True, slots=True)
class Holding:
    """An amount of an invoice as the chain holds it: on the invoice itself or in a bundle."""

    document: DocumentKey
    usable: Fen
    used: Fen
    shortfall: Fen = NOTHING

    def __post_init__(self) -> None:
        if not 0 <= self.used <= self.usable or not 0 <= self.shortfall <= self.usable:
            raise DocumentError("used amount and shortfall lie between zero and the usable amount")


@dataclass(frozen=True, slots=True)
class Reversal:
    """A red-letter invoice's effect.

    ``items`` is what buyer or seller orders on chain at once. ``shortfall`` is what vouchers
    already stand for and can't be taken back; ``beyond`` is credit for which the chain holds
    nothing. Either raises an alert.
    """

    items: tuple[CreditNote, ...]
    withdrawn: Fen
    shortfall: Fen
    beyond: Fen


def reverse_invoice(
    store: DocumentStore, note: TradeDocument, invoice: DocumentKey, holdings: Sequence[Holding]
) -> tuple[RowResult, Reversal]:
    """Record a red-letter invoice and withdraw its amount wherever the chain holds it.

    What is free is taken first. Recording the same note again changes nothing and returns the
    same reversal.
    """
    if note.kind is not DocumentKind.CREDIT_NOTE:
        raise DocumentError("an invoice is reversed by a credit note")
    link = DocumentLink(note.key, invoice, LinkKind.REVERSES, note.gross)
    result = record_document(store, note, [link])
    parts = [Fen(0)] * len(holdings)
    rest = note.gross
    # A chain document takes credit up to its usable amount less what earlier notes missed.
    for free_only in (True, False):
        for index, holding in enumerate(holdings):
            bound = holding.usable - holding.shortfall
            if free_only:
                bound = min(bound, holding.usable - holding.used)
            part = min(rest, bound - parts[index])
            parts[index], rest = parts[index] + part, rest - part
    pairs = [pair for pair in zip(holdings, parts, strict=True) if pair[1] > 0]
    withdrawn = Fen(sum(min(part, held.usable - held.used) for held, part in pairs))
    items = tuple(CreditNote(held.document, note.key, part) for held, part in pairs)
    return result, Reversal(items, withdrawn, note.gross - rest - withdrawn, rest)


@dataclass(frozen=True, slots=True)
class DuePayment:
    """The payment clock of an invoice and the late interest that has run up by a day, in fen."""

    clock: PaymentClock
    interest: Fen


def due_payment(
    invoice: TradeDocument, supplier: SizeClass, buyer: BuyerKind, rules: MarketRules, day: Day
) -> DuePayment:
    """When an invoice's goods must be paid by law, and the interest if they are paid on ``day``.

    The sizes are those at the contract's date. The clock runs from delivery, or from the invoice
    where no delivery is known; the agreed term is the invoice's own due day. The interest is that
    of the rules, for the contract's own rate is not part of an invoice.
    """
    start = invoice.issued if invoice.delivered is None else invoice.delivered
    agreed = None if invoice.due is None else max(0, invoice.due - start)
    clock = payment_clock(start, supplier, buyer, rules, agreed)
    return DuePayment(clock, late_interest(invoice.gross, clock, day, rules))
