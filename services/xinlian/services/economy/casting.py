"""The parties of an economy: its companies, and the public bodies, banks and funders they need."""

from __future__ import annotations

from typing import Final

from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.parties import Role
from xinlian.services.app.bank_accounts import PaidAt
from xinlian.services.demo.cast import Cast, Member, Part
from xinlian.services.economy.model.companies import Company
from xinlian.services.economy.model.economy import Economy

__all__ = ["Casting", "cast_of"]

_PUBLIC: Final = (
    (Part.OPERATOR, "信链运营有限公司", "Xinlian Operations", Role.OPERATOR),
    (Part.REGULATOR, "供应链金融监管办公室", "Supply-Chain Finance Office", Role.REGULATOR),
    (Part.AUDITOR, "明鉴会计师事务所", "Mingjian Auditors", Role.AUDITOR),
    (Part.BANK, "江海清算银行", "Jianghai Clearing Bank", Role.PAYING_BANK),
    (Part.BANK, "北辰结算银行", "Beichen Settlement Bank", Role.PAYING_BANK),
    (Part.FUNDER, "长汀商业银行", "Changting Commercial Bank", Role.FUNDER),
    (Part.FUNDER, "岭南保理", "Lingnan Factoring", Role.FUNDER),
    (Part.FUNDER, "汇川供应链金融", "Huichuan Supply-Chain Finance", Role.FUNDER),
)
_TWO_SIGNATURES_EVERY: Final = 7
"""Every seventh core enterprise signs with two accounts: maker and checker."""


class Casting:
    """The cast and how its companies' numbers and party ids go together."""

    def __init__(self, cast: Cast, first: int) -> None:
        self.cast = cast
        self._first = first
        self.banks = tuple(member.id for member in cast.all(Part.BANK))
        self.funders = tuple(member.id for member in cast.all(Part.FUNDER))
        self.regulator = cast.one(Part.REGULATOR).id

    def party(self, company: int) -> PartyId:
        """The party of a company by its number in the economy."""
        return PartyId(self._first + company)

    def company(self, party: int) -> int:
        """The number of a company by its party."""
        return party - self._first

    def bank_of(self, party: int) -> PartyId:
        """The bank at which a party has its account."""
        return self.banks[party % len(self.banks)]

    def accounts(self) -> dict[PartyId, PaidAt]:
        """An account for every party but the public bodies and the banks."""
        with_account = [
            member.id
            for member in self.cast
            if member.part in (Part.FUNDER, Part.BUYER, Part.SELLER, Part.SUPPLIER)
        ]
        return {
            party: PaidAt(f"6228{party:010d}", f"{self.bank_of(party):012d}")
            for party in with_account
        }


def cast_of(economy: Economy) -> Casting:
    """The cast of an economy, public bodies first, companies in order of their numbers."""
    members = [
        Member(PartyId(number), part, synthetic_uscc("xinlian-economy", en), zh, en, roles, 1, 0)
        for number, (part, zh, en, roles) in enumerate(_PUBLIC, start=1)
    ]
    first = len(members) + 1
    members += [_member(PartyId(first + each.number), each) for each in economy.companies]
    return Casting(Cast(tuple(members)), first)


def _member(party: PartyId, company: Company) -> Member:
    core = company.tier == 0
    part = Part.BUYER if core else Part.SELLER if company.tier == 1 else Part.SUPPLIER
    two = core and company.number % _TWO_SIGNATURES_EVERY == 0
    return Member(
        party, part, company.code, company.name_zh, company.name_en,
        Role.ISSUER if core else Role.SUPPLIER | Role.ISSUER, 2 if two else 1, company.tier,
    )  # fmt: skip
