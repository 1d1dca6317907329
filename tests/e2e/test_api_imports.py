"""Imports through the API: a party's own receivables, its mistakes, and what others may not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.finance.usecases.trade.import_table import read_table
from xinlian.services.app import imports

from tests.support.api import ApiNetwork
from tests.support.repository import ROOT

MAPPING = (ROOT / "finance/mappings/sample.yaml").read_bytes()
HEADER = (
    "销方统一社会信用代码,销方名称,购方统一社会信用代码,购方名称,数电票号码,开票日期,交货日期,"
    "到期日,金额,税额,价税合计,实际付款日"
)


def row(seller: str, buyer: str, number: int, *, amount: str = "113.00", tax: str = "13.00") -> str:
    codes = [synthetic_uscc("tests", name) for name in (seller, buyer)]
    net = "100.00"
    return (
        f"{codes[0]},公司 {seller},{codes[1]},公司 {buyer},2502{number:016d},2025-06-01,2025-05-30,"
        f"2025-12-01,{net},{tax},{amount},"
    )


def table(*rows: str) -> dict[str, Any]:
    content = "\n".join([HEADER, *rows]).encode()
    return {
        "file": ("receivables.csv", content, "text/csv"),
        "mapping": ("sample.yaml", MAPPING, "application/yaml"),
    }


def test_every_row_ends_with_its_outcome(api: ApiNetwork) -> None:
    files = table(
        row("supplier", "issuer", 1),
        row("supplier", "issuer", 2),
        row("supplier", "issuer", 2, amount="226.00", tax="126.00"),
        row("supplier", "issuer", 1),
        row("supplier", "issuer", 3, amount="-1"),
    )
    answer = api.call("supplier").upload("/imports", files, key="import-1")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    counts = {name: made[name] for name in ("rows", "accepted", "exists", "conflict", "invalid")}
    assert counts == {"rows": 5, "accepted": 2, "exists": 1, "conflict": 1, "invalid": 1}
    rows = api.call("supplier").get(f"/imports/{made['id']}/rows", limit=2).json()
    assert [each["line"] for each in rows["items"]] == [2, 3]
    rest = api.call("supplier").get(f"/imports/{made['id']}/rows", cursor=rows["next"]).json()
    outcomes = [each["outcome"] for each in rest["items"]]
    assert outcomes == ["conflict", "exists", "invalid"]
    assert rest["items"][0]["field"] == "amount"
    document = rows["items"][0]["document"]
    assert document["gross_fen"] == 11_300
    body = {
        "document": document["document"],
        "kind": "invoice",
        "seller": api.id("supplier"),
        "amount_fen": document["gross_fen"],
    }
    api.call("issuer").done("/documents", body)


def test_the_same_file_again_is_the_same_import(api: ApiNetwork) -> None:
    files = table(row("supplier", "issuer", 50))
    first = api.call("supplier").upload("/imports", files, key="same-1").json()
    again = api.call("supplier").upload("/imports", files, key="same-1").json()
    other_key = api.call("supplier").upload("/imports", files, key="same-2").json()
    assert first["repeated"] is False
    assert {**first, "repeated": True} == again == other_key
    changed = table(row("supplier", "issuer", 51))
    answer = api.call("supplier").upload("/imports", changed, key="same-1")
    assert answer.json()["fields"]["field"] == "file"


def test_documents_of_others_are_not_to_be_imported(api: ApiNetwork) -> None:
    api.call("supplier").upload("/imports", table(row("supplier", "issuer", 62)))
    files = table(*(row("supplier", "issuer", number) for number in (61, 62)))
    answer = api.call("outsider").upload("/imports", files)
    # One row is known here and one is not: who is no party to them can't tell which.
    assert (answer.status_code, answer.json()["invalid"]) == (201, 2), answer.text
    told = api.call("outsider").get(f"/imports/{answer.json()['id']}/rows").json()["items"]
    assert {each["reason"] for each in told} == {"not_yours"}
    assert [each["document"] for each in told] == [None, None]
    assert len({each["message"] for each in told}) == 1
    # Nothing of it was taken: the rightful party brings its row in as new.
    made = api.call("supplier").upload("/imports", files).json()
    assert (made["accepted"], made["exists"], made["repeated"]) == (1, 1, False)
    assert len(api.call("outsider").get("/imports").json()["items"]) == 1
    assert api.call("outsider").get(f"/imports/{made['id']}").status_code == 404
    assert api.call("outsider").get(f"/imports/{made['id']}/rows").status_code == 404
    assert api.call("auditor").get(f"/imports/{made['id']}").status_code == 200


def ended(api: ApiNetwork, name: str, *rows: str) -> list[dict[str, Any]]:
    """How the rows of a file end when a party imports it."""
    made = api.call(name).upload("/imports", table(*rows))
    assert made.status_code == 201, made.text
    path = f"/imports/{made.json()['id']}/rows"
    found: list[dict[str, Any]] = api.call(name).get(path).json()["items"]
    return found


def test_a_made_up_buyer_takes_no_number_and_learns_nothing(api: ApiNetwork) -> None:
    ended(api, "supplier", row("supplier", "issuer", 300))
    # 300 is the supplier's with somebody else, 301 is not there at all.
    told = ended(api, "issuer2", *(row("supplier", "issuer2", number) for number in (300, 301)))
    assert [each["outcome"] for each in told] == ["accepted", "accepted"]
    assert {each["document"]["buyer_name"] for each in told} == {"公司 issuer2"}
    assert len({tuple(sorted(each)) + tuple(sorted(each["document"])) for each in told}) == 1
    mine = ended(api, "supplier", *(row("supplier", "issuer", number) for number in (300, 301)))
    assert [each["outcome"] for each in mine] == ["exists", "accepted"]
    assert {each["document"]["buyer_name"] for each in mine} == {"公司 issuer"}
    # Nor does it learn of it afterwards.
    again = ended(api, "issuer2", row("supplier", "issuer2", 301), row("supplier", "issuer2", 300))
    assert [each["outcome"] for each in again] == ["exists", "exists"]
    other = row("supplier", "issuer2", 300, amount="226.00", tax="126.00")
    assert [each["outcome"] for each in ended(api, "issuer2", other)] == ["conflict"]


def test_the_sellers_word_stands_and_contests_the_buyers(api: ApiNetwork) -> None:
    rows = [row("supplier", "issuer", number) for number in (310, 311)]
    files = table(rows[0], row("supplier", "issuer", 311, amount="226.00", tax="126.00"))
    stated = api.call("issuer").upload("/imports", files).json()
    assert (stated["accepted"], stated["conflict"]) == (2, 0)
    assert [each["outcome"] for each in ended(api, "supplier", *rows)] == ["accepted"] * 2
    now = api.call("issuer").get(f"/imports/{stated['id']}").json()
    assert (now["accepted"], now["conflict"]) == (1, 1)
    told = api.call("issuer").get(f"/imports/{stated['id']}/rows").json()["items"]
    assert (told[1]["outcome"], told[1]["field"]) == ("conflict", "amount")
    assert [each["outcome"] for each in ended(api, "issuer", *reversed(rows))] == ["exists"] * 2
    seen = api.call("auditor").get(f"/imports/{stated['id']}/rows").json()["items"]
    assert seen == told


def test_others_go_on_while_a_file_is_read(
    api: ApiNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One import of a party at a time, and nobody waits for its reader."""
    files = table(row("supplier", "issuer", 90))
    meanwhile: list[int] = []

    def slow(*given: Any) -> Any:
        monkeypatch.setattr(imports, "read_table", read_table)
        api.document(100)
        second = api.caller(api.call("supplier").token).upload("/imports", files)
        assert second.headers["Retry-After"]
        meanwhile.append(second.status_code)
        other = table(row("supplier2", "issuer", 90))
        meanwhile.append(api.call("supplier2").upload("/imports", other).status_code)
        return read_table(*given)

    monkeypatch.setattr(imports, "read_table", slow)
    made = api.call("supplier").upload("/imports", files)
    assert (made.status_code, made.json()["accepted"]) == (201, 1), made.text
    assert meanwhile == [429, 201]
    assert api.call("supplier").upload("/imports", files).json()["repeated"] is True


def test_a_file_of_more_rows_than_the_server_takes(api: ApiNetwork) -> None:
    lines = [row("supplier", "issuer", 1)] * (imports.BOUNDS.rows + 1)
    answer = api.call("supplier").upload("/imports", table(*lines))
    assert (answer.status_code, answer.json()["fields"]["reason"]) == (422, "too_many_rows")


@pytest.mark.parametrize(
    ("file", "mapping", "field"),
    [
        (b"", MAPPING, "file"),
        (b"\x00\x01\x02", MAPPING, "file"),
        (b"a,b\n1,2\n", MAPPING, "file"),
        (HEADER.encode(), MAPPING, "file"),
        (b"PK\x03\x04broken", MAPPING, "file"),
        (HEADER.encode(), b"version: 9", "mapping"),
        (HEADER.encode(), b"a: &a [*a]", "mapping"),
        (HEADER.encode(), b"\xff\xfe", "mapping"),
        (b"<no-invoice/>", None, "file"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", None, "file"),
    ],
)
def test_a_file_that_cannot_be_taken_leaves_nothing(
    api: ApiNetwork, file: bytes, mapping: bytes | None, field: str
) -> None:
    files: dict[str, Any] = {"file": ("file.csv", file, "text/csv")}
    if mapping is not None:
        files["mapping"] = ("mapping.yaml", mapping, "application/yaml")
    before = api.call("supplier").get("/imports", limit=500).json()
    answer = api.call("supplier").upload("/imports", files)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert answer.json()["fields"]["field"] == field
    assert api.call("supplier").get("/imports", limit=500).json() == before


def test_a_file_in_the_encoding_of_old_chinese_programs(api: ApiNetwork) -> None:
    files = table(row("supplier", "issuer", 70))
    name, content, kind = files["file"]
    files["file"] = (name, content.decode().encode("gb18030"), kind)
    made = api.call("supplier").upload("/imports", files)
    assert made.status_code == 201, made.text
    rows = api.call("supplier").get(f"/imports/{made.json()['id']}/rows").json()["items"]
    assert rows[0]["document"]["buyer_name"] == "公司 issuer"


def test_a_file_name_is_a_name_and_no_path(api: ApiNetwork, tmp_path: Path) -> None:
    files = table(row("supplier", "issuer", 80))
    files["file"] = ("../../etc/receivables.csv", *files["file"][1:])
    made = api.call("supplier").upload("/imports", files).json()
    assert made["file_name"] == "receivables.csv"


@pytest.mark.parametrize("content", [b"", b"<Document/>", b"\xff", b"<a>" * 1_000])
def test_a_bank_message_that_is_none_is_refused(api: ApiNetwork, content: bytes) -> None:
    files = {"file": ("camt.xml", content, "application/xml")}
    answer = api.call("bank").upload("/bank-messages", files)
    assert (answer.status_code, answer.json()["fields"]["field"]) == (422, "file"), answer.text
