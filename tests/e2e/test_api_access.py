"""Who may call what, walked against the running server: every operation, every kind of token."""

from __future__ import annotations

from typing import Any

import pytest
from xinlian.ledger.model.parties import Role
from xinlian.services.api.access import RULES, Who
from xinlian.services.app.actors import Scope

from tests.support.api import CAST, ApiNetwork, Caller

KINDS = ["nobody", "operator", "reader", *CAST]
PATH_VALUES = {
    "party": "1",
    "id_hash": "0x" + "00" * 32,
    "reference": "no-such-call",
    "document": "0x" + "00" * 32,
    "root": "4000",
    "piece": str(4000 << 16),
    "digest": "0x" + "00" * 32,
    "request_id": "00" * 32,
    "quote_id": "00" * 32,
    "financing": "4000",
    "import_id": "00" * 32,
    "direction": "in",
    "message": "none",
    "capture": "00" * 16,
    "event": "none",
    "recall": "00" * 16,
    "log": "0x" + "00" * 32,
    "index": "0",
}


@pytest.fixture(scope="module")
def operations(api: ApiNetwork) -> dict[str, tuple[str, str]]:
    """Method and path of every operation, as the document names them."""
    document = api.call("nobody").get("/openapi.json").json()
    return {
        operation["operationId"]: (method.upper(), path.removeprefix("/api/v1"))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/v1")
    }


@pytest.fixture(scope="module")
def callers(api: ApiNetwork) -> dict[str, Caller]:
    reader = api.token(api.id("supplier"), Scope.READ)
    return {**api.callers, "reader": api.caller(reader, api.id("supplier"))}


def expected(kind: str, operation: str) -> str | None:
    """The code of the refusal that the table demands; ``None`` if the caller is let through."""
    rule = RULES[operation]
    if kind == "nobody":
        return "unauthenticated"
    if kind == "operator":
        scopes, roles = Scope.READ | Scope.WRITE | Scope.ADMIN, Role(0)
    else:
        scopes = Scope.READ if kind == "reader" else Scope.READ | Scope.WRITE | Scope.SIGN
        words = ["supplier"] if kind == "reader" else CAST[kind]
        roles = Role(sum(Role[word.upper()] for word in words))
    if rule.scope not in scopes:
        return "scope_missing"
    platform, oversight = kind == "operator", bool(roles & (Role.AUDITOR | Role.REGULATOR))
    allowed = {
        Who.ANY: True,
        Who.PARTY: not platform,
        Who.PLATFORM: platform,
        Who.OVERSIGHT: platform or oversight,
    }[rule.who]
    if not allowed or (rule.roles and not rule.roles & roles):
        return "role_missing"
    return None


def test_the_document_and_the_table_name_the_same_operations(
    operations: dict[str, tuple[str, str]],
) -> None:
    assert sorted(operations) == sorted(RULES)


@pytest.mark.parametrize("operation", sorted(RULES))
def test_every_kind_of_caller_is_let_through_or_refused_as_the_table_says(
    operation: str, operations: dict[str, tuple[str, str]], callers: dict[str, Caller]
) -> None:
    method, path = operations[operation]
    for name, value in PATH_VALUES.items():
        path = path.replace("{" + name + "}", value)
    for kind in KINDS:
        answer = send(callers[kind], method, path)
        wanted = expected(kind, operation)
        code = answer.json()["code"] if answer.status_code >= 400 else None
        if wanted is not None:
            assert code == wanted, (kind, operation, answer.text)
        else:
            # An empty body or a thing that is not there stops it later; never the table.
            assert code in (None, "invalid", "malformed", "media_type", "not_found"), (
                kind,
                operation,
                answer.text,
            )


def send(caller: Caller, method: str, path: str) -> Any:
    return caller.get(path) if method == "GET" else caller.post(path, {})


def test_a_suspended_party_reads_but_signs_nothing(api: ApiNetwork) -> None:
    party = api.join("fallen", ["supplier"])
    path = f"/parties/{party}/status"
    evidence = {"evidence": "0x" + "01" * 32}
    operator, fallen = api.call("operator"), api.call("fallen")
    for status, code in (("suspended", "party_suspended"), ("active", "not_found")):
        answer = operator.post(path, {"status": status, **evidence}, wait="final", timeout=30)
        assert answer.json()["state"] == "final", answer.text
        assert fallen.get("/me").json()["active"] is (status == "active")
        assert fallen.get("/pieces").status_code == 200
        refused = fallen.post("/pieces/65536000/merge", {"other": 65536001})
        if status == "suspended":
            assert (refused.status_code, refused.json()["code"]) == (403, code)
        else:
            assert refused.status_code == 202


def test_a_revoked_token_is_nobodys_at_once(api: ApiNetwork) -> None:
    token = api.token(api.id("outsider"))
    caller = api.caller(token, api.id("outsider"))
    assert caller.get("/me").status_code == 200
    api.app.tokens.revoke(token.split("_")[1])
    assert caller.get("/me").json()["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Basic eDp5", "Bearer xlt_a_b", "xlt_aaaaaaaaaaaa_", "Bearer \xe9"],
)
def test_what_is_no_token_is_answered_alike(api: ApiNetwork, header: str) -> None:
    nobody = api.call("nobody").http
    headers = {b"Authorization": header.encode("latin-1")}
    answer = nobody.get("/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["detail"] == nobody.get("/me").json()["detail"]
