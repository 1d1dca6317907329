"""What the platform's operator does on chain: register parties, set roles, status and limits."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.statuses import Exists, Failed, Status, Submitted
from xinlian.ledger.model.statuses import Final as FinalStatus
from xinlian.services.app.custody import Custody
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.orders import Asked
from xinlian.services.app.parties import NewParty, Parties, PartyRow

__all__ = ["CallCarrier", "Called", "Operator", "Registered"]

_FUNCTIONS: Final[Mapping[str, tuple[ContractName, str]]] = {
    "register": (ContractName.REGISTRY, "register((bytes32,uint16,uint8,address[])[])"),
    "setStatus": (ContractName.REGISTRY, "setStatus(uint32,uint8,bytes32)"),
    "setRoles": (ContractName.REGISTRY, "setRoles(uint32,uint16)"),
    "setIssuerLimit": (ContractName.VOUCHERS, "setIssuerLimit(uint32,uint64)"),
    "expire": (ContractName.VOUCHERS, "expire(uint64[])"),
}
_POLL_SECONDS: Final = 0.02


class CallCarrier(Protocol):
    """Keeps the operator's calls and carries them; the ledger's submitter."""

    def submit_call(
        self, contract: ContractName, function: str, arguments: Sequence[Any], key: str
    ) -> Submitted | Exists:
        """Keep a call durably, once."""

    def call_status(self, key: str) -> Status | None:
        """What became of a call; ``None`` if there is none under this key."""


@dataclass(frozen=True, slots=True)
class Called:
    """A call of the operator: its key, what became of it, whether it was there before."""

    key: str
    status: Status
    exists: bool


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration: the party's hash, the party once the chain knows it, and the call.

    ``called`` is ``None`` where the very same party was registered before: nothing is called.
    """

    id_hash: bytes
    party: PartyRow | None
    called: Called | None


class Operator:
    """The operator's calls, each under an idempotency key."""

    def __init__(
        self,
        submitter: CallCarrier,
        parties: Parties,
        custody: Custody,
        keys: IdempotencyKeys,
    ) -> None:
        self._submitter = submitter
        self._parties = parties
        self._custody = custody
        self._keys = keys

    def call(self, asked: Asked, name: str, arguments: Sequence[Any]) -> Called:
        """Make a call once. ``name`` is one of the functions in the table above."""
        claim = self._keys.claim(0, asked.key, asked.operation, asked.content)
        try:
            called = self._submit(asked.key, name, arguments)
        except Exception:
            if claim.fresh:
                self._keys.drop(claim)
            raise
        if claim.reference is None:
            self._keys.settle(claim, asked.key)
        return Called(called.key, called.status, exists=not claim.fresh)

    def register(self, asked: Asked, new: NewParty, custody_keys: int = 0) -> Registered:
        """Register one party, with its own accounts or with keys made and kept here."""
        if bool(new.accounts) == bool(custody_keys):
            raise RefusedError(
                Code.INVALID,
                "name either the party's accounts or a number of keys to be kept here",
                field="accounts",
            )
        if custody_keys and new.threshold > 1:
            raise RefusedError(
                Code.INVALID,
                "a party whose orders need two signatures keeps its own keys, in two people's "
                "hands",
                field="custody_keys",
            )
        claim = self._keys.claim(0, asked.key, asked.operation, asked.content)
        try:
            id_hash = self._parties.enrol([new])[0]
            known = self._parties.of_hash(id_hash)
            if known is not None and self._submitter.call_status(_key(asked.key)) is None:
                _same(known, new, custody_keys)
                self._keys.settle(claim, id_hash.hex())
                return Registered(id_hash, known, None)
            accounts = new.accounts
            if custody_keys:
                plan = claim.plan or self._keys.fix_plan(claim, self._made(custody_keys))
                accounts = tuple(Address(bytes.fromhex(text)) for text in plan["accounts"])
            called = self._submit(
                asked.key,
                "register",
                [_registrations([replace(new, accounts=accounts)], [id_hash])],
            )
        except Exception:
            if claim.fresh:
                self._keys.drop(claim)
            raise
        if claim.reference is None:
            self._keys.settle(claim, id_hash.hex())
        called = replace(called, exists=not claim.fresh)
        return Registered(id_hash, self._parties.of_hash(id_hash), called)

    def register_many(self, news: Sequence[NewParty], key: str) -> tuple[list[bytes], Called]:
        """Register many parties (at most 100) in one call; their hashes in the same order."""
        hashes = self._parties.enrol(news)
        return hashes, self._submit(key, "register", [_registrations(news, hashes)])

    def status(self, key: str) -> Called:
        """What became of a call; ``RefusedError`` with ``NOT_FOUND``."""
        status = self._submitter.call_status(_key(key))
        if status is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no call {key}")
        return Called(key, status, exists=True)

    def wait(self, called: Called, seconds: int) -> Called:
        """The call once it is final or failed, or as it is when the seconds are over."""
        end = time.monotonic() + seconds
        while not isinstance(called.status, (FinalStatus, Failed)) and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
            called = replace(called, status=self.status(called.key).status)
        return called

    def _made(self, count: int) -> dict[str, list[str]]:
        return {"accounts": [self._custody.create().hex() for _ in range(count)]}

    def _submit(self, key: str, name: str, arguments: Sequence[Any]) -> Called:
        contract, function = _FUNCTIONS[name]
        done = self._submitter.submit_call(contract, function, arguments, _key(key))
        if isinstance(done, Exists):
            return Called(key, done.status, exists=True)
        return Called(key, done, exists=False)


def _same(known: PartyRow, new: NewParty, custody_keys: int) -> None:
    """Refuse what would make another party of one that is registered (``CONFLICT``)."""
    accounts = len(known.accounts) if custody_keys else tuple(sorted(known.accounts))
    pairs = {
        "roles": (known.roles, new.roles),
        "threshold": (known.threshold, new.threshold),
        "accounts": (accounts, custody_keys or tuple(sorted(new.accounts))),
    }
    for field, (stands, wanted) in pairs.items():
        if stands != wanted:
            raise RefusedError(
                Code.CONFLICT,
                f"the company is registered as party {known.id} with other {field}: nothing was "
                "changed",
                field=field,
                party=known.id,
            )


def _key(key: str) -> str:
    # The platform's keys are its own space: a party's key of the same text is another one.
    return f"platform:{key}"


def _registrations(news: Sequence[NewParty], hashes: Sequence[bytes]) -> list[tuple[Any, ...]]:
    return [
        (id_hash, int(new.roles), new.threshold, [to_checksum(account) for account in new.accounts])
        for new, id_hash in zip(news, hashes, strict=True)
    ]
