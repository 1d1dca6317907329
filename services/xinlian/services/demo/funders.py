"""How the demo's funders quote: each in its own way, the same for the same request. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from xinlian.finance.model.financing.quotes import Fee, FeeTime, FinancingKind, QuoteTerms
from xinlian.finance.model.rates import Basis, rate_ppm
from xinlian.ledger.model.days import Day, add_months
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.money import Fen
from xinlian.services.demo.plan import Ask

QUOTES_MIN: Final = 2
SOFT_MONTHS: Final = 6
LONG_TERM_REASON: Final = (
    "生产周期长，已核对合同付款条件 / long production cycle, contract terms checked"
)

# Lowest rate, its spread (ppm a year), sale or pledge, recourse, year, fee in ppm of the amount.
_STYLES: Final = (
    (36_000, 9_000, FinancingKind.SALE, False, Basis.ACT_360, 0),
    (33_000, 11_000, FinancingKind.SALE, True, Basis.ACT_365, 200),
    (30_000, 12_000, FinancingKind.PLEDGE, True, Basis.ACT_360, 0),
)
_ADVANCES_PPM: Final = (1_000_000, 900_000, 800_000)


class Draws:
    """Whole numbers that look random and depend on the request alone."""

    def __init__(self, *facts: object) -> None:
        self._seed = "\n".join(map(str, facts))
        self._count = 0

    def below(self, bound: int) -> int:
        """A number from 0 up to, and without, the bound."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}\n{self._count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % bound


def offers(
    ask: Ask, day: Day, funders: Sequence[PartyId], banks: Sequence[PartyId]
) -> list[tuple[PartyId, QuoteTerms]]:
    """What funders offer on a request: two or more of them, each through its bank."""
    draws = Draws("offers", ask.piece, ask.amount, day)
    first = draws.below(len(funders))
    count = min(len(funders), QUOTES_MIN + draws.below(len(funders) - QUOTES_MIN + 1))
    found: list[tuple[PartyId, QuoteTerms]] = []
    for place in range(count):
        number = (first + place) % len(funders)
        funder = funders[number]
        found.append((funder, _terms(ask, number, banks[funder % len(banks)], draws)))
    return found


def _terms(ask: Ask, style: int, bank: PartyId, draws: Draws) -> QuoteTerms:
    low, spread, kind, recourse, basis, fee_ppm = _STYLES[style % len(_STYLES)]
    fee = Fen(ask.amount * fee_ppm // 1_000_000)
    sale = kind is FinancingKind.SALE
    return QuoteTerms(
        kind=kind,
        recourse=recourse,
        rate=rate_ppm(low + draws.below(spread)),
        basis=basis,
        disburse_day=ask.pay_day,
        bank=bank,
        fees=(Fee("服务费 service", fee, FeeTime.UPFRONT),) if fee else (),
        advance_ppm=1_000_000 if sale else _ADVANCES_PPM[draws.below(len(_ADVANCES_PPM))],
        tenor_reason=LONG_TERM_REASON if ask.due > add_months(ask.issued, SOFT_MONTHS) else "",
    )
