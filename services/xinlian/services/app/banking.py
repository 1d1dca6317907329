"""Payments between parties: told to banks as pain.001 files, proved by camt.054 notifications.

A party instructs from its own account; its bank carries the file away and brings a notification
back, which the paying bank's party uploads. What that proves is signed by the bank's keys and
ordered on chain. The platform moves no money.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.orm import Session
from xinlian.finance.adapters.banking.iso20022_camt import parse_camt054
from xinlian.finance.adapters.banking.store import IN, SqlBankMessageStore
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.adapters.sql import BankMessageRow, PaymentRow
from xinlian.finance.model.banking.bank import (
    BankError,
    BankNotification,
    PaymentPurpose,
    PaymentRecord,
)
from xinlian.finance.model.financing.life import FinancingError
from xinlian.finance.usecases.banking.receipts import BankEffect, take_notification
from xinlian.finance.usecases.financing.paying import load
from xinlian.finance.usecases.ports import ChangedMeanwhileError, Inbound
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.items import ContractName, Item
from xinlian.ledger.model.layouts import BY_KIND, LAYOUTS
from xinlian.services.app.books import Books
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.orders import Asked, Orders
from xinlian.services.app.reading import Reader, moment_of
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.app.tables import bank_effects, bank_message_parties

__all__ = ["BankMessage", "Banking", "Effect", "PaymentShown"]

ORDER_ITEMS_MAX = 50
ID_CHARS_MAX = 35


@dataclass(frozen=True, slots=True)
class Effect:
    """What an entry of a notification means, and the order that it led to (digest)."""

    effect: str
    payment_id: str
    amount: int
    order: bytes | None


@dataclass(frozen=True, slots=True)
class PaymentShown:
    """A payment in a message to a bank, and how it ended. ``subject``: financing or piece."""

    id: str
    purpose: str
    subject: str
    amount: int
    state: str
    receipt: str | None


@dataclass(frozen=True, slots=True)
class BankMessage:
    """A message to (``out``) or from (``in``) a bank, with its XML text."""

    direction: str
    id: str
    created_at: int
    content: str
    payments: tuple[PaymentShown, ...]
    effects: tuple[Effect, ...] = ()
    exists: bool = False


class Banking:
    """What paying banks bring in, and the messages that concern a party."""

    def __init__(self, engine: Engine, books: Books, orders: Orders, clock: Clock) -> None:
        self._engine = engine
        self._books = books
        self._orders = orders
        self._clock = clock

    def upload(self, bank: PartyId, data: bytes, key: str) -> BankMessage:
        """Take a camt.054 notification of a paying bank, and order on chain what it proves.

        1. read it; 2. every payment that it names must be paid through this bank; 3. take it into
        finance's books, with what has to be ordered; 4. sign and take in those orders. The same
        notification again goes on where the first time broke off, and changes nothing else.
        """
        notification = _read(data)
        notification = replace(notification, id=message_id_of(bank, notification.id))
        self._check_payments(bank, notification)
        fresh = self._take(bank, Inbound(key, notification, data))
        self._order(bank, notification.id)
        message = self.message(Reader(bank), IN, notification.id)
        return BankMessage(
            message.direction,
            message.id,
            message.created_at,
            message.content,
            message.payments,
            message.effects,
            exists=not fresh,
        )

    def message(self, reader: Reader, direction: str, message_id: str) -> BankMessage:
        """One message; refused with ``NOT_FOUND`` if it does not concern the reader."""
        found = self._messages(reader, limit=1, only=(direction, message_id))
        if not found:
            raise RefusedError(Code.NOT_FOUND, f"there is no bank message {message_id} of yours")
        return found[0]

    def messages(self, reader: Reader, *, limit: int, after: tuple[str, str]) -> list[BankMessage]:
        """Messages that concern the reader, in order of direction and id."""
        return self._messages(reader, limit=limit, after=after)

    def _check_payments(self, bank: PartyId, notification: BankNotification) -> None:
        with Session(self._engine) as session:
            ids = [entry.payment_id for entry in notification.entries]
            known = SqlBankMessageStore(session).payments(ids)
            store = SqlFinancingStore(session)
            foreign = [
                payment.id for payment in known.values() if self._bank_of(store, payment) != bank
            ]
        if foreign:
            raise RefusedError(
                Code.INVALID,
                f"payment {foreign[0]} is not paid through you: nothing of the message was taken",
                field="file",
                payment=foreign[0],
            )

    def _bank_of(self, store: SqlFinancingStore, payment: PaymentRecord) -> PartyId:
        if payment.purpose is not PaymentPurpose.REDEMPTION:
            return load(store, payment.subject).quote.terms.bank
        piece = PieceId(int(payment.subject))
        moment = moment_of(self._engine, None)
        return self._books.root(Reader(None), piece >> 16, moment).paying_bank

    def _take(self, bank: PartyId, inbound: Inbound) -> bool:
        message_id = inbound.notification.id
        try:
            with unit_of_work(self._engine) as session:
                messages = SqlBankMessageStore(session)
                before = session.get(BankMessageRow, (IN, message_id)) is not None
                effects = take_notification(
                    SqlFinancingStore(session), messages, inbound, self._clock.now()
                )
                if not before:
                    _keep(session, bank, message_id, effects)
        except BankError as exc:
            raise RefusedError(Code.CONFLICT, str(exc), field="file") from exc
        except (FinancingError, ChangedMeanwhileError) as exc:
            raise RefusedError(Code.STATE, str(exc), field="file") from exc
        return not before

    def _order(self, bank: PartyId, message_id: str) -> None:
        rows = [row for row in self._effects(message_id) if row.item is not None]
        for (contract, kind), group in groupby(rows, key=lambda row: (row.contract, row.kind)):
            layout = BY_KIND[ContractName(contract), kind]
            found = list(group)
            for at in range(0, len(found), ORDER_ITEMS_MAX):
                part = found[at : at + ORDER_ITEMS_MAX]
                if part[-1].digest is None:
                    items = [layout.decode(bytes(row.item)) for row in part]
                    self._sign(bank, message_id, [row.number for row in part], items)

    def _sign(
        self, bank: PartyId, message_id: str, numbers: Sequence[int], items: Sequence[Item]
    ) -> None:
        # The key follows from the message, so that no second order can be made of one entry.
        digest = hashlib.sha256(f"{message_id}\n{numbers[0]}".encode()).hexdigest()
        asked = Asked(f"camt-{digest[:40]}", "upload_bank_message", {"message": message_id})
        placed = self._orders.sign(bank, asked, lambda _: items)
        e = bank_effects.c
        with begin_write(self._engine) as connection:
            connection.execute(
                update(bank_effects)
                .where(e.message_id == message_id, e.number.in_(numbers))
                .values(digest=placed.digest)
            )

    def _effects(self, message_id: str) -> Sequence[Row[tuple[Any, ...]]]:
        e = bank_effects.c
        query = (
            select(bank_effects)
            .where(e.message_id == message_id)
            .order_by(e.contract, e.kind, e.number)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def _messages(
        self,
        reader: Reader,
        *,
        limit: int,
        after: tuple[str, str] = ("", ""),
        only: tuple[str, str] | None = None,
    ) -> list[BankMessage]:
        m, p = BankMessageRow, bank_message_parties.c
        query = select(m).order_by(m.direction, m.message_id).limit(limit)
        if only is not None:
            query = query.where(m.direction == only[0], m.message_id == only[1])
        else:
            later = (m.direction > after[0]) | (
                (m.direction == after[0]) & (m.message_id > after[1])
            )
            query = query.where(later)
        if reader.party is not None:
            mine = select(p.message_id).where(
                p.direction == m.direction, p.message_id == m.message_id, p.party == reader.party
            )
            query = query.where(mine.exists())
        with Session(self._engine) as session:
            return [self._shown(session, row) for row in session.scalars(query).all()]

    def _shown(self, session: Session, row: BankMessageRow) -> BankMessage:
        effects: tuple[Effect, ...] = ()
        where = PaymentRow.order_id == row.message_id
        if row.direction == IN:
            found = self._effects(row.message_id)
            effects = tuple(_effect(each) for each in sorted(found, key=lambda each: each.number))
            where = PaymentRow.id.in_([effect.payment_id for effect in effects])
        payments = session.scalars(select(PaymentRow).where(where).order_by(PaymentRow.id)).all()
        return BankMessage(
            row.direction,
            row.message_id,
            row.created_at,
            row.content,
            tuple(_payment(payment) for payment in payments),
            effects,
        )


def message_id_of(bank: PartyId, given: str) -> str:
    """Our id of a bank's message, at most 35 characters: banks number theirs without each other."""
    name = f"{bank}-{given}"
    if len(name) <= ID_CHARS_MAX:
        return name
    return f"{bank}-{hashlib.sha256(given.encode()).hexdigest()[:20]}~"


def _read(data: bytes) -> BankNotification:
    try:
        return parse_camt054(data)
    except BankError as exc:
        raise RefusedError(Code.INVALID, str(exc), field="file") from exc


def _keep(session: Session, bank: PartyId, message_id: str, effects: Sequence[BankEffect]) -> None:
    session.execute(
        insert(bank_message_parties).values(
            direction=IN, message_id=message_id, party=bank, is_bank=True
        )
    )
    rows = []
    for number, effect in enumerate(effects):
        item = effect.item
        layout = None if item is None else LAYOUTS[type(item)]
        rows.append(
            {
                "message_id": message_id,
                "number": number,
                "effect": effect.kind.value,
                "payment_id": effect.entry.payment_id,
                "amount_fen": int(effect.entry.amount),
                "contract": None if layout is None else layout.contract.value,
                "kind": None if layout is None else layout.kind,
                "item": None if layout is None or item is None else layout.encode(item),
            }
        )
    if rows:
        session.execute(insert(bank_effects), rows)


def _effect(row: Row[tuple[Any, ...]]) -> Effect:
    digest = None if row.digest is None else bytes(row.digest)
    return Effect(row.effect, row.payment_id, row.amount_fen, digest)


def _payment(row: PaymentRow) -> PaymentShown:
    return PaymentShown(row.id, row.purpose, row.subject, row.amount_fen, row.state, row.receipt)
