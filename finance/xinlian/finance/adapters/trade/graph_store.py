"""Documents and what they say of each other in SQL: the graph behind an invoice.

What a party says of a document that it speaks for counts. What only the other party says counts
while the first is silent, except that a buyer's copy of a credit note takes nothing back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from xinlian.finance.adapters.sql import DocumentRow, ReferenceRow, StatementRow
from xinlian.finance.adapters.trade.document_store import (
    SqlDocumentStore,
    chunks,
    document_of,
    identity_of,
    pair_of,
    reference_of,
)
from xinlian.finance.model.trade.documents import DocumentKind, PartyRef, TradeDocument
from xinlian.finance.model.trade.links import LINKS, DocumentLink
from xinlian.finance.usecases.ports import Identity
from xinlian.finance.usecases.trade.evidence import Node
from xinlian.ledger.model.ids import DocumentKey

__all__ = ["SqlGraph"]


class SqlGraph:
    """As ``usecases.trade.evidence.GraphStore``; ``reader`` is the code of the company that reads,
    whose own copy of a document is found where nobody else speaks for it."""

    def __init__(self, session: Session, reader: str = "") -> None:
        self._session = session
        self._reader = reader
        self._standing = SqlDocumentStore(session)

    def node(self, key: DocumentKey) -> Node | None:
        """The document under a key."""
        document = self._standing.get(key)
        if document is not None and self._reader in ("", *pair_of(document)):
            return Node(document)
        query = select(StatementRow).where(StatementRow.key == key.hex())
        if self._reader:
            query = query.where(
                (StatementRow.stated_by == self._reader)
                | (StatementRow.author_code == self._reader)
                | (StatementRow.seller_code == self._reader)
                | (StatementRow.buyer_code == self._reader)
            )
        row = self._session.scalars(query.order_by(StatementRow.stated_by)).first()
        return None if row is None else Node(document_of(row), lone=True)

    def around(self, nodes: Sequence[Node]) -> tuple[Sequence[DocumentLink], Sequence[Node]]:
        """The links that start or end at documents, and the documents at their other ends."""
        outward, targets = self._outward(nodes)
        inward, sources = self._inward(nodes)
        return [*outward, *inward], [*targets, *sources]

    def _outward(self, nodes: Sequence[Node]) -> tuple[list[DocumentLink], list[Node]]:
        by_key = {node.document.key.hex(): node.document for node in nodes}
        speakers = {node.document.key.hex(): _speaker(node).code for node in nodes}
        said = []
        for chunk in chunks(sorted(speakers.items())):
            wanted = tuple_(ReferenceRow.source_key, ReferenceRow.stated_by)
            rows = self._session.scalars(select(ReferenceRow).where(wanted.in_(chunk)))
            said += [(by_key[row.source_key], reference_of(row)) for row in rows]
        ends = self._named([(identity_of(each, source), source) for source, each in said])
        links = []
        for source, each in said:
            node = ends.get((identity_of(each, source), pair_of(source)))
            if node is not None:
                kind = LINKS[source.kind, each.kind]
                links.append(DocumentLink(source.key, node.document.key, kind, each.amount))
        return links, list(ends.values())

    def _inward(self, nodes: Sequence[Node]) -> tuple[list[DocumentLink], list[Node]]:
        names = {
            (*pair_of(node.document), node.document.kind.value, node.document.number): node
            for node in nodes
        }
        columns = tuple_(
            *(ReferenceRow.seller_code, ReferenceRow.buyer_code),
            *(ReferenceRow.target_kind, ReferenceRow.target_number),
        )
        rows: list[ReferenceRow] = []
        for chunk in chunks(sorted(names)):
            rows += self._session.scalars(select(ReferenceRow).where(columns.in_(chunk)))
        sources = self._stated([(row.source_key, row.stated_by) for row in rows])
        links, ends = [], []
        for row in rows:
            source = sources.get((row.source_key, row.stated_by))
            target = names[row.seller_code, row.buyer_code, row.target_kind, row.target_number]
            if source is None or pair_of(source.document) != pair_of(target.document):
                continue
            kind = LINKS[source.document.kind, target.document.kind]
            amount = reference_of(row).amount
            links.append(DocumentLink(source.document.key, target.document.key, kind, amount))
            ends.append(source)
        return links, ends

    def _named(
        self, wanted: Iterable[tuple[Identity, TradeDocument]]
    ) -> dict[tuple[Identity, tuple[str, str]], Node]:
        """Documents by what names them, each between the seller and buyer of who refers to it."""
        pairs = {(identity, pair_of(source)) for identity, source in wanted}
        standing = self._standing.find(sorted({identity for identity, _ in pairs}))
        found = {}
        silent = []
        for identity, pair in sorted(pairs):
            document = standing.get(identity)
            if document is None or pair_of(document) != pair:
                silent.append((identity, pair))
            else:
                found[identity, pair] = Node(document)
        for chunk in chunks(silent):
            names = [(kind.value, code, number) for (kind, code, number), _ in chunk]
            columns = tuple_(StatementRow.kind, StatementRow.author_code, StatementRow.number)
            for row in self._session.scalars(select(StatementRow).where(columns.in_(names))):
                document = document_of(row)
                place = (document.identity, pair_of(document))
                if place in chunk and document.kind is not DocumentKind.CREDIT_NOTE:
                    found[place] = Node(document, lone=True)
        return found

    def _stated(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Node]:
        """Documents by key and who states them; copies only where the author is silent."""
        found: dict[tuple[str, str], Node] = {}
        for chunk in chunks(sorted(set(wanted))):
            keys = [key for key, _ in chunk]
            for row in self._session.scalars(select(DocumentRow).where(DocumentRow.key.in_(keys))):
                found[row.key, row.author_code] = Node(document_of(row))
            places = tuple_(StatementRow.key, StatementRow.stated_by)
            copies = [
                (row.stated_by, document_of(row))
                for row in self._session.scalars(select(StatementRow).where(places.in_(chunk)))
                if row.kind != DocumentKind.CREDIT_NOTE.value
            ]
            spoken = self._standing.find([copy.identity for _, copy in copies])
            for by, copy in copies:
                standing = spoken.get(copy.identity)
                # Between others the same number may be taken: that one says nothing of this copy.
                if standing is None or pair_of(standing) != pair_of(copy):
                    found[copy.key.hex(), by] = Node(copy, lone=True)
        return found


def _speaker(node: Node) -> PartyRef:
    document = node.document
    if not node.lone:
        return document.author
    return document.seller if document.author is document.buyer else document.buyer
