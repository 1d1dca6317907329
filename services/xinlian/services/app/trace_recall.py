"""Recalls and drills of parties: made, kept, compared, written out, proved."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
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
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import Cause, CauseKind, Drill, RecallList
from xinlian.trace.model.records import item_text
from xinlian.trace.usecases.recall import Recalls

__all__ = ["RecallDesk"]

RECORDS_MAX: Final = 100_000
_NAMING_MAX: Final = 20
"""Recalls of a party that are looked through for an item: the newest."""
_KEPT_MAX: Final = 64


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
        self._findings: OrderedDict[str, dict[ItemId, str]] = OrderedDict()
        self._lock = Lock()

    def make(
        self, party: int, causes: Sequence[Cause], earlier: str | None, key: str
    ) -> RecallList:
        """Make a list and keep it; the same key gives the same list again."""
        content = {"causes": repr(causes), "earlier": earlier}
        claim = self._keys.claim(party, key, "make_recall", content)
        if claim.reference is not None:
            return self.get(party, claim.reference)
        try:
            known = self._named(party, causes)
            made = self._recalls.make(party, known, self._now_ms(), earlier)
        except KeyError as exc:
            self._keys.drop(claim)
            raise _unknown(str(earlier)) from exc
        except Exception:
            self._keys.drop(claim)
            raise
        self._keys.settle(claim, made.recall_id)
        return made

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

    def listed(self, party: int, limit: int) -> list[tuple[str, int, tuple[Cause, ...]]]:
        """A party's recalls, newest first: id, time, causes."""
        return self._recalls.all(party, limit)

    def notify(self, party: int, recall: str, codes: Sequence[str], channel: str) -> int:
        """Note that holders of vehicles were told; how many for the first time."""
        items = [self._things.one(code, None, None, party).item.id for code in codes]
        try:
            return self._recalls.notify(party, recall, items, channel, self._now_ms())
        except KeyError as exc:
            raise _unknown(recall) from exc
        except ValueError as exc:
            raise RefusedError(Code.INVALID, f"nobody can be told so: {exc}") from exc

    def file(self, party: int, recall: str, shape: str, language: Language) -> bytes:
        """A list as ``csv``, ``xlsx``, ``pdf`` or ``xlproof``."""
        if shape == "xlproof":
            return self._proof(party, recall)
        found, out = self.get(party, recall), io.BytesIO()
        if shape == "csv":
            recall_csv(found, language, out)
        elif shape == "xlsx":
            recall_xlsx(found, language, out)
        else:
            recall_pdf(found, language, out)
        return out.getvalue()

    def naming(self, reader: int, item: ItemId) -> list[tuple[str, str]]:
        """Recalls of a party that name an item, each with its finding, newest first."""
        if reader <= 0:
            return []
        found = []
        for recall, _, _ in self._recalls.all(reader, _NAMING_MAX):
            finding = self._findings_of(reader, recall).get(item)
            if finding is not None:
                found.append((recall, finding))
        return found

    def _findings_of(self, party: int, recall: str) -> dict[ItemId, str]:
        with self._lock:
            if recall in self._findings:
                self._findings.move_to_end(recall)
                return self._findings[recall]
        kept = self._recalls.get(party, recall)
        lines = () if kept is None else kept.lines
        found = {
            line.vehicle: line.finding.value for line in lines if line.finding.value != "excluded"
        }
        with self._lock:
            self._findings[recall] = found
            while len(self._findings) > _KEPT_MAX:
                self._findings.popitem(last=False)
        return found

    def _named(self, party: int, causes: Sequence[Cause]) -> list[Cause]:
        """Causes whose items are written so that they mean one thing alone."""
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
