"""From a request for quotes to money and back, through SQL, the folder bank and the sandbox."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from xinlian.finance.adapters.banking.sandbox import SandboxBank, SandboxBehaviour
from xinlian.finance.adapters.data_files import china_calendar, market_rules
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.model.financing.life import (
    FinancingError,
    FinancingReason,
    Rechecks,
    Stage,
)
from xinlian.finance.model.financing.quotes import Fee, FeeTime, FinancingKind
from xinlian.finance.usecases.banking.receipts import EffectKind
from xinlian.finance.usecases.financing.paying import (
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
from xinlian.finance.usecases.financing.quoting import (
    accept_quote,
    ranked_quotes,
    stage_of_request,
)
from xinlian.finance.usecases.ports import ChangedMeanwhileError
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import FinancingId, PieceId
from xinlian.ledger.model.items import Disburse, Redeem, Repay
from xinlian.ledger.model.money import Fen

from tests.finance.desk import (
    DUE,
    FUNDER,
    FUNDS,
    ISSUER,
    LOCKED,
    MONDAY,
    NOW,
    RIVAL,
    SHOP,
    SUPPLIER,
    Desk,
)


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
    order_redemptions(
        desk.messages, due, [Redemption(LOCKED, FUNDS, Fen(1_000_000))], lambda _: True
    )
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
