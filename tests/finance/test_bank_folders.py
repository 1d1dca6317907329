"""The folder bank and the sandbox bank."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from xinlian.finance.adapters.banking.folder import FolderBank, write_whole
from xinlian.finance.adapters.banking.iso20022_camt import write_camt054
from xinlian.finance.adapters.banking.sandbox import SandboxBank, SandboxBehaviour
from xinlian.finance.adapters.data_files import china_calendar
from xinlian.finance.model.banking.bank import (
    BankError,
    Payment,
)
from xinlian.finance.usecases.ports import SendOutcome
from xinlian.ledger.model.days import Day, day_from_iso
from xinlian.ledger.model.money import Fen

from tests.finance.messages import DAY, FOREIGN, SUPPLIER, judge_camt, notification, order


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


def test_an_order_sent_by_many_at_once_lies_before_the_bank_once(tmp_path: Path) -> None:
    orders = [
        order(Payment(f"D{number}", SUPPLIER, Fen(1)), name=f"O{number}") for number in range(40)
    ]
    start = threading.Barrier(8)

    def send() -> list[SendOutcome]:
        start.wait()
        return [FolderBank(tmp_path).send(each) for each in orders]

    with ThreadPoolExecutor(8) as pool:
        outcomes = [each.result() for each in [pool.submit(send) for _ in range(8)]]
    for each in zip(*outcomes, strict=True):
        assert sorted(each) == sorted([SendOutcome.SENT] + [SendOutcome.EXISTS] * 7)
    assert len(list((tmp_path / "outbox").iterdir())) == 40


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
    judge_camt(first.content)
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
