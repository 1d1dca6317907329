"""Recognise control points between two sides: signed steps, and suspension by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.ledger.model.orders import Domain
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.recognition import (
    Action,
    Cause,
    Recognition,
    Step,
    propose,
    supervise,
    transition,
)
from xinlian.trace.model.quality.recognition_terms import DAY_MS, Standing, Terms
from xinlian.trace.usecases.quality.ports import (
    PointKey,
    RecognitionStore,
    RecordSink,
    Signatures,
)

__all__ = [
    "ACKNOWLEDGED",
    "AHEAD_MS_MAX",
    "BEHIND_MS_MAX",
    "DOMAIN",
    "PROPOSALS_MAX",
    "Draft",
    "PartySignatures",
    "Recogniser",
    "StepAsked",
    "suspend_broken",
]

DOMAIN: Final = b"XINLIAN-RECOGNITION\x02"
"""Stands before what parties sign, so that it is no other document. The separator of the network's
domain follows (32 bytes, as in orders: chain id and contract), then the canonical record."""
ACKNOWLEDGED: Final = "mutual-recognition-acknowledged/1"
"""Layout of the record by which a side takes a step of the other side alone into its own log."""
PROPOSALS_MAX: Final = 100
"""Open proposals between one supplier and one customer."""
AHEAD_MS_MAX: Final = 5 * 60_000
BEHIND_MS_MAX: Final = 7 * DAY_MS
"""How far the moment of a step may lie back while the second side's signature is waited for; of
what one side says alone it is ``AHEAD_MS_MAX`` as well."""

PartySignatures: TypeAlias = Mapping[int, Sequence[bytes]]
"""By party, the signatures of its accounts: as many as its orders need."""


@dataclass(frozen=True, slots=True)
class StepAsked:
    """A step as it is signed. ``at_ms`` is the moment that it names; ``characteristic`` and
    ``terms`` belong to a proposal."""

    key: PointKey
    action: Action
    at_ms: int
    characteristic: str = ""
    terms: Terms | None = None
    standing: Standing | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A step that is not yet signed: its record, and the bytes whose Keccak-256 is signed."""

    step: Step
    preimage: bytes
    digest: str
    """SHA-256 of the canonical record, in hex: what both sides compare."""


class Recogniser:
    """Steps of recognition within the caller's transaction.

    Both sides are shown the same draft and sign it. The record of a step goes into the logs of
    those who signed it; who did not sign gets it, within a record of layout ``ACKNOWLEDGED``, when
    it signs a later step: nobody writes into the log of another.
    """

    def __init__(
        self, domain: Domain, store: RecognitionStore, signatures: Signatures, sink: RecordSink
    ) -> None:
        self._domain = domain
        self._store = store
        self._signatures = signatures
        self._sink = sink

    def draft(self, asked: StepAsked) -> Draft:
        """What is signed for a step; ``QualityError`` where it is not possible."""
        step = self._step(asked, (asked.key.supplier, asked.key.customer))
        canon = canonical(dict(step.record))
        preimage = DOMAIN + self._domain.separator + canon
        return Draft(step, preimage, hashlib.sha256(canon).hexdigest())

    def check(
        self, asked: StepAsked, signatures: PartySignatures, now_ms: int
    ) -> Mapping[str, Any]:
        """The record of a step with its signatures, if it may be taken now; ``QualityError``.

        Every signature must be right, also one that is not needed.
        """
        draft = self.draft(asked)
        self._check_signatures(asked.key, draft, signatures)
        self._step(asked, tuple(signatures))
        behind = BEHIND_MS_MAX if len(signatures) > 1 else AHEAD_MS_MAX
        if not -behind <= asked.at_ms - now_ms <= AHEAD_MS_MAX:
            raise QualityError(
                "the moment of a step lies at most 5 minutes from now (7 days back where both sign)"
            )
        if asked.action is Action.PROPOSE:
            if self._store.find(asked.key) is not None:
                raise QualityError(f"the control point {asked.key.point} is there already")
            open_ones = self._store.proposed(asked.key.supplier, asked.key.customer)
            if open_ones >= PROPOSALS_MAX:
                raise QualityError(f"{PROPOSALS_MAX} proposals between these parties are open")
        return _signed_record(draft, signatures)

    def take(self, asked: StepAsked, signatures: PartySignatures, now_ms: int) -> Recognition:
        """Take a step that ``check`` lets pass."""
        record = self.check(asked, signatures, now_ms)
        after = self._step(asked, tuple(signatures)).after
        for party in sorted(signatures):
            for missed in self._missed(asked.key, party):
                self._sink(party, _acknowledged(missed, record))
            self._sink(party, record)
        if asked.action is Action.PROPOSE:
            self._store.add(after, record)
        else:
            self._store.move(after, record)
        return after

    def _step(self, asked: StepAsked, signed_by: Collection[int]) -> Step:
        key = asked.key
        if asked.action is Action.PROPOSE:
            return propose(
                key.point,
                supplier=key.supplier,
                customer=key.customer,
                characteristic=asked.characteristic,
                terms=asked.terms or Terms(),
                now_ms=asked.at_ms,
                signed_by=signed_by,
            )
        return transition(
            _known(self._store, key),
            asked.action,
            now_ms=asked.at_ms,
            signed_by=signed_by,
            standing=asked.standing,
            reason=asked.reason,
        )

    def _check_signatures(self, key: PointKey, draft: Draft, signatures: PartySignatures) -> None:
        for party, made in signatures.items():
            if party not in {key.supplier, key.customer}:
                raise QualityError(f"party {party} is not a side of this control point")
            if not self._signatures.signed(party, draft.preimage, made):
                raise QualityError(
                    f"party {party} did not sign this step as it signs orders on this network"
                )

    def _missed(self, key: PointKey, party: int) -> list[Mapping[str, Any]]:
        """Steps that the other side took alone since the party's log was last told of one."""
        missed: list[Mapping[str, Any]] = []
        for record in reversed(self._store.steps(key)):
            signed = {one["party"] for one in record.get("signatures", ())}
            if record["cause"] == Cause.CONDITION or party in signed:
                break
            missed.append(record)
        return missed[::-1]


def suspend_broken(
    store: RecognitionStore,
    sink: RecordSink,
    key: PointKey,
    standing: Standing,
    now_ms: int,
    why: str = "",
) -> Step | None:
    """Suspend a point whose terms broke, within the caller's transaction; the record goes into both
    sides' logs. ``why`` says what kept a figure from being reckoned."""
    step = supervise(_known(store, key), standing, now_ms, why)
    if step is not None:
        store.move(step.after, step.record)
        for party in (key.supplier, key.customer):
            sink(party, step.record)
    return step


def _known(store: RecognitionStore, key: PointKey) -> Recognition:
    found = store.find(key)
    if found is None:
        raise QualityError(f"there is no control point {key.point} between these parties")
    return found


def _acknowledged(missed: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """What the other side did, as the side that signs now takes it into its log: of the moment at
    which it signs, with the record of then as it stands in the other log."""
    return {
        "schema": ACKNOWLEDGED,
        "subject": record["subject"],
        "event_time": record["event_time"],
        "record": dict(missed),
    }


def _signed_record(draft: Draft, signatures: PartySignatures) -> dict[str, Any]:
    """The record with its signatures: without them it is what was signed, byte for byte."""
    return {
        **draft.step.record,
        "agreed": draft.digest,
        "signatures": [
            {"party": party, "signature": signature.hex()}
            for party, made in sorted(signatures.items())
            for signature in made
        ],
    }
