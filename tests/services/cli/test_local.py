"""Commands on this machine's data folder: tokens for parties, the sandbox bank, rehearsals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from xinlian.finance.adapters.banking.folder import FolderBank
from xinlian.finance.adapters.banking.iso20022_camt import parse_camt054
from xinlian.finance.model.banking.bank import BankAccount, Payment, PaymentOrder
from xinlian.ledger.model.days import day_from_iso
from xinlian.ledger.model.money import Fen
from xinlian.services.cli.failure import Exit
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.root import execute


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XINLIAN_DATA", str(folder))
    set_language("en")
    yield folder
    set_language(None)


def test_no_token_is_made_for_nobody_or_over_a_file(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make = ["token", "create", "--scope", "read", "--label", "t"]
    assert execute([*make, "--party", "777"]) == Exit.REFUSED
    assert "there is no party 777" in capsys.readouterr().err
    kept = data / "kept.token"
    kept.write_text("other", encoding="ascii")
    assert execute([*make, "--out", str(kept)]) == Exit.USAGE
    assert kept.read_text("ascii") == "other"
    assert execute([*make, "--out", str(data / "none" / "x")]) == Exit.USAGE
    assert not (data / "none").exists()


def test_the_sandbox_bank_books_what_is_due_and_tells_new_receipts_alone(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["bank", "sandbox", "3"]) == Exit.REFUSED
    account = BankAccount("Yunchen Auto", "6222020000000001", "102100099996")
    order = PaymentOrder(
        id="O1",
        created_at=1_795_000_000,
        initiator="Xinlian",
        debtor=account,
        pay_on=day_from_iso("2026-11-24"),
        payments=(Payment("R1", account, Fen(100_000), "redemption"),),
    )
    FolderBank(data / "banks" / "bank-3").send(order)
    early = ["bank", "sandbox", "3", "--json", "--day", "2026-11-23"]
    capsys.readouterr()
    assert execute(early) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    assert (told["receipts"], len(told["waiting"])) == ([], 1)
    assert execute(["bank", "sandbox", "3", "--day", "2026-11-24"]) == Exit.OK
    (receipt,) = capsys.readouterr().out.split()
    assert Path(receipt).name.startswith("2026-11-24-")
    (entry,) = parse_camt054(Path(receipt).read_bytes()).entries
    assert (entry.payment_id, entry.amount, entry.credit) == ("R1", 100_000, False)
    assert execute(["bank", "sandbox", "3", "--day", "2026-11-25"]) == Exit.OK
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "earlier receipts lie in" in shown.err
    assert execute(["bank", "sandbox", "3", "--day", "soon"]) == Exit.USAGE


def test_a_network_of_the_real_time_has_no_clock_to_set(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["node", "clock", "2027-01-01"]) == Exit.REFUSED
    assert "keeps the real time" in capsys.readouterr().err
    (data / "node").mkdir()
    (data / "node" / "clock").write_text("1795000000", encoding="ascii")
    assert execute(["node", "clock", "tomorrow"]) == Exit.USAGE
    assert "YYYY-MM-DD" in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("XINLIAN_DATA", str(file))
    assert execute(["up"]) == Exit.USAGE
    shown = capsys.readouterr().err
    assert "unforeseen" not in shown
    assert str(file) in shown


def test_a_token_of_other_characters_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XINLIAN_TOKEN", "中文")
    assert execute(["party", "me"]) == Exit.NO_ACCESS
    assert "XINLIAN_TOKEN" in capsys.readouterr().err
