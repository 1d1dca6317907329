"""Proof files about items: every record about them, and that there are no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.usecases.evidence import EvidenceLogs, Request
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_proofs import Proofs
from xinlian.services.app.trace_sharing import Sharing
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.readers import is_stranger
from xinlian.trace.model.records import correction_subject, subject_of
from xinlian.trace.model.stored import ItemFacts
from xinlian.trace.usecases.genealogy import Genealogy

__all__ = ["Bundles"]

RECORDS_MAX: Final = 20_000


class Prove(Protocol):
    """Makes a bundle; ``wait``: for heads that are on their way to the chain."""

    def __call__(self, requests: Mapping[bytes, Request], *, wait: bool = True) -> bytes:
        """The bundle."""


class Bundles:
    """Makes proof files. ``prover`` makes a bundle; by default from what is stored."""

    def __init__(
        self,
        engine: Engine,
        genealogy: Genealogy,
        proofs: Proofs,
        logs: EvidenceLogs,
        sharing: Sharing,
    ) -> None:
        self._engine = engine
        self._genealogy = genealogy
        self._proofs = proofs
        self._logs = logs
        self.sharing = sharing
        self.prover: Prove = self._stored

    def of(self, reader: int, items: Sequence[ItemId]) -> bytes:
        """The proof file of what a reader may see about items: per log all records that speak of
        one of them (of links out of a batch those of the parents), with the corrections of what was
        withdrawn; each record once for every item asked for.

        Refused with ``STATE`` while none of it is under a head on the chain. Strangers do not wait
        for heads that are on their way. Subject keys are in it of those parties alone that granted
        the reader theirs.
        """
        facts = self._genealogy.facts(reader, items, with_links=False)
        leaves = _leaves(facts)
        if sum(map(len, leaves.values())) > RECORDS_MAX:
            raise RefusedError(
                Code.INVALID, f"a proof file holds at most {RECORDS_MAX} records: ask for less"
            )
        names = [subject_of(item) for item in items]
        subjects = list(dict.fromkeys([*names, *_withdrawn(facts)]))
        requests = {}
        with begin_read(self._engine) as connection:
            keys = self.sharing.key_owners(connection, reader)
            for party, indices in leaves.items():
                log = self._proofs.log_of(connection, party)
                head = None if log is None else queries.newest_head(connection, log)
                if log is not None and head is not None:
                    fixed = sorted(index for index in indices if index < head.size)
                    requests[log] = Request(
                        subjects=subjects, indices=fixed, reveal_key=party in keys, once=True
                    )
        if not requests:
            raise RefusedError(
                Code.STATE, "no record of this is under a head on the chain yet: try again later"
            )
        return self.prover(requests, wait=not is_stranger(reader))

    def _stored(self, requests: Mapping[bytes, Request], *, wait: bool = True) -> bytes:  # noqa: ARG002
        try:
            with begin_read(self._engine) as connection:
                return self._logs.prove(connection, requests)
        except EvidenceError as exc:
            code = Code.STATE if exc.refusal is Refusal.NO_HEAD else Code.INVALID
            raise RefusedError(code, str(exc)) from exc


def _withdrawn(facts: ItemFacts) -> Iterator[str]:
    """Where the corrections of these facts stand."""
    named = (
        ("event", facts.events, "event_id"),
        ("inspection", facts.inspections, "inspection_id"),
        ("process", facts.processes, "record_id"),
        ("claim", facts.claims, "claim_id"),
    )
    for kind, group, name in named:
        for each in group:
            if each.withdrawn:
                yield correction_subject(kind, getattr(each.fact, name))


def _leaves(facts: ItemFacts) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    groups = (facts.items, facts.events, facts.inspections, facts.processes, facts.claims)
    for group in groups:
        for each in group:
            if each.leaf is not None:
                found[each.party].add(each.leaf)
    return found
