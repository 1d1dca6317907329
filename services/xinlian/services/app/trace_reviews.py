"""Inspection certificates that suppliers hand in with a delivery, and their review."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.actors import Actor
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.imports import Upload
from xinlian.services.app.parties import Parties
from xinlian.trace.adapters.certificates import SqlCertificates
from xinlian.trace.model.certificates import Decision, Header, Person, Review, ReviewState
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.json_rows import JsonFields
from xinlian.trace.model.json_text import load_json
from xinlian.trace.model.sources import SourceError
from xinlian.trace.usecases.certificates import CertificateDesk, ReviewError
from xinlian.trace.usecases.ports import Evidence

__all__ = ["Reviews"]

HEADER_BYTES_MAX: Final = 64 * 1024
_CODES: Final = {
    "not-found": Code.NOT_FOUND,
    "not-yours": Code.OTHER_PARTY,
    "own-paper": Code.OTHER_PARTY,
    "decided": Code.STATE,
    "other-content": Code.CONFLICT,
}


class Reviews:
    """The review queue, for the holders of tokens; a token stands for a person of its party."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        keys: IdempotencyKeys,
        parties: Parties,
        evidence: Evidence,
    ) -> None:
        self._desk = CertificateDesk(SqlCertificates(engine), evidence)
        self._clock = clock
        self._keys = keys
        self._parties = parties

    def submit(self, actor: Actor, file: Upload, header: Upload, key: str) -> Review:
        """Hand a paper in. ``header`` is a JSON object; refused with ``INVALID``, ``NOT_FOUND``
        (the receiving party) or ``CONFLICT`` (the number with other content)."""
        party = actor.signer
        with _refusals():
            to_party, read = read_header(header.data, party)
            if self._parties.member(PartyId(to_party)) is None:
                raise RefusedError(Code.NOT_FOUND, f"there is no party {to_party}")
            digest = hashlib.sha256(header.data + b"\n" + file.data).hexdigest()
            claim = self._keys.claim(party, key, "submit_certificate", {"content": digest})
            if claim.reference is not None:
                return self._desk.get(party, int(claim.reference))
            try:
                review, _ = self._desk.submit(
                    _person(actor), to_party, read, file.data, file.name, self._now_ms()
                )
            except Exception:
                if claim.fresh:
                    self._keys.drop(claim)
                raise
            self._keys.settle(claim, str(review.id))
            return review

    def take_up(self, actor: Actor, certificate: int) -> Review:
        """Take a paper up; again by the same person is harmless."""
        with _refusals():
            return self._desk.take_up(_person(actor), certificate, self._now_ms())

    def decide(self, actor: Actor, certificate: int, decision: Decision, reason: str) -> Review:
        """Approve or reject; the same decision again is harmless."""
        with _refusals():
            return self._desk.decide(_person(actor), certificate, decision, reason, self._now_ms())

    def get(self, party: int, certificate: int) -> Review:
        """A paper, for its sender or receiver."""
        with _refusals():
            return self._desk.get(party, certificate)

    def file(self, party: int, certificate: int) -> tuple[Review, bytes]:
        """A paper and its file, for its sender or receiver."""
        with _refusals():
            return self._desk.file(party, certificate)

    def queue(
        self, party: int, states: Sequence[ReviewState], after: int, limit: int
    ) -> list[Review]:
        """Papers of a party in some states (all, if none are named), the oldest first."""
        return self._desk.queue(party, list(states) or list(ReviewState), after, limit)

    def _now_ms(self) -> int:
        return 1000 * self._clock.now()


def read_header(data: bytes, owner: int) -> tuple[int, Header]:
    """The receiving party and the head of a paper; raises ``SourceError`` naming the field."""
    table = load_json(data, HEADER_BYTES_MAX)
    if not isinstance(table, dict):
        raise SourceError("header", "must be an object", "应为对象")
    fields = JsonFields(table, owner)
    to_party = fields.number("to_party") or ""
    if not (to_party.isdigit() and 0 < int(to_party) < 2**32):
        raise SourceError("to_party", "must be the number of a party", "应为参与方编号")
    listed = table.get("items")
    if not isinstance(listed, list):
        raise SourceError("items", "must be a list", "应为列表")
    items = tuple(_item(entry, index, owner) for index, entry in enumerate(listed))
    header = Header(
        number=fields.text("number") or "",
        title=fields.text("title") or "",
        issuer=fields.text("issuer") or "",
        items=items,
        issued_ms=_day(fields.text("issued")),
        delivery=fields.text("delivery") or "",
        note=fields.text("note") or "",
    )
    for name in table:
        if name not in _HEADER_FIELDS:
            raise SourceError(name, "no such field", "没有此字段")
    return int(to_party), header


_HEADER_FIELDS: Final = frozenset(
    {"to_party", "number", "title", "issuer", "items", "issued", "delivery", "note"}
)


def _item(entry: object, index: int, owner: int) -> ItemId:
    found = JsonFields({"item": entry}, owner).item("item")
    if found is None or found.whole_class:
        raise SourceError(f"items[{index}]", "must name one part or batch", "应为一个零件或批次")
    return found.id


def _day(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        made = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as exc:
        raise SourceError("issued", "must be a day YYYY-MM-DD", "应为 YYYY-MM-DD 日期") from exc
    return int(made.timestamp()) * 1000


def _person(actor: Actor) -> Person:
    return Person(actor.signer, actor.token)


@contextmanager
def _refusals() -> Iterator[None]:
    """What the desk refuses, as the services say it."""
    try:
        yield
    except SourceError as exc:
        raise RefusedError(
            Code.INVALID,
            f"the certificate cannot be taken: {exc.path}: {exc.why}",
            field=exc.path,
            why_zh=exc.why_zh,
        ) from exc
    except ReviewError as exc:
        raise RefusedError(
            _CODES[exc.code],
            f"this cannot be done with the certificate: {exc.why}",
            reason=exc.code,
            why_zh=exc.why_zh,
        ) from exc
