"""Scene: issuers pay on the day, late or never; recourse, write-off, and who bears what."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sqlalchemy.orm import Session
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.usecases.financing.paying import claim_recourse, load, write_off
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import PartyId, RootId
from xinlian.ledger.model.items import Dishonour, UnblockIssuer, WriteOff
from xinlian.ledger.model.vouchers import UNPAID_STATES, PieceState
from xinlian.services.app.orders import Asked
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.economy.market import Loan, Market
from xinlian.services.economy.papers import Voucher
from xinlian.services.economy.theatre import Act, Theatre, digest_of

__all__ = ["Payday"]

_PAYS_BACK_SHARE: Final = 0.8
"""Share of the sellers that can pay when the funder claims back from them."""
_EARLY_SHARE: Final = 0.25
"""Share of the loans that the seller pays back before the day."""
_CLAIM_AFTER_DAYS: Final = 20
_WRITE_OFF_AFTER_DAYS: Final = 60
_REDEEM_AT_ONCE_MAX: Final = 50


class Payday:
    """Watches the due days of all vouchers."""

    def __init__(self, theatre: Theatre, market: Market) -> None:
        self._theatre, self._market = theatre, market
        self._pay: dict[Day, list[Voucher]] = defaultdict(list)
        self._fail: dict[Day, list[Voucher]] = defaultdict(list)
        self._claim: dict[Day, list[RootId]] = defaultdict(list)
        self._lose: dict[Day, list[RootId]] = defaultdict(list)
        self._early: dict[Day, list[Loan]] = defaultdict(list)
        self._unpaid: dict[PartyId, set[RootId]] = defaultdict(set)
        self.blocked: set[PartyId] = set()
        self.funder_losses: dict[PartyId, int] = defaultdict(int)
        self.supplier_losses: dict[PartyId, int] = defaultdict(int)
        self.recourse_paid: dict[PartyId, int] = defaultdict(int)
        self.borne: list[tuple[RootId, PartyId, int, str]] = []
        """Who bore what of an unpaid voucher: voucher, party, fen, and how."""

    @property
    def days(self) -> set[Day]:
        """Days on which something is to come."""
        return {
            day
            for plan in (self._pay, self._fail, self._claim, self._lose, self._early)
            for day in plan
        }

    def watch(self, vouchers: list[Voucher]) -> None:
        """Note the days of vouchers that now stand."""
        theatre = self._theatre
        for voucher in vouchers:
            if voucher.pays is not None:
                self._pay[voucher.pays].append(voucher)
            if voucher.pays is None or voucher.pays > voucher.due:
                self._fail[theatre.market_day(voucher.due + 1)].append(voucher)

    def watch_loans(self, loans: list[Loan]) -> None:
        """Some sellers pay their loans back early, when they can."""
        theatre = self._theatre
        for loan in loans:
            day = theatre.market_day((loan.paid_on + loan.maturity) // 2)
            if not loan.sale and day < loan.maturity and theatre.chance(_EARLY_SHARE):
                self._early[day].append(loan)

    def play(self) -> None:
        """The day's payments, and what comes of those that are missing."""
        day = self._theatre.day
        self._dishonour(self._fail.pop(day, []))
        self._pay_back(self._early.pop(day, []), "repaid_early")
        self._redeem(self._pay.pop(day, []))
        self._claim_back(self._claim.pop(day, []))
        self._give_up(self._lose.pop(day, []))
        self._clear()

    def _dishonour(self, vouchers: list[Voucher]) -> None:
        theatre = self._theatre
        pieces = theatre.pieces([voucher.root for voucher in vouchers])
        by_bank: dict[PartyId, list[Dishonour]] = defaultdict(list)
        for voucher in vouchers:
            bank = theatre.casting.bank_of(voucher.issuer)
            first = next(x for x in pieces[voucher.root] if x.state in UNPAID_STATES)
            by_bank[bank].append(Dishonour(first.id, digest_of("unpaid", voucher.root)))
            voucher.dishonoured = True
            self.blocked.add(voucher.issuer)
            if not voucher.disputed:
                self._unpaid[voucher.issuer].add(voucher.root)
            if voucher.pays is None:
                claim = theatre.market_day(theatre.day + _CLAIM_AFTER_DAYS)
                self._claim[claim].append(voucher.root)
                lose = theatre.market_day(theatre.day + _WRITE_OFF_AFTER_DAYS)
                self._lose[lose].append(voucher.root)
        for bank, items in by_bank.items():
            theatre.bank_order(bank, items, "dishonour")
        if by_bank:
            theatre.network.carry()
            theatre.settle()
        theatre.counts["dishonoured"] += len(vouchers)

    def _redeem(self, vouchers: list[Voucher]) -> None:
        theatre = self._theatre
        groups: dict[PartyId, list[Voucher]] = defaultdict(list)
        for voucher in vouchers:
            groups[voucher.issuer].append(voucher)
        for issuer, mine in sorted(groups.items()):
            for start in range(0, len(mine), _REDEEM_AT_ONCE_MAX):
                numbers = [int(each.root) for each in mine[start : start + _REDEEM_AT_ONCE_MAX]]
                asked = Asked(
                    f"economy-redeem-{theatre.day}-{start}", "redeem", {"vouchers": numbers}
                )
                theatre.app.payments.redeem(issuer, numbers, theatre.day, asked)
        if not vouchers:
            return
        theatre.bank_day()
        for voucher in vouchers:
            self._unpaid[voucher.issuer].discard(voucher.root)
            theatre.counts["redeemed"] += 1
        ended = {voucher.root for voucher in vouchers}
        for piece in [x for x, loan in self._market.loans.items() if loan.root in ended]:
            self._market.loans.pop(piece)

    def _claim_back(self, roots: list[RootId]) -> None:
        """Funders claim from sellers where they may; most sellers pay."""
        ended = set(roots)
        found = [
            loan
            for loan in self._market.loans.values()
            if loan.root in ended and (loan.recourse or not loan.sale)
        ]
        self._claimed(found)
        able = [loan for loan in found if self._theatre.chance(_PAYS_BACK_SHARE)]
        self._pay_back(able, "recourse_paid")
        for loan in able:
            self.recourse_paid[loan.seller] += loan.owed
            self.borne.append((loan.root, loan.seller, loan.owed, "recourse"))

    def _claimed(self, loans: list[Loan]) -> None:
        if not loans:
            return
        with unit_of_work(self._theatre.app.engine) as session:
            store = SqlFinancingStore(session)
            for loan in loans:
                claim_recourse(store, loan.name, "dishonoured by the issuer")
        self._theatre.counts["recourse_claims"] += len(loans)

    def _pay_back(self, loans: list[Loan], what: str) -> None:
        theatre = self._theatre
        running = [loan for loan in loans if loan.piece in self._market.loans]
        for loan in running:
            with Session(theatre.app.engine) as session:
                owed = int(load(SqlFinancingStore(session), loan.name).outstanding)
            content = {"financing": int(loan.number), "amount": owed}
            asked = Asked(f"economy-{what}-{loan.number}", "repay", content)
            theatre.app.payments.pay_back(loan.seller, int(loan.number), owed, theatre.day, asked)
        if running:
            theatre.bank_day()
        for loan in running:
            self._market.loans.pop(loan.piece)
        theatre.counts[what] += len(running)

    def _give_up(self, roots: list[RootId]) -> None:
        """Nothing more is to come: whoever holds a piece writes it off."""
        theatre, ended = self._theatre, set(roots)
        lost = [loan for loan in self._market.loans.values() if loan.root in ended]
        if lost:
            with unit_of_work(theatre.app.engine) as session:
                store = SqlFinancingStore(session)
                for loan in lost:
                    write_off(store, loan.name, "the issuer is insolvent")
        pledged = {loan.piece for loan in lost if not loan.sale}
        for loan in lost:
            self.funder_losses[loan.funder] += loan.price
            self.borne.append((loan.root, loan.funder, loan.price, "funder"))
            self._market.loans.pop(loan.piece)
        acts: list[Act] = []
        for found in theatre.pieces(roots).values():
            for piece in found:
                if piece.state not in (PieceState.HELD, PieceState.FINANCED):
                    continue
                if piece.state is PieceState.FINANCED and piece.offeree:
                    # A lien stands on it: nobody may give it up alone.
                    theatre.counts["pledged_left"] += 1
                    continue
                if piece.holder not in theatre.casting.funders:
                    self.supplier_losses[piece.holder] += piece.amount
                    self.borne.append((piece.root, piece.holder, piece.amount, "holder"))
                evidence = digest_of("written off", piece.id)
                acts.append((piece.holder, WriteOff(piece.id, evidence)))
        theatre.play(acts)
        theatre.counts["written_off"] += len(acts)
        theatre.counts["loans_written_off"] += len(lost)
        theatre.counts["loans_written_off_pledged"] += len(pledged)

    def _clear(self) -> None:
        """The regulator lets issuers issue again that paid, or showed why they need not."""
        theatre = self._theatre
        acts: list[Act] = []
        for issuer in sorted(self.blocked):
            if not self._unpaid[issuer]:
                evidence = digest_of("paid", issuer, theatre.day)
                acts.append((theatre.casting.regulator, UnblockIssuer(issuer, evidence)))
        theatre.play(acts)
        self.blocked -= {item.issuer for _, item in acts if isinstance(item, UnblockIssuer)}
        theatre.counts["cleared"] += len(acts)
