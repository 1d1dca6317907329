"""Parties, the accounts that sign for them, and how many of those must sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from xinlian.ledger.model.book_state import Books, Moment, refuse
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.items import ZERO32, AddAccount, RemoveAccount, SetThreshold
from xinlian.ledger.model.parties import Party, PartyStatus, Role

ACCOUNTS_MAX: Final = 16
THRESHOLD_MAX: Final = 2
ROLES_MAX: Final = 255
_NO_ACCOUNT: Final = bytes(20)


def register(
    books: Books, id_hash: bytes, roles: Role, accounts: Sequence[Address], threshold: int
) -> PartyId:
    """Admit a party; its id is the next one."""
    if id_hash == ZERO32:
        refuse(Failure.REGISTRY_ZERO)
    for other in books.parties.values():
        if other.id_hash == id_hash:
            refuse(Failure.REGISTRY_ID_TAKEN, id_hash=id_hash, party=other.id)
    check_roles(roles)
    _check_accounts(threshold, len(accounts))
    _check_new(books, accounts)
    party = PartyId(len(books.parties) + 1)
    books.parties[party] = Party(
        party, id_hash, roles, PartyStatus.ACTIVE, threshold, tuple(accounts)
    )
    books.accounts.update(dict.fromkeys(accounts, party))
    return party


def recover(books: Books, party: int, accounts: Sequence[Address], threshold: int) -> None:
    """Replace every account of a party."""
    found = books.known(party)
    _check_accounts(threshold, len(accounts))
    old = {account: books.accounts.pop(account) for account in found.accounts}
    try:
        _check_new(books, accounts)
    finally:
        books.accounts.update(old)
    for account in found.accounts:
        del books.accounts[account]
    books.accounts.update(dict.fromkeys(accounts, found.id))
    books.parties[found.id] = replace(found, accounts=tuple(accounts), threshold=threshold)


def check_roles(roles: int) -> None:
    """At least one role, and none that does not exist."""
    if not 0 < roles <= ROLES_MAX:
        refuse(Failure.REGISTRY_ROLES, roles=int(roles))


def add_account(books: Books, by: Party, item: AddAccount, _now: Moment) -> int:
    """The party lets another account sign for it."""
    _check_accounts(by.threshold, len(by.accounts) + 1)
    _check_new(books, [item.account])
    books.accounts[item.account] = by.id
    books.parties[by.id] = replace(by, accounts=(*by.accounts, item.account))
    return 0


def remove_account(books: Books, by: Party, item: RemoveAccount, _now: Moment) -> int:
    """The party takes an account's right to sign away."""
    if books.accounts.get(item.account) != by.id:
        refuse(Failure.REGISTRY_NOT_ACCOUNT, party=by.id, account=item.account)
    _check_accounts(by.threshold, len(by.accounts) - 1)
    del books.accounts[item.account]
    left = tuple(account for account in by.accounts if account != item.account)
    books.parties[by.id] = replace(by, accounts=left)
    return 0


def set_threshold(books: Books, by: Party, item: SetThreshold, _now: Moment) -> int:
    """The party sets how many of its accounts must sign."""
    _check_accounts(item.threshold, len(by.accounts))
    books.parties[by.id] = replace(by, threshold=item.threshold)
    return 0


def _check_accounts(threshold: int, accounts: int) -> None:
    if not 0 < threshold <= THRESHOLD_MAX:
        refuse(Failure.REGISTRY_THRESHOLD, threshold=threshold)
    if not threshold <= accounts <= ACCOUNTS_MAX:
        refuse(
            Failure.REGISTRY_ACCOUNT_COUNT,
            accounts=accounts,
            threshold=threshold,
            most=ACCOUNTS_MAX,
        )


def _check_new(books: Books, accounts: Sequence[Address]) -> None:
    seen: set[bytes] = set()
    for account in accounts:
        if account == _NO_ACCOUNT:
            refuse(Failure.REGISTRY_ZERO)
        taken = books.accounts.get(account, PartyId(len(books.parties) + 1))
        if account in books.accounts or account in seen:
            refuse(Failure.REGISTRY_ACCOUNT_TAKEN, account=account, party=taken)
        seen.add(account)
