"""Documents between two companies, for tests."""

from dataclasses import replace
from typing import NamedTuple

from sqlalchemy.orm import Session
from xinlian.finance.adapters.trade.graph_store import SqlGraph
from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.finance.model.trade.documents import DocumentKind, PartyRef, TradeDocument
from xinlian.finance.model.trade.links import DocumentLink, LinkKind
from xinlian.finance.model.trade.match_terms import MatchPolicy, MatchTerms
from xinlian.finance.model.trade.matching import MatchResult, Taken
from xinlian.finance.usecases.trade.evidence import usable_amount
from xinlian.ledger.model.days import day_from_iso
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import Fen

SELLER = PartyRef(synthetic_uscc("t", "seller"), "甲")


BUYER = PartyRef(synthetic_uscc("t", "buyer"), "乙")


THIRD = PartyRef(synthetic_uscc("t", "third"), "丙")


DAY = day_from_iso("2025-02-01")


def document(kind: DocumentKind, number: str, amount: int, **changed: object) -> TradeDocument:
    base = TradeDocument(kind, SELLER, BUYER, number, DAY, Fen(amount))
    return replace(base, **changed)  # type: ignore[arg-type]


def link(source: TradeDocument, kind: LinkKind, target: TradeDocument, amount: int) -> DocumentLink:
    return DocumentLink(source.key, target.key, kind, Fen(amount))


class Chain(NamedTuple):
    """A contract, order, delivery and invoice that fit."""

    contract: TradeDocument
    order: TradeDocument
    delivery: TradeDocument
    invoice: TradeDocument


def chain(
    contract: int = 1_000, order: int = 500, delivery: int = 300, invoice: int = 200
) -> Chain:
    return Chain(
        document(DocumentKind.CONTRACT, "C", contract),
        document(DocumentKind.ORDER, "O", order),
        document(DocumentKind.DELIVERY, "D", delivery),
        document(DocumentKind.INVOICE, "I", invoice),
    )


def links_of(made: Chain, billed: int | None = None) -> list[DocumentLink]:
    return [
        link(made.order, LinkKind.UNDER, made.contract, int(made.order.gross)),
        link(made.delivery, LinkKind.FULFILS, made.order, int(made.delivery.gross)),
        link(made.invoice, LinkKind.BILLS, made.delivery, billed or int(made.invoice.gross)),
    ]


def usable_of(
    session: Session, key: DocumentKey, policy: MatchPolicy, vouchered: int = 0
) -> MatchResult:
    """What of an invoice is usable by what a database holds."""
    return usable_amount(SqlGraph(session), key, MatchTerms(policy), Taken(Fen(vouchered)))
