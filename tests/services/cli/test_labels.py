"""Chinese for everything that the API document names, and words for every form that it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest
from xinlian.finance.model.banking.bank import PaymentPurpose, PaymentState
from xinlian.finance.usecases.banking.receipts import EffectKind
from xinlian.services.api.main import create_api
from xinlian.services.api.wording import FORMS
from xinlian.services.labels import FIELDS, WORDS, field_zh
from xinlian.services.settings import Settings

from tests.support.repository import ROOT

# How the document describes problems and times is for programs alone.
ONLY_FOR_PROGRAMS = {r"^[a-z0-9_]+$", r"^urn:xinlian:problem:[a-z0-9_]+$"}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    app = MagicMock()
    app.settings = Settings(data=tmp_path_factory.mktemp("data"))
    app.cursor_secret = bytes(32)
    made: dict[str, Any] = create_api(app).openapi()
    return made


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for name, inner in node.items():
            if name not in ("example", "examples"):
                yield from schemas(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from schemas(inner)


def test_every_field_has_a_chinese_label(document: dict[str, Any]) -> None:
    names = {
        name
        for schema in schemas(document)
        if isinstance(schema.get("properties"), dict)
        for name in schema["properties"]
    }
    for path in document["paths"].values():
        for operation in path.values():
            names |= {
                each["name"] for each in operation.get("parameters", []) if each["in"] != "header"
            }
    assert {name for name in names if field_zh(name) is None} == set()


def test_every_word_of_an_enumeration_has_its_chinese(document: dict[str, Any]) -> None:
    words = {str(word) for schema in schemas(document) for word in schema.get("enum", ())}
    fixed = [schema["const"] for schema in schemas(document) if "const" in schema]
    words |= {word for word in fixed if word is not True}  # a consent, not a word
    for kind in (PaymentPurpose, PaymentState, EffectKind):
        words |= {str(word) for word in kind}
    # Codes of a standard (AQL 0.65, level II) are the same in every language.
    words = {word for word in words if re.search("[a-z]", word)}
    assert {word for word in words if word not in WORDS and word != "repeated"} == set()


def test_every_event_and_its_arguments_have_their_chinese() -> None:
    found = {}
    for file in sorted((ROOT / "contracts/src").rglob("*.sol")):
        for name, arguments in re.findall(
            r"^    event (\w+)\(([^)]*)\)", file.read_text(), re.MULTILINE
        ):
            found[name] = [part.split()[-1] for part in arguments.split(",") if part.split()]
    assert "VoucherOffered" in found
    ours = {name for name in found if name not in GOVERNANCE}
    assert {name for name in ours if name not in WORDS} == set()
    names = {snake(argument) for name in ours for argument in found[name]}
    assert {name for name in names if name not in FIELDS} == set()


# The council's own events, and the token standard's, concern no party.
GOVERNANCE = {"ScheduleApproved", "CancelApproved", "CouncilSet", "Transfer"}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def test_every_form_has_its_words(document: dict[str, Any]) -> None:
    forms = {schema["pattern"] for schema in schemas(document) if _is_text(schema.get("pattern"))}
    assert forms - set(FORMS) - ONLY_FOR_PROGRAMS == set()


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def test_labels_are_short_and_chinese() -> None:
    for table in (FIELDS, WORDS):
        for name, label in table.items():
            assert 0 < len(label) <= 12, name
            assert re.search(r"[\u4e00-\u9fff]", label), name
