"""Trade documents on chain."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from xinlian.ledger.model.ids import DocumentKey, PartyId
from xinlian.ledger.model.items import CreditNote, RegisterDocument
from xinlian.services.api.ordering import ORDER_RESPONSES, AnyOrder, SignerDep
from xinlian.services.api.reading import ListerDep, MomentDep, ReaderDep
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.actions import CreditNoteBody, DocumentBody
from xinlian.services.api.schemas.common import Hex32, Page, hex32, unhex
from xinlian.services.api.schemas.ledger import DocumentView
from xinlian.services.api.schemas.words import DOCUMENT_NUMBERS
from xinlian.services.api.state import StateDep

router = guarded_router("documents")

DocumentPath = Annotated[Hex32, Path(description="Key of a trade document.")]


@router.get("/documents")
def list_documents(state: StateDep, reader: ReaderDep, lister: ListerDep) -> Page[DocumentView]:
    """Trade documents of which you are buyer or seller, by key."""
    return lister.page(
        {},
        lambda moment, limit, after: state.app.books.documents(
            reader, moment, limit=limit, after=unhex(after)
        ),
        DocumentView.of,
        lambda row: hex32(row.document),
        start="0x",
    )


@router.get("/documents/{document}")
def get_document(
    state: StateDep, reader: ReaderDep, moment: MomentDep, document: DocumentPath
) -> DocumentView:
    """One trade document."""
    return DocumentView.of(state.app.books.document(reader, unhex(document), moment))


@router.post("/documents", status_code=202, responses=ORDER_RESPONSES)
def register_document(body: DocumentBody, signing: SignerDep) -> AnyOrder:
    """Register a trade document of yours, as its buyer, once and for all."""
    item = RegisterDocument(
        document=DocumentKey(unhex(body.document)),
        document_kind=DOCUMENT_NUMBERS[body.kind],
        seller=PartyId(body.seller),
        amount=body.amount_fen,
    )
    return signing.sign(body, lambda _: [item])


@router.post("/documents/{document}/credit-notes", status_code=202, responses=ORDER_RESPONSES)
def apply_credit_note(body: CreditNoteBody, signing: SignerDep, document: DocumentPath) -> AnyOrder:
    """Take back part of a document's amount by a credit note."""
    item = CreditNote(
        document=DocumentKey(unhex(document)), note=unhex(body.note), amount=body.amount_fen
    )
    return signing.sign(body, lambda _: [item])
