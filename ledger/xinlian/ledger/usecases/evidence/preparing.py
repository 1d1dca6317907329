"""From records to commitments: the costly half of an append, which needs no store.

It is split over a few processes where there are many records; each gets canonical lines and
answers with field roots and times, so that no object has to be packed for the way.
"""

from __future__ import annotations

import multiprocessing
import os
from array import array
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
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
"""Records that a helper process gets at once; fewer than this are done in place."""
SHAPES_MAX: Final = 4_096

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
    also: Also = ()
    _parts: list[Future[tuple[bytes, bytes]]] = field(default_factory=list)
    _roots: bytes = b""
    _times: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.payloads)

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
        except BrokenExecutor:  # a helper died; its work is done here
            return commit(self.payloads[start : start + PART])


class Preparer:
    """Makes commitments, with ``processes`` helpers (0: in this process alone).

    The helpers start with the first batch that is large enough and end with ``close``.
    """

    def __init__(self, processes: int = 0) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None

    def prepare(self, records: Sequence[Mapping[str, Any]], also: Also = ()) -> Prepared:
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
            _further(records, also),
        )
        if count < PART or not self._hand_out(prepared):
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
            pool = self._started()
            try:
                prepared._parts = [
                    pool.submit(commit, prepared.payloads[at : at + PART]) for at in parts
                ]
            except BrokenExecutor:  # a helper died: start others, once
                self.close()
            else:
                return True
        return False

    def close(self) -> None:
        """End the helpers."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes, mp_context=multiprocessing.get_context("spawn")
            )
        return self._pool


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


def _further(records: Sequence[Mapping[str, Any]], also: Also) -> Also:
    """Each subject once, as tags are made of it; the record's own left out."""
    if not any(also):
        return ()
    found: list[Sequence[str]] = []
    for at, (record, more) in enumerate(zip(records, also, strict=True)):
        try:
            names = dict.fromkeys(map(subject_id, more)) if more else {}
        except EvidenceError as exc:
            raise EvidenceError(exc.refusal, exc.message, at) from exc
        names.pop(record["subject"], None)
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
