"""Parties as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from xinlian.ledger.model.ids import to_checksum
from xinlian.ledger.model.parties import PartyStatus, Role
from xinlian.services.api.schemas.common import (
    Body,
    GoesWithError,
    Hex32,
    PartyNo,
    View,
    hex32,
)
from xinlian.services.api.schemas.orders import AddressText, FailureView
from xinlian.services.app.parties import PartyRow

__all__ = [
    "BankAccountBody",
    "BankAccountView",
    "LimitBody",
    "MeView",
    "PartyBody",
    "PartyView",
    "RegistrationView",
    "RoleWord",
    "RolesBody",
    "StatusBody",
    "roles_of",
    "words_of",
]

RoleWord = Literal[
    "issuer",
    "supplier",
    "funder",
    "paying_bank",
    "inspector",
    "auditor",
    "operator",
    "regulator",
]
StatusWord = Literal["active", "suspended"]
RoleWords = Annotated[list[RoleWord], Field(min_length=1, max_length=8)]
NameText = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
CreditCode = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$"),
    Field(description="Unified social credit code, GB 32100.", examples=["91990000MA00000003"]),
]
BankCode = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{12}$"), Field(description="CNAPS code.")
]
BankAccount = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z\-]{5,34}$")]


class MeView(View):
    """Who a token speaks for; ``party`` is absent for the platform's operator."""

    token: str
    party: PartyNo | None
    scopes: list[Literal["read", "write", "sign", "admin"]]
    roles: list[RoleWord]
    active: bool


class PartyView(View):
    """A party. Code and bank account are shown to itself and to oversight alone."""

    party: PartyNo
    name: str | None
    roles: list[RoleWord]
    status: StatusWord
    threshold: Annotated[int, Field(ge=1, le=2)]
    accounts: list[str]
    id_hash: Hex32
    social_credit_code: str | None
    bank_account: str | None
    bank_code: str | None

    @classmethod
    def of(cls, row: PartyRow, *, private: bool) -> PartyView:
        """The view of a row; with or without what is not everybody's business."""
        return cls(
            party=row.id,
            name=row.name,
            roles=words_of(row.roles),
            status="active" if row.status == PartyStatus.ACTIVE else "suspended",
            threshold=row.threshold,
            accounts=[to_checksum(account) for account in row.accounts],
            id_hash=hex32(row.id_hash),
            social_credit_code=row.social_credit_code if private else None,
            bank_account=row.bank_account if private else None,
            bank_code=row.bank_code if private else None,
        )


class PartyBody(Body):
    """A party to be registered: its own accounts, or a number of keys to be kept here."""

    name: NameText
    social_credit_code: CreditCode
    roles: RoleWords
    threshold: Annotated[int, Field(ge=1, le=2)] = 1
    accounts: Annotated[list[AddressText], Field(max_length=8)] = Field(default_factory=list)
    custody_keys: Annotated[int, Field(ge=0, le=8)] = 0
    bank_account: BankAccount | None = None
    bank_code: BankCode | None = None

    @model_validator(mode="after")
    def _whole_account(self) -> PartyBody:
        # Half of an account lets a party in that nobody can pay.
        for field, other in (("bank_account", "bank_code"), ("bank_code", "bank_account")):
            if getattr(self, field) is None and getattr(self, other) is not None:
                raise GoesWithError(field, other)
        return self


class BankAccountBody(Body):
    """Where a party is paid from now on: account and CNAPS code of its bank."""

    bank_account: BankAccount
    bank_code: BankCode


class BankAccountView(View):
    """A party's bank account. ``changed``: this request replaced ``previous_…``."""

    party: PartyNo
    bank_account: str
    bank_code: str
    changed: bool
    previous_account: str | None
    previous_code: str | None
    exists: bool


class RegistrationView(View):
    """How far a registration is; ``party`` is its number once the chain gave it."""

    state: Literal["submitted", "registered", "failed"]
    id_hash: Hex32
    party: PartyNo | None
    failure: FailureView | None = None
    exists: bool = False


class StatusBody(Body):
    """A status, and the hash of the evidence for it."""

    status: StatusWord
    evidence: Hex32

    @property
    def number(self) -> int:
        """The status as the contracts number it."""
        return PartyStatus[self.status.upper()].value


class RolesBody(Body):
    """All roles that the party is to have."""

    roles: RoleWords


class LimitBody(Body):
    """A limit in fen; 0 stops all issuing."""

    limit_fen: Annotated[int, Field(ge=0, le=2**53 - 1)]


def roles_of(words: Sequence[str]) -> Role:
    """The roles with these names."""
    roles = Role(0)
    for word in words:
        roles |= Role[word.upper()]
    return roles


def words_of(roles: Role) -> list[RoleWord]:
    """The names of roles."""
    return [word for word, role in _WORDS.items() if role & roles]


_WORDS: dict[RoleWord, Role] = {
    "issuer": Role.ISSUER,
    "supplier": Role.SUPPLIER,
    "funder": Role.FUNDER,
    "paying_bank": Role.PAYING_BANK,
    "inspector": Role.INSPECTOR,
    "auditor": Role.AUDITOR,
    "operator": Role.OPERATOR,
    "regulator": Role.REGULATOR,
}
