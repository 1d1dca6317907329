"""What meters and counters say of each supplier: units made and energy used, a row a day. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from xinlian.services.economy.model.companies import INDUSTRIES, Company, Link, Scale
from xinlian.services.economy.model.trade import Invoices

__all__ = ["Production", "produce"]

Ints = NDArray[np.int64]
LEAD_DAYS: Final = 12
"""Goods are made in the days before they are billed."""
_STOCK: Final = 1.04
"""What is made over what is sold: scrap and stock."""


@dataclass(frozen=True)
class Production:
    """Rows in columns of one length: units and kWh in thousandths, a row a supplier and day."""

    party: Ints
    product: Ints
    day: Ints
    units_milli: Ints
    kwh_milli: Ints


def produce(
    scale: Scale,
    found: tuple[Company, ...],
    links: tuple[Link, ...],
    honest: Invoices,
    rng: np.random.Generator,
) -> Production:
    """Production behind honest invoices: spread over the days before each, with what is lost, a
    works' own energy per unit, its base load, and better use of energy in full months."""
    makers = np.unique(np.array([link.seller for link in links], dtype=np.int64))
    row_of = np.full(len(found), -1, dtype=np.int64)
    row_of[makers] = np.arange(len(makers))
    made = np.zeros((len(makers), scale.days))
    # A delivery of n units is made in equal parts on the days before it.
    for back in range(LEAD_DAYS):
        day = np.maximum(0, honest.day - back)
        np.add.at(made, (row_of[honest.seller], day), honest.units * _STOCK / LEAD_DAYS)
    made *= rng.lognormal(0.0, 0.05, made.shape)
    industry = np.array([INDUSTRIES[found[each].industry].kwh_per_unit for each in makers])
    per_unit = industry * rng.lognormal(0.0, 0.35, len(makers))
    average = made.mean(axis=1)
    base = average * per_unit * rng.uniform(0.08, 0.2, len(makers))
    # The better a works is used, the less it takes per unit: honest, and seasonal.
    load = made / np.maximum(average, 1e-9)[:, None]
    better = 1.06 - 0.05 * np.minimum(load, 2.0)
    kwh = base[:, None] + made * per_unit[:, None] * better
    kwh *= rng.lognormal(0.0, 0.04, kwh.shape)
    day = np.tile(np.arange(scale.days, dtype=np.int64), len(makers))
    party = np.repeat(makers, scale.days)
    return Production(
        party=party,
        product=party.copy(),
        day=day,
        units_milli=np.rint(made * 1000).astype(np.int64).ravel(),
        kwh_milli=np.rint(kwh * 1000).astype(np.int64).ravel(),
    )
