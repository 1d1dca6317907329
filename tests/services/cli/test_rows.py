"""The table of commands against the API's own document: operations, paths, parameters, columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from xinlian.services.api.main import create_api
from xinlian.services.cli.failure import Exit
from xinlian.services.cli.groups import ROWS
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.root import execute, make_root
from xinlian.services.cli.verbs import In, Verb, build
from xinlian.services.settings import Settings

# Parts of the API that need no command: probes of a supervisor.
WITHOUT_COMMAND = {"get_health_healthz_get", "get_readiness_readyz_get"}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    # The document needs the routes alone: nothing behind them is called.
    app = MagicMock()
    app.settings = Settings(data=tmp_path_factory.mktemp("data"))
    app.cursor_secret = bytes(32)
    made: dict[str, Any] = create_api(app).openapi()
    return made


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        operation["operationId"]: (method.upper(), path.removeprefix("/api/v1"), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def variants(document: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    schema = resolve(document, schema)
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices is None:
        return [schema]
    return [found for each in choices for found in variants(document, each)]


def test_every_operation_has_a_command(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    assert {verb.operation for verb in ROWS} == set(operations) - WITHOUT_COMMAND


@pytest.mark.parametrize("verb", ROWS, ids=lambda verb: f"{verb.group}-{verb.name}")
def test_a_command_fits_its_operation(
    verb: Verb, operations: dict[str, tuple[str, str, dict[str, Any]]], document: dict[str, Any]
) -> None:
    method, path, operation = operations[verb.operation]
    assert (verb.method, verb.path) == (method, path)
    known = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
    ours = {arg.key for arg in verb.args if arg.place is In.QUERY}
    ours |= {"limit", "cursor"} if verb.paged else set()
    ours |= {"as_of"} if verb.as_of else set()
    ours |= {"wait", "timeout"} if verb.waits else set()
    assert ours == known
    whole = any(arg.place is In.DOCUMENT for arg in verb.args)
    if "requestBody" in operation and not whole and verb.shape is None:
        schema = resolve(
            document, next(iter(operation["requestBody"]["content"].values()))["schema"]
        )
        choices = [resolve(document, each) for each in schema.get("oneOf", [schema])]
        given = {arg.key for arg in verb.args if arg.place in (In.BODY, In.FILE)}
        assert any(
            set(each.get("required", ())) <= given <= set(each["properties"]) for each in choices
        )


@pytest.mark.parametrize("verb", [verb for verb in ROWS if verb.columns], ids=lambda v: v.operation)
def test_columns_are_fields_of_the_answer(
    verb: Verb, operations: dict[str, tuple[str, str, dict[str, Any]]], document: dict[str, Any]
) -> None:
    answer = operations[verb.operation][2]["responses"]["200"]["content"]
    page = resolve(document, next(iter(answer.values()))["schema"])
    kinds = variants(document, page["properties"]["items"]["items"])
    fields = {name for kind in kinds for name in kind["properties"]}
    assert set(verb.columns) <= fields


def test_every_row_becomes_a_command() -> None:
    root = make_root()
    for verb in ROWS:
        group = root.get_command(MagicMock(), verb.group)
        assert group is not None
        assert verb.name in group.commands  # type: ignore[attr-defined]


def test_a_request_is_built_from_values(tmp_path: Path) -> None:
    rows = {(verb.group, verb.name): verb for verb in ROWS}
    transfer = build(
        rows["piece", "transfer"],
        {"piece": 65536, "amount": 150, "to": 7, "purpose": 1, "offer_seconds": 60, "wait": 5},
    )
    assert transfer.path == "/pieces/65536/transfer"
    assert transfer.parts["json"] == {
        "amount_fen": 150, "to": 7, "purpose": 1, "offer_seconds": 60,
    }  # fmt: skip
    assert transfer.parts["query"] == {"wait": "final", "timeout": 5}
    assert transfer.parts["key"].startswith("cli-")
    listing = build(rows["voucher", "list"], {"limit": 3, "after": "abc", "at": 9})
    assert listing.parts == {"query": {"limit": 3, "cursor": "abc", "as_of": 9}}
    redeem = build(rows["bank", "redeem"], {"pay_on": "2026-01-05", "vouchers": (1, 2), "key": "k"})
    assert redeem.parts["json"] == {
        "purpose": "redemption", "pay_on": "2026-01-05", "vouchers": [1, 2],
    }  # fmt: skip
    assert redeem.parts["key"] == "k"
    for lang in ("en", "zh"):
        set_language(lang)
        for name, option in (("recall", "file_lang"), ("trace", "paper_lang")):
            verb = rows[name, "export" if name == "recall" else "dossier"]
            assert build(verb, {}).parts["query"] == {"lang": lang}, "as the command speaks"
            assert build(verb, {option: "en"}).parts["query"] == {"lang": "en"}
    set_language(None)
    file = tmp_path / "rows.csv"
    file.write_bytes(b"a,b\n")
    upload = build(rows["import", "receivables"], {"file": file})
    assert upload.parts["files"] == {"file": ("rows.csv", b"a,b\n")}


@pytest.mark.parametrize("verb", ROWS, ids=lambda verb: f"{verb.group}-{verb.name}")
def test_a_command_refuses_to_go_without_what_it_needs(
    verb: Verb, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = [
        arg for arg in verb.args
        if not arg.fixed and arg.required and arg.default is None and not arg.flag
    ]  # fmt: skip
    if needed:
        assert execute([verb.group, verb.name, "--api", "http://127.0.0.1:1"]) == Exit.USAGE
        assert "Missing" in capsys.readouterr().err
