"""When each invoice of the file is issued, due and paid, and what cannot become a voucher. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from xinlian.finance.model.calendar import BusinessCalendar
from xinlian.ledger.model.days import Day, add_months
from xinlian.ledger.model.ids import RootId
from xinlian.services.demo.plan import Invoice


class Refused(StrEnum):
    """Why an invoice gets no voucher."""

    TERM_TOO_LONG = "term above the legal cap"


@dataclass
class Voucher:
    """The course of one invoice: ``due`` is its due date moved to a business day.

    ``pay_day`` is the day on which the bank books the money: the due day, or the business day on
    or after the payment where that came later. ``root`` is 0 until the voucher is on the chain.
    """

    invoice: Invoice
    due: Day
    pay_day: Day
    root: RootId = field(default=RootId(0))
    dishonoured: bool = False

    @property
    def late(self) -> bool:
        """Whether the buyer paid after the due day."""
        return self.pay_day > self.due


@dataclass(frozen=True)
class Timeline:
    """The courses by day of issue, and what was refused."""

    by_day: dict[Day, list[Voucher]]
    refused: Counter[Refused]
    late_in_file: int
    late_by_holiday: int
    """Paid after the due date of the file, yet by the next business day: not late."""

    @property
    def first(self) -> Day:
        """The first day of the run."""
        return min(self.by_day)

    @property
    def last(self) -> Day:
        """The last day on which a payment comes in."""
        return max(voucher.pay_day for vouchers in self.by_day.values() for voucher in vouchers)


def make_timeline(
    invoices: Iterable[Invoice], calendar: BusinessCalendar, months_max: int
) -> Timeline:
    """Lay out the courses of all invoices.

    A due date on a holiday moves to the next business day; the cap in months is counted from the
    day of the invoice to that day.
    """
    by_day: dict[Day, list[Voucher]] = {}
    refused: Counter[Refused] = Counter()
    late = by_holiday = 0
    for invoice in invoices:
        due = calendar.next_business_day(invoice.due).day
        if due > add_months(invoice.issued, months_max):
            refused[Refused.TERM_TOO_LONG] += 1
            continue
        pay_day = due
        if invoice.settled is not None and invoice.settled > due:
            pay_day = calendar.next_business_day(invoice.settled).day
        if invoice.settled is not None and invoice.settled > invoice.due:
            late += 1
            by_holiday += pay_day == due
        by_day.setdefault(invoice.issued, []).append(Voucher(invoice, due, pay_day))
    return Timeline(by_day, refused, late, by_holiday)
