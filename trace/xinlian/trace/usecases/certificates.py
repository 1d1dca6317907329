"""The review queue of inspection certificates: hand in, take up, approve or reject."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final, Protocol

from xinlian.ledger.model.ids import PartyId
from xinlian.trace.model.certificates import (
    REASON_CHARS_MAX,
    Decision,
    Header,
    Person,
    Review,
    ReviewState,
    check_file,
    check_header,
)
from xinlian.trace.model.records import SCHEMA, item_text, subject_of, time_text
from xinlian.trace.model.sources import SourceError
from xinlian.trace.usecases.ports import STREAM, Evidence

__all__ = ["CertificateDesk", "CertificateStore", "ReviewError"]

QUEUE_MAX: Final = 500


class ReviewError(ValueError):
    """A step of a review is not allowed. ``code`` is stable: ``not-found``, ``not-yours``,
    ``own-paper``, ``decided``, ``other-content``; ``why`` and ``why_zh`` are for people."""

    def __init__(self, code: str, why: str, why_zh: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.why_zh = why_zh


class CertificateStore(Protocol):
    """Papers and their reviews within one transaction."""

    connection: Any

    def find(self, party: int, to_party: int, number: str) -> Review | None:
        """The paper of a number that a party handed to another."""

    def get(self, review: int) -> Review | None:
        """A paper by its id."""

    def add(self, review: Review, content: bytes) -> Review:
        """Keep a new paper and its file; the paper with its id."""

    def set(self, review: Review) -> None:
        """Write the state of a review."""

    def note_leaf(
        self, review: Review, party: int, index: int, leaf_hash: bytes, source: str, now_ms: int
    ) -> None:
        """Note where the evidence of a step stands; the first one becomes that of the paper."""

    def queue(
        self, party: int, states: Sequence[ReviewState], after: int, limit: int
    ) -> list[Review]:
        """Papers that concern a party, as sender or receiver, the oldest first."""

    def content(self, sha256: str) -> bytes | None:
        """The bytes of a file."""


class CertificateSite(Protocol):
    """Transactions on the store."""

    def write(self) -> AbstractContextManager[CertificateStore]:
        """A transaction that writes."""

    def read(self) -> AbstractContextManager[CertificateStore]:
        """A transaction that reads."""


class CertificateDesk:
    """What people do with papers. Times are Unix milliseconds."""

    def __init__(self, site: CertificateSite, evidence: Evidence) -> None:
        self._site = site
        self._evidence = evidence

    def submit(
        self, by: Person, to_party: int, header: Header, content: bytes, name: str, now_ms: int
    ) -> tuple[Review, bool]:
        """Hand a paper in; the review, and whether it is new.

        The same number with the same content is the same paper; with another content it is refused
        (``other-content``). Raises ``SourceError`` for a bad header or file.
        """
        if to_party == by.party:
            raise ReviewError(
                "own-paper", "nobody reviews a paper of his own party", "不得审核本方提交的证书"
            )
        media_type, sha256 = check_file(content)
        fresh = Review(
            id=0,
            party=by.party,
            to_party=to_party,
            header=check_header(header),
            sha256=sha256,
            media_type=media_type,
            file_name=_file_name(name, media_type),
            size=len(content),
            state=ReviewState.SUBMITTED,
            submitted_by=by.name,
            submitted_ms=now_ms,
        )
        log = self._evidence.ensure_log(PartyId(by.party), STREAM)
        with self._site.write() as store:
            known = store.find(by.party, to_party, header.number)
            if known is not None:
                if (known.sha256, known.header) != (sha256, header):
                    raise _other(header.number, "file" if known.sha256 != sha256 else "header")
                return known, False
            review = store.add(fresh, content)
            return self._record(store, log, by.party, review, "submitted", by, now_ms), True

    def take_up(self, by: Person, review_id: int, now_ms: int) -> Review:
        """A reviewer of the receiving party takes a paper up; again by the same is harmless."""
        with self._site.write() as store:
            review = self._open(store, by, review_id)
            if review.state is ReviewState.UNDER_REVIEW and review.taken_by == by.name:
                return review
            taken = replace(
                review, state=ReviewState.UNDER_REVIEW, taken_by=by.name, taken_ms=now_ms
            )
            store.set(taken)
            return taken

    def decide(
        self, by: Person, review_id: int, decision: Decision, reason: str, now_ms: int
    ) -> Review:
        """Approve or reject; a rejection needs a reason. Deciding so again is harmless."""
        reason = reason.strip()
        state = ReviewState.APPROVED if decision is Decision.APPROVE else ReviewState.REJECTED
        log = self._evidence.ensure_log(PartyId(by.party), STREAM)
        with self._site.write() as store:
            review = self._open(store, by, review_id, decided=(state, reason))
            if review.state is state:
                return review
            _check_reason(decision, reason)
            made = replace(
                review, state=state, decided_by=by.name, decided_ms=now_ms, reason=reason
            )
            store.set(made)
            return self._record(store, log, by.party, made, state.value, by, now_ms)

    def _open(
        self,
        store: CertificateStore,
        by: Person,
        review_id: int,
        decided: tuple[ReviewState, str] | None = None,
    ) -> Review:
        """The review, if this person may go on with it."""
        review = self._seen(store, by.party, review_id)
        if by.party != review.to_party:
            raise ReviewError(
                "not-yours",
                "only the party that receives the delivery reviews its papers",
                "只有收货方可以审核",
            )
        if review.state in (ReviewState.APPROVED, ReviewState.REJECTED) and decided != (
            review.state,
            review.reason,
        ):
            raise ReviewError(
                "decided",
                f"the paper is {review.state.value} already; a new one has a new number",
                "该证书已有结论；如有变更请以新编号提交",
            )
        return review

    def get(self, party: int, review_id: int) -> Review:
        """A paper, for its sender or receiver."""
        with self._site.read() as store:
            return self._seen(store, party, review_id)

    def file(self, party: int, review_id: int) -> tuple[Review, bytes]:
        """A paper and the bytes of its file, for its sender or receiver."""
        with self._site.read() as store:
            review = self._seen(store, party, review_id)
            content = store.content(review.sha256)
            if content is None:
                raise _not_found(review_id)
            return review, content

    def queue(
        self,
        party: int,
        states: Sequence[ReviewState] = (ReviewState.SUBMITTED, ReviewState.UNDER_REVIEW),
        after: int = 0,
        limit: int = 100,
    ) -> list[Review]:
        """Papers of a party in some states with an id above ``after``, the oldest first."""
        with self._site.read() as store:
            return store.queue(party, states, after, max(1, min(limit, QUEUE_MAX)))

    def _seen(self, store: CertificateStore, party: int, review_id: int) -> Review:
        review = store.get(review_id)
        # Whether a paper of others exists is nobody's business.
        if review is None or party not in (review.party, review.to_party):
            raise _not_found(review_id)
        return review

    def _record(
        self,
        store: CertificateStore,
        log: bytes,
        party: int,
        review: Review,
        step: str,
        by: Person,
        now_ms: int,
    ) -> Review:
        """Put a step into a party's evidence log, in the transaction of the step itself."""
        header = review.header
        record = {
            "schema": SCHEMA,
            "subject": subject_of(header.items[0]),
            "event_time": time_text(now_ms),
            "facts": [],
            "certificate": {
                "step": step,
                "by": by.name,
                "party": review.party,
                "to_party": review.to_party,
                "number": header.number,
                "title": header.title,
                "issuer": header.issuer,
                "items": [item_text(item) for item in header.items],
                "sha256": review.sha256,
                "media_type": review.media_type,
                **({"reason": review.reason} if review.reason else {}),
            },
        }
        others = [subject_of(item) for item in header.items[1:]]
        leaf = self._evidence.append(store.connection, log, [record], [others])[0]
        source = json.dumps(record["certificate"], ensure_ascii=False, sort_keys=True)
        store.note_leaf(review, party, leaf.index, leaf.leaf_hash, source, now_ms)
        if step == "submitted":
            return replace(review, leaf_hash=leaf.leaf_hash.hex())
        return replace(review, decision_leaf_hash=leaf.leaf_hash.hex())


def _check_reason(decision: Decision, reason: str) -> None:
    if len(reason) > REASON_CHARS_MAX or (decision is Decision.REJECT and not reason):
        raise SourceError(
            "reason",
            f"a rejection needs a reason of at most {REASON_CHARS_MAX} characters",
            f"退回须说明原因，不超过 {REASON_CHARS_MAX} 个字符",
        )


def _not_found(review_id: int) -> ReviewError:
    return ReviewError("not-found", f"there is no paper {review_id}", f"证书 {review_id} 不存在")


def _other(number: str, field: str) -> ReviewError:
    field_zh = {"file": "文件", "header": "表头"}[field]
    return ReviewError(
        "other-content",
        f"the paper {number} was handed in with another {field}",
        f"证书 {number} 已提交，但{field_zh}不同",
    )


def _file_name(name: str, media_type: str) -> str:
    """A harmless name with the ending of what the file is."""
    plain = "".join(
        char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable()
    )
    stem = (plain.rpartition(".")[0] or plain).strip(". ")[:80] or "certificate"
    ending = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}[media_type]
    return f"{stem}.{ending}"
