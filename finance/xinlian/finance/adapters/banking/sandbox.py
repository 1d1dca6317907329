"""A bank for demos and tests: takes pain.001 files from a folder and answers with camt.054.

It is deterministic: the same orders, days and behaviour give the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from xinlian.finance.adapters.banking.folder import FolderBank, write_whole
from xinlian.finance.adapters.banking.iso20022_camt import write_camt054
from xinlian.finance.adapters.banking.iso20022_pain import parse_pain001
from xinlian.finance.model.banking.bank import (
    BankEntry,
    BankError,
    BankNotification,
    Payment,
    PaymentOrder,
)
from xinlian.finance.model.calendar import BusinessCalendar
from xinlian.ledger.model.days import Day, add_days, iso_of, start_of

BOOKING_HOUR_SECONDS: Final = 17 * 3_600


@dataclass(frozen=True)
class SandboxBehaviour:
    """What the bank does other than pay on the day, by end-to-end id.

    ``refused``: reason codes of payments that come back, such as AC04 (account closed).
    ``late_days``: days by which a payment is booked late.
    """

    refused: Mapping[str, str] = field(default_factory=dict)
    late_days: Mapping[str, int] = field(default_factory=dict)


class SandboxBank:
    """Plays the bank's side of a ``FolderBank``."""

    def __init__(
        self,
        folder: FolderBank,
        calendar: BusinessCalendar,
        behaviour: SandboxBehaviour | None = None,
    ) -> None:
        self._folder = folder
        self._calendar = calendar
        self.behaviour = behaviour or SandboxBehaviour()

    def run(self, today: Day) -> int:
        """Book everything whose day has come; returns the number of notifications written.

        An order is taken out of the outbox when its last payment is booked. Running again on the
        same day, or after a crash at any point, writes nothing twice.
        """
        written = 0
        for path in sorted((self._folder.root / "outbox").glob("*.pain.001.xml")):
            try:
                order = parse_pain001(path.read_bytes())
            except BankError as exc:
                target = self._folder.root / "rejected" / path.name
                path.replace(target)
                write_whole(target.with_name(f"{target.name}.reason.txt"), f"{exc}\n".encode())
                continue
            days: dict[Day, list[Payment]] = {}
            for payment in order.payments:
                days.setdefault(self._booking_day(order, payment), []).append(payment)
            for day in sorted(days):
                if day <= today:
                    written += self._notify(order, day, days[day])
            if max(days) <= today:
                path.replace(self._folder.root / "taken" / path.name)
        return written

    def _booking_day(self, order: PaymentOrder, payment: Payment) -> Day:
        late = self.behaviour.late_days.get(payment.id, 0)
        return self._calendar.next_business_day(add_days(order.pay_on, late)).day

    def _notify(self, order: PaymentOrder, day: Day, payments: list[Payment]) -> int:
        digest = hashlib.sha256(f"{order.id}\n{day}".encode()).hexdigest()
        notification_id = f"N{digest[:30]}"
        name = f"{iso_of(day)}-{notification_id}.camt.054.xml"
        if any((self._folder.root / box / name).exists() for box in ("inbox", "archive")):
            return 0
        entries: list[BankEntry] = []
        for number, payment in enumerate(payments, start=1):
            entries += self._entries(order, payment, day, f"{digest[:12]}-{number}")
        notification = BankNotification(
            notification_id, start_of(day) + BOOKING_HOUR_SECONDS, tuple(entries)
        )
        write_whole(self._folder.root / "inbox" / name, write_camt054(notification))
        return 1

    def _entries(
        self, order: PaymentOrder, payment: Payment, day: Day, reference: str
    ) -> list[BankEntry]:
        paid = BankEntry(reference, order.debtor.account, False, payment.amount, day, payment.id)
        reason = self.behaviour.refused.get(payment.id)
        if reason is None:
            return [paid]
        # A refused payment leaves the account and comes back with the reason.
        back = BankEntry(
            f"{reference}-R", order.debtor.account, True, payment.amount, day, payment.id, reason
        )
        return [paid, back]
