"""Plain detectors over an economy's own tables, as of a day. Pure.

They know what a platform can know: invoices shown here, digests of those financed elsewhere, red
letters, and what meters and counters say. What was planted they never see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from xinlian.services.economy.judge import Found
from xinlian.services.economy.model.economy import Economy
from xinlian.services.economy.model.fraud import Kind
from xinlian.services.economy.model.production import LEAD_DAYS
from xinlian.services.economy.model.trade import HERE, NEVER, Invoices

__all__ = ["detect"]

Ints = NDArray[np.int64]
_NEAR_DAYS: Final = 4
_NEAR_SHARE: Final = 0.0095
_NEIGHBOURS: Final = 6
_RING_DAYS: Final = 45
_RING_SHARE: Final = 0.85
_RING_MEMBERS: Final = 6
_RINGS_MAX: Final = 2_000
_WINDOW_DAYS: Final = 60
_STEP_DAYS: Final = 15
_OVER: Final = 1.3


def detect(economy: Economy, day: int, since: int = 0) -> list[Found]:
    """All findings that what is known at the end of a day supports, about invoices from ``since``
    on."""
    invoices = economy.invoices
    known = invoices.take((invoices.day <= day) & (invoices.day >= since))
    return [
        *_double(known, day),
        *_rings(known),
        *_red_letters(known, day),
        *_inflated(economy, known, day, since),
    ]


def _double(known: Invoices, day: int) -> Iterator[Found]:
    """Two invoices of one seller and buyer, nearly of one amount and day, both to be financed."""
    asked = known.take((known.financed != NEVER) & (known.financed <= day))
    rows = asked.take(np.lexsort((asked.day, asked.buyer, asked.seller)))
    for back in range(1, _NEIGHBOURS + 1):
        a, b = rows.take(np.arange(len(rows) - back)), rows.take(np.arange(back, len(rows)))
        same = (a.seller == b.seller) & (a.buyer == b.buyer)
        near = np.abs(a.day - b.day) <= _NEAR_DAYS
        # Equal lots on one day are two lorries; what was changed a little was meant to hide.
        difference = np.abs(a.amount - b.amount)
        changed = (difference > 0) & (difference <= a.amount * _NEAR_SHARE)
        seen = (a.platform == HERE) | (b.platform == HERE)
        for at in np.flatnonzero(same & near & changed & seen):
            pair = frozenset((int(a.id[at]), int(b.id[at])))
            first = max(int(a.financed[at]), int(b.financed[at]))
            yield Found(Kind.DOUBLE, pair, first)


def _rings(known: Invoices) -> Iterator[Found]:
    """Cycles of three to six within weeks, with amounts that nearly match."""
    out: dict[int, list[int]] = defaultdict(list)
    here = np.flatnonzero(known.platform == HERE)
    for place in here:
        out[int(known.seller[place])].append(int(place))
    seen: set[frozenset[int]] = set()
    for place in here:
        for ring in _closed(known, out, int(place)):
            ids = frozenset(int(known.id[each]) for each in ring)
            if ids not in seen and len(seen) < _RINGS_MAX:
                seen.add(ids)
                yield Found(Kind.CIRCULAR, ids, max(int(known.day[each]) for each in ring))


def _closed(known: Invoices, out: dict[int, list[int]], first: int) -> Iterator[list[int]]:
    """The rings that begin with an invoice, which is their earliest."""
    start, amount, day = int(known.seller[first]), int(known.amount[first]), int(known.day[first])
    paths = [[first]]
    while paths:
        path = paths.pop()
        last = path[-1]
        for place in out[int(known.buyer[last])]:
            if place in path or not day <= int(known.day[place]) <= day + _RING_DAYS:
                continue
            if not amount * _RING_SHARE <= int(known.amount[place]) <= amount / _RING_SHARE:
                continue
            if int(known.buyer[place]) == start:
                if len(path) >= 2:
                    yield [*path, place]
            elif len(path) < _RING_MEMBERS - 1:
                paths.append([*path, place])


def _red_letters(known: Invoices, day: int) -> Iterator[Found]:
    """Invoices that were reversed after money was asked for them."""
    late = (known.reversed != NEVER) & (known.reversed <= day) & (known.financed != NEVER)
    for at in np.flatnonzero(late & (known.reversed > known.financed)):
        yield Found(Kind.RED_LETTER, frozenset((int(known.id[at]),)), int(known.reversed[at]))


def _inflated(economy: Economy, known: Invoices, day: int, since: int) -> Iterator[Found]:
    """More was billed over two months than was made, by the counters and by the energy used."""
    production, days = economy.production, economy.scale.days
    makers = production.party[::days]
    made = production.units_milli.reshape(len(makers), days) / 1000.0
    row_of = np.full(len(economy.companies), NEVER)
    row_of[makers] = np.arange(len(makers))
    billed = np.zeros_like(made)
    sellers = row_of[known.seller]
    own = sellers != NEVER
    np.add.at(billed, (sellers[own], known.day[own]), known.units[own])
    ends = np.arange(max(since, 0) + _WINDOW_DAYS // 2, min(day, days - 1) + 1, _STEP_DAYS)
    # Sums before each day, so that the first day can be part of a window too.
    total_billed = np.pad(np.cumsum(billed, axis=1), ((0, 0), (1, 0)))
    total_made = np.pad(np.cumsum(made, axis=1), ((0, 0), (1, 0)))
    over: dict[int, list[int]] = defaultdict(list)
    for end in ends.tolist():
        start = max(0, since, end - _WINDOW_DAYS)
        sold = total_billed[:, end + 1] - total_billed[:, start]
        done = total_made[:, end + 1] - total_made[:, max(0, start - LEAD_DAYS)]
        for place in np.flatnonzero((sold > done * _OVER) & (sold > 0)):
            over[int(place)].append(end)
    for row, found in over.items():
        for run in _runs(found):
            inside = (sellers == row) & (known.day > run[0] - _WINDOW_DAYS) & (known.day <= run[-1])
            ids = frozenset(int(each) for each in known.id[inside])
            yield Found(Kind.INFLATED, ids, run[0])


def _runs(ends: list[int]) -> Iterator[list[int]]:
    """Windows that follow each other without a gap, together."""
    run = [ends[0]]
    for end in ends[1:]:
        if end - run[-1] > _STEP_DAYS:
            yield run
            run = []
        run.append(end)
    yield run
