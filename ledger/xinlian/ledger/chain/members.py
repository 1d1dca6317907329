"""Who may sign for whom, as the contracts see it: checked here first, decided by the chain."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from xinlian.ledger.chain.errors import (
    NodeRecoveringError,
    NodeUnavailableError,
)
from xinlian.ledger.chain.reader import ChainReader
from xinlian.ledger.chain.signer import recover
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.orders import SIGNATURE_BYTES, SignedOrder
from xinlian.ledger.model.parties import Member

_FRESH_S: Final = 5.0
_KNOWN_MAX: Final = 100_000
_NOBODY: Final = Address(bytes(20))


class Members:
    """What the registry says about accounts, kept for a few seconds.

    What is kept may be older than the chain's view. So a good answer may still meet a refusal on
    the chain, but nobody is refused here before the chain was asked again.
    """

    def __init__(self, reader: ChainReader) -> None:
        self._reader = reader
        self._known: dict[Address, tuple[float, Member]] = {}

    def prefetch(self, accounts: Iterable[Address]) -> None:
        """Ask for all accounts that are not known freshly, in one batch.

        While the node is away, what was known last will do.
        """
        now = time.monotonic()
        wanted = [
            account
            for account in set(accounts)
            if (found := self._known.get(account)) is None or now - found[0] > _FRESH_S
        ]
        if not wanted:
            return
        try:
            self._fetch(wanted)
        except (NodeUnavailableError, NodeRecoveringError):
            if any(account not in self._known for account in wanted):
                raise

    def check(self, signed: SignedOrder, signers: Sequence[Address | None]) -> None:
        """Whether the contracts would take these signatures.

        ``signers``: the account recovered from each signature, None where it is none. Raises the
        ``LedgerError`` with which the contracts would refuse, in their order of precedence.
        """
        refusal = self._refusal(signed, signers)
        if refusal is None:
            return
        self._fetch([account for account in signers if account is not None])
        refusal = self._refusal(signed, signers)
        if refusal is not None:
            raise refusal

    def _refusal(
        self, signed: SignedOrder, signers: Sequence[Address | None]
    ) -> LedgerError | None:
        party = signed.order.party
        if len(signers) not in (1, 2):
            return _count(signers, 0)
        first, *others = signers
        member = self._member(first)
        if member is None or member.party != party or party == 0:
            return _bad(party, first)
        if len(signers) != member.threshold:
            return _count(signers, member.threshold)
        for second in others:
            other = self._member(second)
            if other is None or other.party != party:
                return _bad(party, second)
            if second == first and second is not None:
                fields = {"signer": to_checksum(second)}
                return LedgerError(Failure.ORDERS_DUPLICATE_SIGNER, fields=fields)
        if not member.active:
            return LedgerError(Failure.DIRECTORY_PARTY_SUSPENDED, fields={"party": int(party)})
        return None

    def _member(self, account: Address | None) -> Member | None:
        found = None if account is None else self._known.get(account)
        return None if found is None else found[1]

    def _fetch(self, accounts: Sequence[Address]) -> None:
        if len(self._known) + len(accounts) > _KNOWN_MAX:
            self._known.clear()
        members = self._reader.members_of(accounts)
        now = time.monotonic()
        self._known.update(
            (account, (now, member)) for account, member in zip(accounts, members, strict=True)
        )


def signers_of(digest: bytes, signatures: Sequence[bytes]) -> list[Address | None]:
    """The account that made each signature, None where it is none."""
    return [recover(digest, signature) for signature in signatures]


def _bad(party: int, signer: Address | None) -> LedgerError:
    fields = {"party": int(party), "signer": to_checksum(signer or _NOBODY)}
    return LedgerError(Failure.ORDERS_BAD_SIGNATURE, fields=fields)


def _count(signers: Sequence[Address | None], threshold: int) -> LedgerError:
    fields = {"length": SIGNATURE_BYTES * len(signers), "threshold": threshold}
    return LedgerError(Failure.ORDERS_SIGNATURE_COUNT, fields=fields)
