"""How far the evidence of records has come, for many records at once."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.model.ids import PartyId, to_checksum
from xinlian.ledger.model.views import HeadOnChain
from xinlian.ledger.usecases.evidence import EvidenceLogs
from xinlian.trace.model.dossier import Proof, ProofState
from xinlian.trace.model.stored import Stored
from xinlian.trace.usecases.ports import STREAM

__all__ = ["NO_PROOF", "Proofs"]

NO_PROOF: Final = Proof(ProofState.NONE)


class Proofs:
    """Proof states of stored facts."""

    def __init__(self, logs: EvidenceLogs, deadline_seconds: int) -> None:
        self._logs = logs
        self._deadline_ms = 1000 * deadline_seconds

    def log_of(self, connection: Connection, party: int) -> bytes | None:
        """The log of a party's records about parts."""
        info = self._logs.find(connection, PartyId(party), STREAM)
        return None if info is None else info.log_id

    def place(self, connection: Connection, parties: Iterable[int]) -> tuple[int, str] | None:
        """The chain's number and the contract that heads are in; ``None`` where no party of these
        has a log."""
        for party in parties:
            info = self._logs.find(connection, PartyId(party), STREAM)
            if info is not None:
                return info.chain_id, to_checksum(info.contract)
        return None

    def of(
        self, connection: Connection, facts: Iterable[Stored[Any]], now_ms: int
    ) -> Mapping[tuple[int, int], Proof]:
        """Proofs by (party, leaf)."""
        leaves: dict[int, dict[int, Stored[Any]]] = defaultdict(dict)
        for each in facts:
            if each.leaf is not None:
                leaves[each.party][each.leaf] = each
        found = {}
        for party, by_leaf in leaves.items():
            log = self.log_of(connection, party)
            if log is None:
                continue
            heads = _covering(connection, log, sorted(by_leaf))
            for leaf, each in by_leaf.items():
                found[party, leaf] = self._proof(log, leaf, each, heads.get(leaf), now_ms)
        return found

    def _proof(
        self, log: bytes, leaf: int, each: Stored[Any], head: HeadOnChain | None, now_ms: int
    ) -> Proof:
        if head is None:
            late = now_ms > each.captured_ms + self._deadline_ms
            state = ProofState.MISSED if late else ProofState.WAITING
            return Proof(state, log.hex(), leaf, each.leaf_hash)
        return Proof(
            ProofState.FIXED,
            log.hex(),
            leaf,
            each.leaf_hash,
            head.size,
            "0x" + head.tx_hash.hex(),
            head.block,
            1000 * head.time,
        )


def _covering(connection: Connection, log: bytes, leaves: list[int]) -> dict[int, HeadOnChain]:
    """The first head on chain over each leaf: one question a head, not one a leaf."""
    found: dict[int, HeadOnChain] = {}
    at = 0
    while at < len(leaves):
        head = queries.covering_head(connection, log, leaves[at] + 1)
        if head is None:
            break
        until = bisect_left(leaves, head.size)
        found |= dict.fromkeys(leaves[at:until], head)
        at = until
    return found
