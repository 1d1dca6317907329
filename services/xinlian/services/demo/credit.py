"""Scene: holders ask for quotes, funders compete, money flows, some loans are paid back. Pure.

Day by day: a quote is accepted and the piece locked; two days later, once the lock is final, the
financing is entered into the registry (or let go); on the agreed business day, once the
registration is final on the chain, the bank pays. Two days between the steps let the director plan
a day while the chain still works on the one before.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import ReleaseFinancing
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.demo.plan import Ask, BackOffice, Loan
from xinlian.services.demo.stage import Stage

SHARE_WANTED: Final = Fraction(1, 3)
"""Share of the value issued that is to be financed."""

PART_SHARE: Final = 0.3
RELEASED_SHARE: Final = 0.03
REPAID_SHARE: Final = 0.7
RECOURSE_SHARE: Final = 0.5
STEP_DAYS: Final = 2
"""Days from the lock to the registration, and from there to the money, at least."""
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
        self.winding_down = False
        """No vouchers are to come that could make up for a financing that is let go."""
        self.issued = 0
        self.financed = 0
        self.loans: dict[PieceId, Loan] = {}
        self.repay_on: dict[Day, list[Loan]] = {}
        self._locked: dict[Day, list[Loan]] = {}
        self._registered: dict[Day, list[Loan]] = {}
        self._recourse_on: dict[Day, list[Loan]] = {}
        self._waiting: list[Candidate] = []

    @property
    def pending(self) -> bool:
        """Whether a financing is on its way to money."""
        return bool(self._locked or self._registered)

    def missing(self) -> int:
        """Fen still to be financed for the wanted share of what was issued."""
        return -int(-self.issued * SHARE_WANTED // 1) - self.financed

    def go_on(self) -> None:
        """Pay out what is to be paid today, register what was locked, take back what is due."""
        self._pay_out()
        self._register()
        day = self.stage.day
        self._repay(self._running(self.repay_on.pop(day, [])))
        called = self._running(self._recourse_on.pop(day, []))
        self._repay(called, recourse=True)
        self.stage.counts["recourse"] += len(called)

    def play(self, few: list[Candidate], rest: list[Candidate]) -> None:
        """Lock held pieces as far as wanted, when banks work: a few, then the largest first."""
        self._waiting += rest
        if not self.stage.banks_work or self.missing() <= 0:
            self._waiting += few
            return
        asks = self._asks(few)
        deals = self.office.quote(self.stage.day, asks)
        agreed = [(ask, deal) for ask, deal in zip(asks, deals, strict=True) if deal is not None]
        made = self.stage.play([(ask.seller, deal.opening) for ask, deal in agreed])
        for (ask, deal), number in zip(agreed, made, strict=True):
            financing = FinancingId(number)
            piece = self.stage.mirror.financed_piece(financing)
            loan = Loan(financing, piece, ask.seller, deal, ask.amount, ask.due, ask.pay_day)
            self._locked.setdefault(Day(self.stage.day + STEP_DAYS), []).append(loan)
            self.financed += ask.amount
            self.stage.counts["quotes"] += deal.quotes

    def take_back(self, pieces: list[PieceId]) -> None:
        """Have sellers who sold with recourse buy back some of these dishonoured pieces.

        They do so some days later, unless the buyer pays before.
        """
        loans = [self.loans[piece] for piece in pieces if piece in self.loans]
        sold = [loan for loan in loans if loan.deal.opening.sale and loan.deal.opening.recourse]
        called = [loan for loan in sold if self.stage.chance(RECOURSE_SHARE)]
        day = self.stage.calendar.next_business_day(Day(self.stage.day + STEP_DAYS)).day
        self._recourse_on.setdefault(day, []).extend(called)

    def redeemed(self, piece: PieceId) -> None:
        """A piece was paid by its issuer: whatever loan stood on it is over."""
        self.loans.pop(piece, None)

    def _running(self, loans: list[Loan]) -> list[Loan]:
        return [loan for loan in loans if self.loans.get(loan.piece) is loan]

    def _asks(self, few: list[Candidate]) -> list[Ask]:
        """Requests for what is missing; what is not asked for today may be later."""
        mirror = self.stage.mirror
        first = Day(self.stage.day + 2 * STEP_DAYS)
        pay_day = self.stage.calendar.next_business_day(first).day
        usable = [
            candidate
            for candidate in self._waiting
            if mirror.piece(candidate[0]).state == PieceState.HELD
            and mirror.piece(candidate[0]).amount >= ASK_MIN_FEN
            and candidate[2] > pay_day
        ]
        usable.sort(key=lambda candidate: (-mirror.piece(candidate[0]).amount, candidate[0]))
        asks: list[Ask] = []
        missing = self.missing()
        left: list[Candidate] = []
        for candidate in [*few, *usable]:
            piece, issued, due = candidate
            if missing <= 0 or due <= pay_day:
                left.append(candidate)
                continue
            amount = mirror.piece(piece).amount
            if self.stage.chance(PART_SHARE):
                amount = max(amount * self.stage.rng.randint(60, 95) // 100, 1)
            seller, back = PartyId(mirror.piece(piece).holder), self.stage.chance(0.5)
            asks.append(Ask(seller, piece, amount, back, issued, due, pay_day))
            missing -= amount
        self._waiting = left
        return asks

    def _register(self) -> None:
        """Enter what was locked into the registry; a few funders let go instead."""
        loans = self._locked.pop(self.stage.day, [])
        if not loans:
            return
        stage = self.stage
        stage.require_final(loan.piece for loan in loans)
        self.office.opened(stage.day, loans)
        share = 0.0 if self.winding_down else RELEASED_SHARE
        dropped = [loan for loan in loans if stage.chance(share)]
        kept = [loan for loan in loans if loan not in dropped]
        if dropped:
            releases = [ReleaseFinancing(loan.id, FUNDER_WITHDREW) for loan in dropped]
            funders = [loan.deal.opening.funder for loan in dropped]
            stage.play(list(zip(funders, releases, strict=True)))
            self.office.released(stage.day, dropped)
            self.financed -= sum(loan.amount for loan in dropped)
            stage.counts["financings_released"] += len(dropped)
        if kept:
            items = self.office.register(stage.day, kept)
            funders = [loan.deal.opening.funder for loan in kept]
            stage.play(list(zip(funders, items, strict=True)))
            for loan in kept:
                self._registered.setdefault(loan.pay_day, []).append(loan)

    def _pay_out(self) -> None:
        stage = self.stage
        loans = self._registered.pop(stage.day, [])
        if not loans:
            return
        stage.require_final(loan.piece for loan in loans)
        items = self.office.pay_out(stage.day, loans)
        banks = [loan.deal.opening.bank for loan in loans]
        stage.play(list(zip(banks, items, strict=True)))
        for loan in loans:
            self.loans[loan.piece] = loan
            stage.counts["sale" if loan.deal.opening.sale else "pledge"] += 1
            if not loan.deal.opening.sale and stage.chance(REPAID_SHARE):
                self._plan_repayment(loan)
        stage.counts["financings"] += len(loans)

    def _plan_repayment(self, loan: Loan) -> None:
        """A business day some days on and before the voucher's due day, if there is one."""
        first = Day(self.stage.day + STEP_DAYS)
        if first < loan.due:
            day = Day(self.stage.rng.randint(first, loan.due - 1))
            day = self.stage.calendar.next_business_day(day).day
            if day < loan.due:
                self.repay_on.setdefault(day, []).append(loan)

    def _repay(self, loans: list[Loan], *, recourse: bool = False) -> None:
        if not loans:
            return
        self.stage.require_final(loan.piece for loan in loans)
        items = self.office.repay(self.stage.day, loans, recourse=recourse)
        banks = [loan.deal.opening.bank for loan in loans]
        self.stage.play(list(zip(banks, items, strict=True)))
        for loan in loans:
            self.loans.pop(loan.piece, None)
        self.stage.counts["repaid"] += len(loans)
