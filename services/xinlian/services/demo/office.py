"""The back office of a run: finance's own use cases, a registry, and a sandbox bank's files.

Each step is one unit of work on the database, as the services do it, and money moves through files
only: a pain.001 goes out, a camt.054 comes back, and what that means finance decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from xinlian.finance.adapters.banking.folder import FolderBank
from xinlian.finance.adapters.banking.sandbox import SandboxBank
from xinlian.finance.adapters.banking.store import SqlBankMessageStore
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.model.banking.bank import BankAccount
from xinlian.finance.model.financing.life import Rechecks
from xinlian.finance.usecases.banking.receipts import take_notification
from xinlian.finance.usecases.financing import paying, quoting
from xinlian.ledger.model.days import Day, iso_of, start_of
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.items import Disburse, Redeem, RegisterFinancing, Repay
from xinlian.ledger.model.money import Fen
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.demo.cast import Cast, Part
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo.funders import QUOTES_MIN, Draws, offers
from xinlian.services.demo.plan import Ask, Deal, Due, Loan
from xinlian.services.demo.stage import BUSINESS_HOUR

_Item = TypeVar("_Item", Disburse, Redeem, Repay)
QUOTE_SECONDS = 3_600


class Office:
    """The back office on a database; ``folder`` holds the banks' files, a folder for each bank.

    ``documents_stand`` tells whether the invoice behind a piece still stands unreduced.
    """

    def __init__(
        self,
        engine: Engine,
        cast: Cast,
        market: quoting.Market,
        folder: Path,
        documents_stand: Callable[[PieceId], bool],
    ) -> None:
        self._engine = engine
        self._cast = cast
        self._market = market
        self._documents_stand = documents_stand
        self._funders = [member.id for member in cast.all(Part.FUNDER)]
        self._banks = [member.id for member in cast.all(Part.BANK)]
        self._folders = {bank: FolderBank(folder / f"bank-{bank}") for bank in self._banks}
        self._sandboxes = {
            bank: SandboxBank(each, market.calendar) for bank, each in self._folders.items()
        }
        self._registry: dict[str, PieceId] = {}

    # -- financing -----------------------------------------------------------------------------

    def quote(self, day: Day, asks: Sequence[Ask]) -> list[Deal | None]:
        """Have funders quote and the seller accept the best; None with fewer than two quotes."""
        with unit_of_work(self._engine) as session:
            store = SqlFinancingStore(session)
            return [self._deal(store, day, ask) for ask in asks]

    def opened(self, day: Day, loans: Sequence[Loan]) -> None:  # noqa: ARG002 - the port's
        """Note the numbers that the chain gave."""
        with unit_of_work(self._engine) as session:
            store = SqlFinancingStore(session)
            for loan in loans:
                paying.confirm_lock(store, loan.deal.reference, loan.id, loan.piece)

    def released(self, day: Day, loans: Sequence[Loan]) -> None:  # noqa: ARG002 - the port's
        """Note that the funder let go."""
        with unit_of_work(self._engine) as session:
            store = SqlFinancingStore(session)
            for loan in loans:
                paying.release_financing(store, loan.deal.reference, "the funder's check failed")

    def register(
        self,
        day: Day,  # noqa: ARG002 - the port's
        loans: Sequence[Loan],
    ) -> list[RegisterFinancing]:
        """Enter each piece into the registry and bind its number."""
        with unit_of_work(self._engine) as session:
            store = SqlFinancingStore(session)
            items: list[RegisterFinancing] = []
            for loan in loans:
                number = registration_number(loan)
                self._registry[number] = loan.piece
                items.append(paying.bind_registration(store, loan.deal.reference, number)[1])
            return items

    def pay_out(self, day: Day, loans: Sequence[Loan]) -> list[Disburse]:
        """One payment order for each funder; the certificates of the funders' banks."""
        with unit_of_work(self._engine) as session:
            store, messages = SqlFinancingStore(session), SqlBankMessageStore(session)
            for funder in dict.fromkeys(loan.deal.opening.funder for loan in loans):
                payouts = [
                    paying.Payout(
                        loan.deal.reference,
                        self._account(loan.seller, loan.deal.opening.bank),
                        self._rechecks(loan),
                    )
                    for loan in loans
                    if loan.deal.opening.funder == funder
                ]
                bank = self._banks[funder % len(self._banks)]
                debtor = self._pay_day(funder, bank, day)
                paying.order_disbursements(store, messages, debtor, payouts, self._market.rules)
        items = self._through_banks(day, Disburse)
        by_number = {int(item.financing): item for item in items}
        return [_found(by_number, loan.id) for loan in loans]

    def repay(self, day: Day, loans: Sequence[Loan], *, recourse: bool) -> list[Repay]:
        """One payment order for each seller and bank; the certificates of the banks."""
        with unit_of_work(self._engine) as session:
            store, messages = SqlFinancingStore(session), SqlBankMessageStore(session)
            groups: dict[tuple[PartyId, PartyId], list[paying.PayBack]] = {}
            for loan in loans:
                if recourse:
                    paying.claim_recourse(store, loan.deal.reference, "dishonoured by the issuer")
                bank = loan.deal.opening.bank
                owed = paying.load(store, loan.deal.reference).outstanding
                account = self._account(loan.deal.opening.funder, bank)
                back = paying.PayBack(loan.deal.reference, account, owed)
                groups.setdefault((loan.seller, bank), []).append(back)
            for (seller, bank), paybacks in groups.items():
                debtor = self._pay_day(seller, bank, day)
                paying.order_repayments(store, messages, debtor, paybacks)
        by_number = {int(item.financing): item for item in self._through_banks(day, Repay)}
        return [_found(by_number, loan.id) for loan in loans]

    # -- redemption ----------------------------------------------------------------------------

    def redeem(self, day: Day, bank: PartyId, dues: Sequence[Due]) -> list[Redeem]:
        """One payment order for each issuer; the bank's certificates."""
        with unit_of_work(self._engine) as session:
            messages = SqlBankMessageStore(session)
            for issuer in dict.fromkeys(due.issuer for due in dues):
                redemptions = [
                    paying.Redemption(due.piece, self._account(due.payee, bank), Fen(due.amount))
                    for due in dues
                    if due.issuer == issuer
                ]
                debtor = self._pay_day(issuer, bank, day)
                # Planned payment by payment: the one before was taken in.
                paying.order_redemptions(messages, debtor, redemptions, lambda _: True)
        by_piece = {int(item.piece): item for item in self._through_banks(day, Redeem)}
        return [_found(by_piece, due.piece) for due in dues]

    # -- inside --------------------------------------------------------------------------------

    def _deal(self, store: SqlFinancingStore, day: Day, ask: Ask) -> Deal | None:
        now = _now(day)
        wanted = quoting.Ask(
            ask.piece, Fen(ask.amount), ask.back, ask.issued, ask.due, now + QUOTE_SECONDS
        )
        key = f"{ask.piece}-{day}"
        request = quoting.request_quotes(store, ask.seller, wanted, key, now).request
        count = 0
        for funder, terms in offers(ask, day, self._funders, self._banks):
            offer = quoting.Offer(request.id, funder, terms, now + QUOTE_SECONDS)
            try:
                quoting.submit_quote(store, self._market, offer, key, now)
            except quoting.QuoteRefusedError as exc:
                # A few fen over a few days may leave a funder nothing to earn.
                if exc.reason is not quoting.QuoteReason.IMPOSSIBLE:
                    raise
                continue
            count += 1
        if count < QUOTES_MIN:
            quoting.withdraw_request(store, request.id, ask.seller)
            return None
        best = quoting.ranked_quotes(store, request.id, now)[0]
        accepted = quoting.accept_quote(store, best.id, ask.seller, now)
        return Deal(accepted.financing.id, accepted.opening, count)

    def _through_banks(self, day: Day, kind: type[_Item]) -> list[_Item]:
        """Send what is queued, let the banks work, take what they say; the items of one kind."""
        with unit_of_work(self._engine) as session:
            messages = SqlBankMessageStore(session)
            for order in messages.waiting():
                bank = int(order.debtor.bank_code)
                self._folders[PartyId(bank)].send(order)
                messages.mark_sent(order.id)
        items: list[_Item] = []
        for bank, folder in self._folders.items():
            if not self._sandboxes[bank].run(day):
                continue
            inbox = folder.receive()
            with unit_of_work(self._engine) as session:
                store, messages = SqlFinancingStore(session), SqlBankMessageStore(session)
                for inbound in inbox:
                    for effect in take_notification(store, messages, inbound, _now(day)):
                        if not isinstance(effect.item, kind):
                            raise DemoError(
                                f"the bank's message {inbound.token} means {effect.kind}, "
                                f"{kind.__name__} was expected",
                                where=str(folder.root),
                            )
                        items.append(effect.item)
            for inbound in inbox:
                folder.done(inbound)
        return items

    def _rechecks(self, loan: Loan) -> Rechecks:
        found = self._registry.get(registration_number(loan)) == loan.piece
        return Rechecks(found, self._documents_stand(loan.piece))

    def _pay_day(self, payer: PartyId, bank: PartyId, day: Day) -> paying.PayDay:
        return paying.PayDay(self._account(payer, bank), _now(day), day)

    def _account(self, party: PartyId, bank: PartyId) -> BankAccount:
        """A party's account at a bank; the bank's code is its number in the network."""
        name = self._cast.by_id[party].name_zh
        return BankAccount(name, f"6228{party:010d}", f"{bank:012d}")


def registration_number(loan: Loan) -> str:
    """The number under which the demo's registry enters a financing."""
    draw = Draws("registration", loan.deal.reference).below(16**8)
    return f"{iso_of(loan.pay_day).replace('-', '')}-{loan.id:08d}-{draw:08X}"


def _now(day: Day) -> int:
    return start_of(day) + BUSINESS_HOUR


def _found(items: dict[int, _Item], number: int) -> _Item:
    if number not in items:
        raise DemoError(f"the bank booked no payment for {number}", todo="see the bank's folder")
    return items[number]
