"""The director: from a timeline of invoices, the orders of every day in their order.

Pure and deterministic: the same cast, timeline, seed and answers of market and bank give the same
orders. Ids of vouchers, pieces and financings are foretold by a copy of the books in memory, so
that a whole day can be sent at once: the chain carries a day's orders out in the order sent.
"""

from __future__ import annotations

import random
from typing import Final

from xinlian.finance.model.calendar import BusinessCalendar
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import PartyId, PieceId, RootId
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.demo.cast import Cast
from xinlian.services.demo.credit import Candidate, Credit
from xinlian.services.demo.issuing import Issuing
from xinlian.services.demo.passing import OFFER_DAYS, Passing
from xinlian.services.demo.payday import Payday
from xinlian.services.demo.plan import BackOffice, Mirror, Outlet
from xinlian.services.demo.stage import Stage
from xinlian.services.demo.timeline import Timeline, Voucher

KEPT_SHARE: Final = 0.45
"""Share of the vouchers that their first holder keeps whole, to be financed or held."""

DEEP_EVERY: Final = 10
"""Every tenth voucher that is passed on goes down all tiers."""

DEEP_FINANCED_SHARE: Final = 0.06
"""Share of the pieces down the tiers that are financed before all others."""

SLACK_DAYS: Final = 2
"""An open offer ends at least so many days before the due day."""


class Director:
    """Leads one run."""

    def __init__(
        self,
        cast: Cast,
        timeline: Timeline,
        mirror: Mirror,
        office: BackOffice,
        calendar: BusinessCalendar,
        outlet: Outlet,
        seed: int,
    ) -> None:
        self.timeline = timeline
        chance = random.Random(seed)  # noqa: S311 - has to be repeatable
        self.stage = Stage(cast, mirror, calendar, chance, outlet)
        self.issuing = Issuing(self.stage)
        self.passing = Passing(self.stage)
        self.credit = Credit(self.stage, office)
        self.payday = Payday(self.stage, office, self.credit)
        self._passed = 0
        self._bank_of = {member.id: self.issuing.bank_of(member.id) for member in cast}

    def run(self) -> None:
        """Live through the days from the first to the last on which something happens."""
        day = self.timeline.first
        while self._busy(day):
            self.play(day)
            day = Day(day + 1)
        self.stage.flush()

    def play(self, day: Day) -> None:
        """One day. Days must be played in their order, without a gap."""
        self.stage.begin(day)
        self.credit.winding_down = day >= max(self.timeline.by_day)
        self.passing.expired()
        self.credit.go_on()
        self.payday.dishonour(self._bank_of)
        self.payday.redeem(self._bank_of)
        free = self.issuing.defer(self.timeline.by_day.get(day, []))
        self.payday.clear(self.issuing.urgent())
        vouchers = free + self.issuing.released()
        self.credit.play(*self._trade(vouchers))
        # What is due on the day of its issue is paid on that day.
        self.payday.redeem(self._bank_of)

    def _trade(self, vouchers: list[Voucher]) -> tuple[list[Candidate], list[Candidate]]:
        """A day's new vouchers are issued and passed on; which pieces may then be financed."""
        if not vouchers:
            return [], []
        pieces = self.issuing.play(vouchers)
        passed: list[tuple[PieceId, bool]] = []
        last: dict[RootId, Day] = {}
        for voucher, piece in zip(vouchers, pieces, strict=True):
            self.payday.watch(voucher)
            self.credit.issued += voucher.invoice.amount
            last[voucher.root] = Day(voucher.due - OFFER_DAYS - SLACK_DAYS)
            # What is due today stands still, and is paid to whom it was issued.
            if voucher.due > self.stage.day and not self.stage.chance(KEPT_SHARE):
                passed.append((piece, self._passed % DEEP_EVERY == 0))
                self._passed += 1
        self.passing.play(passed, last)
        return self._candidates(vouchers)

    def _candidates(self, vouchers: list[Voucher]) -> tuple[list[Candidate], list[Candidate]]:
        """A few pieces of holders down the tiers, and everything else that is held."""
        held = [
            (piece, self.stage.day, voucher.due)
            for voucher in vouchers
            for piece in self.stage.mirror.pieces_of(voucher.root)
            if self.stage.mirror.piece(piece).state == PieceState.HELD
        ]
        mirror, cast = self.stage.mirror, self.stage.cast
        deep = [
            candidate
            for candidate in held
            if cast.by_id[PartyId(mirror.piece(candidate[0]).holder)].tier > 1
        ]
        few = {candidate for candidate in deep if self.stage.chance(DEEP_FINANCED_SHARE)}
        return [each for each in held if each in few], [each for each in held if each not in few]

    def _busy(self, day: Day) -> bool:
        """Whether anything is still to come on this day or later."""
        return (
            day <= max(self.timeline.by_day)
            or bool(self.payday.pay_on)
            or bool(self.issuing.waiting)
            or bool(self.passing.open)
            or bool(self.credit.pending)
        )
