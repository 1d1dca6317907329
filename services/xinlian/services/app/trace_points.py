"""Mutual recognition of control points: the steps that parties sign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.orders import Domain
from xinlian.ledger.model.parties import PartyStatus
from xinlian.services.app.clock import Clock
from xinlian.services.app.custody import Custody
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.evidence import Evidence
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.parties import Parties
from xinlian.services.app.trace_supervision import STREAM
from xinlian.trace.adapters.quality.recognition_store import SqlRecognitions
from xinlian.trace.adapters.quality.signatures import AccountSignatures, Signatories
from xinlian.trace.usecases.quality import (
    PointKey,
    QualityError,
    Recogniser,
    Recognition,
    State,
    StepAsked,
)
from xinlian.trace.usecases.quality.recognising import Draft, PartySignatures

__all__ = ["ControlPoints"]


class ControlPoints:
    """Control points of all parties; each sees those that it is a side of."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        keys: IdempotencyKeys,
        parties: Parties,
        custody: Custody,
        evidence: Evidence,
        domain: Domain,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._keys = keys
        self._parties = parties
        self._custody = custody
        self._evidence = evidence
        self._domain = domain

    def listed(self, party: int, state: State | None = None) -> Sequence[Recognition]:
        """The points of a party."""
        with begin_read(self._engine) as connection:
            return SqlRecognitions(connection).listed(party, state)

    def steps(self, party: int, key: PointKey) -> Sequence[Mapping[str, Any]]:
        """Every record of a point, the oldest first; refused with ``NOT_FOUND``."""
        _side(party, key)
        with begin_read(self._engine) as connection:
            found = SqlRecognitions(connection).steps(key)
        if not found:
            raise RefusedError(Code.NOT_FOUND, f"there is no control point {key.point} of yours")
        return found

    def draft(self, party: int, asked: StepAsked) -> Draft:
        """What both sides sign for a step; refused with ``STATE`` where it is not possible."""
        _side(party, asked.key)
        with begin_read(self._engine) as connection, _possible():
            return self._recogniser(connection, {}).draft(asked)

    def sign(self, party: int, asked: StepAsked) -> tuple[Draft, bytes]:
        """The step's record and the party's signature over it, by a key that is kept here.

        Refused with ``STATE`` where the step is not possible, ``NO_KEY_IN_CUSTODY`` where no key is
        kept or two people must sign.
        """
        draft = self.draft(party, asked)
        who = self._signatories(party)
        needed = who.threshold if who else 1
        # One token is one person: signing twice for it would undo the second pair of eyes.
        signers = self._custody.signers(who.accounts, 1) if who and needed == 1 else []
        if not signers:
            raise RefusedError(
                Code.NO_KEY_IN_CUSTODY,
                f"a step of party {party} needs {needed} signature(s) by keys that are not kept "
                "here: draft the step, sign it with your own keys, and take it",
                needed=needed,
            )
        return draft, signers[0].sign(draft.preimage)

    def _signatories(self, party: int) -> Signatories | None:
        found = self._parties.now(party)
        if found is None or found.status is not PartyStatus.ACTIVE:
            return None
        return Signatories(found.accounts, found.threshold)

    def take(
        self, party: int, asked: StepAsked, signatures: PartySignatures, key: str
    ) -> Recognition:
        """Take a signed step; its record goes into the logs of those who signed it. The same key
        again answers with the point as it stands.

        Refused with ``NOT_FOUND`` for a party that does not exist, ``STATE`` where the step is not
        possible: before anything is made.
        """
        _side(party, asked.key)
        self._check_parties(asked.key)
        content = {
            "step": repr(asked),
            "signatures": {
                str(one): [each.hex() for each in made] for one, made in signatures.items()
            },
        }
        claim = self._keys.claim(party, key, "take_control_step", content)
        if claim.reference is None:
            try:
                self._take(asked, signatures)
            except Exception:
                if claim.fresh:
                    self._keys.drop(claim)
                raise
            self._keys.settle(claim, asked.key.point)
        with begin_read(self._engine) as connection:
            found = SqlRecognitions(connection).find(asked.key)
        if found is None:
            raise RefusedError(
                Code.NOT_FOUND, f"there is no control point {asked.key.point} of yours"
            )
        return found

    def _take(self, asked: StepAsked, signatures: PartySignatures) -> None:
        now_ms = self._now_ms()
        with begin_read(self._engine) as connection, _possible():
            self._recogniser(connection, {}).check(asked, signatures, now_ms)
        logs = self._logs(signatures)
        with begin_write(self._engine) as connection, _possible():
            self._recogniser(connection, logs).take(asked, signatures, now_ms)

    def _check_parties(self, key: PointKey) -> None:
        for one in (key.supplier, key.customer):
            if self._parties.member(PartyId(one)) is None:
                raise RefusedError(Code.NOT_FOUND, f"there is no party {one}")

    def _logs(self, parties: Iterable[int]) -> dict[int, bytes]:
        """The logs of parties, made before the transaction that writes."""
        return {one: self._evidence.ensure_log(PartyId(one), STREAM) for one in parties}

    def _now_ms(self) -> int:
        return 1000 * self._clock.now()

    def _recogniser(self, connection: Connection, logs: Mapping[int, bytes]) -> Recogniser:
        def sink(party: int, record: Mapping[str, Any]) -> None:
            self._evidence.append(connection, logs[party], [record])

        signatures = AccountSignatures(self._signatories)
        return Recogniser(self._domain, SqlRecognitions(connection), signatures, sink)


def _side(party: int, key: PointKey) -> None:
    if party not in (key.supplier, key.customer):
        raise RefusedError(Code.NOT_FOUND, f"there is no control point {key.point} of yours")


@contextmanager
def _possible() -> Iterator[None]:
    try:
        yield
    except QualityError as exc:
        raise RefusedError(Code.STATE, f"this step cannot be taken: {exc}") from exc
