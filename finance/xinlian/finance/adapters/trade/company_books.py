"""The documents of one company, as far as it may see and state them.

What the party states that speaks for a document stands: of an invoice its seller, of an order its
buyer. What the other party alone states is kept beside that, as its copy: it blocks nobody, and
where the first says otherwise it becomes a conflict. So a made-up copy takes no number from whoever
speaks for it, and the answer to it tells nothing about documents with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.orm import Session
from xinlian.finance.adapters.sql import ImportLineRow, StatementRow
from xinlian.finance.adapters.trade.document_store import (
    SqlDocumentStore,
    chunks,
    document_of,
    document_values,
    facts_text,
    lines_text,
    pair_of,
)
from xinlian.finance.model.trade.documents import TradeDocument, differing_field
from xinlian.finance.model.trade.import_reasons import Outcome
from xinlian.finance.model.trade.import_report import MESSAGE_CHARS_MAX
from xinlian.finance.model.trade.links import DocumentLink, Reference
from xinlian.finance.usecases.ports import Identity
from xinlian.ledger.model.ids import DocumentKey

_TAKEN = (Outcome.ACCEPTED.value, Outcome.EXISTS.value)


class CompanyBooks:
    """A ``DocumentStore`` for the company with this social credit code; the session's owner
    commits. Only documents of which it is seller or buyer are to be given to it."""

    def __init__(self, session: Session, code: str) -> None:
        self._session = session
        self._code = code
        self._standing = SqlDocumentStore(session)

    def find(self, identities: Sequence[Identity]) -> Mapping[Identity, TradeDocument]:
        """The company's documents among those named: as they stand, else as it stated them."""
        found = {
            identity: document
            for identity, document in self._standing.find(identities).items()
            if self._is_of(document)
        }
        rest = [name for name in identities if name not in found and name[1] != self._code]
        return {**self._stated(rest), **found}

    def get(self, key: DocumentKey) -> TradeDocument | None:
        """The company's document under a key: as it stands, else as it stated it."""
        document = self._standing.get(key)
        if document is not None and self._is_of(document):
            return document
        row = self._session.get(StatementRow, (key.hex(), self._code), populate_existing=True)
        return None if row is None else document_of(row)

    def add(self, documents: Iterable[TradeDocument], import_id: str | None) -> None:
        """Add documents: the company's own to those that stand, else as its statements."""
        given = list(documents)
        own = [document for document in given if document.author.code == self._code]
        self._standing.add(own, import_id)
        self._contest(own)
        copies = [
            {**document_values(document, import_id), "stated_by": self._code}
            for document in given
            if document.author.code != self._code
        ]
        for chunk in chunks(copies):
            self._session.execute(insert(StatementRow), chunk)

    def set_facts(self, documents: Iterable[TradeDocument]) -> None:
        """Write the facts of stored documents, where they stand or where it stated them."""
        given = list(documents)
        standing = self._standing.find([document.identity for document in given])
        for document in given:
            found = standing.get(document.identity)
            if found is not None and self._is_of(found):
                self._standing.set_facts([document])
                continue
            here = (StatementRow.key == document.key.hex(), StatementRow.stated_by == self._code)
            values = {"facts": facts_text(document), "lines": lines_text(document)}
            self._session.execute(update(StatementRow).where(*here).values(**values))

    def add_references(self, said: Iterable[tuple[TradeDocument, Sequence[Reference]]]) -> None:
        """Keep what the company says that its documents, or its copies, refer to."""
        self._standing.add_references(said, self._code)

    def references(
        self, documents: Sequence[TradeDocument]
    ) -> Mapping[DocumentKey, tuple[Reference, ...]]:
        """What the company said that documents refer to."""
        return self._standing.references(documents, self._code)

    def links(self, key: DocumentKey) -> Sequence[DocumentLink]:
        """Links of a document of the company, as they stand."""
        return self._standing.links(key) if self.get(key) is not None else []

    def _is_of(self, document: TradeDocument) -> bool:
        return self._code in (document.seller.code, document.buyer.code)

    def _stated(self, identities: Sequence[Identity]) -> dict[Identity, TradeDocument]:
        found = {}
        for row in self._rows(list(identities), self._code):
            document = document_of(row)
            found[document.identity] = document
        return found

    def _rows(self, identities: list[Identity], *by: str) -> list[StatementRow]:
        wanted = tuple_(StatementRow.kind, StatementRow.author_code, StatementRow.number)
        rows: list[StatementRow] = []
        for chunk in chunks(list(dict.fromkeys(identities))):
            names = [(kind.value, code, number) for kind, code, number in chunk]
            query = select(StatementRow).where(wanted.in_(names))
            if by:
                query = query.where(StatementRow.stated_by.in_(by))
            rows += self._session.scalars(query).all()
        return rows

    def _contest(self, own: Sequence[TradeDocument]) -> None:
        """Make conflicts of what the other parties of new documents stated otherwise."""
        by_identity = {document.identity: document for document in own}
        for row in self._rows(list(by_identity)):
            stated = document_of(row)
            document = by_identity[stated.identity]
            field = differing_field(document, stated)
            # A party that the document does not name learns nothing of whom it names.
            if field is None or pair_of(stated) != pair_of(document):
                continue
            message = f"{document.number} is stated by {document.author.name} with another {field}"
            here = (
                ImportLineRow.import_id == row.import_id,
                ImportLineRow.document_key == row.key,
                ImportLineRow.outcome.in_(_TAKEN),
            )
            values = {
                "outcome": Outcome.CONFLICT.value,
                "field": field,
                "message": message[:MESSAGE_CHARS_MAX],
            }
            self._session.execute(update(ImportLineRow).where(*here).values(**values))
