"""Match of an invoice with the documents behind it: how much of it may be vouchered, and why.

The usable amount is the invoice net of credit notes, capped by what was accepted, delivered,
ordered and contracted (amounts, quantities and prices), less what was paid in advance, is
disputed, already vouchered, or financed elsewhere. Trouble never raises it: every bound is reckoned
from the whole invoice, and the lowest counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from xinlian.finance.model.trade.documents import DocumentError, DocumentKind
from xinlian.finance.model.trade.evidence_graph import Evidence
from xinlian.finance.model.trade.line_match import line_breaks
from xinlian.finance.model.trade.links import LinkKind
from xinlian.finance.model.trade.match_reasons import MISSING, OVER, UNCONFIRMED, BreakReason
from xinlian.finance.model.trade.match_terms import PPM, MatchTerms
from xinlian.ledger.model.money import Fen

__all__ = ["Break", "MatchResult", "Taken", "match_invoice"]

NOTHING: Final = Fen(0)


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


@dataclass(frozen=True, slots=True)
class Taken:
    """What of an invoice is used already: by vouchers here, by financing elsewhere."""

    vouchered: Fen = NOTHING
    elsewhere: Fen = NOTHING

    def __post_init__(self) -> None:
        if self.vouchered < 0 or self.elsewhere < 0:
            raise DocumentError("what is taken of an invoice is not negative")


def match_invoice(evidence: Evidence, terms: MatchTerms, taken: Taken) -> MatchResult:
    """Compare an invoice with its evidence.

    Raises ``DocumentError`` where something else than an invoice is matched, or where a link ends
    at a document that is not in the evidence.
    """
    invoice = evidence.invoice
    if invoice.kind is not DocumentKind.INVOICE:
        raise DocumentError("an invoice is matched")
    evidence.check()
    judged, unconfirmed = evidence.spoken_for(terms.own_word)
    breaks: list[Break] = []
    credited = evidence.linked_to_invoice(LinkKind.REVERSES)
    net = max(Fen(0), invoice.gross - credited)
    if credited > 0:
        breaks.append(Break(BreakReason.CREDITED, min(credited, invoice.gross)))
    if credited > invoice.gross:
        breaks.append(Break(BreakReason.CREDITED_OVER_INVOICE, credited - invoice.gross))
    usable, missing = net, False
    slack = int(invoice.gross) * terms.amount_ppm // PPM
    # From the acceptance upwards: each level tells only what the one below it left uncovered.
    for kind, over in OVER.items():
        covered = _covered(judged, kind)
        if covered is None:
            if kind in terms.policy.required:
                why = UNCONFIRMED if kind in unconfirmed else MISSING
                breaks.append(Break(why[kind], net))
                missing = True
        elif covered < usable and invoice.gross - covered > slack:
            breaks.append(Break(over, usable - covered))
            usable = covered
    held = [Break(reason, amount) for reason, amount in line_breaks(judged, terms)]
    bound = max(Fen(0), invoice.gross - _sum(each.amount for each in held))
    if bound < usable:
        breaks += held
        usable = bound
    usable = Fen(0) if missing else usable
    return _less(usable, breaks, evidence, taken)


def _less(usable: Fen, breaks: list[Break], evidence: Evidence, taken: Taken) -> MatchResult:
    """The result once what is used or contested is taken off."""
    for reason, amount in (
        (BreakReason.PAID_IN_ADVANCE, evidence.linked_to_invoice(LinkKind.SETTLES)),
        (BreakReason.DISPUTED, evidence.linked_to_invoice(LinkKind.CONTESTS)),
        (BreakReason.ALREADY_VOUCHERED, taken.vouchered),
        (BreakReason.FINANCED_ELSEWHERE, taken.elsewhere),
    ):
        if amount > 0:
            breaks.append(Break(reason, amount))
            usable = usable - amount
    if usable < 0 and taken.vouchered > 0:
        over = min(-usable, taken.vouchered)
        breaks.append(Break(BreakReason.VOUCHERED_OVER_USABLE, over))
    order = list(BreakReason)
    return MatchResult(
        max(Fen(0), usable), tuple(sorted(breaks, key=lambda item: order.index(item.reason)))
    )


def _covered(evidence: Evidence, kind: DocumentKind) -> Fen | None:
    """How much of the invoice documents of ``kind`` cover, or None where none is linked."""
    shares = []
    for key, uses in evidence.billed(kind).items():
        mine = uses.get(evidence.invoice.key)
        if mine is None:
            continue
        bound = evidence.bound_of(key, kind)
        if bound is not None:
            left = max(Fen(0), bound - (_sum(uses.values()) - mine))
            shares.append(min(mine, left))
    return _sum(shares) if shares else None


def _sum(amounts: Iterable[Fen]) -> Fen:
    return Fen(sum(amounts))
