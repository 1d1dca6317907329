"""Recognise control points between two sides: signed steps, and suspension by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.recognition import (
    Action,
    Recognition,
    Step,
    propose,
    supervise,
    transition,
)
from xinlian.trace.model.quality.recognition_terms import Standing, Terms
from xinlian.trace.usecases.quality.ports import (
    PointKey,
    RecognitionStore,
    RecordSink,
    Signatures,
)

__all__ = ["DOMAIN", "Draft", "Recogniser"]

DOMAIN: Final = b"XINLIAN-RECOGNITION\x01"
"""Stands before the canonical record in what parties sign, so that it is no other document."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A step that is not yet signed: its record, and the bytes whose Keccak-256 is signed."""

    step: Step
    preimage: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical record, in hex: what both sides compare."""
        return hashlib.sha256(self.preimage[len(DOMAIN) :]).hexdigest()


class Recogniser:
    """Steps of recognition within the caller's transaction.

    ``now_ms`` is part of what is signed: both sides are shown the same draft and sign it, and the
    one who carries it out names the same moment.
    """

    def __init__(self, store: RecognitionStore, signatures: Signatures, sink: RecordSink) -> None:
        self._store = store
        self._signatures = signatures
        self._sink = sink

    def draft_proposal(
        self, key: PointKey, characteristic: str, terms: Terms, now_ms: int
    ) -> Draft:
        """What the proposer signs."""
        return _draft(
            propose(
                key.point,
                supplier=key.supplier,
                customer=key.customer,
                characteristic=characteristic,
                terms=terms,
                now_ms=now_ms,
                signed_by=(key.supplier, key.customer),
            )
        )

    def draft(
        self,
        key: PointKey,
        action: Action,
        now_ms: int,
        standing: Standing | None = None,
        reason: str = "",
    ) -> Draft:
        """What both sides sign for a step; ``QualityError`` where it is not possible."""
        return _draft(
            transition(
                self._known(key),
                action,
                now_ms=now_ms,
                signed_by=(key.supplier, key.customer),
                standing=standing,
                reason=reason,
            )
        )

    def propose(
        self,
        key: PointKey,
        characteristic: str,
        terms: Terms,
        now_ms: int,
        signatures: Mapping[int, bytes],
    ) -> Recognition:
        """Begin with a proposal that one side signed."""
        draft = self.draft_proposal(key, characteristic, terms, now_ms)
        signed = self._signers(key, draft, signatures)
        step = propose(
            key.point,
            supplier=key.supplier,
            customer=key.customer,
            characteristic=characteristic,
            terms=terms,
            now_ms=now_ms,
            signed_by=signed,
        )
        record = _signed_record(step, draft, signatures)
        self._store.add(step.after, record)
        self._tell(step.after, record)
        return step.after

    def take(
        self,
        key: PointKey,
        action: Action,
        now_ms: int,
        signatures: Mapping[int, bytes],
        standing: Standing | None = None,
        reason: str = "",
    ) -> Recognition:
        """Take a step; every signature must be right, also one that is not needed."""
        draft = self.draft(key, action, now_ms, standing, reason)
        signed = self._signers(key, draft, signatures)
        step = transition(
            self._known(key),
            action,
            now_ms=now_ms,
            signed_by=signed,
            standing=standing,
            reason=reason,
        )
        record = _signed_record(step, draft, signatures)
        self._store.move(step.after, record)
        self._tell(step.after, record)
        return step.after

    def supervise(self, key: PointKey, standing: Standing, now_ms: int) -> Step | None:
        """Suspend a point whose terms broke; the record goes into both sides' logs."""
        step = supervise(self._known(key), standing, now_ms)
        if step is not None:
            self._store.move(step.after, step.record)
            self._tell(step.after, step.record)
        return step

    def _known(self, key: PointKey) -> Recognition:
        found = self._store.find(key)
        if found is None:
            raise QualityError(f"there is no control point {key.point} between these parties")
        return found

    def _signers(
        self, key: PointKey, draft: Draft, signatures: Mapping[int, bytes]
    ) -> tuple[int, ...]:
        for party, signature in signatures.items():
            if party not in {key.supplier, key.customer}:
                raise QualityError(f"party {party} is not a side of this control point")
            if not self._signatures.signed(party, draft.preimage, signature):
                raise QualityError(f"the signature of party {party} is not over this step")
        return tuple(signatures)

    def _tell(self, after: Recognition, record: Mapping[str, Any]) -> None:
        for party in (after.supplier, after.customer):
            self._sink(party, record)


def _draft(step: Step) -> Draft:
    return Draft(step, DOMAIN + canonical(dict(step.record)))


def _signed_record(step: Step, draft: Draft, signatures: Mapping[int, bytes]) -> dict[str, Any]:
    """The record with its signatures: without them it is what was signed, byte for byte."""
    return {
        **step.record,
        "agreed": draft.digest,
        "signatures": [
            {"party": party, "signature": signature.hex()}
            for party, signature in sorted(signatures.items())
        ],
    }
