"""Items of an invoice against those of its order, deliveries and acceptance notes.

Quantities and prices are exact fractions; an amount held back is rounded up to a whole fen, and no
item is held back for more than its own amount.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

from xinlian.finance.model.trade.documents import DocumentKind, TradeDocument, TradeLine
from xinlian.finance.model.trade.evidence_graph import Evidence
from xinlian.finance.model.trade.match_reasons import QUANTITY_OVER, BreakReason
from xinlian.finance.model.trade.match_terms import PPM, MatchTerms
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import Fen

__all__ = ["line_breaks"]


def line_breaks(evidence: Evidence, terms: MatchTerms) -> list[tuple[BreakReason, Fen]]:
    """What the items of the invoice hold back, by reason; nothing where documents have no items.

    The sum stays within the invoice's amount.
    """
    held: dict[BreakReason, int] = {}
    for line in evidence.invoice.lines:
        for reason, amount in _of_line(evidence, terms, line):
            held[reason] = held.get(reason, 0) + amount
    return [(reason, Fen(held[reason])) for reason in BreakReason if held.get(reason)]


def _of_line(
    evidence: Evidence, terms: MatchTerms, line: TradeLine
) -> Iterator[tuple[BreakReason, int]]:
    left = int(line.amount)
    short = _shortage(evidence, terms, line)
    if short is not None:
        reason, quantity = short
        amount = min(left, math.ceil(quantity * int(line.amount) / line.quantity_micro))
        if amount:
            yield reason, amount
        left -= amount
    price = _ordered_price(evidence, line)
    if price is not None and left:
        # What the quantity costs at the order's price, give or take the tolerance.
        fair = price * line.quantity_micro
        if int(line.amount) > fair * Fraction(PPM + terms.price_ppm, PPM):
            yield BreakReason.PRICE_OVER_ORDER, min(left, math.ceil(int(line.amount) - fair))


def _shortage(
    evidence: Evidence, terms: MatchTerms, line: TradeLine
) -> tuple[BreakReason, Fraction] | None:
    """The worst shortage of a quantity at any level, beyond the tolerance."""
    slack = Fraction(line.quantity_micro * terms.quantity_ppm, PPM)
    worst: tuple[BreakReason, Fraction] | None = None
    for kind, reason in QUANTITY_OVER.items():
        covered = _quantity(evidence, kind, line.item)
        if covered is None:
            continue
        short = max(Fraction(0), line.quantity_micro - covered)
        if short <= slack:
            continue
        if kind is DocumentKind.ORDER and not _ordered(evidence, line.item):
            reason = BreakReason.ITEM_NOT_ORDERED
        if worst is None or short > worst[1]:
            worst = reason, short
    return worst


def _quantity(evidence: Evidence, kind: DocumentKind, item: str) -> Fraction | None:
    """How much of an item the documents of a kind leave for the invoice; None where none of them
    has lines."""
    total, seen = Fraction(0), False
    for key, uses in evidence.billed(kind).items():
        if evidence.invoice.key not in uses:
            continue
        papers = _papers(evidence, kind, key)
        if not any(paper.lines for paper in papers):
            continue
        seen = True
        supply = Fraction(sum(_of(paper, item) for paper in papers))
        for other, amount in uses.items():
            if other != evidence.invoice.key:
                billed = evidence.documents[other]
                supply -= Fraction(_of(billed, item) * int(amount), int(billed.gross))
        total += max(Fraction(0), supply)
    return total if seen else None


def _papers(evidence: Evidence, kind: DocumentKind, key: DocumentKey) -> list[TradeDocument]:
    if kind is DocumentKind.ACCEPTANCE:
        return evidence.acceptances_of(key)
    return [evidence.documents[key]]


def _of(document: TradeDocument, item: str) -> int:
    return sum(line.quantity_micro for line in document.lines if line.item == item)


def _orders(evidence: Evidence) -> Iterable[TradeDocument]:
    for key, uses in evidence.billed(DocumentKind.ORDER).items():
        if evidence.invoice.key in uses:
            yield evidence.documents[key]


def _ordered(evidence: Evidence, item: str) -> bool:
    return any(_of(order, item) for order in _orders(evidence))


def _ordered_price(evidence: Evidence, line: TradeLine) -> Fraction | None:
    """Fen for a millionth of a unit in the orders; None where the item has no price there."""
    quantity = amount = 0
    for order in _orders(evidence):
        for each in order.lines:
            if each.item == line.item and each.unit == line.unit:
                quantity, amount = quantity + each.quantity_micro, amount + int(each.amount)
    return Fraction(amount, quantity) if quantity else None
