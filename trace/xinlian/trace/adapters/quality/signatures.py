"""Signatures of parties' accounts over steps of recognition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from xinlian.ledger.chain.signer import recover
from xinlian.ledger.model.ids import Address
from xinlian.ledger.model.keccak import keccak256
from xinlian.trace.usecases.quality.ports import Signatures

__all__ = ["AccountSignatures", "Signatories"]


class Signatories(NamedTuple):
    """The accounts that may sign for a party now, and how many of them must."""

    accounts: Sequence[Address]
    threshold: int


class AccountSignatures(Signatures):
    """A party signs as it signs orders: ``signatories_of`` gives who must, ``None`` for a party
    that cannot sign now."""

    def __init__(self, signatories_of: Callable[[int], Signatories | None]) -> None:
        self._signatories_of = signatories_of

    def signed(self, party: int, preimage: bytes, signatures: Sequence[bytes]) -> bool:
        """Whether the threshold of the party's accounts, each once and no other, signed the
        Keccak-256 of ``preimage``."""
        who = self._signatories_of(party)
        if who is None or len(signatures) != who.threshold:
            return False
        digest = keccak256(preimage)
        signers = {recover(digest, signature) for signature in signatures}
        return len(signers) == who.threshold and signers <= set(who.accounts)
