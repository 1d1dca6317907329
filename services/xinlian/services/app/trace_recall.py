"""Recalls and drills of parties: made, kept, compared, written out, proved."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.ledger.usecases.evidence import Request
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.trace_bundle import Bundles
from xinlian.services.app.trace_items import TraceItems
from xinlian.services.app.trace_proofs import Proofs
from xinlian.trace.adapters.exports import recall_csv, recall_pdf, recall_xlsx
from xinlian.trace.model.causes import CauseError
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import Cause, CauseKind, Drill, RecallList
from xinlian.trace.model.records import item_text
from xinlian.trace.model.standing import (
    NamedBy,
    RecallEntry,
    RecallState,
    Standing,
    StandingError,
)
from xinlian.trace.usecases.recall import Recalls

__all__ = ["RecallDesk"]

RECORDS_MAX: Final = 100_000


class RecallDesk:
    """What parties do with recalls; each sees its own."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        keys: IdempotencyKeys,
        recalls: Recalls,
        things: TraceItems,
        proofs: Proofs,
        bundles: Bundles,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._keys = keys
        self._recalls = recalls
        self._things = things
        self._proofs = proofs
        self._bundles = bundles

    def make(
        self, party: int, causes: Sequence[Cause], earlier: str | None, key: str, title: str = ""
    ) -> RecallList:
        """Make a list and keep it as a draft; the same key gives the same list again."""
        content = {"causes": repr(causes), "earlier": earlier, "title": title}
        claim = self._keys.claim(party, key, "make_recall", content)
        if claim.reference is not None:
            return self.get(party, claim.reference)
        try:
            known = self._named(party, causes)
            made = self._recalls.make(party, known, self._now_ms(), earlier, title)
        except KeyError as exc:
            self._keys.drop(claim)
            raise _unknown(str(earlier)) from exc
        except Exception:
            self._keys.drop(claim)
            raise
        self._keys.settle(claim, made.recall_id)
        return made

    def go(self, party: int, recall: str, state: RecallState, reason: str = "") -> Standing:
        """Publish, close or withdraw a recall; refused with ``NOT_FOUND`` or ``STATE``."""
        try:
            return self._recalls.go(party, recall, state, reason, self._now_ms())
        except KeyError as exc:
            raise _unknown(recall) from exc
        except StandingError as exc:
            raise _refused(recall, exc) from exc

    def drill(self, party: int, causes: Sequence[Cause]) -> Drill:
        """Trace as if it were earnest, measured and recorded."""
        return self._recalls.drill(party, self._named(party, causes), self._now_ms())

    def drills(self, party: int, limit: int) -> list[Drill]:
        """A party's drills, newest first."""
        return self._recalls.drills(party, limit)

    def get(self, party: int, recall: str) -> RecallList:
        """A kept list; refused with ``NOT_FOUND``."""
        found = self._recalls.get(party, recall)
        if found is None:
            raise _unknown(recall)
        return found

    def standing(self, party: int, recall: str) -> Standing:
        """What a recall is called and how far it has come; refused with ``NOT_FOUND``."""
        found = self._recalls.standing(party, recall)
        if found is None:
            raise _unknown(recall)
        return found

    def listed(self, party: int, limit: int) -> list[RecallEntry]:
        """A party's recalls, newest first."""
        return self._recalls.all(party, limit)

    def notify(self, party: int, recall: str, codes: Sequence[str], channel: str) -> int:
        """Note that holders of vehicles were told; how many for the first time."""
        items = [self._things.one(code, None, None, party).item.id for code in codes]
        try:
            return self._recalls.notify(party, recall, items, channel, self._now_ms())
        except KeyError as exc:
            raise _unknown(recall) from exc
        except StandingError as exc:
            raise _refused(recall, exc) from exc
        except ValueError as exc:
            raise RefusedError(Code.INVALID, f"nobody can be told so: {exc}") from exc

    def file(self, party: int, recall: str, shape: str, language: Language) -> bytes:
        """A list as ``csv``, ``xlsx``, ``pdf`` or ``xlproof``."""
        if shape == "xlproof":
            return self._proof(party, recall)
        standing, out = self.standing(party, recall), io.BytesIO()
        found = self.get(party, standing.recall_id)
        if shape == "csv":
            recall_csv(found, language, out)
        elif shape == "xlsx":
            recall_xlsx(found, language, out, standing)
        else:
            recall_pdf(found, language, out, standing)
        return out.getvalue()

    def naming(self, reader: int, item: ItemId) -> list[NamedBy]:
        """Recalls that were published and name an item, as far as a reader may see, newest
        first."""
        return self._recalls.naming(reader, item)

    def _named(self, party: int, causes: Sequence[Cause]) -> list[Cause]:
        """Causes whose items are written so that they mean one thing alone; refused with
        ``NOT_FOUND`` or ``INVALID`` where they cannot be meant."""
        try:
            self._recalls.check(party, causes)
        except CauseError as exc:
            raise _strange(exc) from exc
        return [
            Cause(
                cause.kind,
                tuple(item_text(self._things.one(name, None, None, party).item.id)
                      for name in cause.names),
                cause.from_ms,
                cause.to_ms,
            )
            if cause.kind is CauseKind.ITEMS
            else cause
            for cause in causes
        ]  # fmt: skip

    def _proof(self, party: int, recall: str) -> bytes:
        """The records from which anyone can reckon the list again, with the record that fixes it.

        Refused with ``STATE`` until all of them are under heads on the chain.
        """
        found = self.get(party, recall)
        leaves = self._recalls.disclosure(party, recall)
        if sum(map(len, leaves.values())) > RECORDS_MAX:
            raise RefusedError(
                Code.INVALID, f"a proof file holds at most {RECORDS_MAX} records: ask for less"
            )
        requests = {}
        with begin_read(self._engine) as connection:
            keys = self._bundles.sharing.key_owners(connection, party)
            for owner in {party, *leaves}:
                log = self._proofs.log_of(connection, owner)
                head = None if log is None else queries.newest_head(connection, log)
                wanted = leaves.get(owner, [])
                if log is None or head is None or (wanted and max(wanted) >= head.size):
                    raise RefusedError(
                        Code.STATE,
                        "some records of this are not under a head on the chain yet: try again "
                        "later",
                    )
                subjects = [f"recall:{found.recall_id}"] if owner == party else []
                requests[log] = Request(subjects=subjects, indices=wanted, reveal_key=owner in keys)
        return self._bundles.prover(requests)

    def _now_ms(self) -> int:
        return 1000 * self._clock.now()


def _unknown(recall: str) -> RefusedError:
    return RefusedError(Code.NOT_FOUND, f"there is no recall {recall} of yours")


def _strange(error: CauseError) -> RefusedError:
    name, near = error.name, ", ".join(error.near) or "-"
    if not name:
        return RefusedError(Code.INVALID, "the time window of the recall ends before it begins")
    if error.kind is CauseKind.MACHINE:
        return RefusedError(
            Code.NOT_FOUND,
            f"no machine {name} is on record that you may see; names like it: {near}",
        )
    if error.kind is CauseKind.STATION:
        return RefusedError(
            Code.NOT_FOUND,
            f"no station {name} is on record that you may see; names like it: {near}",
        )
    if error.kind is CauseKind.SHIFT:
        return RefusedError(
            Code.NOT_FOUND,
            f"no shift {name} is on record that you may see; names like it: {near}",
        )
    if error.kind is CauseKind.GAUGE:
        return RefusedError(
            Code.NOT_FOUND,
            f"no gauge {name} is on record that you may see; names like it: {near}",
        )
    return RefusedError(
        Code.NOT_FOUND, f"no supplier {name} is on record that you may see; names like it: {near}"
    )


def _refused(recall: str, error: StandingError) -> RefusedError:
    state = error.state
    if state is RecallState.DRAFT:
        return RefusedError(Code.STATE, f"recall {recall} is a draft: publish it first")
    if state is RecallState.PUBLISHED:
        return RefusedError(Code.STATE, f"recall {recall} is published already")
    if state is RecallState.CLOSED:
        return RefusedError(Code.STATE, f"recall {recall} is closed: make a new one")
    return RefusedError(Code.STATE, f"recall {recall} was withdrawn: make a new one")
