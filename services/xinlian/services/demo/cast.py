"""Who takes part in the demo: the file's buyers and sellers, and companies of its own making.

Pure: the same invoices give the same cast, in the same order, with the same party ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.parties import Role

TWO_SIGNATURE_EVERY: Final = 4
"""Every fourth buyer signs with two accounts (maker and checker)."""

_NAMESPACE: Final = "xinlian-demo"

_PUBLIC: Final = (
    ("operator", "信链运营有限公司", "Xinlian Operations", Role.OPERATOR, 1),
    ("regulator", "供应链金融监管办公室", "Supply-Chain Finance Office", Role.REGULATOR, 1),
    ("auditor", "明鉴会计师事务所", "Mingjian Auditors", Role.AUDITOR, 1),
    ("bank", "江海清算银行", "Jianghai Clearing Bank", Role.PAYING_BANK, 2),
    ("bank", "北辰结算银行", "Beichen Settlement Bank", Role.PAYING_BANK, 1),
    ("funder", "长汀商业银行", "Changting Commercial Bank", Role.FUNDER, 2),
    ("funder", "岭南保理", "Lingnan Factoring", Role.FUNDER, 1),
    ("funder", "汇川供应链金融", "Huichuan Supply-Chain Finance", Role.FUNDER, 1),
)

_TIERS: Final = (
    (
        2,
        (
            ("晨辉冲压件", "Chenhui Stampings"),
            ("宏图线束", "Hongtu Harnesses"),
            ("恒力轴承", "Hengli Bearings"),
            ("远景注塑", "Yuanjing Mouldings"),
            ("鼎盛铸造", "Dingsheng Castings"),
            ("华铸锻压", "Huazhu Forgings"),
            ("永泰电机", "Yongtai Motors"),
            ("凌云电子", "Lingyun Electronics"),
            ("新澳紧固件", "Xin'ao Fasteners"),
            ("东屏密封", "Dongping Seals"),
        ),
    ),
    (
        3,
        (
            ("金桥模具", "Jinqiao Dies"),
            ("百川表面处理", "Baichuan Coatings"),
            ("顺达热处理", "Shunda Heat Treatment"),
            ("启明磁材", "Qiming Magnets"),
            ("同兴铜业", "Tongxing Copper"),
            ("瑞丰橡胶", "Ruifeng Rubber"),
            ("联科传感器", "Lianke Sensors"),
            ("方圆弹簧", "Fangyuan Springs"),
        ),
    ),
    (
        4,
        (
            ("福山冷轧", "Fushan Cold Rolling"),
            ("清源化工", "Qingyuan Chemicals"),
            ("安达物流", "Anda Logistics"),
            ("利民包装", "Limin Packaging"),
            ("天工刀具", "Tiangong Tools"),
            ("三合辅料", "Sanhe Supplies"),
        ),
    ),
)


class Part(StrEnum):
    """What a member of the cast plays."""

    OPERATOR = "operator"
    REGULATOR = "regulator"
    AUDITOR = "auditor"
    BANK = "bank"
    FUNDER = "funder"
    BUYER = "buyer"
    SELLER = "seller"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True)
class Member:
    """One party; ``tier`` is 1 for the file's sellers, 2 to 4 for those below them, else 0."""

    id: PartyId
    part: Part
    code: str
    name_zh: str
    name_en: str
    roles: Role
    threshold: int
    tier: int

    def name(self, lang: str) -> str:
        """The name in ``zh`` or ``en``."""
        return self.name_zh if lang == "zh" else self.name_en


@dataclass(frozen=True)
class Cast:
    """Every party of one run, in order of its id."""

    members: tuple[Member, ...]
    by_id: dict[PartyId, Member] = field(init=False, repr=False)
    by_code: dict[str, Member] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {member.id: member for member in self.members})
        object.__setattr__(self, "by_code", {member.code: member for member in self.members})

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def name(self, party: int, lang: str) -> str:
        """The name of a party, or its number where it is not of the cast."""
        member = self.by_id.get(PartyId(party))
        return str(party) if member is None else member.name(lang)

    def all(self, part: Part) -> tuple[Member, ...]:
        """The members that play one part."""
        return tuple(member for member in self.members if member.part is part)

    def one(self, part: Part) -> Member:
        """The first member that plays a part."""
        return self.all(part)[0]

    def tier(self, tier: int) -> tuple[Member, ...]:
        """The suppliers of one tier."""
        return tuple(member for member in self.members if member.tier == tier)


def make_cast(buyers: Iterable[tuple[str, str]], sellers: Iterable[tuple[str, str]]) -> Cast:
    """The cast for a file's buyers and sellers, each given as (social credit code, name).

    A company that both buys and sells appears once, with both roles.
    """
    members: list[Member] = []
    rows = [(part, zh, en, roles, threshold, 0) for part, zh, en, roles, threshold in _PUBLIC]
    rows += [
        ("supplier", zh, en, Role.SUPPLIER, 1, tier) for tier, names in _TIERS for zh, en in names
    ]
    for part, zh, en, roles, threshold, tier in rows:
        code = synthetic_uscc(_NAMESPACE, en)
        members.append(Member(_next(members), Part(part), code, zh, en, roles, threshold, tier))
    selling = dict(sorted(sellers))
    buying = dict(sorted(buyers))
    for place, (code, name) in enumerate(selling.items()):
        roles = Role.SUPPLIER | (Role.ISSUER if code in buying else Role(0))
        threshold = 2 if place == 0 else 1
        members.append(Member(_next(members), Part.SELLER, code, name, name, roles, threshold, 1))
    for place, (code, name) in enumerate(buying.items()):
        if code in selling:
            continue
        threshold = 2 if place % TWO_SIGNATURE_EVERY == 0 else 1
        members.append(
            Member(_next(members), Part.BUYER, code, name, name, Role.ISSUER, threshold, 0)
        )
    return Cast(tuple(members))


def _next(members: list[Member]) -> PartyId:
    return PartyId(len(members) + 1)
