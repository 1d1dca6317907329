"""Notifications: repeated, strange, too late, in other encodings."""

from dataclasses import replace

import pytest
from xinlian.finance.adapters.banking.sandbox import SandboxBank
from xinlian.finance.adapters.data_files import china_calendar
from xinlian.finance.adapters.sql import BankMessageRow
from xinlian.finance.model.banking.bank import BankError, PaymentState
from xinlian.finance.model.financing.life import (
    FinancingError,
    FinancingReason,
    Stage,
)
from xinlian.finance.usecases.banking.receipts import EffectKind, take_notification
from xinlian.finance.usecases.financing.paying import (
    PayBack,
    PayDay,
    order_repayments,
    send_waiting,
    write_off,
)
from xinlian.finance.usecases.ports import Inbound
from xinlian.ledger.model.money import Fen

from tests.finance.desk import (
    DUE,
    FUNDS,
    MONDAY,
    NOW,
    SHOP,
    Desk,
)


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


def test_a_notification_in_utf_16_is_taken(desk: Desk) -> None:
    name = desk.registered()
    desk.pay_out(name)
    SandboxBank(desk.bank, china_calendar()).run(MONDAY)
    (path,) = (desk.bank.root / "inbox").iterdir()
    text = (
        path.read_text(encoding="utf-8")
        .replace('"UTF-8"', '"UTF-16"')
        .replace("'UTF-8'", "'UTF-16'")
    )
    path.write_bytes(text.encode("utf-16"))
    (inbound,) = desk.bank.receive()
    (effect,) = take_notification(desk.store, desk.messages, inbound, NOW)
    desk.session.commit()
    assert effect.kind is EffectKind.DISBURSED
    row = desk.session.get(BankMessageRow, ("in", inbound.notification.id))
    assert row is not None
    assert row.content == text


def test_money_for_what_was_given_up_is_told(light: Desk) -> None:
    name = light.registered(recourse=True)
    light.pay_out(name)
    light.receive(MONDAY)
    back = PayBack(name, FUNDS, Fen(1_000_000))
    order_repayments(light.store, light.messages, PayDay(SHOP, NOW, DUE), [back])
    write_off(light.store, name, "insolvent")
    light.session.commit()
    send_waiting(light.messages, light.bank)
    (effect,) = light.receive(DUE)
    assert (effect.kind, effect.item) == (EffectKind.UNFIT, None)
    assert effect.payment is not None
    assert effect.payment.state is PaymentState.BOOKED
    assert light.get(name).stage is Stage.WRITTEN_OFF


def test_one_payment_is_not_ordered_or_taken_twice_at_once(light: Desk) -> None:
    name = light.registered(recourse=True)
    light.pay_out(name)
    SandboxBank(light.bank, china_calendar()).run(MONDAY)
    (inbound,) = light.bank.receive()
    (entry,) = inbound.notification.entries
    both = replace(inbound.notification, entries=(entry, replace(entry, reference="again")))
    doubled = replace(inbound, notification=both)
    effects = take_notification(light.store, light.messages, doubled, NOW)
    assert [effect.kind for effect in effects] == [EffectKind.DISBURSED, EffectKind.REPEATED]
    back = [PayBack(name, FUNDS, Fen(5))] * 2
    with pytest.raises(FinancingError) as caught:
        order_repayments(light.store, light.messages, PayDay(SHOP, NOW, DUE), back)
    assert caught.value.reason is FinancingReason.PAYMENT_UNDER_WAY


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
