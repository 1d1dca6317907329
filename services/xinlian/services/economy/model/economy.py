"""The whole economy of a seed. Pure: the same seed and scale give the same economy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from xinlian.ledger.model.days import Day
from xinlian.services.economy.model.companies import Company, Link, Scale, companies, links
from xinlian.services.economy.model.fraud import Case, plant
from xinlian.services.economy.model.production import Production, produce
from xinlian.services.economy.model.trade import Invoices, trade

__all__ = ["FULL", "SCALES", "SMALL", "Economy", "make_economy", "scale_of"]

FIRST_DAY: Final = Day(19_723)
"""2024-01-01: the first of the days, which count from 0."""
SMALL: Final = Scale("small", cores=3, suppliers=20, days=60, fraud=2, orders_every=(5, 12))
FULL: Final = Scale("full", cores=30, suppliers=500, days=3 * 365 + 1, fraud=25)
SCALES: Final = {scale.name: scale for scale in (SMALL, FULL)}
DAYS_A_YEAR: Final = 365
_AFTERMATH_DAYS: Final = 90


@dataclass(frozen=True)
class Economy:
    """Companies, their trade and production; ``cases`` is what was planted.

    ``defaulting`` is the core enterprise that stops paying on ``default_day``.
    """

    seed: int
    scale: Scale
    companies: tuple[Company, ...]
    links: tuple[Link, ...]
    invoices: Invoices
    production: Production
    cases: tuple[Case, ...]
    defaulting: int
    default_day: int

    @property
    def cores(self) -> tuple[Company, ...]:
        """The core enterprises, who issue."""
        return tuple(each for each in self.companies if each.tier == 0)

    @property
    def last_day(self) -> int:
        """The number of the last day on which something becomes known."""
        return self.scale.days + _AFTERMATH_DAYS


def scale_of(name: str, years: int | None = None) -> Scale:
    """A scale by its name, over so many years instead of its own; ``KeyError`` if unknown."""
    scale = SCALES[name]
    if years is None:
        return scale
    days = years * DAYS_A_YEAR + 1
    fraud = max(2, scale.fraud * days // max(scale.days, 1))
    return Scale(
        scale.name, scale.cores, scale.suppliers, days, fraud, scale.orders_every, scale.value
    )


def make_economy(seed: int, scale: Scale) -> Economy:
    """The economy of a seed."""
    rng = np.random.default_rng([0x584C, seed])
    found = companies(scale, rng)
    trades = links(scale, found, rng)
    honest = trade(scale, found, trades, rng)
    invoices, cases = plant(scale, found, trades, honest, rng)
    real = ~np.isin(invoices.id, [each for case in cases for each in case.made_up])
    production = produce(scale, found, trades, invoices.take(real), rng)
    # One that many depend on, so that its losses reach down the tiers; not the largest of all.
    owed = np.bincount(honest.buyer, weights=honest.amount, minlength=len(found))[: scale.cores]
    defaulting = int(np.argsort(owed)[scale.cores // 2])
    return Economy(
        seed=seed, scale=scale, companies=found, links=trades, invoices=invoices,
        production=production, cases=cases, defaulting=defaulting,
        default_day=scale.days * 2 // 3,
    )  # fmt: skip
