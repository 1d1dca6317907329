"""The stage of one day: acts become orders, and the mirror follows. Pure."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from xinlian.finance.model.calendar import BusinessCalendar
from xinlian.ledger.model.days import Day, end_of, start_of
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId, RootId, root_of
from xinlian.ledger.model.items import ContractName, Dishonour, Item, Redeem
from xinlian.services.demo.cast import Cast
from xinlian.services.demo.plan import DayPlan, Mirror, Outlet, Planned, PlannedExpiry, PlannedOrder

BUSINESS_HOUR: Final = 10 * 3_600
"""Everything of a day happens at ten in the morning, China Standard Time."""

ORDER_ITEMS_MAX: Final = 50
SINGLE_SHARE: Final = 0.3
"""Share of the groups whose acts are signed one by one, though they could share a signature."""

PAYEE_STAYS: Final = (Dishonour, Redeem)
"""Orders after which the same party is to be paid for what is left: no payment waits for them."""

Act = tuple[PartyId, Item]


@dataclass
class Stage:
    """What all scenes share: who, the copy of the books, chance, and the day's orders so far."""

    cast: Cast
    mirror: Mirror
    calendar: BusinessCalendar
    rng: random.Random
    outlet: Outlet
    day: Day = field(default=Day(0))
    out: list[Planned] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    part: int = 1
    """Number of the part that is being planned."""
    touched: dict[RootId, int] = field(default_factory=dict)
    """By root, the part with the last order that concerns it."""

    @property
    def time(self) -> int:
        """Unix second at which the day's blocks are made."""
        return start_of(self.day) + BUSINESS_HOUR

    @property
    def banks_work(self) -> bool:
        """Whether banks book payments today."""
        return self.calendar.is_business_day(self.day)

    def begin(self, day: Day) -> None:
        """Turn to another day; what was planned for the one before is sent."""
        self.flush()
        self.day = day

    def flush(self) -> None:
        """Send what is planned so far."""
        if self.out:
            self.outlet.put(DayPlan(self.part, self.day, tuple(self.out)))
            self.part += 1
            self.out = []

    def require_final(self, pieces: Iterable[PieceId]) -> None:
        """Wait until the chain says for good what was ordered about these pieces' vouchers."""
        last = max((self.touched.get(root_of(piece), 0) for piece in pieces), default=0)
        if last == self.part:
            self.flush()
        if last:
            self.outlet.wait_final(last)

    def play(self, acts: Sequence[tuple[PartyId, Item]]) -> list[int]:
        """Plan acts that don't depend on each other; what each made or changed, in the order given.

        Acts of one party and kind share one signature, or are signed one by one, by chance.
        """
        groups: dict[tuple[PartyId, type[Item]], list[int]] = {}
        for place, (party, item) in enumerate(acts):
            groups.setdefault((party, type(item)), []).append(place)
        made = [0] * len(acts)
        for (party, _), places in groups.items():
            alone = len(places) > 1 and self.rng.random() < SINGLE_SHARE
            size = 1 if alone else ORDER_ITEMS_MAX
            for start in range(0, len(places), size):
                chunk = places[start : start + size]
                items = tuple(acts[place][1] for place in chunk)
                numbers = self.mirror.run(self.time, party, items)
                for place, item, number in zip(chunk, items, numbers, strict=True):
                    made[place] = number
                    self._touch(item, number)
                self.out.append(PlannedOrder(party, items))
        return made

    def _touch(self, item: Item, number: int) -> None:
        if isinstance(item, PAYEE_STAYS):
            return
        if item.contract is ContractName.DESK:
            number = self.mirror.financed_piece(FinancingId(number))
        if number and item.contract is not ContractName.DOCUMENTS:
            self.touched[root_of(number)] = self.part

    def expire(self, pieces: Sequence[PieceId]) -> None:
        """Plan the call that ends offers whose time has run out; anyone may make it."""
        self.mirror.expire(self.time, pieces)
        self.touched |= {root_of(piece): self.part for piece in pieces}
        self.out.append(PlannedExpiry(tuple(pieces)))

    def until(self, days: int) -> int:
        """The last second of the day that lies so many days ahead."""
        return end_of(Day(self.day + days))

    def chance(self, share: float) -> bool:
        """True with a probability."""
        return self.rng.random() < share


def evidence(*facts: object) -> bytes:
    """A 32-byte commitment to facts of the demo, the same for the same facts."""
    return hashlib.sha256(
        "\n".join(str(fact) for fact in ("xinlian-demo", *facts)).encode()
    ).digest()
