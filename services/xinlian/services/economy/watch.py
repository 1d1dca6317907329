"""Scene: what is shown for money is looked at before anybody pays, and red letters are booked."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from xinlian.finance.adapters.trade.document_store import SqlDocumentStore
from xinlian.finance.model.trade.documents import DocumentKind, TradeDocument
from xinlian.finance.usecases.trade.documents import Holding, reverse_invoice
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.money import Fen
from xinlian.services.app.reading import Reader, moment_of
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.economy.judge import Found
from xinlian.services.economy.model.economy import FIRST_DAY
from xinlian.services.economy.model.trade import NEVER
from xinlian.services.economy.papers import Voucher
from xinlian.services.economy.plain import detect
from xinlian.services.economy.theatre import Act, Theatre

__all__ = ["Watch"]

_LOOK_BACK_DAYS: Final = 150


class Watch:
    """Runs the detectors every day of business; keeps which invoices they named, and when."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self._named: dict[int, Found] = {}
        self.halted: list[tuple[Day, Voucher, Found]] = []
        """What was not paid out, and the finding because of which."""
        self.stopped: dict[str, int] = defaultdict(int)
        """Fen that were not paid out, by the kind of the finding."""
        self._reversals: dict[Day, list[Voucher]] = defaultdict(list)

    @property
    def days(self) -> set[Day]:
        """Days on which a red letter comes."""
        return set(self._reversals)

    def look(self) -> None:
        """Look at everything that is known today."""
        theatre = self._theatre
        number = theatre.day - FIRST_DAY
        for found in detect(theatre.economy, number, number - _LOOK_BACK_DAYS):
            for invoice in found.invoices:
                self._named.setdefault(invoice, found)

    def clean(self, voucher: Voucher) -> bool:
        """Whether nothing was found about a voucher's invoice; else it is noted as stopped."""
        found = self._named.get(int(self._theatre.economy.invoices.id[voucher.row]))
        if found is None or not voucher.wants_money:
            return found is None
        self._theatre.counts[f"stopped_{found.kind}"] += 1
        self.stopped[found.kind] += voucher.amount
        self.halted.append((self._theatre.day, voucher, found))
        return False

    def expect(self, vouchers: list[Voucher]) -> None:
        """Note which vouchers' invoices will be reversed."""
        theatre = self._theatre
        for voucher in vouchers:
            day = int(theatre.economy.invoices.reversed[voucher.row])
            if day != NEVER and theatre.calendar_day(day) > theatre.day:
                self._reversals[theatre.market_day(theatre.calendar_day(day))].append(voucher)

    def reverse(self) -> None:
        """Book today's red letters: what was not used is withdrawn, the rest raises an alarm."""
        theatre = self._theatre
        acts: list[Act] = []
        moment = moment_of(theatre.app.engine, None)
        for voucher in self._reversals.pop(theatre.day, []):
            view = theatre.app.books.document(Reader(None), voucher.document, moment)
            holding = Holding(
                voucher.document, Fen(view.usable), Fen(view.used), Fen(view.shortfall)
            )
            with unit_of_work(theatre.app.engine) as session:
                store = SqlDocumentStore(session)
                invoice = store.get(voucher.document)
                assert invoice is not None  # noqa: S101 - it was recorded before the voucher
                note = TradeDocument(
                    DocumentKind.CREDIT_NOTE, invoice.seller, invoice.buyer,
                    f"RED-{voucher.row}", theatre.day, invoice.gross,
                )  # fmt: skip
                _, reversal = reverse_invoice(store, note, invoice.key, [holding])
            acts += [(voucher.payee, item) for item in reversal.items]
            theatre.counts["red_letters"] += 1
            theatre.counts["red_letters_after_voucher"] += reversal.shortfall > 0
        theatre.play(acts)
