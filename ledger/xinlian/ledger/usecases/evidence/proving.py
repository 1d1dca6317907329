"""Making proof bundles from what is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection
from xinlian.ledger.model.evidence.buckets import bucket_of
from xinlian.ledger.model.evidence.bundle import BUNDLE_BYTES_MAX, Consistency, Part, ShownRecord
from xinlian.ledger.model.evidence.canonical import parse
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.evidence.fields import Shown, disclose
from xinlian.ledger.model.evidence.heads import NO_ROOT
from xinlian.ledger.model.evidence.index import Subject, tokens
from xinlian.ledger.model.evidence.leaf import leaf_prefix, subject_id, subject_tag
from xinlian.ledger.model.evidence.tree import consistency, multiproof, node_sm3, root_of
from xinlian.ledger.usecases.evidence.ports import (
    LogRow,
    Store,
    StoredHead,
    StoredLeaf,
    StoredRecord,
    Tree,
)
from xinlian.ledger.usecases.evidence.reading import StoredIndex, TileNodes

_SUBJECT: Final = "/subject"
RECORDS_MAX: Final = 100_000
"""Most records of one log in a bundle."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a bundle shall prove of one log.

    ``subjects``: all records about these, and that there are no others; a subject without records
    is proved absent. ``indices``: single leaves besides; ``once`` leaves those out whose record
    stands in the chain of a subject anyhow. ``show``: paths that are shown in every
    record, None for all. ``reveal_key`` gives away the subject key, with which anyone can look for
    the tag of any id; without it nobody can check which id a tag stands for. ``since``: size of an
    earlier head from which the bundle shows the way.
    """

    subjects: Sequence[str] = ()
    indices: Sequence[int] = ()
    show: Collection[str] | None = None
    reveal_key: bool = True
    hide_ids: bool = False
    since: int | None = None
    once: bool = False


def part_of(conn: Connection, store: Store, row: LogRow, request: Request) -> Part:
    """The part of a bundle about one log, against its newest head."""
    stored = store.head(conn, row, row.head_size) if row.head_size else None
    if stored is None:
        raise EvidenceError(Refusal.NO_HEAD, f"the log {row.info.stream} has no head yet")
    return _Maker(conn, store, row, stored, request).part()


class _Maker:
    def __init__(
        self, conn: Connection, store: Store, row: LogRow, stored: StoredHead, request: Request
    ) -> None:
        self._conn, self._store, self._row = conn, store, row
        self._stored, self._request = stored, request
        self._size = stored.head.size

    def part(self) -> Part:
        row, request, head = self._row, self._request, self._stored.head
        index = StoredIndex(self._conn, self._store, row)
        names = map(subject_id, request.subjects)
        ids = {subject_tag(row.subject_key, name): name for name in names}
        index.load(bucket_of(tag, row.index_bits) for tag in ids)
        subjects = [Subject(tag, index.find(tag)) for tag in sorted(ids)]
        chains = self._walk(subjects)
        indices = sorted({*self._singles(chains), *chains})
        if indices and not 0 <= indices[0] <= indices[-1] < self._size:
            raise EvidenceError(
                Refusal.NO_HEAD
                if 0 <= indices[0] <= indices[-1] < row.size
                else Refusal.UNKNOWN_LEAF,
                f"the newest head covers {self._size} records of the log {row.info.stream}",
            )
        held = self._store.records(self._conn, row.id, indices)
        nodes = TileNodes(self._conn, self._store, row.id)
        nodes.load(indices, self._size)
        sm3 = None
        if head.sm3_root != NO_ROOT:
            others = TileNodes(self._conn, self._store, row.id, Tree.SM3, node_sm3)
            others.load(indices, self._size)
            sm3 = multiproof(others, indices, self._size, node_sm3)
        return Part(
            log=row.info,
            head=head,
            subjects=subjects,
            # A head covers a record at least, so that its index is not empty.
            index_proof=tokens(index, subjects) if subjects else [head.index_root.hex()],
            records=self._records(indices, held),
            inclusion=multiproof(nodes, indices, self._size),
            subject_key=row.subject_key if request.reveal_key else None,
            anchor=self._stored.anchor,
            consistency=self._consistency(nodes),
            sm3_inclusion=sm3,
            subject_ids={} if request.hide_ids else ids,
        )

    def _walk(self, subjects: Sequence[Subject]) -> list[int]:
        """The places of all records of the subjects, by the links from leaf to leaf."""
        found: list[int] = []
        ends = [subject.state for subject in subjects if subject.state is not None]
        if len(self._request.indices) + sum(state.records for state in ends) > RECORDS_MAX:
            raise EvidenceError(
                Refusal.TOO_LARGE, f"a bundle holds at most {RECORDS_MAX} records of a log"
            )
        # Where each chain stands: index of its next leaf, and how many are left from there.
        chains = [(state.last_index, state.records) for state in ends]
        while chains:
            here = self._store.leaves(self._conn, self._row.id, [at for at, _ in chains])
            found += [at for at, _ in chains]
            chains = [(here[at].previous, left - 1) for at, left in chains if left > 1]
        return found

    def _singles(self, chains: Sequence[int]) -> Sequence[int]:
        if not self._request.once or not self._request.indices:
            return self._request.indices
        held = self._store.records(self._conn, self._row.id, chains)
        shown = {record.first for _, record in held.values()}
        return [index for index in self._request.indices if index not in shown]

    def _records(
        self, indices: Iterable[int], held: Mapping[int, tuple[StoredLeaf, StoredRecord]]
    ) -> list[ShownRecord]:
        prefix = leaf_prefix(self._row.info.log_id)
        records = []
        size = 0
        shared: dict[int, Sequence[Shown | bytes]] = {}
        for index in indices:
            leaf, record = held[index]
            size += len(record.data)
            # A record of many subjects comes once for each: look before it is all written out.
            if size > BUNDLE_BYTES_MAX and self._request.show is None:
                raise EvidenceError(
                    Refusal.TOO_LARGE, f"a bundle has at most {BUNDLE_BYTES_MAX} bytes, not {size}"
                )
            if index == record.first:
                fields = self._fields(record, own=True)
            else:
                if record.first not in shared:
                    shared[record.first] = self._fields(record, own=False)
                fields = shared[record.first]
            records.append(ShownRecord(index, prefix + leaf.body, fields))
        return records

    def _fields(self, record: StoredRecord, *, own: bool) -> Sequence[Shown | bytes]:
        """What is shown of a record at a leaf that is ``own``: that of the subject it names."""
        if record.erased:
            return record.commitments
        values: dict[str, Any] = parse(record.data)
        show = self._request.show
        # At the leaf of another subject the name of the first one would be a lie.
        return disclose(values, record.secret, show, None if own else _SUBJECT)

    def _consistency(self, nodes: TileNodes) -> Consistency | None:
        old = self._request.since
        if old is None:
            return None
        if not 0 < old <= self._size:
            raise EvidenceError(Refusal.NO_HEAD, f"no head covers {old} records")
        return Consistency(old, root_of(nodes, old), consistency(nodes, old, self._size))
