"""Instructions to banks: what a party tells its bank to pay, from its own account.

A funder pays out financings, an issuer pays due pieces to their holders, a seller pays a loan or a
recourse claim back. The instruction is kept, then written as a pain.001 file into the bank's
folder; money moves, or not, at the bank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session
from xinlian.finance.adapters.banking.folder import FolderBank
from xinlian.finance.adapters.banking.store import OUT, SqlBankMessageStore
from xinlian.finance.adapters.data_files import market_rules
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.model.banking.bank import BankAccount, BankError, PaymentOrder
from xinlian.finance.model.financing.life import FinancingError, Rechecks
from xinlian.finance.model.trade.codes import CodeError
from xinlian.finance.usecases.financing import paying
from xinlian.finance.usecases.ports import ChangedMeanwhileError
from xinlian.ledger.model.days import Day, day_at
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.money import Fen
from xinlian.ledger.model.views import PieceView
from xinlian.ledger.model.vouchers import FinancingState, PieceState
from xinlian.services.app.books import Books
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.financing import FinancingDesk, financing_id
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.orders import Asked
from xinlian.services.app.parties import Parties
from xinlian.services.app.reading import Moment, Reader, moment_of
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.app.tables import bank_message_parties

__all__ = ["Instructed", "Payments"]

_DUE = (PieceState.HELD, PieceState.FINANCED)


@dataclass(frozen=True, slots=True)
class Instructed:
    """A payment order that is kept and on its way to a bank."""

    order_id: str
    bank: PartyId
    exists: bool


class Payments:
    """The three kinds of instructions. ``folder`` holds a folder of files for each bank."""

    def __init__(
        self,
        engine: Engine,
        books: Books,
        parties: Parties,
        desk: FinancingDesk,
        keys: IdempotencyKeys,
        clock: Clock,
        folder: Path,
    ) -> None:
        self._engine = engine
        self._books = books
        self._parties = parties
        self._desk = desk
        self._keys = keys
        self._clock = clock
        self._folder = folder
        self._rules = market_rules()

    def pay_out(
        self, funder: PartyId, financings: Sequence[int], pay_on: Day, asked: Asked
    ) -> Instructed:
        """Pay the proceeds of registered financings to their sellers."""
        moment = moment_of(self._engine, None)
        views = [self._books.financing(Reader(funder), each, moment) for each in financings]
        for view in views:
            if view.funder != funder:
                raise RefusedError(
                    Code.NOT_FOUND, f"there is no financing {view.financing} of yours to pay out"
                )
        bank = _one(sorted({view.bank for view in views}), "financings")

        def order(session: Session) -> PaymentOrder:
            payouts = [
                paying.Payout(
                    financing_id(session, view.financing),
                    self._account(view.seller),
                    Rechecks(
                        registration_found=view.state is FinancingState.REGISTERED,
                        documents_stand=self._stands(view.piece, moment),
                    ),
                )
                for view in views
            ]
            return paying.order_disbursements(
                SqlFinancingStore(session),
                SqlBankMessageStore(session),
                self._day(funder, pay_on),
                payouts,
                self._rules,
            )

        return self._instruct(funder, bank, asked, order)

    def pay_back(
        self, seller: PartyId, financing: int, amount: int, pay_on: Day, asked: Asked
    ) -> Instructed:
        """Pay a loan, or a recourse claim, back to the funder."""
        moment = moment_of(self._engine, None)
        view = self._books.financing(Reader(seller), financing, moment)
        if view.seller != seller:
            raise RefusedError(
                Code.NOT_FOUND, f"there is no financing {financing} of yours to pay back"
            )

        def order(session: Session) -> PaymentOrder:
            payback = paying.PayBack(
                financing_id(session, financing), self._account(view.funder), Fen(amount)
            )
            return paying.order_repayments(
                SqlFinancingStore(session),
                SqlBankMessageStore(session),
                self._day(seller, pay_on),
                [payback],
            )

        return self._instruct(seller, view.bank, asked, order)

    def redeem(
        self, issuer: PartyId, vouchers: Sequence[int], pay_on: Day, asked: Asked
    ) -> Instructed:
        """Pay every unpaid piece of due vouchers to whom it belongs."""
        moment = moment_of(self._engine, None)
        roots = [self._books.root(Reader(issuer), each, moment) for each in vouchers]
        today = day_at(self._clock.now())
        for root in roots:
            if root.issuer != issuer:
                raise RefusedError(
                    Code.NOT_FOUND, f"there is no voucher {root.root} of yours to pay"
                )
            # From its due day on a piece stands still, so the holder of today is who will be paid.
            if root.due_day > today:
                raise RefusedError(
                    Code.STATE,
                    f"voucher {root.root} can still change hands: instruct from its due day on",
                    voucher=root.root,
                )
            if root.due_day > pay_on:
                raise RefusedError(
                    Code.STATE, f"voucher {root.root} is not due on that day", voucher=root.root
                )
        bank = _one(sorted({root.paying_bank for root in roots}), "vouchers")

        def order(session: Session) -> PaymentOrder:
            pieces = [
                row.view
                for root in roots
                for row in self._books.pieces(
                    Reader(issuer), moment, states=_DUE, root=root.root, limit=1_000
                )
            ]
            if not pieces:
                raise RefusedError(Code.STATE, "nothing of these vouchers is left to be paid")
            redemptions = [
                paying.Redemption(piece.piece, self._account(payee_of(piece)), Fen(piece.amount))
                for piece in pieces
            ]
            shown = self._books.receipts([root.root for root in roots])
            return paying.order_redemptions(
                SqlBankMessageStore(session),
                self._day(issuer, pay_on),
                redemptions,
                lambda receipt: receipt in shown,
            )

        return self._instruct(issuer, bank, asked, order)

    def send(self) -> int:
        """Write kept orders that are not with their banks yet into the banks' folders."""
        sent = 0
        with unit_of_work(self._engine) as session:
            messages = SqlBankMessageStore(session)
            for order in messages.waiting():
                folder = FolderBank(self._folder / f"bank-{_bank(session, order.id)}")
                folder.send(order)
                messages.mark_sent(order.id)
                sent += 1
        return sent

    def _instruct(
        self,
        payer: PartyId,
        bank: PartyId,
        asked: Asked,
        order: Callable[[Session], PaymentOrder],
    ) -> Instructed:
        claim = self._keys.claim(payer, asked.key, asked.operation, asked.content)
        if claim.reference is not None:
            return Instructed(claim.reference, bank, exists=True)
        try:
            with unit_of_work(self._engine) as session:
                made = order(session)
                rows = [
                    {
                        "direction": OUT,
                        "message_id": made.id,
                        "party": each,
                        "is_bank": each == bank,
                    }
                    for each in sorted({payer, bank})
                ]
                session.execute(insert(bank_message_parties), rows)
                self._keys.settle_with(session.connection(), claim, made.id)
        except (FinancingError, BankError, CodeError, ChangedMeanwhileError) as exc:
            self._keys.drop(claim)
            raise RefusedError(Code.STATE, str(exc)) from exc
        except Exception:
            self._keys.drop(claim)
            raise
        self.send()
        return Instructed(made.id, bank, exists=False)

    def _account(self, party: PartyId) -> BankAccount:
        row = self._parties.now(party)
        if row is None or row.name is None or row.bank_account is None or row.bank_code is None:
            raise RefusedError(
                Code.STATE, f"party {party} has no bank account on record: ask the operator"
            )
        return BankAccount(row.name, row.bank_account, row.bank_code)

    def _day(self, payer: PartyId, pay_on: Day) -> paying.PayDay:
        return paying.PayDay(self._account(payer), self._clock.now(), pay_on)

    def _stands(self, piece: PieceId, moment: Moment) -> bool:
        """Whether no credit note cut into the documents behind a piece."""
        everybody = Reader(None)
        root = self._books.root(everybody, piece >> 16, moment)
        return self._books.document(everybody, root.document, moment).shortfall == 0


def payee_of(piece: PieceView) -> PartyId:
    """To whom a due piece is paid: the lien holder of a pledge, else the holder."""
    pledged = piece.state is PieceState.FINANCED and piece.offeree
    return piece.offeree if pledged else piece.holder


def _one(banks: Sequence[PartyId], what: str) -> PartyId:
    if len(banks) != 1:
        raise RefusedError(
            Code.INVALID,
            f"these {what} are paid through different banks: instruct each bank on its own",
            field=what,
        )
    return banks[0]


def _bank(session: Session, order_id: str) -> int:
    p = bank_message_parties.c
    query = select(p.party).where(p.direction == OUT, p.message_id == order_id, p.is_bank.is_(True))
    return int(session.scalars(query).one())
