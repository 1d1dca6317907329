"""What all scenes of a run share: the network, the day, orders sent and settled, the books read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import select
from xinlian.finance.adapters.banking.folder import FolderBank
from xinlian.finance.adapters.banking.sandbox import SandboxBank
from xinlian.finance.adapters.data_files import china_calendar
from xinlian.ledger.adapters.sql.tables import OPEN, piece_versions, roots
from xinlian.ledger.model.days import Day, end_of, start_of
from xinlian.ledger.model.ids import PartyId, PieceId, RootId
from xinlian.ledger.model.items import Item
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.app.orders import Asked
from xinlian.services.demo.carrying import Carrier
from xinlian.services.demo.network import Network
from xinlian.services.demo.plan import DayPlan, PlannedOrder
from xinlian.services.demo.stage import BUSINESS_HOUR
from xinlian.services.economy.casting import Casting
from xinlian.services.economy.model.economy import FIRST_DAY, Economy

__all__ = ["Act", "Piece", "Theatre", "digest_of"]

Act = tuple[PartyId, Item]
ORDER_ITEMS_MAX: Final = 50
MARKET_WEEKDAYS: Final = (1, 4)
"""Business is done on Tuesdays and Fridays; a day that banks do not work on is left out."""
PAY_WEEKDAYS: Final = (4,)
"""Vouchers fall due on Fridays."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as the books have it now."""

    id: PieceId
    root: RootId
    holder: PartyId
    offeree: PartyId
    amount: int
    state: PieceState


class Theatre:
    """One run's network and clock. Every method leaves the books settled."""

    def __init__(self, economy: Economy, casting: Casting, network: Network) -> None:
        self.economy, self.casting, self.network = economy, casting, network
        self.app = network.app
        self.calendar = china_calendar()
        self.carrier = Carrier(network)
        self.rng = np.random.default_rng([0x52554E, economy.seed])
        self.counts: Counter[str] = Counter()
        self.day = Day(0)
        self._part = 0
        self._bank_orders = 0
        self._folders = {
            bank: FolderBank(network.settings.data / "banks" / f"bank-{bank}")
            for bank in casting.banks
        }
        self._sandboxes = {
            bank: SandboxBank(folder, self.calendar) for bank, folder in self._folders.items()
        }

    @property
    def now(self) -> int:
        """Unix second of the day's business."""
        return start_of(self.day) + BUSINESS_HOUR

    @property
    def orders(self) -> int:
        """Orders sent so far by the carrier and by banks."""
        return self.carrier.orders + self._bank_orders

    def begin(self, day: Day) -> None:
        """Turn to a later day."""
        self.day = day
        self.network.clock.set(self.now)

    def market_day(self, day: int) -> Day:
        """The first day of business on or after a day."""
        return self._next(day, MARKET_WEEKDAYS)

    def pay_day(self, day: int) -> Day:
        """The first day on or after a day on which vouchers fall due."""
        return self._next(day, PAY_WEEKDAYS)

    def _next(self, day: int, weekdays: tuple[int, ...]) -> Day:
        found = self.calendar.next_business_day(Day(day)).day
        # 1970-01-01 was a Thursday.
        while (found + 3) % 7 not in weekdays:
            found = self.calendar.next_business_day(Day(found + 1)).day
        return found

    def calendar_day(self, number: int) -> Day:
        """The day with a number of the economy's own count."""
        return Day(FIRST_DAY + number)

    def play(self, acts: Sequence[Act]) -> None:
        """Have these ordered by their parties, each party's of one kind in one order, and wait
        until all of it took effect. Raises ``DemoError`` where one did not."""
        if not acts:
            return
        groups: dict[tuple[PartyId, type[Item]], list[Item]] = {}
        for party, item in acts:
            groups.setdefault((party, type(item)), []).append(item)
        planned = [
            PlannedOrder(party, tuple(items[start : start + ORDER_ITEMS_MAX]))
            for (party, _), items in groups.items()
            for start in range(0, len(items), ORDER_ITEMS_MAX)
        ]
        self._part += 1
        self.carrier.send(DayPlan(self._part, self.day, tuple(planned)))
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is open and tell finance what the chain says."""
        self.network.settle()
        self.carrier.check()

    def bank_order(self, bank: PartyId, items: Sequence[Item], what: str) -> None:
        """Have a bank order something itself, outside of its notifications."""
        for start in range(0, len(items), ORDER_ITEMS_MAX):
            part = list(items[start : start + ORDER_ITEMS_MAX])
            asked = Asked(f"economy-{what}-{self.day}-{bank}-{start}", what, {"day": self.day})
            self.app.orders.sign(bank, asked, _fixed(part), self.until(0))
            self._bank_orders += 1

    def bank_day(self) -> int:
        """Let the banks book what they were told, and hand in their notifications; how many."""
        self.app.payments.send()
        taken = 0
        for bank, folder in self._folders.items():
            self._sandboxes[bank].run(self.day)
            for inbound in folder.receive():
                done = self.app.banking.upload(bank, inbound.content, f"economy-{inbound.token}")
                folder.done(inbound)
                digests = {each.order for each in done.effects if each.order}
                self._bank_orders += len(digests)
                taken += 1
        if taken:
            self.network.carry()
            self.settle()
        return taken

    def until(self, days: int) -> int:
        """The last second of the day that lies so many days ahead."""
        return end_of(Day(self.day + days))

    def chance(self, share: float) -> bool:
        """True with a probability."""
        return bool(self.rng.random() < share)

    # -- reads ---------------------------------------------------------------------------------

    def roots_after(self, root: int) -> dict[bytes, RootId]:
        """Vouchers with a higher number that stand, by their document."""
        query = select(roots.c.document, roots.c.root).where(roots.c.root > root)
        with self.app.engine.connect() as connection:
            return {bytes(row.document): RootId(row.root) for row in connection.execute(query)}

    def pieces(self, wanted: Sequence[RootId]) -> dict[RootId, list[Piece]]:
        """The pieces of some vouchers that are not empty."""
        p = piece_versions.c
        found: dict[RootId, list[Piece]] = {}
        with self.app.engine.connect() as connection:
            for root in wanted:
                query = select(
                    p.piece, p.holder, p.offeree, p.range_start, p.range_end, p.state
                ).where(
                    p.piece >= root << 16, p.piece < (root + 1) << 16, p.to_block == OPEN,
                    p.range_end > p.range_start,
                ).order_by(p.range_start)  # fmt: skip
                found[root] = [
                    Piece(
                        PieceId(row.piece), root, PartyId(row.holder), PartyId(row.offeree),
                        row.range_end - row.range_start, PieceState(row.state),
                    )
                    for row in connection.execute(query)
                ]  # fmt: skip
        return found


def _fixed(items: list[Item]) -> Callable[[int], Sequence[Item]]:
    return lambda _: items


def digest_of(*facts: object) -> bytes:
    """A digest that stands for a paper of the run."""
    return hashlib.sha256("\n".join(("economy", *map(str, facts))).encode()).digest()
