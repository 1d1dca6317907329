"""Honest trade: orders, invoices, credit notes and disputes of every link, day by day. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray
from xinlian.services.economy.model.companies import INDUSTRIES, Company, Link, Scale

__all__ = ["HERE", "NEVER", "THERE", "Invoices", "trade"]

Ints = NDArray[np.int64]
NEVER: Final = -1
HERE: Final = 0
"""The invoice is shown to this platform."""
THERE: Final = 1
"""The invoice is financed on another platform, of which only keyed digests are seen."""
_LARGE_FROM: Final = 0.65
"""Sellers want money early for orders above this share of all that core enterprises place ..."""
_LARGE_SHARE: Final = 0.45
"""... in this share of cases; ..."""
_SMALL_SHARE: Final = 0.03
"""... for smaller orders in this; ..."""
_DEEP_SHARE: Final = 0.008
"""... and for what suppliers sell to each other in this."""
_CREDIT_SHARE: Final = 0.03
_DISPUTE_SHARE: Final = 0.02
_TWICE_SHARE: Final = 0.02
"""Orders that come in two equal deliveries, each with an invoice of its own on one day."""
_MONTH_DAYS: Final = 30.4


@dataclass(frozen=True)
class Invoices:
    """Invoices in columns of one length, in order of their days; amounts in fen.

    ``financed`` is the day on which the seller means to ask for money, ``reversed`` that of a
    red-letter invoice, ``NEVER`` where there is none; ``order`` names the delivery that it bills.
    """

    id: Ints
    seller: Ints
    buyer: Ints
    product: Ints
    units: Ints
    amount: Ints
    day: Ints
    due: Ints
    order: Ints
    platform: Ints
    financed: Ints
    reversed: Ints
    credited: Ints
    disputed: Ints

    def __len__(self) -> int:
        return len(self.id)

    def take(self, places: Ints | NDArray[np.bool_]) -> Invoices:
        """Some of the rows."""
        return Invoices(*(getattr(self, each.name)[places] for each in fields(self)))

    def joined(self, other: Invoices) -> Invoices:
        """The rows of both, in order of days, with new ids in that order for the other's."""
        columns = [
            np.concatenate([getattr(self, each.name), getattr(other, each.name)])
            for each in fields(self)
        ]
        both = Invoices(*columns)
        return both.take(np.lexsort((both.id, both.day)))


def trade(
    scale: Scale, found: tuple[Company, ...], all_links: tuple[Link, ...], rng: np.random.Generator
) -> Invoices:
    """Every honest invoice, numbered from 0 in order of its day."""
    parts = [_of_link(scale, link, found[link.seller], rng) for link in all_links]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    seller, buyer, product, units, amount, day, due, order = columns
    count = len(day)
    number = np.arange(count, dtype=np.int64)
    core = buyer < scale.cores
    large = amount > np.quantile(amount[core], _LARGE_FROM)
    share = np.where(core, np.where(large, _LARGE_SHARE, _SMALL_SHARE), _DEEP_SHARE)
    financed = np.where(rng.random(count) < share, day + rng.integers(1, 8, count), NEVER)
    credited = np.where(
        rng.random(count) < _CREDIT_SHARE, amount * rng.integers(2, 15, count) // 100, 0
    )
    # An honest red-letter invoice comes within days, before anybody paid on the first.
    wrong = rng.random(count) < 0.008
    reverse = np.where(wrong, day + rng.integers(1, 6, count), NEVER)
    invoices = Invoices(
        id=number, seller=seller, buyer=buyer, product=product, units=units, amount=amount,
        day=day, due=due, order=order, platform=np.where(rng.random(count) < 0.04, THERE, HERE),
        financed=np.where(wrong, NEVER, financed),
        reversed=reverse, credited=credited.astype(np.int64),
        disputed=(rng.random(count) < _DISPUTE_SHARE).astype(np.int64),
    )  # fmt: skip
    placed = invoices.take(np.lexsort((number, day)))
    return Invoices(number, *(getattr(placed, each.name) for each in fields(placed)[1:]))


def _of_link(
    scale: Scale, link: Link, seller: Company, rng: np.random.Generator
) -> tuple[Ints, ...]:
    """Seller, buyer, product, units, amount, day, due and delivery of one link's invoices."""
    gaps = rng.integers(max(1, link.every * 3 // 4), link.every * 5 // 4 + 2, scale.days)
    days = np.cumsum(gaps) - int(rng.integers(0, link.every))
    days = days[(days >= 0) & (days < scale.days)].astype(np.int64)
    count = len(days)
    industry = INDUSTRIES[seller.industry]
    if link.equal:
        factor = np.ones(count)
    else:
        season = np.asarray(industry.season)[(days / _MONTH_DAYS).astype(np.int64) % 12]
        grown = (1 + industry.growth) ** (days / 365.0)
        factor = season * grown * rng.lognormal(0.0, 0.12, count)
    units = np.maximum(1, np.rint(link.units * factor)).astype(np.int64)
    twice = np.flatnonzero(rng.random(count) < _TWICE_SHARE)
    days = np.concatenate([days, days[twice]])
    units = np.concatenate([units, units[twice]])
    count = len(days)
    amount = units * link.price_fen
    order = link.seller * 1_000_000 + link.buyer * 1_000 + np.arange(count)
    whole = np.ones(count, dtype=np.int64)
    due = days + link.term_days
    return (
        whole * link.seller, whole * link.buyer, whole * link.product,
        units, amount, days, due, order * 1_000,
    )  # fmt: skip
