"""One session's view of quotes, financings and the bank, for tests."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session
from xinlian.finance.adapters.banking.folder import FolderBank
from xinlian.finance.adapters.banking.sandbox import SandboxBank, SandboxBehaviour
from xinlian.finance.adapters.banking.store import SqlBankMessageStore
from xinlian.finance.adapters.data_files import china_calendar, market_rules
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.model.banking.bank import BankAccount
from xinlian.finance.model.financing.life import (
    Financing,
    Rechecks,
)
from xinlian.finance.model.financing.quotes import FinancingKind, QuoteTerms
from xinlian.finance.model.rates import Basis, RatePpm
from xinlian.finance.usecases.banking.receipts import BankEffect, take_notification
from xinlian.finance.usecases.financing.paying import (
    PayDay,
    Payout,
    bind_registration,
    confirm_lock,
    order_disbursements,
    send_waiting,
)
from xinlian.finance.usecases.financing.quoting import (
    Ask,
    Market,
    Offer,
    accept_quote,
    request_quotes,
    submit_quote,
)
from xinlian.ledger.model.days import Day, day_from_iso, start_of
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.money import Fen

SUPPLIER, FUNDER, RIVAL, BANK = PartyId(3), PartyId(5), PartyId(6), PartyId(9)


MONDAY = day_from_iso("2025-07-07")


DUE = day_from_iso("2025-10-10")


NOW = start_of(MONDAY) + 36_000


MARKET = Market(china_calendar(), market_rules())


PIECE, LOCKED = PieceId(65536), PieceId(65537)


FUNDS = BankAccount("江海银行", "0200004509089", "102100099996")


SHOP = BankAccount("衡川精密铸造有限公司", "6222021001116245", "105584000005")


ISSUER = BankAccount("云辰汽车集团股份有限公司", "0302010001", "104100000004")


def ask(**changed: object) -> Ask:
    base = Ask(PIECE, Fen(1_000_000), False, MONDAY, DUE, NOW + 3_600)
    return replace(base, **changed)  # type: ignore[arg-type]


def terms(rate: int = 40_000, **changed: object) -> QuoteTerms:
    base = QuoteTerms(FinancingKind.SALE, False, RatePpm(rate), Basis.ACT_360, MONDAY, BANK)
    return replace(base, **changed)  # type: ignore[arg-type]


class Desk:
    """One session's view of everything."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        self.store = SqlFinancingStore(session)
        self.messages = SqlBankMessageStore(session)
        self.bank = FolderBank(folder)

    def request(self, key: str = "k1", **changed: object) -> str:
        return request_quotes(self.store, SUPPLIER, ask(**changed), key, NOW).request.id

    def quote(
        self,
        request: str,
        funder: PartyId = FUNDER,
        key: str = "q1",
        expires: int = 7_200,
        **changed: object,
    ) -> str:
        offer = Offer(request, funder, terms(**changed), NOW + expires)  # type: ignore[arg-type]
        return submit_quote(self.store, MARKET, offer, key, NOW).quote.id

    def accepted(self, key: str = "k1", **changed: object) -> str:
        quote = self.quote(self.request(key), key=key, **changed)  # type: ignore[arg-type]
        return accept_quote(self.store, quote, SUPPLIER, NOW).financing.id

    def registered(self, key: str = "k1", chain: int = 7, **changed: object) -> str:
        financing = self.accepted(key, **changed)
        confirm_lock(self.store, financing, FinancingId(chain), PieceId(65536 + chain))
        bind_registration(self.store, financing, f"REG0000{chain:04d}")
        return financing

    def pay_out(self, *financings: str, day: Day = MONDAY) -> list[str]:
        payouts = [Payout(name, SHOP, Rechecks(True, True)) for name in financings]
        when = PayDay(FUNDS, NOW, day)
        order = order_disbursements(self.store, self.messages, when, payouts, market_rules())
        self.session.commit()
        assert send_waiting(self.messages, self.bank) == 1
        self.session.commit()
        return [payment.id for payment in order.payments]

    def receive(self, today: Day, behaviour: SandboxBehaviour | None = None) -> list[BankEffect]:
        SandboxBank(self.bank, china_calendar(), behaviour).run(today)
        effects: list[BankEffect] = []
        for inbound in self.bank.receive():
            effects += take_notification(self.store, self.messages, inbound, NOW)
            self.session.commit()
            self.bank.done(inbound)
        return effects

    def get(self, financing: str) -> Financing:
        found = self.store.financing(financing)
        assert found is not None
        return found
