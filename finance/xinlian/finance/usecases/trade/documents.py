"""Recording trade documents with their references, and reversal by red-letter invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xinlian.finance.model.rules import MarketRules
from xinlian.finance.model.trade.documents import DocumentError, DocumentKind, TradeDocument
from xinlian.finance.model.trade.import_reasons import Outcome
from xinlian.finance.model.trade.import_report import RowResult
from xinlian.finance.model.trade.links import (
    DocumentLink,
    LinkKind,
    Reference,
    check_link,
    check_references,
)
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

NOTHING: Final = Fen(0)


def record_document(
    store: DocumentStore, document: TradeDocument, links: Sequence[DocumentLink] = ()
) -> RowResult:
    """Record a document with the links that start at it.

    Ends as accepted, exists or conflict (naming the field). Links of a document that exists
    already are added where they are new; one that differs is a conflict and nothing is written.
    """
    said = []
    for link in links:
        if link.source != document.key:
            raise DocumentError("a document's links start at the document")
        target = store.get(link.target)
        if target is None:
            raise DocumentError(f"a link ends at the unknown document {link.target.hex()[:16]}")
        check_link(link, document, target)
        said.append(Reference(target.kind, target.number, link.amount))
    return state_document(store, document, said)


def state_document(
    store: DocumentStore, document: TradeDocument, references: Sequence[Reference] = ()
) -> RowResult:
    """Record a document with what it says of others, which may become known later.

    Ends as ``record_document`` does.
    """
    check_references(document, tuple(references))
    result = settle([(1, document)], store, None)[0]
    if result.outcome is Outcome.CONFLICT:
        return result
    return add_references(store, [(result, document, tuple(references))])[0]


def add_references(
    store: DocumentStore,
    rows: Sequence[tuple[RowResult, TradeDocument, tuple[Reference, ...]]],
) -> list[RowResult]:
    """Keep what documents say of others, and how their rows end: a reference over another amount
    than before is a conflict, and nothing of that document's is kept."""
    known = store.references([document for _, document, said in rows if said])
    new: list[tuple[TradeDocument, list[Reference]]] = []
    seen: dict[DocumentKey, dict[tuple[DocumentKind, str], Fen]] = {}
    results = []
    for result, document, said in rows:
        stored = seen.setdefault(
            document.key,
            {(each.kind, each.number): each.amount for each in known.get(document.key, ())},
        )
        other = next(
            (x for x in said if stored.get((x.kind, x.number), x.amount) != x.amount), None
        )
        if other is not None:
            message = f"the reference to {other.kind} {other.number} is known over another amount"
            conflict = RowResult(
                result.line, Outcome.CONFLICT, None, "references", message, document.key
            )
            results.append(conflict)
            continue
        fresh = [x for x in said if (x.kind, x.number) not in stored]
        stored.update({(x.kind, x.number): x.amount for x in fresh})
        new.append((document, fresh))
        results.append(result)
    store.add_references([(document, fresh) for document, fresh in new if fresh])
    return results


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
