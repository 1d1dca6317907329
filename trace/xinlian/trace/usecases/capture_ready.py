"""Rows on their way into the store: read, checked and committed to before anything is locked.

A source may be read slowly, and one writer at a time has the store. So a capture first takes a file
in here, in chunks; beyond some rows it lays them aside in a nameless temporary file, so that memory
does not grow with the file. What a row's evidence commits to stays in memory, about as many bytes
as the source has.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import IO, Any, Final, Self

from xinlian.ledger.model.evidence.errors import EvidenceError
from xinlian.trace.model.capture import Problem, Row
from xinlian.trace.model.collecting import collector_paused
from xinlian.trace.model.row_text import line_of, row_of
from xinlian.trace.usecases.capture_rows import problem_of, weight_of
from xinlian.trace.usecases.ports import Evidence, Prepared

__all__ = ["Chunk", "Ready"]

CHUNK_ROWS: Final = 2_000
CHUNK_WEIGHT: Final = 40_000
"""Facts and items of a chunk, if it has more than one row."""
HELD_WEIGHT: Final = 100_000
HELD_BYTES: Final = 16 << 20
"""Facts and items, and bytes of source, that stay in memory."""
UNDER_WAY: Final = 2
"""Chunks at the end that may still be committed to when the writing of the first begins."""
_BAD_HELD_MAX: Final = 10_000
"""Bad rows that are kept whole, as many as a receipt tells of."""


@dataclass(slots=True)
class Chunk:
    """Some rows, why each is no good, and what the good ones are committed to, in their order
    (``None`` once any row of the file is bad)."""

    rows: Sequence[Row]
    problems: list[Problem | None]
    prepared: Prepared | None


@dataclass(slots=True)
class _Aside:
    """A chunk whose good rows lie in the file, ``size`` bytes from ``start`` on."""

    bad: Sequence[Row | None]
    problems: list[Problem | None]
    prepared: Prepared | None
    start: int
    size: int


class Ready:
    """The rows of one file. Iterated, it gives their chunks in order."""

    def __init__(self, evidence: Evidence, now_ms: int) -> None:
        self._evidence = evidence
        self._now_ms = now_ms
        self._chunks: list[Chunk | _Aside] = []
        self._file: IO[bytes] | None = None
        self._weight = self._bytes = self._bad = 0

    @property
    def refused(self) -> bool:
        """Whether a row is bad in itself, as far as is known yet."""
        return self._bad > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def read(self, rows: Iterable[Row]) -> None:
        """Read a source to its end, check its rows, and wait until all are committed to but those
        of the last chunks, whose turn comes while the others are written."""
        for part in _parts(rows):
            self._take(part)
        for chunk in self._chunks[:-UNDER_WAY]:
            self._settle(chunk)

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self._chunks:
            self._settle(chunk)
            yield chunk if isinstance(chunk, Chunk) else self._fetched(chunk)

    @collector_paused()
    def _take(self, rows: Sequence[Row]) -> None:
        records: list[dict[str, Any]] = [{} for _ in rows]
        problems = [
            problem_of(row, self._now_ms, record) for row, record in zip(rows, records, strict=True)
        ]
        chunk = Chunk(rows, problems, None)
        self._bad += sum(problem is not None for problem in problems)
        if not self._bad:
            try:
                chunk.prepared = self._evidence.prepare(records)
            except EvidenceError as exc:
                self._blame(problems, exc)
        self._weight += sum(map(weight_of, rows))
        self._bytes += sum(len(row.source) for row in rows)
        full = self._weight > HELD_WEIGHT or self._bytes > HELD_BYTES
        self._chunks.append(self._laid_aside(chunk) if full else chunk)

    def _settle(self, chunk: Chunk | _Aside) -> None:
        if chunk.prepared is None:
            return
        try:
            chunk.prepared.wait()
        except EvidenceError as exc:
            self._blame(chunk.problems, exc)
            chunk.prepared = None

    def _blame(self, problems: list[Problem | None], error: EvidenceError) -> None:
        """A row that no record can be made of; all rows of its chunk were good so far."""
        if error.at is None:
            raise error
        problems[error.at] = Problem("", error.message, f"无法形成存证记录：{error.message}")
        self._bad += 1

    def _laid_aside(self, chunk: Chunk) -> _Aside:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        start = self._file.tell()
        bad: list[Row | None] = []
        for row, problem in zip(chunk.rows, chunk.problems, strict=True):
            if problem is None:
                self._file.write(line_of(row))
                bad.append(None)
            elif self._bad <= _BAD_HELD_MAX:
                bad.append(row)
            else:
                bad.append(Row(row.number, "", "", (), problem))
        size = self._file.tell() - start
        return _Aside(bad, chunk.problems, chunk.prepared, start, size)

    def _fetched(self, aside: _Aside) -> Chunk:
        assert self._file is not None  # noqa: S101  what lies aside lies there
        self._file.seek(aside.start)
        good = map(row_of, self._file.read(aside.size).splitlines())
        rows = [next(good) if row is None else row for row in aside.bad]
        return Chunk(rows, aside.problems, aside.prepared)


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while part := list(islice(source, CHUNK_ROWS)):
        while part:
            weight = 0
            for at, row in enumerate(part):
                weight += weight_of(row)
                if weight > CHUNK_WEIGHT and at:
                    break
            else:
                at = len(part)
            yield part[:at]
            part = part[at:]
