"""ISO 20022 messages against the published schemas, the folder bank and the sandbox bank."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.finance.adapters.banking.iso20022_camt import parse_camt054, write_camt054
from xinlian.finance.adapters.banking.iso20022_pain import parse_pain001, write_pain001
from xinlian.finance.model.banking.bank import (
    PAYMENT_MAX,
    BankAccount,
    BankEntry,
    BankError,
    BankNotification,
    Payment,
    PaymentOrder,
)
from xinlian.finance.model.trade.codes import CodeError
from xinlian.ledger.model.days import Day, day_from_iso, start_of
from xinlian.ledger.model.money import Fen

from tests.finance.messages import DAY, FOREIGN, FUNDER, PAIN, SUPPLIER, entry, judge_camt, order

accounts = st.builds(
    BankAccount,
    st.text("甲乙丙AZ az&<>\"'·（）", min_size=1, max_size=140).filter(str.isprintable),
    st.from_regex(r"\A[0-9A-Za-z\-]{5,34}\Z"),
    st.from_regex(r"\A[0-9]{12}\Z"),
)


ids = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9+\-]{0,34}\Z")


amounts = st.integers(1, 10**15).map(Fen)


payments = st.builds(Payment, ids, accounts, amounts, st.text("放款 abc&<", max_size=140))


orders = st.builds(
    PaymentOrder,
    ids,
    st.integers(0, 4_000_000_000),
    st.just("Xinlian"),
    accounts,
    st.integers(0, 40_000).map(Day),
    st.lists(payments, min_size=1, max_size=4, unique_by=lambda item: item.id).map(tuple),
)


def normal(given_order: PaymentOrder) -> PaymentOrder:
    """XML readers see no spaces around a text."""
    return PaymentOrder(
        given_order.id,
        given_order.created_at,
        given_order.initiator,
        strip(given_order.debtor),
        given_order.pay_on,
        tuple(
            Payment(item.id, strip(item.creditor), item.amount, item.text.strip())
            for item in given_order.payments
        ),
    )


def strip(account: BankAccount) -> BankAccount:
    return BankAccount(account.name.strip() or "x", account.account, account.bank_code)


@settings(max_examples=50)
@given(orders)
def test_orders_fit_the_schema_and_read_back(made: PaymentOrder) -> None:
    plain = normal(made)
    data = write_pain001(plain)
    PAIN.validate(data.decode())
    assert parse_pain001(data) == plain
    assert write_pain001(plain) == data


@settings(max_examples=50)
@given(
    st.lists(
        st.builds(
            BankEntry,
            st.from_regex(r"\A[A-Za-z0-9]{1,35}\Z"),
            st.sampled_from(["11111", "22222"]),
            st.booleans(),
            amounts,
            st.integers(0, 40_000).map(Day),
            ids,
            st.sampled_from(["", "AC04", "AM04"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_notifications_fit_the_schema_and_read_back(items: list[BankEntry]) -> None:
    by_account = sorted(items, key=lambda item: [x.account for x in items].index(item.account))
    made = BankNotification("N1", start_of(DAY), tuple(by_account))
    data = write_camt054(made)
    judged = judge_camt(data)
    assert judged.bk_to_cstmr_dbt_cdt_ntfctn.grp_hdr.msg_id == made.id
    assert parse_camt054(data) == made


def test_the_order_a_bank_gets() -> None:
    text = write_pain001(order()).decode()
    assert "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" in text
    assert '<InstdAmt Ccy="CNY">98944722.00</InstdAmt>' in text
    assert "<CtrlSum>98944722.00</CtrlSum>" in text
    assert "2025-07-07T00:00:00+08:00" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pain.001.001.09", "pain.001.001.03"),
        ('Ccy="CNY"', 'Ccy="USD"'),
        ("98944722.00</InstdAmt>", "98944722.001</InstdAmt>"),
        ("98944722.00</InstdAmt>", "1e9</InstdAmt>"),
        ("98944722.00</InstdAmt>", "-1.00</InstdAmt>"),
        ("98944722.00</InstdAmt>", "0.00</InstdAmt>"),
        ("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>2</NbOfTxs>"),
        ("<CtrlSum>98944722.00</CtrlSum>", "<CtrlSum>1.00</CtrlSum>"),
        ("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CHK</PmtMtd>"),
        ("<EndToEndId>D1</EndToEndId>", "<EndToEndId>../../x</EndToEndId>"),
        ("<MmbId>105584000005</MmbId>", "<MmbId>1</MmbId>"),
        ("<MsgId>O1</MsgId>", "<MsgId>O1</MsgId><MsgId>O2</MsgId>"),
        ("<MsgId>O1</MsgId>", "<MsgId> </MsgId>"),
        ("<Dt>2025-07-07</Dt>", "<Dt>2025-02-30</Dt>"),
        ("2025-07-07T00:00:00+08:00", "yesterday"),
        ("<?xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><?xml"),
        ("</Document>", ""),
    ],
)
def test_a_bank_refuses_malformed_orders(old: str, new: str) -> None:
    text = write_pain001(order()).decode()
    assert old in text
    with pytest.raises(BankError):
        parse_pain001(text.replace(old, new).encode())


def test_another_banks_notification_is_understood() -> None:
    judge_camt(FOREIGN.encode())
    found = parse_camt054(FOREIGN.encode())
    account, next_day = "DE89370400440532013000", day_from_iso("2025-07-08")
    # Pending money proves nothing; half past eleven at night in London is the next day in China.
    assert found.entries == (
        BankEntry("A/1", account, False, Fen(1_000), next_day, "D1"),
        BankEntry("A/2", account, False, Fen(2_050), next_day, ""),
        BankEntry("SR", account, True, Fen(700), next_day, "D2", "NARR"),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("20.50", "20.51"),
        ("20.50", "20.505"),
        ('Ccy="CNY">10.00', 'Ccy="EUR">10.00'),
        ("<CdtDbtInd>DBIT", "<CdtDbtInd>BOTH"),
        ("<MsgId>BANK-7</MsgId>", "<MsgId>a/b</MsgId>"),
        ("<MsgId>BANK-7</MsgId>", ""),
        ("<BookgDt><Dt>2025-07-08</Dt></BookgDt>", ""),
        ("camt.054.001.08", "camt.054.001.02"),
        ("<?xml version", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><?xml version"),
        ("BkToCstmrDbtCdtNtfctn>", "BkToCstmrStmt>"),
    ],
)
def test_malformed_notifications_are_refused(old: str, new: str) -> None:
    assert old in FOREIGN
    with pytest.raises(BankError):
        parse_camt054(FOREIGN.replace(old, new).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    for reader in (parse_camt054, parse_pain001):
        with pytest.raises(BankError):
            reader(data)


def test_what_no_payment_can_be() -> None:
    for bad in ("", "a b", "-a", "../x", "a" * 36, "付"):
        with pytest.raises(BankError):
            Payment(bad, SUPPLIER, Fen(1))
    for amount in (0, -1):
        with pytest.raises(BankError):
            Payment("a", SUPPLIER, Fen(amount))
    with pytest.raises(BankError):
        Payment("a", SUPPLIER, Fen(1), "a\nb")
    with pytest.raises(BankError):
        order(Payment("a", SUPPLIER, Fen(1)), Payment("a", SUPPLIER, Fen(1)))
    with pytest.raises(BankError):
        PaymentOrder("a", 0, "x", FUNDER, DAY, ())
    with pytest.raises(BankError):
        BankAccount("", "11111", "102100099996")
    with pytest.raises(CodeError):
        BankAccount("x", "11111", "1021")
    with pytest.raises(BankError):
        entry(returned="no")


def test_receipts_name_one_movement() -> None:
    base = entry()
    others = [
        entry(amount=Fen(1_235)),
        entry(credit=True),
        entry(reference="E2"),
        entry(payment_id="D2"),
    ]
    receipts = {item.receipt("N1") for item in (base, *others)} | {base.receipt("N2")}
    assert len(receipts) == 6
    assert all(len(receipt) == 32 for receipt in receipts)


def test_amounts_have_as_many_digits_as_the_schema_takes() -> None:
    made = order(Payment("D1", SUPPLIER, PAYMENT_MAX))
    PAIN.validate(write_pain001(made).decode())
    assert parse_pain001(write_pain001(made)) == made
    with pytest.raises(BankError):
        Payment("D1", SUPPLIER, PAYMENT_MAX + Fen(1))
    with pytest.raises(BankError):
        order(Payment("D1", SUPPLIER, PAYMENT_MAX), Payment("D2", SUPPLIER, Fen(1)))
