"""How values, tables and records look, in both languages."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

import pytest
from rich.cells import cell_len
from xinlian.services.cli.cells import cell
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.outcome import check_order, check_receipts
from xinlian.services.cli.render import print_record, print_rows
from xinlian.services.cli.root import execute


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("rate_ppm", 45_000, "4.5 %"),
        ("rate_ppm", 0, "0 %"),
        ("advance_ppm", 1_000_000, "100 %"),
        ("all_in", "0.046968", "4.6968 %"),
        ("price_fen", 395_800, "3,958.00"),
        ("offered", 27, "27"),
        ("declined", 27, "27"),
        ("expiry", 1_796_054_399, "2026-11-30 23:59:59"),
        ("started", 1_795_354_177.66, "2026-11-22 21:29:37"),
        ("last_seal_ms", 8.5, "8.5 ms"),
        ("offer_seconds_max", 2_592_000, "30 days"),
        ("replayed_seconds", 0.076, "0.076 s"),
        ("journal_bytes", 126_869, "126.9 KB"),
        ("journal_bytes", 12, "12 B"),
        ("tx_hash", "0x" + "ab" * 32, "0xabababab…ababab"),
        ("digest", "0x" + "ab" * 32, "0x" + "ab" * 32),
        ("id", "ab" * 32, "ab" * 32),
        ("fees", [], "-"),
        ("tenor_reason", "", "-"),
        ("content", "<Document/>", "11 characters; --json shows them"),
        (
            "payments",
            [{"id": "D1", "purpose": "disbursement", "amount_fen": 100, "state": "booked"}],
            "disbursement 1.00 booked",
        ),
    ],
)
def test_a_value_by_its_field(name: str, value: Any, shown: str) -> None:
    assert cell(name, value) == shown


def test_names_neither_style_the_table_nor_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_rows([{"kind": "pip install 'xinlian[opcua]'", "note": "[red]x[/red] :smile: \x1b[2Ja"}])
    shown = capsys.readouterr().out
    assert "pip install 'xinlian[opcua]'" in shown
    assert "[red]x[/red] :smile: \ufffd[2Ja" in shown


def test_times_say_their_offset(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"time_us": 1_795_354_177_000_005, "unit": "kW.h", "period_ms": 1_000}])
    heads, row = capsys.readouterr().out.splitlines()
    assert heads.split()[:2] == ["time", "(UTC+8)"]
    assert row.split() == ["2026-11-22", "21:29:37.000005", "kWh", "1000", "ms"]


def test_an_address_that_is_taken_is_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("xinlian.services.cli.root.make_root", lambda: _taken)
        assert execute(["ingest", "sim", "plant.yaml"]) == Exit.USAGE
    assert "cannot be listened on" in capsys.readouterr().err


class _Taken:
    def main(self, *_: object, **__: object) -> None:
        raise OSError(errno.EADDRINUSE, "Address already in use")


_taken = _Taken()


def test_ids_are_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    ids = ["c9f4229cc57fbc74eb87a95549b4144e802dd2a92770517f927670674cf2347" + end for end in "89"]
    print_rows([{"id": each, "message": "m" * 300} for each in ids])
    shown = capsys.readouterr().out
    assert all(each in shown for each in ids)
    assert "…" not in shown


def test_chinese_labels_stand_in_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_language("zh")
    print_record({"state": "final", "paying_bank": 3, "rate_ppm": 45_000, "exists": False})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["状态", "已最终确认"], ["付款行", "3"], ["年利率", "4.5", "%"], ["此前已存在", "否"],
    ]  # fmt: skip
    starts = {cell_len(line) - cell_len(line.split(None, 1)[1]) for line in lines}
    assert starts == {cell_len("此前已存在") + 2}


def test_money_that_does_not_fit_is_told_and_fails() -> None:
    good = {"effect": "redeemed", "payment": "R1", "amount_fen": 1, "order": None}
    check_receipts({"direction": "in", "effects": [good]})
    odd = {**good, "effect": "amount_differs", "payment": "R2"}
    with pytest.raises(CliError, match="R2 amount_differs") as caught:
        check_receipts({"direction": "in", "effects": [good, odd]})
    assert caught.value.code is Exit.BOOKS


def test_a_failed_order_fails_the_command_in_the_readers_language() -> None:
    failure = {"code": "vouchers_not_due", "message": "not yet", "message_zh": "未到期"}
    order = {"state": "failed", "digest": "0x1", "failure": failure}
    for lang, words in (("en", "not yet"), ("zh", "未到期")):
        set_language("zh" if lang == "zh" else "en")
        for body in (order, {"financing_id": "f", "order": order}):
            with pytest.raises(CliError, match=words):
                check_order(body)
    check_order({"state": "final"})


def test_the_help_is_chinese_throughout(capsys: pytest.CaptureFixture[str]) -> None:
    set_language("zh")
    assert execute(["voucher", "issue", "--help"]) == Exit.OK
    shown = capsys.readouterr().out
    for english in ("Usage", "Options", "required", "default", "Show this"):
        assert english not in shown
    assert "用法：" in shown
    assert "[必填]" in shown
    assert execute(["voucher", "issue"]) == Exit.USAGE
    assert "缺少选项 '--payee'" in capsys.readouterr().err
    assert execute(["nonsense"]) == Exit.USAGE
    assert "没有命令 nonsense" in capsys.readouterr().err


def test_a_failure_is_json_too_where_json_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert execute(["piece", "show", "x", "--json"]) == Exit.USAGE
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert (error["exit"], error["code"]) == (2, "usage")
    assert "not a valid integer" in error["message"]
    assert shown.err.startswith("error: ")
