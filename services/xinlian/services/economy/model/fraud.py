"""Fraud planted among honest trade, and what was planted, kept apart from what is looked at. Pure.

Four kinds: the same invoice financed twice with its number, day and amount changed by little, here
or on another platform; goods billed in a ring that nobody made; a red-letter invoice after the
money came; invoices for more than was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from xinlian.services.economy.model.companies import Company, Link, Scale
from xinlian.services.economy.model.trade import HERE, NEVER, THERE, Invoices

__all__ = ["Case", "Kind", "plant"]

Ints = NDArray[np.int64]
_ELSEWHERE_SHARE: Final = 0.5
_SAME_DELIVERY_SHARE: Final = 0.3
"""Share of those who show an invoice twice that name the same delivery note."""
_MARGIN_DAYS: Final = 60
"""Nothing is planted so late that it could not come to light; in short economies, later."""


_SLOW_SHARE: Final = 0.3


class Kind(StrEnum):
    """What is planted, and looked for."""

    DOUBLE = "double_financing"
    CIRCULAR = "circular_trade"
    RED_LETTER = "red_letter_reversal"
    INFLATED = "inflated_invoice"


@dataclass(frozen=True, slots=True)
class Case:
    """One planted fraud: the invoices that are false, and the parties that take part.

    ``original`` is the honest invoice that a second one repeats, -1 elsewhere.
    """

    kind: Kind
    invoices: tuple[int, ...]
    parties: tuple[int, ...]
    day: int
    original: int = NEVER

    @property
    def made_up(self) -> tuple[int, ...]:
        """Invoices of goods that were never made: all of them, but for what is reversed later."""
        return () if self.kind is Kind.RED_LETTER else self.invoices


def plant(
    scale: Scale,
    found: tuple[Company, ...],
    links: tuple[Link, ...],
    honest: Invoices,
    rng: np.random.Generator,
) -> tuple[Invoices, tuple[Case, ...]]:
    """The invoices with those that are false, and the cases."""
    bench = _Bench(scale, found, links, honest, rng)
    for _ in range(scale.fraud):
        bench.ring()
        bench.inflated()
    for _ in range(scale.fraud * 2):
        bench.double()
        bench.red_letter()
    for _ in range(scale.fraud):
        bench.mutual()
    return bench.finish()


class _Bench:
    """Where false invoices are made."""

    def __init__(
        self,
        scale: Scale,
        found: tuple[Company, ...],
        links: tuple[Link, ...],
        honest: Invoices,
        rng: np.random.Generator,
    ) -> None:
        self._scale, self._found, self._links, self._rng = scale, found, links, rng
        self._honest = honest
        self._reversed = honest.reversed.copy()
        self._financed = honest.financed.copy()
        self._rows: list[tuple[int, ...]] = []
        self._cases: list[Case] = []
        self._taken: set[int] = set()
        self._inflating: set[int] = set()
        self._margin = min(_MARGIN_DAYS, scale.days // 4)

    def finish(self) -> tuple[Invoices, tuple[Case, ...]]:
        """All of it; false invoices have the ids after the honest ones'."""
        honest = self._honest
        changed = Invoices(
            **{
                **{name: getattr(honest, name) for name in honest.__dataclass_fields__},
                "reversed": self._reversed,
                "financed": self._financed,
            }
        )
        if not self._rows:
            return changed, tuple(self._cases)
        columns = np.array(self._rows, dtype=np.int64).T
        return changed.joined(Invoices(*columns)), tuple(self._cases)

    def ring(self) -> None:
        """Three to six companies bill each other goods of nearly one amount within weeks."""
        rng = self._rng
        size = int(rng.integers(3, 7))
        suppliers = [each.number for each in self._found if each.tier > 0]
        members = [int(each) for each in rng.choice(suppliers, size=size, replace=False)]
        day = self._day()
        amount = self._usual_amount()
        ids = []
        for at, seller in enumerate(members):
            buyer = members[(at + 1) % size]
            day += int(rng.integers(1, 7))
            amount = int(amount * rng.uniform(0.975, 1.0))
            ids.append(
                self._add(seller, buyer, amount, day, financed=day + int(rng.integers(1, 6)))
            )
        self._case(Kind.CIRCULAR, ids, members, day)

    def inflated(self) -> None:
        """A supplier bills, for two to three months, much more than it made."""
        rng = self._rng
        link = self._links[int(rng.integers(len(self._links)))]
        if link.seller in self._inflating:
            return
        start, months = self._day(), int(rng.integers(2, 4))
        over = rng.uniform(0.7, 1.8)
        honest = self._honest
        mine = np.flatnonzero(honest.seller == link.seller)
        span = min(30 * months, self._scale.days - start - 1)
        near = mine[(honest.day[mine] >= start) & (honest.day[mine] < start + span)]
        usual = int(honest.units[near].sum())
        if usual == 0:
            return
        self._inflating.add(link.seller)
        count = max(2, months * 2)
        ids = []
        for at in range(count):
            units = max(1, int(usual * over / count * rng.uniform(0.85, 1.15)))
            day = start + at * span // count + int(rng.integers(0, 6))
            amount = units * link.price_fen
            ids.append(
                self._add(
                    link.seller,
                    link.buyer,
                    amount,
                    min(day, self._scale.days - 1),
                    units=units,
                    product=link.product,
                    term=link.term_days,
                    financed=day + int(rng.integers(1, 5)),
                )
            )
        self._case(Kind.INFLATED, ids, [link.seller], start)

    def double(self) -> None:
        """An honest invoice that is financed is shown again, a little changed."""
        rng, honest = self._rng, self._honest
        at = self._pick()
        if at is None:
            return
        there = bool(rng.random() < _ELSEWHERE_SHARE)
        amount = int(int(honest.amount[at]) * rng.uniform(0.991, 1.009))
        day = int(honest.day[at]) + int(rng.integers(-3, 4))
        again = self._add(
            int(honest.seller[at]), int(honest.buyer[at]), amount,
            min(max(day, 0), self._scale.days - 1),
            units=int(honest.units[at]), product=int(honest.product[at]),
            term=int(honest.due[at] - honest.day[at]),
            order=int(honest.order[at]) if rng.random() < _SAME_DELIVERY_SHARE else NEVER,
            platform=THERE if there else HERE,
            financed=int(honest.financed[at]) + int(rng.integers(1, 10)),
        )  # fmt: skip
        self._case(Kind.DOUBLE, [again], [int(honest.seller[at])], day, original=at)

    def red_letter(self) -> None:
        """An invoice is reversed some weeks after the money for it came."""
        at = self._pick()
        if at is None:
            return
        self._reversed[at] = int(self._financed[at]) + int(self._rng.integers(10, 50))
        parties = [int(self._honest.seller[at])]
        self._case(Kind.RED_LETTER, [int(self._honest.id[at])], parties, int(self._reversed[at]))

    def mutual(self) -> None:
        """No fraud: two or three companies that do sell to each other, at their own amounts."""
        rng = self._rng
        suppliers = [each.number for each in self._found if each.tier > 0]
        size = int(rng.integers(2, 4))
        members = [int(each) for each in rng.choice(suppliers, size=size, replace=False)]
        day = self._day()
        slow = bool(rng.random() < _SLOW_SHARE)
        amount = self._usual_amount()
        for at, seller in enumerate(members):
            # Equal amounts that come round in a season, or amounts of their own within weeks.
            day += int(rng.integers(30, 60)) if slow else int(rng.integers(0, 15))
            factor = rng.uniform(0.95, 1.05) if slow else rng.choice([0.25, 0.5, 1.6, 3.0])
            amount = int(amount * factor)
            self._add(seller, members[(at + 1) % size], amount, day)

    def _pick(self) -> int | None:
        """The place of an honest invoice here that is to be financed and was not used yet."""
        honest, rng = self._honest, self._rng
        cores = sum(1 for each in self._found if each.tier == 0)
        free = np.flatnonzero(
            (self._financed != NEVER) & (honest.platform == HERE) & (honest.buyer < cores)
            & (honest.day < self._scale.days - self._margin) & (honest.due - honest.day > 60)
        )  # fmt: skip
        for _ in range(20):
            if len(free) == 0:
                return None
            at = int(rng.choice(free))
            if at not in self._taken:
                self._taken.add(at)
                return at
        return None

    def _day(self) -> int:
        most = max(2, self._scale.days - 2 * self._margin)
        return int(self._rng.integers(min(20, most - 1), most))

    def _usual_amount(self) -> int:
        return int(self._rng.choice(self._honest.amount))

    def _add(
        self, seller: int, buyer: int, amount: int, day: int, *, units: int = 0,
        product: int | None = None, term: int = 120, order: int = NEVER, platform: int = HERE,
        financed: int = NEVER,
    ) -> int:  # fmt: skip
        number = len(self._honest) + len(self._rows)
        day = min(day, self._scale.days - 1)
        own = order if order != NEVER else -2 - number
        price = next((each.price_fen for each in self._links if each.seller == seller), 10_000)
        made = units or max(1, amount // price)
        self._rows.append(
            (
                number, seller, buyer, seller if product is None else product, made, amount, day,
                day + term, own, platform, financed, NEVER, 0, 0,
            )
        )  # fmt: skip
        return number

    def _case(
        self, kind: Kind, ids: list[int], parties: list[int], day: int, original: int = NEVER
    ) -> None:
        self._cases.append(Case(kind, tuple(ids), tuple(parties), day, original))
