"""Scene: orders, deliveries and invoices are recorded and matched; what is usable is vouchered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xinlian.finance.adapters.trade.document_store import SqlDocumentStore
from xinlian.finance.adapters.trade.graph_store import SqlGraph
from xinlian.finance.model.trade.documents import (
    DocumentKind,
    PartyRef,
    TradeDocument,
    registration_of,
)
from xinlian.finance.model.trade.links import DocumentLink, LinkKind
from xinlian.finance.model.trade.match_terms import MatchPolicy, MatchTerms
from xinlian.finance.model.trade.matching import Taken
from xinlian.finance.usecases.trade.documents import record_document
from xinlian.finance.usecases.trade.evidence import usable_amount
from xinlian.ledger.model.days import Day, date_of
from xinlian.ledger.model.ids import DocumentKey, PartyId, PieceId, RootId
from xinlian.ledger.model.items import Accept, Decline, Issue, RegisterDocument
from xinlian.ledger.model.money import Fen
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.economy.theatre import Act, Theatre, digest_of

__all__ = ["Issuing", "Voucher"]

_DECLINED_SHARE: Final = 0.01
_WRONG_TERMS: Final = 3


@dataclass(slots=True)
class Voucher:
    """One voucher of the run: ``row`` is its invoice's place; ``pays`` the day on which the issuer
    pays, ``None`` if it never does; ``root`` is 0 until it stands."""

    row: int
    issuer: PartyId
    payee: PartyId
    amount: int
    issued: Day
    due: Day
    pays: Day | None
    document: DocumentKey
    wants_money: bool
    disputed: bool = False
    """Whether it is for goods that never were: its issuer does not pay, and can show why."""
    root: RootId = field(default=RootId(0))
    dishonoured: bool = False


class Issuing:
    """Turns a day's invoices into vouchers."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self._last_root = 0

    def play(self, vouchers: list[Voucher]) -> list[Voucher]:
        """Record, match, register, issue and accept; those that were accepted."""
        theatre = self._theatre
        if not vouchers:
            return []
        registrations = self._record(vouchers)
        theatre.play(registrations + [self._issue(voucher) for voucher in vouchers])
        found = theatre.roots_after(self._last_root)
        for voucher in vouchers:
            voucher.root = found[bytes(voucher.document)]
        self._last_root = max(found.values())
        acts: list[Act] = []
        kept: list[Voucher] = []
        for voucher in vouchers:
            piece = PieceId(voucher.root << 16)
            if theatre.chance(_DECLINED_SHARE):
                acts.append((voucher.payee, Decline(piece, _WRONG_TERMS)))
                theatre.counts["vouchers_declined"] += 1
            else:
                acts.append((voucher.payee, Accept(piece)))
                kept.append(voucher)
        theatre.play(acts)
        theatre.counts["vouchers"] += len(kept)
        return kept

    def _record(self, vouchers: list[Voucher]) -> list[Act]:
        """Order, delivery and invoice of each, matched; what the buyer registers on chain."""
        acts: list[Act] = []
        terms = MatchTerms(MatchPolicy.THREE_WAY)
        with unit_of_work(self._theatre.app.engine) as session:
            store, graph = SqlDocumentStore(session), SqlGraph(session)
            for voucher in vouchers:
                order, delivery, invoice = self._documents(voucher)
                amount = invoice.gross
                record_document(store, order)
                fulfils = DocumentLink(delivery.key, order.key, LinkKind.FULFILS, amount)
                record_document(store, delivery, [fulfils])
                bills = DocumentLink(invoice.key, delivery.key, LinkKind.BILLS, amount)
                record_document(store, invoice, [bills])
                match = usable_amount(graph, invoice.key, terms, Taken(Fen(0)))
                voucher.document = invoice.key
                voucher.amount = int(match.usable)
                made = registration_of(invoice, match.usable)
                item = RegisterDocument(made.document, made.kind, voucher.payee, made.amount)
                acts.append((voucher.issuer, item))
        return acts

    def _documents(self, voucher: Voucher) -> tuple[TradeDocument, TradeDocument, TradeDocument]:
        theatre = self._theatre
        buyer, seller = (self._ref(voucher.issuer), self._ref(voucher.payee))
        row, invoices = voucher.row, theatre.economy.invoices
        day = theatre.calendar_day(int(invoices.day[row]))
        gross = Fen(int(invoices.amount[row]))
        number = int(invoices.id[row])
        return (
            TradeDocument(DocumentKind.ORDER, seller, buyer, f"PO-{number}", Day(day - 5), gross),
            TradeDocument(DocumentKind.DELIVERY, seller, buyer, f"DN-{number}", day, gross),
            TradeDocument(
                DocumentKind.INVOICE, seller, buyer, f"{date_of(day).year % 100:02d}{number:018d}",
                day, gross, due=voucher.due, delivered=day,
            ),
        )  # fmt: skip

    def _ref(self, party: PartyId) -> PartyRef:
        member = self._theatre.casting.cast.by_id[party]
        return PartyRef(member.code, member.name_zh)

    def _issue(self, voucher: Voucher) -> Act:
        theatre = self._theatre
        item = Issue(
            payee=voucher.payee,
            paying_bank=theatre.casting.bank_of(voucher.issuer),
            face=voucher.amount,
            due_day=voucher.due,
            expiry=theatre.until(1),
            document=voucher.document,
            terms=digest_of("terms", voucher.row, voucher.due),
        )
        return voucher.issuer, item
