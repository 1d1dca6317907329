"""Files that come in and go out: imports of receivables, payment orders, bank notifications."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import File, Path, Request, UploadFile
from xinlian.ledger.model.days import day_from_iso
from xinlian.services.api.reading import PlainListerDep, ReaderDep
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Page
from xinlian.services.api.schemas.financing import IdText
from xinlian.services.api.schemas.paperwork import (
    BankMessageView,
    DisbursementBody,
    ImportRowView,
    ImportView,
    InstructedView,
    PaymentBody,
    RedemptionBody,
)
from xinlian.services.api.state import ActorDep, KeyDep, StateDep
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.imports import Upload
from xinlian.services.app.orders import Asked

router = guarded_router()

ImportPath = Annotated[IdText, Path(description="Id of an import.")]
MessagePath = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9+\-]{0,34}$", description="Id of a bank message.")
]
NAME_CHARS_MAX = 200


@router.post("/imports", tags=["imports"], status_code=201)
def import_receivables(
    state: StateDep,
    actor: ActorDep,
    key: KeyDep,
    file: Annotated[UploadFile, File(description="CSV, Excel, or an e-invoice in XML.")],
    mapping: Annotated[
        UploadFile | None, File(description="YAML that names the columns; not for an e-invoice.")
    ] = None,
) -> ImportView:
    """Import trade documents of which you are buyer or seller. Every row ends as accepted,
    exists, conflict or invalid; a file that cannot be taken leaves nothing behind."""
    chosen = None if mapping is None else upload_of(mapping, "mapping")
    report = state.app.imports.take(actor.signer, upload_of(file, "file"), chosen, key)
    return ImportView.of(report)


@router.get("/imports", tags=["imports"])
def list_imports(state: StateDep, reader: ReaderDep, lister: PlainListerDep) -> Page[ImportView]:
    """Your imports, by id."""
    return lister.page(
        {},
        lambda _, limit, after: state.app.imports.listed(reader, limit=limit, after=after),
        ImportView.of,
        lambda row: row.import_id,
        start="",
    )


@router.get("/imports/{import_id}", tags=["imports"])
def get_import(state: StateDep, reader: ReaderDep, import_id: ImportPath) -> ImportView:
    """One import."""
    return ImportView.of(state.app.imports.report(reader, import_id))


@router.get("/imports/{import_id}/rows", tags=["imports"])
def list_import_rows(
    state: StateDep, reader: ReaderDep, lister: PlainListerDep, import_id: ImportPath
) -> Page[ImportRowView]:
    """How the rows of an import ended, by line."""
    return lister.page(
        {"import": import_id},
        lambda _, limit, after: state.app.imports.rows(reader, import_id, limit=limit, after=after),
        ImportRowView.of,
        lambda row: row.result.line,
    )


@router.post("/payments", tags=["payments"], status_code=201)
def instruct_payment(
    request: Request, body: PaymentBody, state: StateDep, actor: ActorDep, key: KeyDep
) -> InstructedView:
    """Tell your bank to pay from your account. The platform moves no money."""
    asked = Asked(key, str(request.state.operation), body.model_dump(mode="json"))
    payments, payer, pay_on = state.app.payments, actor.signer, day_from_iso(body.pay_on)
    if isinstance(body, RedemptionBody):
        done = payments.redeem(payer, body.vouchers, pay_on, asked)
    elif isinstance(body, DisbursementBody):
        done = payments.pay_out(payer, body.financings, pay_on, asked)
    else:
        done = payments.pay_back(payer, body.financing, body.amount_fen, pay_on, asked)
    return InstructedView(message=done.order_id, bank=done.bank, exists=done.exists)


@router.post("/bank-messages", tags=["payments"], status_code=201)
def upload_bank_message(
    state: StateDep,
    actor: ActorDep,
    key: KeyDep,
    file: Annotated[UploadFile, File(description="A camt.054 notification.")],
) -> BankMessageView:
    """As the paying bank, bring a notification in; your keys kept here sign what it proves."""
    content = upload_of(file, "file").data
    return BankMessageView.of(state.app.banking.upload(actor.signer, content, key))


@router.get("/bank-messages", tags=["payments"])
def list_bank_messages(
    state: StateDep, reader: ReaderDep, lister: PlainListerDep
) -> Page[BankMessageView]:
    """Messages to and from banks that concern you, by direction and id."""
    return lister.page(
        {},
        lambda _, limit, after: state.app.banking.messages(
            reader, limit=limit, after=(after[0], after[1])
        ),
        BankMessageView.of,
        lambda row: [row.direction, row.id],
        start=["", ""],
    )


@router.get("/bank-messages/{direction}/{message}", tags=["payments"])
def get_bank_message(
    state: StateDep,
    reader: ReaderDep,
    direction: Annotated[Literal["in", "out"], Path(description="From a bank, or to one.")],
    message: MessagePath,
) -> BankMessageView:
    """One message to or from a bank."""
    return BankMessageView.of(state.app.banking.message(reader, direction, message))


def upload_of(file: UploadFile, field: str) -> Upload:
    """An uploaded file with a fit name; refused with ``INVALID``."""
    name = (file.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise RefusedError(
            Code.INVALID,
            f"the {field} needs a name of 1 to {NAME_CHARS_MAX} characters",
            field=field,
        )
    return Upload(name, file.file.read())
