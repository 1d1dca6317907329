"""Taking in what parties know of their parts: facts, events, tables; with evidence of every row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import Engine, select
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.imports import Places
from xinlian.trace.adapters.sql.store import SqlTrace, TraceStore
from xinlian.trace.adapters.sql.tables import captures
from xinlian.trace.model.capture import CaptureReceipt, Row
from xinlian.trace.usecases.capture import Capture
from xinlian.trace.usecases.ports import Evidence

__all__ = ["Captures", "digest_of"]

AT_WORK_MAX: Final = 4


class Captures:
    """Captures of all parties; each sees its own. One of a party is at work at a time."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        keys: IdempotencyKeys,
        evidence: Evidence,
        promise_seconds: int,
        after: Callable[[int, CaptureReceipt], None] = lambda _party, _receipt: None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._keys = keys
        self._after = after
        self._capture = Capture(
            SqlTrace(engine), evidence, lambda now_ms: now_ms + 1000 * promise_seconds
        )
        self._places = Places(AT_WORK_MAX)

    def take(
        self, party: int, rows: Iterable[Row], *, key: str, operation: str, content: str
    ) -> CaptureReceipt:
        """Take rows in. ``content`` names what they were read from (its SHA-256, hex).

        The same key with the same content gives the same receipt again, once it was taken in.
        """
        with self._places.of(PartyId(party)):
            claim = self._keys.claim(party, key, operation, {"content": content})
            if claim.reference is not None:
                return self.receipt(party, claim.reference)
            try:
                receipt = self._capture.take(
                    party, rows, now_ms=1000 * self._clock.now(), capture_key=key
                )
            except Exception:
                if claim.fresh:
                    self._keys.drop(claim)
                raise
            # What was refused may be good another time: its key is not used up.
            if receipt.taken:
                self._keys.settle(claim, receipt.capture_id)
            else:
                self._keys.drop(claim)
        if receipt.taken:
            self._after(party, receipt)
        return receipt

    def receipt(
        self, party: int, capture: str, after: int = -1, limit: int = 10_000
    ) -> CaptureReceipt:
        """A receipt with a page of its rows; refused with ``NOT_FOUND``."""
        with begin_read(self._engine) as connection:
            found = TraceStore(connection).receipt(capture, party, after, limit)
        if not isinstance(found, CaptureReceipt):
            raise RefusedError(Code.NOT_FOUND, f"there is no capture {capture} of yours")
        return found

    def made_ms(self, party: int, capture: str) -> int:
        """When a capture of a party was made; refused with ``NOT_FOUND``."""
        query = select(captures.c.made_ms).where(
            captures.c.capture == capture, captures.c.party == party
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no capture {capture} of yours")
        return int(found)

    def listed(self, party: int, limit: int) -> list[tuple[str, str, int, bool, str]]:
        """A party's captures, newest first: id, key, time, whether taken, counts as JSON."""
        with begin_read(self._engine) as connection:
            return TraceStore(connection).captures(party, limit)


def digest_of(parts: Iterable[bytes]) -> str:
    """SHA-256 of what rows are read from, hex."""
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()
