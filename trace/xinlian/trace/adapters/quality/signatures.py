"""Signatures of parties' accounts over steps of recognition."""

from __future__ import annotations

from collections.abc import Callable, Collection

from xinlian.ledger.chain.signer import recover
from xinlian.ledger.model.ids import Address
from xinlian.ledger.model.keccak import keccak256
from xinlian.trace.usecases.quality.ports import Signatures

__all__ = ["AccountSignatures"]


class AccountSignatures(Signatures):
    """A party signs with any of its accounts; ``accounts_of`` gives those it has now."""

    def __init__(self, accounts_of: Callable[[int], Collection[Address]]) -> None:
        self._accounts_of = accounts_of

    def signed(self, party: int, preimage: bytes, signature: bytes) -> bool:
        """Whether an account of ``party`` signed the Keccak-256 of ``preimage``."""
        account = recover(keccak256(preimage), signature)
        return account is not None and account in self._accounts_of(party)
