"""Scene: holders ask for quotes, funders compete, money flows, some loans are paid back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from xinlian.ledger.model.days import Day, add_months
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import (
    ZERO32,
    Disburse,
    OpenFinancing,
    RegisterFinancing,
    ReleaseFinancing,
    Repay,
)

from .cast import Part
from .plan import Ask, Bank, Deal, Market, Payment
from .stage import Act, Stage, evidence

SHARE_WANTED: Final = Fraction(1, 3)
"""Share of the value issued that is to be financed."""

PART_SHARE: Final = 0.3
RELEASED_SHARE: Final = 0.03
REPAID_SHARE: Final = 0.5
LOCK_DAYS: Final = 3
SOFT_MONTHS: Final = 6
FUNDER_WITHDREW: Final = 4
"""Reason code of a release: the funder's own check failed."""


@dataclass(frozen=True, slots=True)
class Loan:
    """A financing on which money flowed."""

    id: FinancingId
    piece: PieceId
    seller: PartyId
    bank: PartyId
    deal: Deal
    amount: int
    due: Day


class Credit:
    """Finances pieces until the wanted share is reached; keeps the loans that run."""

    def __init__(self, stage: Stage, market: Market, bank: Bank) -> None:
        self.stage = stage
        self.market = market
        self.bank = bank
        self.banks = [member.id for member in stage.cast.all(Part.BANK)]
        self.issued = 0
        self.financed = 0
        self.disbursed = 0
        self.loans: dict[PieceId, Loan] = {}
        self.repay_on: dict[Day, list[Loan]] = {}

    def missing(self) -> int:
        """Fen still to be financed for the wanted share of what was issued."""
        return -int(-self.issued * SHARE_WANTED // 1) - self.financed

    def play(self, candidates: list[tuple[PieceId, Day]]) -> None:
        """Finance the first of these held pieces, given with their due days, as far as wanted."""
        asks = self._asks(candidates)
        if not asks:
            return
        stage = self.stage
        deals = self.market.deals(stage.day, asks)
        banks = [self.banks[deal.funder % len(self.banks)] for deal in deals]
        made = stage.play([self._open(*each) for each in zip(asks, deals, banks, strict=True)])
        loans: list[Loan] = []
        for new, ask, bank, deal in zip(made, asks, banks, deals, strict=True):
            piece = stage.mirror.financed_piece(FinancingId(new))
            loans.append(Loan(FinancingId(new), piece, ask.seller, bank, deal, ask.amount, ask.due))
        self.market.opened(stage.day, [(loan.deal, loan.id, loan.piece) for loan in loans])
        stage.counts["quotes"] += sum(deal.quotes for deal in deals)
        dropped = [loan for loan in loans if stage.chance(RELEASED_SHARE)]
        stage.play(
            [(loan.deal.funder, ReleaseFinancing(loan.id, FUNDER_WITHDREW)) for loan in dropped]
        )
        stage.counts["financings_released"] += len(dropped)
        kept = [loan for loan in loans if loan not in dropped]
        if kept:
            self._pay_out(kept)

    def repay(self, day: Day) -> None:
        """Have sellers pay back the loans whose day has come."""
        self._repay([loan for loan in self.repay_on.pop(day, ()) if loan.piece in self.loans])

    def take_back(self, pieces: list[PieceId]) -> None:
        """Have sellers who sold with recourse buy back some of these dishonoured pieces."""
        loans = [self.loans[piece] for piece in pieces if piece in self.loans]
        sold = [loan for loan in loans if loan.deal.sale and loan.deal.recourse]
        called = [loan for loan in sold if self.stage.chance(REPAID_SHARE)]
        self._repay(called)
        self.stage.counts["recourse"] += len(called)

    def redeemed(self, piece: PieceId) -> None:
        """A piece was paid by its issuer: whatever loan stood on it is over."""
        self.loans.pop(piece, None)

    def _asks(self, candidates: list[tuple[PieceId, Day]]) -> list[Ask]:
        asks: list[Ask] = []
        missing = self.missing()
        for piece, due in candidates:
            if missing <= 0:
                break
            view = self.stage.mirror.piece(piece)
            amount = view.end - view.start
            if amount > 100 and self.stage.chance(PART_SHARE):
                amount = amount * self.stage.rng.randint(60, 95) // 100
            asks.append(Ask(PartyId(view.holder), piece, amount, self.stage.chance(0.5), due))
            missing -= amount
        return asks

    def _open(self, ask: Ask, deal: Deal, bank: PartyId) -> Act:
        item = OpenFinancing(
            piece=ask.piece,
            amount=ask.amount,
            back=ask.back,
            funder=deal.funder,
            bank=bank,
            sale=deal.sale,
            recourse=deal.recourse,
            price=deal.price,
            maturity_day=deal.maturity,
            expiry=self.stage.until(LOCK_DAYS),
            terms=deal.terms,
        )
        return ask.seller, item

    def _pay_out(self, loans: list[Loan]) -> None:
        stage = self.stage
        entries = self.market.register(
            stage.day, [(loan.deal, loan.id, loan.piece) for loan in loans]
        )
        acts: list[Act] = []
        for loan, entry in zip(loans, entries, strict=True):
            long = loan.deal.maturity > add_months(stage.day, SOFT_MONTHS)
            reason = evidence("tenor reason", loan.deal.reference) if long else ZERO32
            acts.append((loan.deal.funder, RegisterFinancing(loan.id, entry.hash, reason)))
        stage.play(acts)
        receipts = self._receipts(
            [
                (loan, Payment(loan.deal.funder, loan.seller, loan.deal.price, "disbursement"))
                for loan in loans
            ]
        )
        stage.play(
            [(loan.bank, Disburse(loan.id, loan.deal.price, receipts[loan.id])) for loan in loans]
        )
        for loan in loans:
            self.loans[loan.piece] = loan
            self.financed += loan.amount
            self.disbursed += loan.deal.price
            if not loan.deal.sale and stage.chance(REPAID_SHARE):
                self._plan_repayment(loan)
        stage.counts["financings"] += len(loans)
        for kind in ("sale" if loan.deal.sale else "pledge" for loan in loans):
            stage.counts[kind] += 1

    def _plan_repayment(self, loan: Loan) -> None:
        if loan.due - 1 > self.stage.day:
            day = Day(self.stage.rng.randint(self.stage.day + 1, loan.due - 1))
            self.repay_on.setdefault(day, []).append(loan)

    def _repay(self, loans: list[Loan]) -> None:
        if not loans:
            return
        amounts = {loan.id: self._owed(loan) for loan in loans}
        receipts = self._receipts(
            [
                (loan, Payment(loan.seller, loan.deal.funder, amounts[loan.id], "repayment"))
                for loan in loans
            ]
        )
        self.stage.play(
            [(loan.bank, Repay(loan.id, amounts[loan.id], receipts[loan.id])) for loan in loans]
        )
        for loan in loans:
            self.loans.pop(loan.piece, None)
        self.stage.counts["repaid"] += len(loans)

    def _owed(self, loan: Loan) -> int:
        return loan.amount

    def _receipts(self, payments: list[tuple[Loan, Payment]]) -> dict[FinancingId, bytes]:
        """Pay through each loan's bank; the receipt of each."""
        receipts: dict[FinancingId, bytes] = {}
        for bank in self.banks:
            mine = [(loan, payment) for loan, payment in payments if loan.bank == bank]
            if mine:
                hashes = self.bank.pay(self.stage.day, bank, [payment for _, payment in mine])
                receipts |= {
                    loan.id: receipt for (loan, _), receipt in zip(mine, hashes, strict=True)
                }
        return receipts
