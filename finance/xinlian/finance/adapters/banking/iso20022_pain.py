"""pain.001.001.09, customer credit transfer initiation: what we tell a bank to pay."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

from xinlian.finance.adapters.banking.iso20022_xml import PAIN, Reader, Writer, parse, seconds, when
from xinlian.finance.model.banking.bank import BankAccount, BankError, Payment, PaymentOrder
from xinlian.finance.model.trade.codes import CodeError
from xinlian.finance.model.trade.documents import CURRENCY
from xinlian.ledger.model.days import iso_of

CLEARING_SYSTEM: Final = "CNAPS"


def write_pain001(order: PaymentOrder) -> bytes:
    """The order as a pain.001.001.09 document; the same order gives the same bytes."""
    writer = Writer(PAIN)
    message = writer.group(writer.root, "CstmrCdtTrfInitn")
    header = writer.group(message, "GrpHdr")
    writer.text(header, "MsgId", order.id)
    writer.text(header, "CreDtTm", when(order.created_at))
    _totals(writer, header, order)
    writer.text(header, "InitgPty/Nm", order.initiator)
    group = writer.group(message, "PmtInf")
    writer.text(group, "PmtInfId", order.id)
    writer.text(group, "PmtMtd", "TRF")
    _totals(writer, group, order)
    writer.text(group, "ReqdExctnDt/Dt", iso_of(order.pay_on))
    writer.text(group, "Dbtr/Nm", order.debtor.name)
    account = writer.group(group, "DbtrAcct")
    writer.text(account, "Id/Othr/Id", order.debtor.account)
    writer.text(account, "Ccy", CURRENCY)
    _bank(writer, group, "DbtrAgt", order.debtor)
    for payment in order.payments:
        transfer = writer.group(group, "CdtTrfTxInf")
        writer.text(transfer, "PmtId/EndToEndId", payment.id)
        writer.amount(transfer, "Amt/InstdAmt", payment.amount)
        _bank(writer, transfer, "CdtrAgt", payment.creditor)
        writer.text(transfer, "Cdtr/Nm", payment.creditor.name)
        writer.text(transfer, "CdtrAcct/Id/Othr/Id", payment.creditor.account)
        if payment.text:
            writer.text(transfer, "RmtInf/Ustrd", payment.text)
    return writer.bytes()


def parse_pain001(data: bytes) -> PaymentOrder:
    """Read an order back, as a bank would; raises ``BankError``."""
    message = Reader(parse(data, PAIN), PAIN, "Document").one("CstmrCdtTrfInitn")
    header, group = message.one("GrpHdr"), message.one("PmtInf")
    if group.text("PmtMtd") != "TRF":
        raise BankError("only credit transfers (TRF) are understood")
    try:
        order = PaymentOrder(
            id=header.text("MsgId"),
            created_at=seconds(header.text("CreDtTm")),
            initiator=header.text("InitgPty/Nm"),
            debtor=_account(group, "Dbtr"),
            pay_on=group.day("ReqdExctnDt"),
            payments=tuple(
                Payment(
                    transfer.text("PmtId/EndToEndId"),
                    _account(transfer, "Cdtr"),
                    transfer.amount("Amt/InstdAmt"),
                    transfer.maybe_text("RmtInf/Ustrd"),
                )
                for transfer in group.all("CdtTrfTxInf")
            ),
        )
    except CodeError as exc:
        raise BankError(str(exc)) from exc
    for part in (header, group):
        if part.text("NbOfTxs") != str(len(order.payments)):
            raise BankError(f"{part.place}/NbOfTxs is not the number of payments")
        if part.text("CtrlSum") != order.total.yuan():
            raise BankError(f"{part.place}/CtrlSum is not the sum of the payments")
    return order


def _totals(writer: Writer, parent: Element, order: PaymentOrder) -> None:
    writer.text(parent, "NbOfTxs", str(len(order.payments)))
    writer.text(parent, "CtrlSum", order.total.yuan())


def _bank(writer: Writer, parent: Element, name: str, account: BankAccount) -> None:
    member = writer.group(parent, f"{name}/FinInstnId/ClrSysMmbId")
    writer.text(member, "ClrSysId/Cd", CLEARING_SYSTEM)
    writer.text(member, "MmbId", account.bank_code)


def _account(reader: Reader, role: str) -> BankAccount:
    return BankAccount(
        reader.text(f"{role}/Nm"),
        reader.text(f"{role}Acct/Id/Othr/Id"),
        reader.text(f"{role}Agt/FinInstnId/ClrSysMmbId/MmbId"),
    )
