"""What the use cases need from outside: stores, clock, bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from xinlian.finance.model.documents import DocumentKind, DocumentLink, TradeDocument
from xinlian.finance.model.import_report import ImportReport
from xinlian.ledger.model.ids import DocumentKey

Identity = tuple[DocumentKind, str, str]
"""Kind, seller's code and number: what names a document among people."""


class Clock(Protocol):
    """Time, passed in so that tests and demos set it."""

    def now(self) -> int:
        """Unix seconds."""


class DocumentStore(Protocol):
    """Trade documents and the links between them."""

    def find(self, identities: Sequence[Identity]) -> Mapping[Identity, TradeDocument]:
        """The stored documents among those named."""

    def get(self, key: DocumentKey) -> TradeDocument | None:
        """The document under a key."""

    def add(self, documents: Iterable[TradeDocument], import_id: str | None) -> None:
        """Add documents that are not stored yet."""

    def set_facts(self, documents: Iterable[TradeDocument]) -> None:
        """Write the facts of stored documents."""

    def add_link(self, link: DocumentLink) -> None:
        """Add a link that is not stored yet."""

    def links(self, key: DocumentKey) -> Sequence[DocumentLink]:
        """Links that start or end at a document, in a fixed order."""


class ImportStore(Protocol):
    """Reports of imports."""

    def find(self, import_id: str) -> ImportReport | None:
        """The report of an import that was made."""

    def begin(self, report: ImportReport) -> None:
        """Write the head of a report, to which documents then refer."""

    def finish(self, report: ImportReport) -> None:
        """Write how every row ended."""
