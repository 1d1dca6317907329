"""Scene: holders ask for quotes, funders compete, money flows, some loans are paid back. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import ReleaseFinancing
from xinlian.ledger.model.vouchers import PieceState

from .plan import Ask, BackOffice, Loan
from .stage import Stage

SHARE_WANTED: Final = Fraction(1, 3)
"""Share of the value issued that is to be financed."""

PART_SHARE: Final = 0.3
RELEASED_SHARE: Final = 0.03
REPAID_SHARE: Final = 0.7
RECOURSE_SHARE: Final = 0.5
ASK_MIN_FEN: Final = 100
FUNDER_WITHDREW: Final = 4
"""Reason code of a release: the funder's own check failed."""

Candidate = tuple[PieceId, Day, Day]
"""A piece with the day of its voucher's issue and its due day."""


class Credit:
    """Finances pieces until the wanted share is reached; keeps the loans that run."""

    def __init__(self, stage: Stage, office: BackOffice) -> None:
        self.stage = stage
        self.office = office
        self.issued = 0
        self.financed = 0
        self.loans: dict[PieceId, Loan] = {}
        self.repay_on: dict[Day, list[Loan]] = {}
        self._waiting: list[Candidate] = []

    def missing(self) -> int:
        """Fen still to be financed for the wanted share of what was issued."""
        return -int(-self.issued * SHARE_WANTED // 1) - self.financed

    def play(self, candidates: list[Candidate]) -> None:
        """Finance these held pieces, the first first, as far as wanted, when banks work."""
        self._waiting = [*candidates, *self._waiting]
        if not self.stage.banks_work or self.missing() <= 0:
            return
        asks = self._asks()
        deals = self.office.quote(self.stage.day, asks)
        agreed = [(ask, deal) for ask, deal in zip(asks, deals, strict=True) if deal is not None]
        made = self.stage.play([(ask.seller, deal.opening) for ask, deal in agreed])
        loans: list[Loan] = []
        for (ask, deal), number in zip(agreed, made, strict=True):
            financing = FinancingId(number)
            piece = self.stage.mirror.financed_piece(financing)
            loans.append(Loan(financing, piece, ask.seller, deal, ask.amount, ask.due))
            self.stage.counts["quotes"] += deal.quotes
        if loans:
            self.office.opened(self.stage.day, loans)
            self._pay_out(self._without_released(loans))

    def repay(self, day: Day) -> None:
        """Have sellers pay back the loans whose day has come."""
        self._repay([loan for loan in self.repay_on.pop(day, ()) if loan.piece in self.loans])

    def take_back(self, pieces: list[PieceId]) -> None:
        """Have sellers who sold with recourse buy back some of these dishonoured pieces."""
        loans = [self.loans[piece] for piece in pieces if piece in self.loans]
        sold = [loan for loan in loans if loan.deal.opening.sale and loan.deal.opening.recourse]
        called = [loan for loan in sold if self.stage.chance(RECOURSE_SHARE)]
        self._repay(called, recourse=True)
        self.stage.counts["recourse"] += len(called)

    def redeemed(self, piece: PieceId) -> None:
        """A piece was paid by its issuer: whatever loan stood on it is over."""
        self.loans.pop(piece, None)

    def _asks(self) -> list[Ask]:
        """Requests for what is missing; what is not asked for today may be tomorrow."""
        asks: list[Ask] = []
        missing = self.missing()
        left: list[Candidate] = []
        for candidate in self._waiting:
            piece, issued, due = candidate
            view = self.stage.mirror.piece(piece)
            if view.state != PieceState.HELD or due <= self.stage.day + 1:
                continue
            if view.amount < ASK_MIN_FEN or piece in self.loans:
                continue
            if missing <= 0:
                left.append(candidate)
                continue
            amount = view.amount
            if self.stage.chance(PART_SHARE):
                amount = amount * self.stage.rng.randint(60, 95) // 100
            back = self.stage.chance(0.5)
            asks.append(Ask(PartyId(view.holder), piece, amount, back, issued, due))
            missing -= amount
        self._waiting = left
        return asks

    def _without_released(self, loans: list[Loan]) -> list[Loan]:
        """Some funders let go after the lock; the loans that go on."""
        dropped = [loan for loan in loans if self.stage.chance(RELEASED_SHARE)]
        if dropped:
            self.stage.play(
                [
                    (loan.deal.opening.funder, ReleaseFinancing(loan.id, FUNDER_WITHDREW))
                    for loan in dropped
                ]
            )
            self.office.released(self.stage.day, dropped)
            self.stage.counts["financings_released"] += len(dropped)
        return [loan for loan in loans if loan not in dropped]

    def _pay_out(self, loans: list[Loan]) -> None:
        if not loans:
            return
        stage, day = self.stage, self.stage.day
        stage.play(
            [
                (loan.deal.opening.funder, item)
                for loan, item in zip(loans, self.office.register(day, loans), strict=True)
            ]
        )
        stage.play(
            [
                (loan.deal.opening.bank, item)
                for loan, item in zip(loans, self.office.pay_out(day, loans), strict=True)
            ]
        )
        for loan in loans:
            self.loans[loan.piece] = loan
            self.financed += loan.amount
            stage.counts["sale" if loan.deal.opening.sale else "pledge"] += 1
            if not loan.deal.opening.sale and stage.chance(REPAID_SHARE):
                self._plan_repayment(loan)
        stage.counts["financings"] += len(loans)

    def _plan_repayment(self, loan: Loan) -> None:
        """A business day after today and before the voucher's due day, if there is one."""
        first = Day(self.stage.day + 1)
        if first < loan.due:
            day = Day(self.stage.rng.randint(first, loan.due - 1))
            day = self.stage.calendar.next_business_day(day).day
            if day < loan.due:
                self.repay_on.setdefault(day, []).append(loan)

    def _repay(self, loans: list[Loan], *, recourse: bool = False) -> None:
        if not loans:
            return
        items = self.office.repay(self.stage.day, loans, recourse=recourse)
        self.stage.play(
            [(loan.deal.opening.bank, item) for loan, item in zip(loans, items, strict=True)]
        )
        for loan in loans:
            self.loans.pop(loan.piece, None)
        self.stage.counts["repaid"] += len(loans)
