"""Who asks: the party and the rights behind a token."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.parties import Role

__all__ = ["Actor", "Scope"]


NO_ROLE: Final = Role(0)


class Scope(IntFlag):
    """What a token may be used for."""

    READ = 1
    WRITE = 2
    SIGN = 4
    """Let the keys in this server's custody sign for the party."""
    ADMIN = 8

    @property
    def words(self) -> list[str]:
        """The scopes by name, lower case."""
        return [scope.name.lower() for scope in Scope if scope in self and scope.name]

    @classmethod
    def of(cls, words: list[str]) -> Scope:
        """The scopes with these names; ``KeyError`` for an unknown one."""
        scopes = cls(0)
        for word in words:
            scopes |= cls[word.upper()]
        return scopes


@dataclass(frozen=True, slots=True)
class Actor:
    """The holder of a token. ``party`` is ``None`` for the platform's operator.

    ``roles`` are the party's roles on chain at this moment; ``active`` is false while it is
    suspended.
    """

    token: str
    party: PartyId | None
    scopes: Scope
    roles: Role = NO_ROLE
    active: bool = True

    @property
    def platform(self) -> bool:
        """Whether this is the platform's operator, who signs nothing and sees no voucher."""
        return self.party is None

    @property
    def reads_all(self) -> bool:
        """Whether it may read what concerns others: auditors and regulators."""
        return bool(self.roles & (Role.AUDITOR | Role.REGULATOR))

    @property
    def owner(self) -> int:
        """The number under which its keys and limits are kept; 0 for the platform."""
        return self.party or 0

    @property
    def signer(self) -> PartyId:
        """The party for which it signs; only to be asked of a party's token."""
        if self.party is None:
            raise ValueError("the platform signs nothing")
        return self.party
