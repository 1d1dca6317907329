"""The days of a run: invoices become vouchers, are passed on, financed, paid or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Final

import numpy as np
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import DocumentKey
from xinlian.services.economy.market import Market
from xinlian.services.economy.model.economy import Economy
from xinlian.services.economy.model.fraud import Kind
from xinlian.services.economy.model.trade import HERE, NEVER
from xinlian.services.economy.papers import Issuing, Voucher
from xinlian.services.economy.passing import Passing
from xinlian.services.economy.payday import Payday
from xinlian.services.economy.theatre import Theatre
from xinlian.services.economy.watch import Watch

__all__ = ["Life"]

_VOUCHER_SHARE: Final = 0.2
"""Share of the core enterprises' invoices that become vouchers though nobody wants money yet."""
_TERM_DAYS_MAX: Final = 350
_WAIT_DAYS_MAX: Final = 60
"""An invoice waits so long for its buyer to be cleared; then it is left to ordinary payment."""
_NOTHING: Final = DocumentKey(b"")


class Life:
    """Lives through an economy day by day."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self.issuing = Issuing(theatre)
        self.passing = Passing(theatre)
        self.market = Market(theatre)
        self.payday = Payday(theatre, self.market)
        self.watch = Watch(theatre)
        self._planned = plan(theatre)
        self._waiting: list[Voucher] = []
        self.vouchers: list[Voucher] = []

    @property
    def last_day(self) -> Day:
        """The last day with invoices; payments come after it."""
        return max(self._planned, default=Day(0))

    def run(self, told: Callable[[Day, int], None]) -> None:
        """Live until nothing is to come; ``told`` hears each day and the orders so far."""
        while True:
            coming = set(self._planned) | self.payday.days | self.watch.days
            if not coming:
                return
            day = min(coming)
            self._theatre.begin(day)
            self._day(day)
            told(day, self._theatre.orders)

    def _day(self, day: Day) -> None:
        self.payday.play()
        fresh = self._waiting + self._planned.pop(day, [])
        self._waiting = []
        ready: list[Voucher] = []
        for voucher in fresh:
            blocked = voucher.issuer in self.payday.blocked
            if voucher.due <= day or (blocked and day - voucher.issued > _WAIT_DAYS_MAX):
                self._theatre.counts["invoices_paid_outside"] += 1
            elif blocked:
                self._waiting.append(voucher)
                self._theatre.counts["deferred"] += 1
            else:
                voucher.issued = day
                ready.append(voucher)
        if self._waiting and not self._planned:
            # No day of business is to come on which they could still be issued.
            self._theatre.counts["invoices_paid_outside"] += len(self._waiting)
            self._waiting = []
        self.watch.reverse()
        if ready:
            self.watch.look()
        made = self.issuing.play(ready)
        self.watch.expect(made)
        self.payday.watch(made)
        self.vouchers += made
        self.passing.play(made)
        for voucher in made:
            voucher.wants_money &= self.watch.clean(voucher)
        self.payday.watch_loans(self.market.play(made))


def plan(theatre: Theatre) -> dict[Day, list[Voucher]]:
    """Which invoices are to become vouchers, by the day on which they do."""
    economy, casting = theatre.economy, theatre.casting
    invoices, cores = economy.invoices, economy.scale.cores
    unpaid = false_invoices(economy)
    default_day = theatre.calendar_day(economy.default_day)
    rng = np.random.default_rng([0x504C414E, economy.seed])
    here = invoices.platform == HERE
    wanted = (invoices.financed != NEVER) & here
    kept = rng.random(len(invoices)) < _VOUCHER_SHARE
    chosen = wanted | ((invoices.buyer < cores) & here & kept)
    late = rng.random(len(invoices))
    planned: dict[Day, list[Voucher]] = defaultdict(list)
    for row in np.flatnonzero(chosen):
        company = economy.companies[int(invoices.buyer[row])]
        natural = theatre.calendar_day(int(invoices.day[row]))
        asked = int(invoices.financed[row]) if wanted[row] else int(invoices.day[row])
        day = theatre.market_day(theatre.calendar_day(asked))
        due = theatre.pay_day(theatre.calendar_day(int(invoices.due[row])))
        if due <= day + 1 or due - natural > _TERM_DAYS_MAX:
            continue
        pays: Day | None = due
        failed = company.number == economy.defaulting and due > default_day
        if failed or int(invoices.id[row]) in unpaid:
            pays = None
        elif late[row] < company.late_share:
            pays = theatre.pay_day(due + company.late_days)
        planned[day].append(
            Voucher(
                row=int(row), issuer=casting.party(company.number),
                payee=casting.party(int(invoices.seller[row])), amount=int(invoices.amount[row]),
                issued=day, due=due, pays=pays, document=_NOTHING, wants_money=bool(wanted[row]),
                disputed=int(invoices.id[row]) in unpaid,
            )
        )  # fmt: skip
    return dict(planned)


def false_invoices(economy: Economy) -> set[int]:
    """Invoices of goods that never were, which nobody will pay when they are due."""
    kinds = (Kind.CIRCULAR, Kind.DOUBLE)
    return {each for case in economy.cases if case.kind in kinds for each in case.invoices}
