"""camt.054.001.08, bank to customer debit/credit notification: what a bank says happened."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

from xinlian.finance.adapters.banking.iso20022_xml import CAMT, Reader, Writer, parse, seconds, when
from xinlian.finance.model.banking.bank import BankEntry, BankError, BankNotification
from xinlian.ledger.model.days import iso_of

ENTRIES_MAX: Final = 10_000
_DIRECTIONS: Final = {"CRDT": True, "DBIT": False}


def write_camt054(notification: BankNotification) -> bytes:
    """The notification as a camt.054.001.08 document (the sandbox bank's side).

    Entries stand in one block per account, in the order in which accounts first appear.
    """
    writer = Writer(CAMT)
    message = writer.group(writer.root, "BkToCstmrDbtCdtNtfctn")
    header = writer.group(message, "GrpHdr")
    writer.text(header, "MsgId", notification.id)
    writer.text(header, "CreDtTm", when(notification.created_at))
    accounts = list(dict.fromkeys(entry.account for entry in notification.entries))
    for number, account in enumerate(accounts, start=1):
        block = writer.group(message, "Ntfctn")
        writer.text(block, "Id", f"{notification.id[:30]}-{number}")
        writer.text(block, "CreDtTm", when(notification.created_at))
        writer.text(block, "Acct/Id/Othr/Id", account)
        for entry in notification.entries:
            if entry.account == account:
                _write_entry(writer, block, entry)
    return writer.bytes()


def _write_entry(writer: Writer, block: Element, entry: BankEntry) -> None:
    node = writer.group(block, "Ntry")
    writer.text(node, "NtryRef", entry.reference)
    writer.amount(node, "Amt", entry.amount)
    writer.text(node, "CdtDbtInd", "CRDT" if entry.credit else "DBIT")
    if entry.returned:
        writer.text(node, "RvslInd", "true")
    writer.text(node, "Sts/Cd", "BOOK")
    writer.text(node, "BookgDt/Dt", iso_of(entry.booked))
    writer.text(node, "ValDt/Dt", iso_of(entry.booked))
    writer.text(node, "BkTxCd/Prtry/Cd", "RTN" if entry.returned else "TRF")
    details = writer.group(node, "NtryDtls/TxDtls")
    writer.text(details, "Refs/EndToEndId", entry.payment_id)
    writer.amount(details, "Amt", entry.amount)
    writer.text(details, "CdtDbtInd", "CRDT" if entry.credit else "DBIT")
    if entry.returned:
        writer.text(details, "RtrInf/Rsn/Cd", entry.returned)


def parse_camt054(data: bytes) -> BankNotification:
    """Read a notification; raises ``BankError``.

    Entries that are not booked yet (pending, for information) are left out: they prove nothing.
    An entry over several transactions becomes one ``BankEntry`` each.
    """
    message = Reader(parse(data, CAMT), CAMT, "Document").one("BkToCstmrDbtCdtNtfctn")
    header = message.one("GrpHdr")
    entries: list[BankEntry] = []
    for block in message.all("Ntfctn"):
        account = _account(block.one("Acct"))
        for entry in block.all("Ntry"):
            entries += _entries(entry, account, len(entries))
            if len(entries) > ENTRIES_MAX:
                raise BankError(f"more than {ENTRIES_MAX} entries in one notification")
    return BankNotification(header.text("MsgId"), seconds(header.text("CreDtTm")), tuple(entries))


def _account(reader: Reader) -> str:
    return reader.maybe_text("Id/IBAN") or reader.text("Id/Othr/Id")


def _entries(entry: Reader, account: str, before: int) -> list[BankEntry]:
    credit = _direction(entry)
    amount = entry.amount("Amt")
    if entry.maybe_text("Sts/Cd") != "BOOK":
        return []
    booked = entry.day("BookgDt")
    reference = (
        entry.maybe_text("NtryRef") or entry.maybe_text("AcctSvcrRef") or f"entry-{before + 1}"
    )
    details = entry.all("NtryDtls/TxDtls")
    if not details:
        return [BankEntry(reference, account, credit, amount, booked, "")]
    found = []
    for number, detail in enumerate(details, start=1):
        if len(details) > 1 or detail.maybe("Amt") is not None:
            part = detail.amount("Amt")
        else:
            part = amount
        found.append(
            BankEntry(
                reference if len(details) == 1 else f"{reference}/{number}",
                account,
                _direction(detail) if detail.maybe("CdtDbtInd") else credit,
                part,
                booked,
                _payment_id(detail),
                _returned(entry, detail),
            )
        )
    if sum(int(item.amount) if item.credit == credit else -int(item.amount) for item in found) != (
        int(amount)
    ):
        raise BankError(f"{entry.place} {reference}: its transactions don't add up to its amount")
    return found


def _payment_id(detail: Reader) -> str:
    payment_id = detail.maybe_text("Refs/EndToEndId")
    return "" if payment_id == "NOTPROVIDED" else payment_id


def _returned(entry: Reader, detail: Reader) -> str:
    """The reason of a return; a reversal without one counts as NARR (narrative)."""
    reason = detail.maybe_text("RtrInf/Rsn/Cd")
    reversal = entry.maybe_text("RvslInd") in ("true", "1")
    return reason or ("NARR" if reversal or detail.maybe("RtrInf") is not None else "")


def _direction(reader: Reader) -> bool:
    text = reader.text("CdtDbtInd")
    if text not in _DIRECTIONS:
        raise BankError(f"{reader.place}/CdtDbtInd is neither CRDT nor DBIT: {text[:10]}")
    return _DIRECTIONS[text]
