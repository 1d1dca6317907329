"""What a refused request is told: plain words in two languages, with stable codes."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from xinlian.services.api.chinese import in_chinese, template_of
from xinlian.services.api.schemas.financing import IdText
from xinlian.services.api.schemas.parties import LimitBody, PartyBody
from xinlian.services.api.wording import describe

from tests.support.repository import ROOT

PARTY = {
    "name": "n",
    "social_credit_code": "91990000MA00000003",
    "roles": ["issuer"],
    "custody_keys": 1,
}


def wrong(model: Any, value: Any) -> list[dict[str, str]]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(model).validate_python(value)
    return [describe(error).as_json() for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("model", "value", "field", "code", "words", "chinese"),
    [
        (
            PartyBody, {**PARTY, "social_credit_code": "X"}, "social_credit_code", "form",
            'social_credit_code: 18 characters of 0-9 and A-Z without I, O, S, V, Z (GB 32100) are '
            'wanted, not "X"', "统一社会信用代码（social_credit_code）：需为18 位数字",
        ),
        (
            PartyBody, {**PARTY, "bank_account": "62220001"}, "bank_code", "goes_with",
            "bank_code: goes with bank_account", "须与 银行账号（bank_account）同时提供",
        ),
        (
            PartyBody, {**PARTY, "roles": ["boss"]}, "roles.0", "choice",
            "roles: one of issuer, supplier", "需为 issuer, supplier",
        ),
        (
            LimitBody, {"limit_fen": -500}, "limit_fen", "too_small",
            "limit_fen: at least 0 is wanted, not -500", "额度（limit_fen）：至少为 0，而非 -500",
        ),
        (LimitBody, {}, "limit_fen", "missing", "was not given", "必填"),
        (LimitBody, {"limit_fen": 1, "x": 2}, "x", "unknown", "no such field", "没有该字段"),
        (LimitBody, {"limit_fen": "1"}, "limit_fen", "type", "a whole number", "需为整数"),
        (
            IdText, "ab", "", "form",
            "64 digits of 0-9 and a-f, all of them are wanted", "完整的 64 位",
        ),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_in_plain_words(
    model: Any, value: Any, field: str, code: str, words: str, chinese: str
) -> None:
    (found,) = wrong(model, value)
    assert (found["field"], found["code"]) == (field, code)
    assert words in found["message"]
    assert chinese in found["message_zh"]


def test_a_sentence_keeps_its_values_in_chinese() -> None:
    assert in_chinese("there is no piece 7 that concerns you") == "没有与您相关的凭证段 7"
    assert in_chinese("a sentence that nobody wrote") == "a sentence that nobody wrote"


def test_every_sentence_of_the_services_has_its_chinese() -> None:
    missing = {
        text
        for folder in ("api", "app")
        for path in sorted((ROOT / "services/xinlian/services" / folder).rglob("*.py"))
        for text in refusals(path)
        if not template_of(text)
    }
    assert missing == set()


def refusals(path: Path) -> list[str]:
    """The sentences with which a module refuses, ``{}`` for each value."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RefusedError":
            text = template(node.args[1])
            if text is not None:
                found.append(text)
    return found


def template(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(template(part) or "{}" for part in node.values)
    return None
