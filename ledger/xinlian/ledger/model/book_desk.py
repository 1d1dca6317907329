"""Financing of pieces: lock, registration, disbursement, repayment."""

from __future__ import annotations

from dataclasses import replace

from xinlian.ledger.model import book_settlement as vouchers
from xinlian.ledger.model.book_state import AMOUNT_MAX, Books, Moment, refuse
from xinlian.ledger.model.days import Day, add_months
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.items import (
    ZERO32,
    Disburse,
    OpenFinancing,
    RegisterFinancing,
    ReleaseFinancing,
    Repay,
)
from xinlian.ledger.model.parties import Party, Role
from xinlian.ledger.model.vouchers import Financing, FinancingState, StoredState


def open_financing(books: Books, by: Party, item: OpenFinancing, now: Moment) -> int:
    """The holder locks an amount for a funder under an accepted quote; the financing's id."""
    if item.funder == by.id:
        refuse(Failure.DESK_SELF, party=by.id)
    books.member(item.funder, Role.FUNDER)
    books.member(item.bank, Role.PAYING_BANK)
    if not 0 < item.price <= item.amount:
        refuse(Failure.DESK_PRICE, price=item.price, amount=item.amount)
    if item.maturity_day < now.day:
        refuse(Failure.DESK_MATURITY, maturity_day=item.maturity_day, today=now.day)
    if item.terms == ZERO32:
        refuse(Failure.DESK_TERMS)
    piece = vouchers.lock(
        books,
        item.piece,
        item.amount,
        back=item.back,
        holder=by.id,
        funder=PartyId(item.funder),
        expiry=item.expiry,
        now=now,
    )
    number = len(books.financings) + 1
    books.locked_amounts[number] = item.amount
    books.financings[number] = Financing(
        piece,
        by.id,
        PartyId(item.funder),
        PartyId(item.bank),
        item.expiry,
        FinancingState.LOCKED,
        item.sale,
        item.recourse,
        item.price,
        item.maturity_day,
        item.terms,
    )
    return number


def register(books: Books, by: Party, item: RegisterFinancing, now: Moment) -> int:
    """The funder binds a registration; a long term needs the reason that it looked at."""
    financing = _known(books, item.financing)
    if financing.funder != by.id:
        refuse(Failure.DESK_NOT_FUNDER, financing=item.financing, party=by.id)
    _check_state(item.financing, financing, FinancingState.LOCKED)
    _check_running(item.financing, financing, now)
    if item.registration == ZERO32:
        refuse(Failure.DESK_REGISTRATION)
    taken = books.registrations.get(item.registration)
    if taken is not None:
        refuse(Failure.DESK_REGISTRATION_USED, registration=item.registration, financing=taken)
    root = books.root(financing.piece)
    soft = books.policies[root.policy - 1].tenor_months_soft
    long_term = root.due_day > add_months(Day(root.issued_day), soft)
    if long_term and item.tenor_reason == ZERO32:
        refuse(Failure.DESK_NEEDS_TENOR_REASON, financing=item.financing, due_day=root.due_day)
    books.registrations[item.registration] = item.financing
    _set(books, item.financing, FinancingState.REGISTERED, item.registration)
    return item.financing


def release(books: Books, by: Party, item: ReleaseFinancing, now: Moment) -> int:
    """A financing ends before money flowed: by the funder, or by the seller after the lock."""
    financing = _known(books, item.financing)
    if by.id not in (financing.seller, financing.funder):
        refuse(Failure.DESK_NOT_PARTY, financing=item.financing, party=by.id)
    _check_state(item.financing, financing, FinancingState.LOCKED, FinancingState.REGISTERED)
    if by.id == financing.seller and now.time <= financing.expiry:
        refuse(Failure.DESK_LOCK_RUNS, financing=item.financing, expiry=financing.expiry)
    vouchers.unlock(books, financing.piece)
    _set(books, item.financing, FinancingState.RELEASED)
    return item.financing


def disburse(books: Books, by: Party, item: Disburse, now: Moment) -> int:
    """The bank certifies that the seller got the price."""
    financing = _known(books, item.financing)
    if financing.bank != by.id:
        refuse(Failure.DESK_NOT_BANK, financing=item.financing, party=by.id)
    _check_state(item.financing, financing, FinancingState.REGISTERED)
    _check_running(item.financing, financing, now)
    if item.amount != financing.price:
        _refuse_amount(item.financing, item.amount, financing.price)
    if item.receipt == ZERO32:
        refuse(Failure.DESK_RECEIPT)
    amount = books.locked_amounts[item.financing]
    vouchers.finance(books, financing.piece, amount, sale=financing.sale)
    _set(books, item.financing, FinancingState.DISBURSED)
    return item.financing


def repay(books: Books, by: Party, item: Repay, _now: Moment) -> int:
    """The bank certifies repayment; a sale comes back only by recourse and after dishonour."""
    financing = _known(books, item.financing)
    if financing.bank != by.id:
        refuse(Failure.DESK_NOT_BANK, financing=item.financing, party=by.id)
    _check_state(item.financing, financing, FinancingState.DISBURSED)
    if financing.sale:
        if not financing.recourse:
            refuse(Failure.DESK_NO_RECOURSE, financing=item.financing)
        if books.root(financing.piece).state != StoredState.DISHONOURED:
            refuse(Failure.DESK_NOT_DISHONOURED, financing=item.financing)
    if not financing.price <= item.amount <= AMOUNT_MAX:
        _refuse_amount(item.financing, item.amount, financing.price)
    if item.receipt == ZERO32:
        refuse(Failure.DESK_RECEIPT)
    vouchers.release(books, financing.piece, financing.seller)
    _set(books, item.financing, FinancingState.REPAID)
    return item.financing


def _known(books: Books, number: int) -> Financing:
    found = books.financings.get(number)
    if found is None:
        refuse(Failure.DESK_UNKNOWN, financing=number)
    return found


def _check_state(number: int, financing: Financing, *wanted: FinancingState) -> None:
    if financing.state not in wanted:
        refuse(Failure.DESK_STATE, financing=number, state=int(financing.state))


def _check_running(number: int, financing: Financing, now: Moment) -> None:
    if now.time > financing.expiry:
        refuse(Failure.DESK_LOCK_EXPIRED, financing=number, expiry=financing.expiry)


def _refuse_amount(number: int, amount: int, expected: int) -> None:
    refuse(Failure.DESK_AMOUNT, financing=number, amount=amount, expected=expected)


def _set(
    books: Books, number: int, state: FinancingState, registration: bytes | None = None
) -> None:
    financing = books.financings[number]
    books.financings[number] = replace(
        financing, state=state, registration=registration or financing.registration
    )
