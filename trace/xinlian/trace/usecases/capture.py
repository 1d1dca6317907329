"""Taking in: a file is taken whole or not at all, with a result for every row.

Rows are read, checked and committed to first (``capture_ready``), then written in chunks inside one
transaction, each with a record in the party's evidence log; any row that is no good rolls all of it
back, and only the results stay.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from xinlian.ledger.model.ids import PartyId
from xinlian.trace.model.capture import CaptureReceipt, Problem, Row, RowResult, RowStatus
from xinlian.trace.model.collecting import collector_paused
from xinlian.trace.model.links import Link
from xinlian.trace.model.notes import note_of
from xinlian.trace.model.records import subjects_of
from xinlian.trace.usecases.capture_ready import Chunk, Ready
from xinlian.trace.usecases.capture_rows import OTHERS, digest_of, ids_of, why
from xinlian.trace.usecases.ports import STREAM, CaptureStore, Evidence, Leaf, Prepared, TraceSite

__all__ = ["ROWS_IN_RECEIPT_MAX", "Capture"]

ROWS_IN_RECEIPT_MAX: Final = 10_000
_PROBLEMS_KEPT_MAX: Final = 10_000
_BAD: Final = frozenset({RowStatus.CONFLICT, RowStatus.INVALID})
_TAKEN: Final = frozenset({RowStatus.ACCEPTED, RowStatus.EXISTS})


Append = Callable[[Prepared, Sequence[Sequence[str]]], Sequence[Leaf]]


class _RefusedError(Exception):
    """Rolls the transaction back."""


class Capture:
    """Takes files and documents in."""

    def __init__(
        self, site: TraceSite, evidence: Evidence, promise_ms: Callable[[int], int]
    ) -> None:
        """``promise_ms`` gives the time at which what is captured at a time will be under a head on
        the chain at the latest."""
        self._site = site
        self._evidence = evidence
        self._promise_ms = promise_ms

    def take(
        self, party: int, rows: Iterable[Row], *, now_ms: int, capture_key: str
    ) -> CaptureReceipt:
        """Take rows in for a party. Repeating them yields ``exists`` for each and changes nothing.

        ``capture_key`` is the caller's name for the file. Facts that are known are not stored
        again; a row of which a part is new is accepted. The receipt of a long file holds its first
        ``ROWS_IN_RECEIPT_MAX`` rows; all results are stored by capture and row number.
        """
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        with Ready(self._evidence, now_ms) as ready:
            ready.read(rows)
            return self._write(ready, log, party, now_ms, capture_key)

    def _write(
        self, ready: Ready, log: bytes, party: int, now_ms: int, capture_key: str
    ) -> CaptureReceipt:
        """Everything that needs the lock."""
        with suppress(_RefusedError), self._site.write() as store:
            capture = _capture_id(store, party, capture_key)
            append = partial(self._evidence.append, store.connection, log)
            run = _Run(store, append, party, now_ms, capture)
            run.refused = ready.refused
            store.begin_capture(capture, party, capture_key, now_ms)
            for chunk in ready:
                run.take(chunk)
            if run.refused:
                raise _RefusedError
            counts = _counts_text(run.counts)
            promise = self._promise_ms(now_ms)
            store.end_capture(capture, True, counts, log.hex(), promise)
            return CaptureReceipt(
                capture, True, tuple(run.first), log.hex(), promise, dict(run.counts)
            )
        with self._site.write() as store:
            results = run.refusal()
            store.begin_capture(capture, party, capture_key, now_ms)
            store.add_rows(capture, results, [None] * len(results))
            store.end_capture(capture, False, _counts_text(run.counts), "", None)
        return CaptureReceipt(capture, False, tuple(results), counts=dict(run.counts))


def _capture_id(store: CaptureStore, party: int, key: str) -> str:
    text = f"{party}\n{key}\n{store.captures_of(party, key)}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _counts_text(counts: Counter[RowStatus]) -> str:
    return json.dumps({status.value: count for status, count in counts.items()}, sort_keys=True)


class _Run:
    """One capture under way. Once a row is bad, the rest is judged but not recorded."""

    def __init__(
        self, store: CaptureStore, append: Append, party: int, now_ms: int, capture: str
    ) -> None:
        self.capture = capture
        self.counts: Counter[RowStatus] = Counter()
        self.first: list[RowResult] = []
        self.refused = False
        self._tangled = False
        self._problems: list[RowResult] = []
        self._store = store
        self._append_records = append
        self._party = party
        self._now_ms = now_ms
        self._writer = store.writer(party)
        self._record = store.next_record()

    @collector_paused()
    def take(self, chunk: Chunk) -> None:
        """Judge and write a chunk."""
        rows, problems = chunk.rows, chunk.problems
        good = [row for row, problem in zip(rows, problems, strict=True) if problem is None]
        self._writer.load([fact for row in good for fact in row.facts])
        kept = self._kept(good)
        judged: list[tuple[RowStatus, str, int | None]] = []
        for row, problem in zip(rows, problems, strict=True):
            if problem is not None:
                judged.append((RowStatus.INVALID, problem.field, None))
                self.refused = True
                continue
            status, field, record = self._judge(row, kept)
            judged.append((status, field, record))
            self.refused |= status in _BAD
        if not self._flush(rows, judged):
            self.refused = True
        hashes = {} if self.refused else self._append(chunk, judged)
        self._note(rows, problems, judged, hashes)

    def _judge(self, row: Row, kept: dict[str, int]) -> tuple[RowStatus, str, int | None]:
        new, known = False, None
        for fact in row.facts:
            differs = self._writer.offer(fact, self._record)
            if differs:
                return RowStatus.CONFLICT, differs, self._writer.known_record
            if differs is None:
                new = True
            else:
                known = self._writer.known_record
        if not row.facts:
            known = kept.setdefault(digest_of(row), self._record)
            new = known == self._record
        self._writer.settle(new=new)
        if not new:
            return RowStatus.EXISTS, "", known
        self._record += 1
        return RowStatus.ACCEPTED, "", self._record - 1

    def _kept(self, rows: Sequence[Row]) -> dict[str, int]:
        digests = [digest_of(row) for row in rows if not row.facts]
        return dict(self._store.kept(self._party, digests)) if digests else {}

    def _flush(self, rows: Sequence[Row], judged: list[tuple[RowStatus, str, int | None]]) -> bool:
        """Write the facts; false if their links close a circle or go too deep."""
        new, changed = self._writer.flush()
        # The first circle is named; looking for more in a file that is refused would cost too much.
        said = [*new, *changed]
        tangle = None if self._tangled else self._store.tangle(said, self._party)
        if tangle is None:
            self._store.double_fits(said, self._party, self._now_ms)
            return True
        self._tangled = True
        place = next(
            at
            for at, row in enumerate(rows)
            if any(
                isinstance(fact, Link) and (fact.parent, fact.child) == tangle[:2]
                for fact in row.facts
            )
        )
        judged[place] = (RowStatus.INVALID, "child" if tangle.circle else "parent", None)
        return False

    def _append(
        self, chunk: Chunk, judged: Sequence[tuple[RowStatus, str, int | None]]
    ) -> dict[int, bytes]:
        """Evidence of what is new; leaf hashes by record."""
        fresh = [
            (at, row, record)
            for at, (row, (status, _, record)) in enumerate(zip(chunk.rows, judged, strict=True))
            if status is RowStatus.ACCEPTED and record is not None
        ]
        leaves: Sequence[Leaf] = ()
        if fresh and chunk.prepared is not None:
            also = [subjects_of(row)[1:] for _, row, _ in fresh]
            leaves = self._append_records(chunk.prepared.only([at for at, _, _ in fresh]), also)
        lines = [
            (record, self._party, leaf.index, leaf.leaf_hash, self._now_ms, row.source)
            for (_, row, record), leaf in zip(fresh, leaves, strict=True)
        ]
        self._store.add_records(lines)
        without = [(digest_of(row), record) for _, row, record in fresh if not row.facts]
        self._store.add_kept(self._party, without)
        hashes = {line[0]: line[3] for line in lines}
        old = {record for _, _, record in judged if record is not None and record not in hashes}
        return {**hashes, **self._store.leaf_hashes(sorted(old))}

    def _note(
        self,
        rows: Sequence[Row],
        problems: Sequence[Problem | None],
        judged: Sequence[tuple[RowStatus, str, int | None]],
        hashes: dict[int, bytes],
    ) -> None:
        results = []
        for row, problem, (status, field, record) in zip(rows, problems, judged, strict=True):
            note = note_of(row.facts) if status in _TAKEN else None
            words, words_zh = why(status, field, problem or note, row.names)
            field = note.field if note else field
            field = field if problem else row.names.get(field, field)
            record_hash = hashes[record].hex() if record in hashes else ""
            results.append(
                RowResult(
                    row.number, row.place, status, field, words, words_zh, record_hash, ids_of(row)
                )
            )
            self.counts[status] += 1
        room = ROWS_IN_RECEIPT_MAX - len(self.first)
        self.first += results[:room]
        self._problems += [
            each
            for each in results[room:]
            if each.status in _BAD and len(self._problems) < _PROBLEMS_KEPT_MAX
        ]
        if not self.refused:
            self._store.add_rows(self.capture, results, [record for _, _, record in judged])

    def refusal(self) -> list[RowResult]:
        """The results of a file that was not taken in."""
        self.counts[RowStatus.NOT_TAKEN] = self.counts.pop(RowStatus.ACCEPTED, 0)
        return [
            RowResult(each.number, each.place, RowStatus.NOT_TAKEN, *OTHERS, "", each.ids)
            if each.status is RowStatus.ACCEPTED
            else each
            for each in [*self.first, *self._problems]
        ]
