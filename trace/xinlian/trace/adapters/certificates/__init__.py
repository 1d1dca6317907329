"""Papers and their reviews in SQL, beside the store's certificates of each item."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, insert, or_, select, update
from xinlian.trace.adapters.certificates.tables import files, reviews
from xinlian.trace.adapters.sql.certificates import STATES
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.store import SqlTrace, TraceStore
from xinlian.trace.adapters.sql.tables_facts import certificates
from xinlian.trace.model.certificates import Header, Review, ReviewState
from xinlian.trace.model.records import item_of, item_text
from xinlian.trace.model.stored import CertificateState

__all__ = ["SqlCertificates"]

_STATES: Final = tuple(ReviewState)
_SHOWN: Final = {
    ReviewState.SUBMITTED: CertificateState.WAITING,
    ReviewState.UNDER_REVIEW: CertificateState.WAITING,
    ReviewState.APPROVED: CertificateState.APPROVED,
    ReviewState.REJECTED: CertificateState.REJECTED,
}


class CertificateTable:
    """As ``usecases.certificates.CertificateStore``."""

    def __init__(self, store: TraceStore) -> None:
        self._store = store
        self.connection: Connection = store.connection

    def find(self, party: int, to_party: int, number: str) -> Review | None:
        """The paper of a number that a party handed to another."""
        return self._one(
            reviews.c.party == party, reviews.c.to_party == to_party, reviews.c.number == number
        )

    def get(self, review: int) -> Review | None:
        """A paper by its id."""
        return self._one(reviews.c.review == review)

    def _one(self, *conditions: Any) -> Review | None:
        row = self.connection.execute(_query().where(*conditions)).one_or_none()
        return None if row is None else _review(row)

    def add(self, review: Review, content: bytes) -> Review:
        """Keep a new paper and its file, and a certificate for each of its items."""
        made = replace(review, id=self._next(reviews.c.review))
        known = select(files.c.sha256).where(files.c.sha256 == made.sha256)
        if self.connection.execute(known).first() is None:
            self.connection.execute(
                insert(files).values(
                    sha256=made.sha256,
                    media_type=made.media_type,
                    size=made.size,
                    content=content,
                )
            )
        first = self._next(certificates.c.certificate)
        header = _header_text(made)
        numbers, _ = ItemTable(self.connection).number_all(made.header.items)
        self.connection.execute(
            insert(certificates),
            [
                {
                    "certificate": first + at,
                    "party": made.party,
                    "item": numbers[item],
                    "sha256": made.sha256,
                    "name": made.file_name,
                    "media_type": made.media_type,
                    "header": header,
                    "attached_ms": made.submitted_ms,
                    "state": STATES.index(CertificateState.WAITING),
                    "reason": "",
                    "reviewed_by": "",
                    "reviewed_ms": None,
                    "record": None,
                }
                for at, item in enumerate(made.header.items)
            ],
        )
        self.connection.execute(
            insert(reviews).values(
                review=made.id,
                party=made.party,
                to_party=made.to_party,
                number=made.header.number,
                header=header,
                sha256=made.sha256,
                file_name=made.file_name,
                submitted_by=made.submitted_by,
                submitted_ms=made.submitted_ms,
                first_certificate=first,
                certificates=len(made.header.items),
                leaf_hash="",
                decision_leaf_hash="",
                **_state(made),
            )
        )
        return made

    def _next(self, column: Any) -> int:
        return int(self.connection.execute(select(func.max(column))).scalar() or 0) + 1

    def set(self, review: Review) -> None:
        """Write the state of a review, also to the certificates of its items."""
        mine = reviews.c.review == review.id
        self.connection.execute(update(reviews).where(mine).values(**_state(review)))
        self.connection.execute(
            update(certificates)
            .where(self._rows(review))
            .values(
                state=STATES.index(_SHOWN[review.state]),
                reason=review.reason,
                reviewed_by=review.decided_by,
                reviewed_ms=review.decided_ms,
            )
        )

    def _rows(self, review: Review) -> Any:
        first, count = self.connection.execute(
            select(reviews.c.first_certificate, reviews.c.certificates).where(
                reviews.c.review == review.id
            )
        ).one()
        return certificates.c.certificate.between(first, first + count - 1)

    def note_leaf(
        self, review: Review, party: int, index: int, leaf_hash: bytes, source: str, now_ms: int
    ) -> None:
        """Note where the evidence of a step stands; the first one becomes that of the paper."""
        record = self._store.next_record()
        self._store.add_records([(record, party, index, leaf_hash, now_ms, source)])
        decided = review.state in (ReviewState.APPROVED, ReviewState.REJECTED)
        column = "decision_leaf_hash" if decided else "leaf_hash"
        self.connection.execute(
            update(reviews).where(reviews.c.review == review.id).values(**{column: leaf_hash.hex()})
        )
        if not decided:
            self.connection.execute(
                update(certificates).where(self._rows(review)).values(record=record)
            )

    def queue(
        self, party: int, states: Sequence[ReviewState], after: int, limit: int
    ) -> list[Review]:
        """Papers that concern a party, as sender or receiver, the oldest first."""
        wanted = [_STATES.index(state) for state in states]
        query = (
            _query()
            .where(
                or_(reviews.c.to_party == party, reviews.c.party == party),
                reviews.c.state.in_(wanted),
                reviews.c.review > after,
            )
            .order_by(reviews.c.review)
            .limit(limit)
        )
        return [_review(row) for row in self.connection.execute(query)]

    def content(self, sha256: str) -> bytes | None:
        """The bytes of a file."""
        found = self.connection.execute(select(files.c.content).where(files.c.sha256 == sha256))
        content = found.scalar_one_or_none()
        return None if content is None else bytes(content)


class SqlCertificates:
    """Transactions on papers. One writes at a time."""

    def __init__(self, engine: Engine) -> None:
        self._trace = SqlTrace(engine)

    @contextmanager
    def write(self) -> Iterator[CertificateTable]:
        """A transaction that writes: committed at the end, rolled back on any error."""
        with self._trace.write() as store:
            yield CertificateTable(store)

    @contextmanager
    def read(self) -> Iterator[CertificateTable]:
        """A transaction in which every query sees the same moment."""
        with self._trace.read() as store:
            yield CertificateTable(store)


def _query() -> Any:
    joined = reviews.join(files, files.c.sha256 == reviews.c.sha256)
    return select(reviews, files.c.media_type, files.c.size).select_from(joined)


def _state(review: Review) -> dict[str, Any]:
    return {
        "state": _STATES.index(review.state),
        "taken_by": review.taken_by,
        "taken_ms": review.taken_ms,
        "decided_by": review.decided_by,
        "decided_ms": review.decided_ms,
        "reason": review.reason,
    }


def _header_text(review: Review) -> str:
    header = review.header
    return json.dumps(
        {
            "number": header.number,
            "title": header.title,
            "issuer": header.issuer,
            "issued_ms": header.issued_ms,
            "delivery": header.delivery,
            "note": header.note,
            "items": [item_text(item) for item in header.items],
            "review": review.id,
            "to_party": review.to_party,
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def _review(row: Row[Any]) -> Review:
    told = json.loads(row.header)
    header = Header(
        number=told["number"],
        title=told["title"],
        issuer=told["issuer"],
        items=tuple(map(item_of, told["items"])),
        issued_ms=told["issued_ms"],
        delivery=told["delivery"],
        note=told["note"],
    )
    return Review(
        id=row.review,
        party=row.party,
        to_party=row.to_party,
        header=header,
        sha256=row.sha256,
        media_type=row.media_type,
        file_name=row.file_name,
        size=row.size,
        state=_STATES[row.state],
        submitted_by=row.submitted_by,
        submitted_ms=row.submitted_ms,
        taken_by=row.taken_by,
        taken_ms=row.taken_ms,
        decided_by=row.decided_by,
        decided_ms=row.decided_ms,
        reason=row.reason,
        leaf_hash=row.leaf_hash,
        decision_leaf_hash=row.decision_leaf_hash,
    )
