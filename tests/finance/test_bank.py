"""ISO 20022 messages against the published schemas, the folder bank and the sandbox bank."""

from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.finance.adapters.bank_folder import FolderBank, write_whole
from xinlian.finance.adapters.bank_sandbox import SandboxBank, SandboxBehaviour
from xinlian.finance.adapters.data_files import china_calendar
from xinlian.finance.adapters.iso20022_camt import parse_camt054, write_camt054
from xinlian.finance.adapters.iso20022_pain import parse_pain001, write_pain001
from xinlian.finance.model.bank import (
    PAYMENT_MAX,
    BankAccount,
    BankEntry,
    BankError,
    BankNotification,
    Payment,
    PaymentOrder,
)
from xinlian.finance.model.codes import CodeError
from xinlian.finance.usecases.ports import SendOutcome
from xinlian.ledger.model.days import Day, day_from_iso, start_of
from xinlian.ledger.model.money import Fen

SCHEMAS = Path(__file__).parent / "schemas"
PAIN = xmlschema.XMLSchema(SCHEMAS / "pain.001.001.09.xsd")
CAMT = xmlschema.XMLSchema(SCHEMAS / "camt.054.001.08.xsd")
FUNDER = BankAccount("江海银行", "0200004509089", "102100099996")
SUPPLIER = BankAccount("衡川精密铸造有限公司 & <子>", "6222-0210-0111-6245", "105584000005")
DAY = day_from_iso("2025-07-07")

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


def order(*items: Payment, name: str = "O1", pay_on: Day = DAY) -> PaymentOrder:
    chosen = items or (Payment("D1", SUPPLIER, Fen(9_894_472_200), "放款"),)
    return PaymentOrder(name, start_of(DAY), "Xinlian", FUNDER, pay_on, chosen)


def entry(**changed: object) -> BankEntry:
    values: dict[str, object] = {
        "reference": "E1",
        "account": FUNDER.account,
        "credit": False,
        "amount": Fen(1_234),
        "booked": DAY,
        "payment_id": "D1",
    }
    return BankEntry(**(values | changed))  # type: ignore[arg-type]


def notification(*items: BankEntry) -> BankNotification:
    return BankNotification("N1", start_of(DAY), items or (entry(),))


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
    CAMT.validate(data.decode())
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


FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>BANK-7</MsgId><CreDtTm>2025-07-08T09:30:00</CreDtTm></GrpHdr>
<Ntfctn><Id>1</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>
<Ntry><NtryRef>A</NtryRef><Amt Ccy="CNY">30.5</Amt><CdtDbtInd>DBIT</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2025-07-07T23:30:00Z</DtTm></BookgDt>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls>
<TxDtls><Refs><EndToEndId>D1</EndToEndId></Refs><Amt Ccy="CNY">10.00</Amt></TxDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="CNY">20.50</Amt></TxDtls>
</NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry>
<Ntry><Amt Ccy="CNY">7</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2025-07-08</Dt></BookgDt><AcctSvcrRef>SR</AcctSvcrRef>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls>
<TxDtls><Refs><EndToEndId>D2</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>
"""


def test_another_banks_notification_is_understood() -> None:
    CAMT.validate(FOREIGN)
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


def test_sending_again_is_harmless_and_another_order_is_refused(tmp_path: Path) -> None:
    bank = FolderBank(tmp_path)
    assert bank.send(order()) is SendOutcome.SENT
    assert bank.send(order()) is SendOutcome.EXISTS
    other = order(Payment("D1", SUPPLIER, Fen(1)))
    with pytest.raises(BankError, match="another"):
        bank.send(other)
    assert [path.name for path in (tmp_path / "outbox").iterdir()] == ["O1.pain.001.xml"]
    SandboxBank(bank, china_calendar()).run(DAY)
    assert bank.send(order()) is SendOutcome.EXISTS
    with pytest.raises(BankError, match="another"):
        bank.send(other)


def test_notifications_are_taken_once_and_bad_files_set_aside(tmp_path: Path) -> None:
    bank = FolderBank(tmp_path)
    inbox = tmp_path / "inbox"
    write_whole(inbox / "b.xml", write_camt054(notification()))
    (inbox / "a.xml").write_text("<broken")
    (inbox / "c.xml").write_text(FOREIGN.replace("20.50", "20.51"))
    (inbox / "half.xml.part").write_text("not finished")
    (inbox / ".hidden.xml").write_text("not finished")
    (inbox / "folder.xml").mkdir()
    (inbox / "link.xml").symlink_to("/etc/passwd")
    with (inbox / "huge.xml").open("wb") as stream:
        stream.truncate(9 * 1024 * 1024)
    found = bank.receive()
    assert [item.token for item in found] == ["b.xml"]
    reasons = sorted(path.name for path in (tmp_path / "rejected").glob("*.reason.txt"))
    assert reasons == [f"{name}.xml.reason.txt" for name in ("a", "c", "folder", "huge")]
    assert "add up" in (tmp_path / "rejected" / "c.xml.reason.txt").read_text()
    bank.done(found[0])
    bank.done(found[0])
    assert bank.receive() == []
    assert (tmp_path / "archive" / "b.xml").exists()
    write_whole(inbox / "b.xml", write_camt054(notification()))
    bank.reject(bank.receive()[0], "seen before with other content")
    assert (tmp_path / "rejected" / "b.xml.reason.txt").read_text().startswith("seen before")


def test_files_set_aside_never_overwrite_each_other(tmp_path: Path) -> None:
    bank = FolderBank(tmp_path)
    for _ in range(3):
        (tmp_path / "inbox" / "a.xml").write_text("<broken")
        bank.receive()
    kept = sorted(path.name for path in (tmp_path / "rejected").glob("*.xml"))
    assert kept == ["a.2.xml", "a.3.xml", "a.xml"]


def test_the_sandbox_pays_on_business_days_returns_and_delays(tmp_path: Path) -> None:
    bank = FolderBank(tmp_path)
    friday = day_from_iso("2025-09-30")
    behaviour = SandboxBehaviour(refused={"D2": "AC04"}, late_days={"D3": 1})
    sandbox = SandboxBank(bank, china_calendar(), behaviour)
    bank.send(
        order(
            *(Payment(f"D{number}", SUPPLIER, Fen(number)) for number in (1, 2, 3)),
            pay_on=friday,
        )
    )
    assert sandbox.run(Day(friday - 1)) == 0
    assert sandbox.run(friday) == 1
    assert sandbox.run(friday) == 0
    (first,) = bank.receive()
    CAMT.validate(first.content.decode())
    told = [(item.payment_id, item.credit, item.returned) for item in first.notification.entries]
    assert told == [("D1", False, ""), ("D2", False, ""), ("D2", True, "AC04")]
    bank.done(first)
    # The day after is a holiday: the late payment is booked on 9 October.
    assert sandbox.run(day_from_iso("2025-10-08")) == 0
    assert sandbox.run(day_from_iso("2025-10-20")) == 1
    (second,) = bank.receive()
    assert second.notification.entries[0].booked == day_from_iso("2025-10-09")
    assert list((tmp_path / "outbox").iterdir()) == []
    assert sandbox.run(day_from_iso("2025-12-01")) == 0


def test_the_sandbox_is_deterministic_and_sets_bad_orders_aside(tmp_path: Path) -> None:
    names = []
    for place in ("a", "b"):
        bank = FolderBank(tmp_path / place)
        bank.send(order())
        (bank.root / "outbox" / "bad.pain.001.xml").write_text("<broken")
        SandboxBank(bank, china_calendar()).run(DAY)
        (found,) = (bank.root / "inbox").iterdir()
        names.append((found.name, found.read_bytes()))
        assert (bank.root / "rejected" / "bad.pain.001.xml.reason.txt").exists()
    assert names[0] == names[1]


def test_amounts_have_as_many_digits_as_the_schema_takes() -> None:
    made = order(Payment("D1", SUPPLIER, PAYMENT_MAX))
    PAIN.validate(write_pain001(made).decode())
    assert parse_pain001(write_pain001(made)) == made
    with pytest.raises(BankError):
        Payment("D1", SUPPLIER, PAYMENT_MAX + Fen(1))
    with pytest.raises(BankError):
        order(Payment("D1", SUPPLIER, PAYMENT_MAX), Payment("D2", SUPPLIER, Fen(1)))
