"""From a request for quotes to money and back, through SQL, the folder bank and the sandbox."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from xinlian.finance.adapters.bank_folder import FolderBank
from xinlian.finance.adapters.bank_sandbox import SandboxBank, SandboxBehaviour
from xinlian.finance.adapters.bank_store import SqlBankMessageStore
from xinlian.finance.adapters.data_files import china_calendar, market_rules
from xinlian.finance.adapters.financing_store import SqlFinancingStore
from xinlian.finance.model.bank import BankAccount, BankError, PaymentState
from xinlian.finance.model.financing import (
    Financing,
    FinancingError,
    FinancingReason,
    Rechecks,
    Stage,
)
from xinlian.finance.model.quotes import Fee, FeeTime, FinancingKind, QuoteTerms
from xinlian.finance.model.rates import PPM, Basis, RatePpm
from xinlian.finance.usecases.paying import (
    PayBack,
    PayDay,
    Payout,
    Redemption,
    bind_registration,
    claim_recourse,
    confirm_lock,
    order_disbursements,
    order_redemptions,
    order_repayments,
    release_financing,
    send_waiting,
    write_off,
)
from xinlian.finance.usecases.ports import ChangedMeanwhileError, Inbound
from xinlian.finance.usecases.quoting import (
    Ask,
    Market,
    Offer,
    QuoteReason,
    QuoteRefusedError,
    accept_quote,
    ranked_quotes,
    request_quotes,
    stage_of_request,
    submit_quote,
    withdraw_quote,
    withdraw_request,
)
from xinlian.finance.usecases.receipts import BankEffect, EffectKind, take_notification
from xinlian.ledger.model.days import Day, day_from_iso, start_of
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import Disburse, Redeem, Repay
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


@pytest.fixture
def desk(session: Session, tmp_path: Path) -> Desk:
    return Desk(session, tmp_path)


@pytest.fixture
def light(light_session: Session, tmp_path: Path) -> Desk:
    return Desk(light_session, tmp_path)


def refused(work: Callable[[], object]) -> QuoteReason:
    with pytest.raises(QuoteRefusedError) as caught:
        work()
    return caught.value.reason


def test_from_request_to_settlement(desk: Desk) -> None:
    request = desk.request()
    assert stage_of_request(desk.store, request, NOW) is Stage.REQUESTED
    cheap = desk.quote(
        request, FUNDER, "a", rate=30_000, fees=(Fee("平台", Fen(9_000), FeeTime.UPFRONT),)
    )
    honest = desk.quote(request, RIVAL, "b", rate=38_000)
    assert stage_of_request(desk.store, request, NOW) is Stage.QUOTED
    ranking = ranked_quotes(desk.store, request, NOW)
    assert [quote.id for quote in ranking] == [honest, cheap]
    assert ranking[0].pricing.all_in < ranking[1].pricing.all_in
    accepted = accept_quote(desk.store, honest, SUPPLIER, NOW)
    assert accepted.opening == accepted.financing.opening()
    name = accepted.financing.id
    confirm_lock(desk.store, name, FinancingId(7), LOCKED)
    _, registering = bind_registration(desk.store, name, "REG00000001")
    assert registering.financing == 7
    (payment,) = desk.pay_out(name)
    assert stage_of_request(desk.store, request, NOW) is Stage.PAYING
    (effect,) = desk.receive(MONDAY)
    price = accepted.financing.quote.pricing.price
    assert effect.kind is EffectKind.DISBURSED
    assert isinstance(effect.item, Disburse)
    assert (effect.item.financing, effect.item.amount) == (7, price)
    assert desk.get(name).stage is Stage.DISBURSED
    # On the due day the issuer's bank pays the holder, who is the funder.
    due = PayDay(ISSUER, NOW, DUE)
    order_redemptions(desk.messages, due, [Redemption(LOCKED, FUNDS, Fen(1_000_000))])
    desk.session.commit()
    send_waiting(desk.messages, desk.bank)
    desk.session.commit()
    (effect,) = desk.receive(DUE)
    assert effect.kind is EffectKind.REDEEMED
    assert isinstance(effect.item, Redeem)
    assert (effect.item.piece, effect.item.amount) == (LOCKED, 1_000_000)
    settled = desk.get(name)
    assert (settled.stage, settled.payment_id) == (Stage.SETTLED, payment)
    assert settled.repayments[0].receipt == effect.item.receipt


def test_many_financings_are_paid_in_one_order(desk: Desk) -> None:
    names = [desk.registered(f"k{number}", number) for number in range(1, 41)]
    payments = desk.pay_out(*names)
    behaviour = SandboxBehaviour(refused={payments[3]: "AC04"}, late_days={payments[5]: 2})
    effects = desk.receive(MONDAY, behaviour)
    kinds = [effect.kind for effect in effects]
    assert kinds.count(EffectKind.DISBURSED) == 38
    assert kinds.count(EffectKind.RETURNED) == 1
    assert desk.get(names[3]).stage is Stage.REGISTERED
    assert desk.get(names[5]).stage is Stage.PAYING
    (again,) = desk.pay_out(names[3], day=Day(MONDAY + 1))
    assert again != payments[3]
    late = desk.receive(Day(MONDAY + 2), replace(behaviour, refused={}))
    assert {effect.entry.payment_id for effect in late} == {again, payments[5]}
    assert {desk.get(name).stage for name in names} == {Stage.DISBURSED}
    assert len(desk.store.financings(Stage.DISBURSED)) == 40
    receipts = {desk.get(name).disbursement for name in names}
    assert len(receipts) == 40


def test_a_loan_is_paid_back_in_parts(desk: Desk) -> None:
    name = desk.registered(kind=FinancingKind.PLEDGE, advance_ppm=900_000)
    desk.pay_out(name)
    desk.receive(MONDAY)
    owed = desk.get(name).outstanding
    for amount, settled in ((Fen(400_000), False), (owed - Fen(400_000), True)):
        back = PayBack(name, FUNDS, amount)
        order_repayments(desk.store, desk.messages, PayDay(SHOP, NOW, DUE), [back])
        with pytest.raises(FinancingError) as caught:
            order_repayments(desk.store, desk.messages, PayDay(SHOP, NOW, DUE), [back])
        assert caught.value.reason is FinancingReason.PAYMENT_UNDER_WAY
        desk.session.commit()
        send_waiting(desk.messages, desk.bank)
        (effect,) = desk.receive(DUE)
        assert effect.kind is EffectKind.REPAID
        assert isinstance(effect.item, Repay) == settled
        assert effect.item is None or effect.item.amount == owed
    assert desk.get(name).stage is Stage.SETTLED


def test_recourse_after_the_issuer_failed(light: Desk) -> None:
    name = light.registered(recourse=True)
    light.pay_out(name)
    light.receive(MONDAY)
    assert claim_recourse(light.store, name, "unpaid on the day").stage is Stage.RECOURSE
    too_much = PayBack(name, FUNDS, Fen(1_000_001))
    with pytest.raises(FinancingError):
        order_repayments(light.store, light.messages, PayDay(SHOP, NOW, DUE), [too_much])
    assert write_off(light.store, name, "insolvent").stage is Stage.WRITTEN_OFF


def test_keys_make_steps_repeatable(desk: Desk) -> None:
    first = request_quotes(desk.store, SUPPLIER, ask(), "k", NOW)
    again = request_quotes(desk.store, SUPPLIER, ask(), "k", NOW + 60)
    assert (first.existed, again.existed, again.request) == (False, True, first.request)
    for field, value in (
        ("amount", Fen(5)),
        ("piece", PieceId(5)),
        ("back", True),
        ("due", Day(DUE + 1)),
        ("closes_at", NOW + 1),
    ):
        with pytest.raises(QuoteRefusedError) as caught:
            request_quotes(desk.store, SUPPLIER, ask(**{field: value}), "k", NOW)
        assert (caught.value.reason, caught.value.field) == (QuoteReason.DIFFERENT, field)
    assert request_quotes(desk.store, RIVAL, ask(), "k", NOW).request.id != first.request.id
    offer = Offer(first.request.id, FUNDER, terms(), NOW + 60)
    quote = submit_quote(desk.store, MARKET, offer, "k", NOW)
    same = submit_quote(desk.store, MARKET, offer, "k", NOW + 1)
    assert (quote.existed, same.existed, same.quote) == (False, True, quote.quote)
    for changed, field in (
        (replace(offer, terms=terms(rate=1)), "terms"),
        (replace(offer, expires_at=NOW + 61), "expires_at"),
    ):
        with pytest.raises(QuoteRefusedError) as caught:
            submit_quote(desk.store, MARKET, changed, "k", NOW)
        assert (caught.value.reason, caught.value.field) == (QuoteReason.DIFFERENT, field)
    one = accept_quote(desk.store, quote.quote.id, SUPPLIER, NOW)
    two = accept_quote(desk.store, quote.quote.id, SUPPLIER, NOW + 9_999)
    assert (one.existed, two.existed) == (False, True)
    assert (two.financing, two.opening) == (one.financing, one.opening)


def test_what_no_request_can_be(light: Desk) -> None:
    for changed in ({"amount": Fen(0)}, {"due": MONDAY}, {"closes_at": NOW}):
        assert refused(partial(light.request, **changed)) is (QuoteReason.IMPOSSIBLE)
    for key in ("", "k" * 201):
        assert refused(partial(light.request, key)) is QuoteReason.IMPOSSIBLE


def test_quotes_are_refused_for_their_reason(light: Desk) -> None:
    request = light.request()
    assert refused(lambda: light.quote("none")) is QuoteReason.UNKNOWN
    assert refused(lambda: light.quote(request, expires=0)) is QuoteReason.EXPIRED
    assert refused(lambda: light.quote(request, SUPPLIER)) is QuoteReason.OWN_REQUEST
    past = Day(MONDAY - 1)
    assert refused(lambda: light.quote(request, disburse_day=past)) is QuoteReason.DAY_PAST
    late = Day(DUE + 1)
    assert refused(lambda: light.quote(request, disburse_day=late)) is QuoteReason.IMPOSSIBLE
    closed = Offer(request, FUNDER, terms(), NOW + 9_999)
    assert refused(lambda: submit_quote(light.store, MARKET, closed, "c", NOW + 3_600)) is (
        QuoteReason.CLOSED
    )
    withdraw_request(light.store, request, SUPPLIER)
    assert refused(lambda: light.quote(request)) is QuoteReason.WITHDRAWN
    assert stage_of_request(light.store, request, NOW) is Stage.RELEASED


def test_long_terms_need_the_funders_reason(light: Desk) -> None:
    soft = light.request("soft", due=day_from_iso("2026-03-02"))
    assert refused(lambda: light.quote(soft)) is QuoteReason.TENOR_REASON_MISSING
    assert refused(lambda: light.quote(soft, tenor_reason=" ")) is QuoteReason.TENOR_REASON_MISSING
    quote = light.store.quote(light.quote(soft, tenor_reason="设备定制周期长"))
    assert quote is not None
    assert quote.rules_version == market_rules().at(MONDAY).version
    hard = light.request("hard", due=day_from_iso("2026-07-08"))
    assert refused(lambda: light.quote(hard, key="h", tenor_reason="x")) is (
        QuoteReason.TERM_TOO_LONG
    )


def test_acceptance_is_refused_for_its_reason(light: Desk) -> None:
    request = light.request()
    first, second = light.quote(request, key="a"), light.quote(request, RIVAL, "b")
    third = light.quote(request, key="c", expires=10)
    withdraw_quote(light.store, second, RIVAL)
    store = light.store
    assert refused(lambda: accept_quote(store, "none", SUPPLIER, NOW)) is QuoteReason.UNKNOWN
    assert refused(lambda: accept_quote(store, first, RIVAL, NOW)) is QuoteReason.NOT_YOURS
    assert refused(lambda: accept_quote(store, second, SUPPLIER, NOW)) is QuoteReason.WITHDRAWN
    assert refused(lambda: accept_quote(store, third, SUPPLIER, NOW + 10)) is QuoteReason.EXPIRED
    assert refused(lambda: withdraw_quote(store, first, RIVAL)) is QuoteReason.NOT_YOURS
    assert refused(lambda: withdraw_request(store, request, RIVAL)) is QuoteReason.NOT_YOURS
    accept_quote(store, first, SUPPLIER, NOW)
    assert refused(lambda: accept_quote(store, third, SUPPLIER, NOW)) is (
        QuoteReason.ALREADY_ACCEPTED
    )
    assert refused(lambda: light.quote(request, RIVAL, "d")) is QuoteReason.ALREADY_ACCEPTED
    assert refused(lambda: withdraw_quote(store, first, FUNDER)) is QuoteReason.ALREADY_ACCEPTED
    assert refused(lambda: withdraw_request(store, request, SUPPLIER)) is (
        QuoteReason.ALREADY_ACCEPTED
    )
    stale = light.quote(light.request("k2"), key="e", expires=9 * 86_400)
    assert refused(lambda: accept_quote(store, stale, SUPPLIER, NOW + 86_400)) is (
        QuoteReason.DAY_PAST
    )


def test_one_registration_number_is_for_one_financing(light: Desk) -> None:
    light.registered("a", 1)
    other = light.accepted("b")
    confirm_lock(light.store, other, FinancingId(2), PieceId(65538))
    with pytest.raises(FinancingError) as caught:
        bind_registration(light.store, other, "REG00000001")
    assert caught.value.reason is FinancingReason.REGISTRATION_USED


def test_an_order_is_refused_as_a_whole(light: Desk) -> None:
    good, unregistered = light.registered("a", 1), light.accepted("b")
    light.session.commit()
    with pytest.raises(FinancingError) as caught:
        light.pay_out(good, unregistered)
    assert caught.value.reason is FinancingReason.REGISTRATION_MISSING
    light.session.rollback()
    assert light.get(good).stage is Stage.REGISTERED
    assert send_waiting(light.messages, light.bank) == 0
    with pytest.raises(FinancingError) as caught:
        light.pay_out(good, day=Day(MONDAY + 8))
    assert caught.value.reason is FinancingReason.LOCK_EXPIRES
    light.session.rollback()
    with pytest.raises(FinancingError) as caught:
        light.pay_out("none")
    assert caught.value.reason is FinancingReason.UNKNOWN


def test_release_frees_a_financing_before_money_flows(light: Desk) -> None:
    name = light.registered()
    assert release_financing(light.store, name, "buyer objected").stage is Stage.RELEASED
    assert release_again_is_refused(light, name)


def release_again_is_refused(desk: Desk, name: str) -> bool:
    with pytest.raises(FinancingError) as caught:
        release_financing(desk.store, name, "again")
    return caught.value.reason is FinancingReason.WRONG_STAGE


def test_a_crash_between_sending_and_marking_is_harmless(light: Desk) -> None:
    name = light.registered()
    order_disbursements(
        light.store,
        light.messages,
        PayDay(FUNDS, NOW, MONDAY),
        [Payout(name, SHOP, Rechecks(True, True))],
        market_rules(),
    )
    light.session.commit()
    send_waiting(light.messages, light.bank)
    light.session.rollback()
    SandboxBank(light.bank, china_calendar()).run(MONDAY)
    assert send_waiting(light.messages, light.bank) == 1
    light.session.commit()
    assert list((light.bank.root / "outbox").iterdir()) == []
    assert [effect.kind for effect in light.receive(MONDAY)] == [EffectKind.DISBURSED]


def test_notifications_count_once(light: Desk) -> None:
    name = light.registered()
    light.pay_out(name)
    SandboxBank(light.bank, china_calendar()).run(MONDAY)
    (inbound,) = light.bank.receive()
    assert len(take_notification(light.store, light.messages, inbound, NOW)) == 1
    assert take_notification(light.store, light.messages, inbound, NOW) == []
    altered = replace(inbound, content=inbound.content + b" ")
    with pytest.raises(BankError, match="another"):
        take_notification(light.store, light.messages, altered, NOW)
    # The same movement in another message is told and changes nothing.
    renamed = replace(inbound, notification=replace(inbound.notification, id="N-other"))
    effects = take_notification(light.store, light.messages, renamed, NOW)
    assert [effect.kind for effect in effects] == [EffectKind.REPEATED]
    assert light.get(name).stage is Stage.DISBURSED


def with_entry(inbound: Inbound, name: str, **changed: object) -> Inbound:
    entry = replace(inbound.notification.entries[0], **changed)  # type: ignore[arg-type]
    notification = replace(inbound.notification, id=name, entries=(entry,))
    return replace(inbound, notification=notification)


def test_money_that_does_not_fit_is_told_and_changes_nothing(light: Desk) -> None:
    name = light.registered()
    (payment,) = light.pay_out(name)
    SandboxBank(light.bank, china_calendar()).run(MONDAY)
    (inbound,) = light.bank.receive()
    store, messages = light.store, light.messages
    strange_ones: list[tuple[dict[str, object], EffectKind]] = [
        ({"amount": Fen(1)}, EffectKind.AMOUNT_DIFFERS),
        ({"payment_id": "X1"}, EffectKind.UNMATCHED),
        ({"payment_id": ""}, EffectKind.UNMATCHED),
    ]
    for number, (changed, kind) in enumerate(strange_ones):
        strange = with_entry(inbound, f"N-{number}", **changed)
        (effect,) = take_notification(store, messages, strange, NOW)
        assert (effect.kind, effect.item) == (kind, None)
        assert light.get(name).stage is Stage.PAYING
    take_notification(store, messages, inbound, NOW)
    late = with_entry(inbound, "N-late", credit=True, returned="AC04")
    (effect,) = take_notification(store, messages, late, NOW)
    assert effect.kind is EffectKind.RETURNED_LATE
    assert light.get(name).stage is Stage.DISBURSED
    record = messages.payments([payment])[payment]
    assert record.state is PaymentState.BOOKED
    assert record.receipt == light.get(name).disbursement


def test_changes_by_someone_else_are_noticed(engine: Engine, tmp_path: Path) -> None:
    with Session(engine) as session:
        name = Desk(session, tmp_path).accepted()
        session.commit()
        mine = Desk(session, tmp_path).get(name)
    with Session(engine) as session:
        release_financing(SqlFinancingStore(session), name, "changed my mind")
        session.commit()
    with Session(engine) as session:
        locked = mine.lock(FinancingId(7), LOCKED)
        with pytest.raises(ChangedMeanwhileError):
            SqlFinancingStore(session).save(mine, locked)


def test_a_pledge_and_a_sale_compete_by_cost(light: Desk) -> None:
    request = light.request()
    sale = light.quote(request, key="a", rate=40_000)
    loan = light.quote(
        request, RIVAL, "b", rate=40_000, kind=FinancingKind.PLEDGE, advance_ppm=PPM * 8 // 10
    )
    # Interest of a loan is paid at the end, that of a discount at the start.
    assert [quote.id for quote in ranked_quotes(light.store, request, NOW)] == [loan, sale]
    assert [item.id for item in light.store.requests()] == [request]
