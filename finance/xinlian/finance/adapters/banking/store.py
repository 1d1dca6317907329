"""Bank messages and payments in SQL: the outbox to banks and the record of what came back."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from xinlian.finance.adapters.banking.iso20022_pain import parse_pain001, write_pain001
from xinlian.finance.adapters.sql import BankMessageRow, PaymentRow
from xinlian.finance.adapters.trade.document_store import chunks
from xinlian.finance.model.banking.bank import (
    BankError,
    PaymentOrder,
    PaymentPurpose,
    PaymentRecord,
    PaymentState,
)
from xinlian.finance.usecases.ports import Inbound
from xinlian.ledger.model.money import Fen

OUT: Final = "out"
IN: Final = "in"
# What the session holds already is read anew: bulk updates pass it by.
_PAYMENTS = select(PaymentRow).execution_options(populate_existing=True)


class SqlBankMessageStore:
    """Messages and payments; the session's owner commits."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def queue(self, order: PaymentOrder, records: Sequence[PaymentRecord], now: int) -> None:
        """Keep an order to be sent once the unit of work is committed."""
        content = write_pain001(order)
        self._add_message(OUT, order.id, content, now, sent=False)
        values = [
            {
                "id": record.id,
                "order_id": order.id,
                "purpose": record.purpose.value,
                "subject": record.subject,
                "amount_fen": int(record.amount),
                "state": record.state.value,
                "receipt": None,
            }
            for record in records
        ]
        self._session.execute(insert(PaymentRow), values)

    def waiting(self) -> Sequence[PaymentOrder]:
        """Orders queued and not marked as sent, oldest first."""
        query = (
            select(BankMessageRow.content)
            .where(BankMessageRow.direction == OUT, BankMessageRow.sent.is_(False))
            .order_by(BankMessageRow.created_at, BankMessageRow.message_id)
        )
        return [parse_pain001(content.encode()) for content in self._session.scalars(query)]

    def mark_sent(self, order_id: str) -> None:
        """The order is with the bank."""
        self._session.execute(
            update(BankMessageRow)
            .where(BankMessageRow.direction == OUT, BankMessageRow.message_id == order_id)
            .values(sent=True)
        )

    def take(self, inbound: Inbound, now: int) -> bool:
        """Keep a notification; False if it was taken before. Other content raises ``BankError``."""
        message_id = inbound.notification.id
        digest = hashlib.sha256(inbound.content).hexdigest()
        earlier = self._session.get(BankMessageRow, (IN, message_id), populate_existing=True)
        if earlier is None:
            self._add_message(IN, message_id, inbound.content, now, sent=True)
            return True
        if earlier.content_sha256 != digest:
            raise BankError(f"another notification came under the id {message_id}")
        return False

    def payments(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentRecord]:
        """The payments among those named."""
        found: dict[str, PaymentRecord] = {}
        for chunk in chunks(sorted({name for name in payment_ids if name})):
            query = _PAYMENTS.where(PaymentRow.id.in_(chunk))
            found |= {row.id: _record(row) for row in self._session.scalars(query)}
        return found

    def last_payments(
        self, purpose: PaymentPurpose, subjects: Sequence[str]
    ) -> Mapping[str, PaymentRecord]:
        """The newest payment for each subject that has one."""
        found: dict[str, PaymentRecord] = {}
        for chunk in chunks(list(dict.fromkeys(subjects))):
            query = (
                _PAYMENTS.where(PaymentRow.purpose == purpose.value, PaymentRow.subject.in_(chunk))
                # The attempt stands at the end of an id, behind what is the same for a subject.
                .order_by(PaymentRow.id)
            )
            found |= {row.subject: _record(row) for row in self._session.scalars(query)}
        return found

    def settle_payments(self, records: Sequence[PaymentRecord]) -> None:
        """Write the state and receipt of payments."""
        values = [
            {
                "id": record.id,
                "state": record.state.value,
                "receipt": None if record.receipt is None else record.receipt.hex(),
            }
            for record in records
        ]
        if values:
            self._session.execute(update(PaymentRow), values)

    def _add_message(
        self, direction: str, message_id: str, content: bytes, now: int, *, sent: bool
    ) -> None:
        values = {
            "direction": direction,
            "message_id": message_id,
            "content_sha256": hashlib.sha256(content).hexdigest(),
            "content": _as_text(content),
            "created_at": now,
            "sent": sent,
        }
        self._session.execute(insert(BankMessageRow), [values])


def _as_text(content: bytes) -> str:
    """A message for people to read; its digest is of the bytes. SQL text can hold no NUL."""
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf16 else "utf-8", "replace").replace("\0", "")


def _record(row: PaymentRow) -> PaymentRecord:
    return PaymentRecord(
        id=row.id,
        order_id=row.order_id,
        purpose=PaymentPurpose(row.purpose),
        subject=row.subject,
        amount=Fen(row.amount_fen),
        state=PaymentState(row.state),
        receipt=None if row.receipt is None else bytes.fromhex(row.receipt),
    )
