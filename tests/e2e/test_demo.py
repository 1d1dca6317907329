"""`xinlian demo` as a user runs it: a real node, real contracts, a small file, hostile files."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from xinlian.services.cli.failure import Exit
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.root import execute

from tests.support.repository import ROOT

HEADER = "seller,buyer,number,issued,due,amount,paid\n"
# Monday 2026-03-02 on: paid when due, early, late, on a weekend's next business day, in one day.
ROWS = (
    "S1,B1,N-1,2026-03-02,2026-03-12,10000.00,2026-03-12\n"
    "S1,B2,N-2,2026-03-02,2026-03-12,2500.55,2026-03-10\n"
    "S2,B1,N-3,2026-03-03,2026-03-11,9000.00,2026-03-13\n"
    "S2,B2,N-4,2026-03-03,2026-03-14,700.01,2026-03-16\n"
    "S1,B1,N-5,2026-03-04,2026-03-16,12345.67,2026-03-16\n"
    "S2,B2,N-6,2026-03-05,2026-03-05,88.00,2026-03-05\n"
    "S1,B2,N-1,2026-03-02,2026-03-12,10000.00,2026-03-12\n"
    "S2,B2,N-7,2026-03-05,2026-03-04,50.00,\n"
)
MAPPING = """
version: 1
name: small
historic: true
columns: {seller_code: seller, buyer_code: buyer, invoice_number: number,
  invoice_date: issued, due_date: due, amount: amount}
constants: {currency: CNY}
dates: ["YYYY-MM-DD"]
numbers: {decimal: ".", thousands: "", unit: yuan}
invoice_number: plain
parties:
  seller: {rule: synthetic, namespace: small, name: "Seller {value}"}
  buyer: {rule: synthetic, namespace: small, name: "Buyer {value}"}
facts:
  settled_date: {column: paid, type: date}
"""
TOTAL_FEN = 1_000_000 + 250_055 + 900_000 + 70_001 + 1_234_567 + 8_800
KEYS = {
    *("invoices", "vouchers", "pieces", "transfers", "financings", "financed_fen"),
    *("redeemed_fen", "dishonoured", "blocks", "orders", "seconds", "conservation"),
    "rebuild_identical",
}


def start(*arguments: str) -> subprocess.Popen[str]:
    # A shell in the background lets its children ignore Ctrl-C; here it has to count.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from xinlian.services.cli import main; main()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": f"{ROOT / '.xl/bin'}:{os.environ['PATH']}", "LANG": "C.UTF-8"},
    )


def run(*arguments: str) -> tuple[int, str, str]:
    process = start(*arguments)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("file")
    (folder / "rows.csv").write_text(HEADER + ROWS, encoding="utf-8")
    (folder / "map.yaml").write_text(MAPPING, encoding="utf-8")
    return ("--receivables", f"{folder / 'rows.csv'}", "--mapping", f"{folder / 'map.yaml'}")


def test_a_small_file_from_import_to_the_books(small: tuple[str, ...], tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    code, out, err = run(*small, "--json", "--keep", str(kept))
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    assert set(found) >= KEYS
    assert found["rows"] == {"accepted": 6, "exists": 0, "conflict": 1, "invalid": 1}
    assert (found["invoices"], found["vouchers"]) == (6, 6)
    assert found["redeemed_fen"] == found["issued_fen"] == TOTAL_FEN
    # N-3 was paid late; N-4 was due on a Saturday and paid on the Monday: not late.
    assert (found["late_in_file"], found["late_by_holiday"], found["dishonoured"]) == (2, 1, 1)
    assert found["financed_fen"] * 3 >= TOTAL_FEN
    assert found["orders_failed"] == 0
    assert found["conservation"] is True
    assert found["rebuild_identical"] is True
    assert "line 8: conflict" in err
    assert "line 9: invalid" in err
    assert "└─" in err

    database = sqlite3.connect(kept / "xinlian.sqlite3")
    counted = {
        table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("roots", "financings", "quotes", "bank_payments")
    }
    database.close()
    assert counted["roots"] >= 6
    assert counted["financings"] >= found["financings"] > 0
    assert counted["quotes"] >= 2 * counted["financings"]
    assert counted["bank_payments"] >= found["financings"] + 6

    code, out, err = run(*small, "--json")
    assert code == 0, err
    again = json.loads(out)
    # How many blocks a day takes is a matter of pace.
    for pace in ("seconds", "blocks"):
        del found[pace], again[pace]
    assert again == found


@pytest.mark.parametrize(
    ("receivables", "mapping", "words"),
    [
        ("missing.csv", "map.yaml", "refused"),
        (".", "map.yaml", "refused"),
        ("rows.csv", "missing.yaml", "mapping"),
        ("rows.csv", "broken.yaml", "mapping"),
        ("rows.csv", "other.yaml", "Amount"),
        ("empty.csv", "map.yaml", "refused"),
        ("noise.csv", "map.yaml", "refused"),
        ("none.csv", "map.yaml", "no row"),
        ("rows.csv", None, "go together"),
    ],
)
def test_files_that_do_not_fit_end_in_a_sentence(
    receivables: str,
    mapping: str | None,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_language("en")
    (tmp_path / "rows.csv").write_text(HEADER + ROWS, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("version: [", encoding="utf-8")
    (tmp_path / "other.yaml").write_text(
        MAPPING.replace("amount: amount}", "amount: Amount}"), encoding="utf-8"
    )
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "none.csv").write_text(HEADER + ROWS.replace("2026-", "x"), encoding="utf-8")
    arguments = ["--receivables", str(tmp_path / receivables)]
    if mapping is not None:
        arguments += ["--mapping", str(tmp_path / mapping)]
    assert execute(["demo", *arguments]) == Exit.USAGE
    shown = capsys.readouterr()
    assert words in shown.err
    assert "error: " in shown.err
    assert "what to do: " in shown.err
    assert "Traceback" not in shown.out + shown.err


def test_a_folder_with_something_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert execute(["demo", "--keep", str(tmp_path)]) == Exit.USAGE
    assert "holds something" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def children(pid: int) -> set[int]:
    """All processes below one (Linux)."""
    try:
        found = {int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()
    return found | {below for child in found for below in children(child)}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("kind", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)],
    ids=["ctrl-c", "terminated", "killed"],
)
def test_nothing_outlives_a_run_that_is_broken_off(
    kind: signal.Signals, code: int, small: tuple[str, ...], tmp_path: Path
) -> None:
    process = start(*small, "--keep", str(tmp_path / "kept"))
    assert process.stdout is not None
    for line in process.stdout:
        if "create parties" in line:
            break
    below = children(process.pid)
    assert len(below) >= 3, "a node, its engine and the planner are expected"
    process.send_signal(kind)
    process.communicate(timeout=60)
    assert process.returncode == code
    end = time.monotonic() + 30
    while any(map(alive, below)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not {pid for pid in below if alive(pid)}
