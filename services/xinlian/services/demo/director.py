"""The director: from a timeline of invoices, the orders of every day in their order.

Pure and deterministic: the same cast, timeline, seed and answers of market and bank give the same
orders. Ids of vouchers, pieces and financings are foretold by a copy of the books in memory, so
that a whole day can be sent at once: the chain carries a day's orders out in the order sent.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from xinlian.finance.model.calendar import BusinessCalendar
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import PieceId, RootId
from xinlian.ledger.model.vouchers import PieceState

from .cast import Cast
from .credit import Candidate, Credit
from .issuing import Issuing
from .passing import OFFER_DAYS, Passing
from .payday import Payday
from .plan import BackOffice, Mirror, Planned
from .stage import Stage
from .timeline import Timeline, Voucher

KEPT_SHARE: Final = 0.45
"""Share of the vouchers that their first holder keeps whole, to be financed or held."""

DEEP_EVERY: Final = 10
"""Every tenth voucher that is passed on goes down all tiers."""

SLACK_DAYS: Final = 2
"""An open offer ends at least so many days before the due day."""


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The orders of one day, to be sent in this order."""

    day: Day
    orders: tuple[Planned, ...]


class Director:
    """Leads one run."""

    def __init__(
        self,
        cast: Cast,
        timeline: Timeline,
        mirror: Mirror,
        office: BackOffice,
        calendar: BusinessCalendar,
        seed: int,
    ) -> None:
        self.timeline = timeline
        chance = random.Random(seed)  # noqa: S311 - has to be repeatable
        self.stage = Stage(cast, mirror, calendar, chance)
        self.issuing = Issuing(self.stage)
        self.passing = Passing(self.stage)
        self.credit = Credit(self.stage, office)
        self.payday = Payday(self.stage, office, self.credit)
        self._passed = 0
        self._bank_of = {member.id: self.issuing.bank_of(member.id) for member in cast}

    def days(self) -> Iterator[DayPlan]:
        """The days on which something happens, one after the other."""
        day = self.timeline.first
        while self._busy(day):
            plan = self.plan(day)
            if plan.orders:
                yield plan
            day = Day(day + 1)

    def plan(self, day: Day) -> DayPlan:
        """The orders of one day. Days must be asked for in their order."""
        stage = self.stage
        stage.begin(day)
        self.passing.expired()
        self.payday.dishonour(self._bank_of)
        self.credit.repay(day)
        self.payday.redeem(self._bank_of)
        free = self.issuing.defer(self.timeline.by_day.get(day, []))
        self.payday.clear(self.issuing.urgent())
        vouchers = free + self.issuing.released()
        self.credit.play(self._trade(vouchers))
        # What is due on the day of its issue is paid on that day.
        self.payday.redeem(self._bank_of)
        return DayPlan(day, tuple(stage.out))

    def _trade(self, vouchers: list[Voucher]) -> list[Candidate]:
        """A day's new vouchers are issued and passed on; which pieces may then be financed."""
        if not vouchers:
            return []
        pieces = self.issuing.play(vouchers)
        kept: set[PieceId] = set()
        passed: list[tuple[PieceId, bool]] = []
        last: dict[RootId, Day] = {}
        for voucher, piece in zip(vouchers, pieces, strict=True):
            self.payday.watch(voucher)
            self.credit.issued += voucher.invoice.amount
            last[voucher.root] = Day(voucher.due - OFFER_DAYS - SLACK_DAYS)
            if self.stage.chance(KEPT_SHARE):
                kept.add(piece)
            else:
                passed.append((piece, self._passed % DEEP_EVERY == 0))
                self._passed += 1
        self.passing.play(passed, last)
        return self._candidates(vouchers, kept)

    def _candidates(self, vouchers: list[Voucher], kept: set[PieceId]) -> list[Candidate]:
        """A few pieces down the tiers, then those kept whole, then the rest."""
        held = [
            (piece, self.stage.day, voucher.due)
            for voucher in vouchers
            for piece in self.stage.mirror.pieces_of(voucher.root)
            if self.stage.mirror.piece(piece).state == PieceState.HELD
        ]
        parts = [candidate for candidate in held if candidate[0] not in kept]
        self.stage.rng.shuffle(parts)
        few = len(parts) // 8
        whole = [candidate for candidate in held if candidate[0] in kept]
        return [*parts[:few], *whole, *parts[few:]]

    def _busy(self, day: Day) -> bool:
        """Whether anything is still to come on this day or later."""
        return (
            day <= max(self.timeline.by_day)
            or bool(self.payday.pay_on)
            or bool(self.issuing.waiting)
            or bool(self.passing.open)
        )
