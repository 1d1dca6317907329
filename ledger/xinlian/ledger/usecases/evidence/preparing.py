"""From records to commitments: the costly half of an append, which needs no store.

It is split over a few processes where there are many records; each gets canonical lines and
answers with field roots and times, so that no object has to be packed for the way.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from array import array
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from xinlian.ledger.model.evidence.canonical import (
    SCALARS,
    canonical_record,
    check,
    check_members,
    event_time_ms,
)
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.evidence.fields import SECRET_BYTES, commitments, field_root
from xinlian.ledger.model.evidence.leaf import subject_id

BATCH_MAX: Final = 1 << 16
"""Most records of one append."""
BYTES_MAX: Final = 256 << 20
"""Most bytes of the records of one append."""
SUBJECTS_MAX: Final = 10_000
"""Most subjects in whose chains one record stands."""
PART: Final = 1_024
"""Records that a helper process gets at once; for fewer than this none is started."""
FEW: Final = 128
"""Fewer records than this are done in place even where a helper runs."""
SHAPES_MAX: Final = 4_096
_HASH_BYTES: Final = 32
_HELPERS_MAX: Final = 2

_SORTED: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_SUBCLASS


Also = Sequence[Sequence[str]]
"""Further subjects of each record; nothing at all where none has any."""


@dataclass(slots=True)
class Prepared:
    """Records ready to become leaves; the commitments may still be under way."""

    schemas: list[str]
    subjects: list[str]
    payloads: list[bytes]
    """Secret and canonical record of each."""
    _parts: list[Future[tuple[bytes, bytes]]] = field(default_factory=list)
    _roots: bytes = b""
    _times: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.payloads)

    def only(self, places: Sequence[int]) -> Prepared:
        """Some of the records, in this order; waits for their commitments."""
        roots, times = self.wait()
        if len(places) == len(self):
            return self
        return Prepared(
            [self.schemas[at] for at in places],
            [self.subjects[at] for at in places],
            [self.payloads[at] for at in places],
            _roots=b"".join([roots[_HASH_BYTES * at : _HASH_BYTES * (at + 1)] for at in places]),
            _times=array("q", [times[at] for at in places]),
        )

    def wait(self) -> tuple[bytes, array[int]]:
        """Field roots, 32 bytes each, and event times in ms; raises where one is refused."""
        if self._parts:
            roots: list[bytes] = []
            for part, future in enumerate(self._parts):
                start = part * PART
                try:
                    found, times = self._of(future, start)
                except EvidenceError as exc:
                    at = start + (exc.at or 0)
                    raise EvidenceError(exc.refusal, exc.message, at) from exc
                roots.append(found)
                self._times.frombytes(times)
            self._roots = b"".join(roots)
            self._parts = []
        return self._roots, self._times

    def _of(self, future: Future[tuple[bytes, bytes]], start: int) -> tuple[bytes, bytes]:
        try:
            return future.result()
        except (BrokenExecutor, CancelledError):  # a helper died; its work is done here
            return commit(self.payloads[start : start + PART])


def helpers() -> int:
    """How many helper processes suit this machine, when others work on it too."""
    return min(_HELPERS_MAX, (os.cpu_count() or 1) - 1)


class Preparer:
    """Makes commitments, with ``processes`` helpers (0: in this process alone).

    The helpers start with the first batch that is large enough and end with ``close``, or with this
    process. Several threads may use one object.
    """

    def __init__(self, processes: int = 0) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def prepare(self, records: Sequence[Mapping[str, Any]]) -> Prepared:
        """Canonical records with fresh secrets; the commitments follow in the background.

        Raises ``EvidenceError`` with the place of the first record that is refused, here or in
        ``Prepared.wait``.
        """
        count = len(records)
        if count > BATCH_MAX:
            raise EvidenceError(
                Refusal.TOO_LARGE, f"at most {BATCH_MAX} records at once, not {count}"
            )
        random = os.urandom(SECRET_BYTES * count)
        lines = _lines(records)
        payloads = [
            random[at : at + SECRET_BYTES] + line
            for at, line in zip(range(0, len(random), SECRET_BYTES), lines, strict=True)
        ]
        prepared = Prepared(
            [record["schema"] for record in records],
            [record["subject"] for record in records],
            payloads,
        )
        enough = PART if self._pool is None else FEW
        if count < enough or not self._hand_out(prepared):
            roots, times = commit(payloads)
            prepared._roots = roots
            prepared._times.frombytes(times)
        return prepared

    def _hand_out(self, prepared: Prepared) -> bool:
        """Give the work to the helpers; False if there are none."""
        if not self._processes:
            return False
        parts = range(0, len(prepared), PART)
        for _ in range(2):
            try:
                pool = self._started()
                prepared._parts = [
                    pool.submit(commit, prepared.payloads[at : at + PART]) for at in parts
                ]
            except (BrokenExecutor, RuntimeError):  # a helper died, or another thread closed
                self.close()  # start others, once
            else:
                return True
        return False

    def close(self) -> None:
        """End the helpers; a later batch starts others."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    self._processes,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_leave_with_parent,
                )
            return self._pool


def _leave_with_parent() -> None:
    """A helper waits for work for ever; without this it would outlive a parent that was killed."""
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def commit(payloads: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Field roots and event times (as the bytes of an ``array('q')``) of secrets with records."""
    roots: list[bytes] = []
    times = array("q")
    loads = orjson.loads
    for at, payload in enumerate(payloads):
        try:
            line = payload[SECRET_BYTES:]
            record = loads(line)
            if not line.isascii():
                check(record)
            check_members(record, len(line))
            times.append(event_time_ms(record["event_time"]))
            roots.append(field_root(commitments(record, payload[:SECRET_BYTES])))
        except EvidenceError as exc:
            raise EvidenceError(exc.refusal, exc.message, at) from exc
    return b"".join(roots), times.tobytes()


def further(subjects: Sequence[str], also: Also) -> Also:
    """Each subject once, as tags are made of it; the record's own left out."""
    if not any(also):
        return ()
    found: list[Sequence[str]] = []
    for at, (subject, more) in enumerate(zip(subjects, also, strict=True)):
        try:
            names = dict.fromkeys(map(subject_id, more)) if more else {}
        except EvidenceError as exc:
            raise EvidenceError(exc.refusal, exc.message, at) from exc
        names.pop(subject, None)
        if len(names) >= SUBJECTS_MAX or "" in names:
            why = f"a record has 1 to {SUBJECTS_MAX} subjects, none of them empty"
            raise EvidenceError(Refusal.TOO_LARGE, why, at)
        found.append(tuple(names))
    return found


_PLAIN: Final[set[tuple[str, ...]]] = set()


def _lines(records: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Canonical bytes of each record.

    A flat record of a shape that was seen before needs no look at its names, and only ``commit``
    looks at what its texts say. The types must be right here, because writing JSON changes values
    of others; orjson itself refuses whole numbers from 2**53 on.
    """
    lines: list[bytes] = []
    size = 0
    dumps = orjson.dumps
    for at, record in enumerate(records):
        try:
            shape = tuple(record)
            if (
                shape in _PLAIN
                and type(record) is dict
                and SCALARS.issuperset(map(type, record.values()))
                and type(record["subject"]) is type(record["schema"]) is str
            ):
                line = dumps(record, option=_SORTED)
            else:
                record = dict(record)
                line = canonical_record(record)
                if all(map(str.isascii, shape)) and len(_PLAIN) < SHAPES_MAX:
                    _PLAIN.add(shape)
            lines.append(line)
            size += len(line)
            if size > BYTES_MAX:
                raise EvidenceError(
                    Refusal.TOO_LARGE, f"at most {BYTES_MAX} bytes of records at once"
                )
        except EvidenceError as exc:
            raise EvidenceError(exc.refusal, exc.message, at) from exc
        except (orjson.JSONEncodeError, TypeError) as exc:
            raise EvidenceError(Refusal.RECORD, str(exc), at) from exc
    return lines
