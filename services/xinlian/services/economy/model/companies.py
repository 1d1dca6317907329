"""Who there is in the economy: core enterprises, suppliers in four tiers, what they make. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from xinlian.finance.model.trade.codes import synthetic_uscc

__all__ = ["INDUSTRIES", "TIERS", "Company", "Industry", "Link", "Scale", "companies", "links"]

TIERS: Final = 4
_TIER_SHARES: Final = (0.32, 0.30, 0.22, 0.16)
_LINKS_EACH: Final = 3
"""Most customers that a supplier has."""


@dataclass(frozen=True, slots=True)
class Industry:
    """One industry: its season by month (share of an ordinary month) and growth a year."""

    name_en: str
    name_zh: str
    season: tuple[float, ...]
    growth: float
    kwh_per_unit: float
    price_yuan: float


INDUSTRIES: Final = (
    Industry(
        "automotive", "汽车", (0.9, 0.6, 1.1, 1.0, 1.0, 1.0, 0.9, 0.9, 1.1, 1.2, 1.2, 1.1),
        0.06, 14.0, 900.0,
    ),
    Industry(
        "batteries", "电池", (0.8, 0.6, 1.0, 1.0, 1.1, 1.1, 1.0, 1.0, 1.1, 1.1, 1.2, 1.2),
        0.22, 60.0, 2_400.0,
    ),
    Industry(
        "electronics", "电子", (0.9, 0.5, 0.9, 0.9, 0.9, 1.0, 1.1, 1.2, 1.3, 1.3, 1.1, 0.9),
        0.10, 3.5, 260.0,
    ),
    Industry(
        "machinery", "装备制造", (0.8, 0.6, 1.2, 1.2, 1.1, 1.0, 0.9, 0.9, 1.0, 1.0, 1.1, 1.2),
        0.03, 120.0, 7_800.0,
    ),
)  # fmt: skip
"""The four industries."""

_NAMES_EN: Final = (
    "Hengda", "Mingyuan", "Huatai", "Ruifeng", "Xinhe", "Jinlong", "Tongda", "Yuhang", "Boyuan",
    "Shengyu", "Kaide", "Longteng", "Wanli", "Haoran", "Qihang", "Zhongke", "Anxin", "Fuda",
    "Guangming", "Hongyun", "Jiahe", "Kunpeng", "Lida", "Meihua", "Nanshan",
)  # fmt: skip
_NAMES_ZH: Final = (
    "恒达", "明远", "华泰", "瑞丰", "鑫和", "金龙", "同达", "宇航", "博远", "盛宇", "凯德", "龙腾",
    "万里", "浩然", "启航", "中科", "安信", "富达", "光明", "鸿运", "嘉禾", "鲲鹏", "利达", "美华",
    "南山",
)  # fmt: skip
_WORKS_EN: Final = ("Works", "Parts", "Precision", "Materials", "Components", "Tooling")
_WORKS_ZH: Final = ("制造", "零部件", "精密", "材料", "元件", "工装")


@dataclass(frozen=True, slots=True)
class Scale:
    """How large an economy is. ``days`` count from the first; ``value`` scales every order."""

    name: str
    cores: int
    suppliers: int
    days: int
    fraud: int
    """Planted cases of each kind, about."""
    orders_every: tuple[int, int] = (12, 40)
    """Fewest and most days between the orders of a link."""
    value: float = 1.0


@dataclass(frozen=True, slots=True)
class Company:
    """A company; its ``number`` counts from 0 through the economy, ``tier`` 0 is a core."""

    number: int
    tier: int
    industry: int
    name_en: str
    name_zh: str
    code: str
    late_share: float
    """Share of a core's payments that come late."""
    late_days: int
    """Days late of those that are, about."""


@dataclass(frozen=True, slots=True)
class Link:
    """A standing trade: ``seller`` makes ``product`` for ``buyer``.

    ``units`` are an ordinary order's; ``equal`` ones order the same lot every time.
    """

    seller: int
    buyer: int
    product: int
    every: int
    units: int
    price_fen: int
    term_days: int
    equal: bool


def companies(scale: Scale, rng: np.random.Generator) -> tuple[Company, ...]:
    """The companies of an economy: cores first, then suppliers from tier 1 to 4."""
    tiers = [0] * scale.cores
    for tier, share in enumerate(_TIER_SHARES, start=1):
        tiers += [tier] * max(2, round(scale.suppliers * share))
    tiers = tiers[: scale.cores + scale.suppliers]
    tiers += [TIERS] * (scale.cores + scale.suppliers - len(tiers))
    # A few pay late as a habit; most hardly ever do.
    late = np.where(rng.random(len(tiers)) < 0.15, rng.uniform(0.08, 0.2, len(tiers)), 0.01)
    made = []
    for number, tier in enumerate(tiers):
        industry = number % len(INDUSTRIES)
        en, zh = _name(number, tier)
        made.append(
            Company(
                number=number,
                tier=tier,
                industry=industry,
                name_en=en,
                name_zh=zh,
                code=synthetic_uscc("xinlian-economy", en),
                late_share=float(late[number]) if tier == 0 else 0.0,
                late_days=int(rng.integers(3, 15)),
            )
        )
    return tuple(made)


def links(scale: Scale, found: tuple[Company, ...], rng: np.random.Generator) -> tuple[Link, ...]:
    """Who sells to whom: each supplier to one to three companies of the tier above, rather in
    its own industry; a supplier makes one product."""
    by_tier: dict[int, list[Company]] = {}
    for company in found:
        by_tier.setdefault(company.tier, []).append(company)
    made: list[Link] = []
    for company in found:
        if company.tier == 0:
            continue
        above = by_tier[company.tier - 1]
        same = [each for each in above if each.industry == company.industry] or above
        industry = INDUSTRIES[company.industry]
        price = int(industry.price_yuan * 100 * rng.uniform(0.5, 2.0) / company.tier)
        count = int(rng.integers(1, _LINKS_EACH + 1))
        chosen = rng.choice(len(same), size=min(count, len(same)), replace=False)
        for at in sorted(int(each) for each in chosen):
            worth = rng.lognormal(17.75, 0.55) * scale.value / company.tier**1.4
            made.append(
                Link(
                    seller=company.number,
                    buyer=same[at].number,
                    product=company.number,
                    every=int(rng.integers(*scale.orders_every)),
                    units=max(20, int(worth / price)),
                    price_fen=price,
                    term_days=int(rng.choice([60, 90, 90, 120, 120, 150, 170, 240], size=1)[0]),
                    equal=bool(rng.random() < 0.25),
                )
            )
    return tuple(made)


def _name(number: int, tier: int) -> tuple[str, str]:
    at, works = number % len(_NAMES_EN), (number // len(_NAMES_EN)) % len(_WORKS_EN)
    more = number // (len(_NAMES_EN) * len(_WORKS_EN))
    suffix_en, suffix_zh = (
        (" " + "I" * more, f"{'一二三四五六七八九'[more]}厂") if more else ("", "")
    )
    if tier == 0:
        industry = INDUSTRIES[number % len(INDUSTRIES)]
        return (
            f"{_NAMES_EN[at]} {industry.name_en.capitalize()} Group{suffix_en} {number + 1}",
            f"{_NAMES_ZH[at]}{industry.name_zh}集团{number + 1}",
        )
    return (
        f"{_NAMES_EN[at]} {_WORKS_EN[works]}{suffix_en} T{tier}-{number}",
        f"{_NAMES_ZH[at]}{_WORKS_ZH[works]}{suffix_zh}{tier}级{number}",
    )
