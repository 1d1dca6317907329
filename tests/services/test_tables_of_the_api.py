"""The tables that decide: who may call what, which code has which status, in which order."""

import re

import pytest
from fastapi.routing import APIRoute
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.parties import Role
from xinlian.services.api import main
from xinlian.services.api.access import RULES, Access, Who, admit
from xinlian.services.api.handlers import LEDGER_STATUS
from xinlian.services.api.problems import STATUS, TITLES
from xinlian.services.app.actors import Actor, Scope
from xinlian.services.app.errors import Code, RefusedError

ROUTES = [
    route
    for module in main.MODULES
    for route in module.router.routes
    if isinstance(route, APIRoute)
]


# Questions too long for an address: they keep nothing.
QUESTIONS = {
    *("check_receipt", "make_proof_bundle", "make_gauge_study", "make_label_sheet"),
    "make_telemetry_proof",
}


def test_every_operation_has_its_rule_and_every_rule_its_operation() -> None:
    assert sorted(route.name for route in ROUTES) == sorted(RULES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_reads_need_read_and_writes_more(route: APIRoute) -> None:
    scope = RULES[route.name].scope
    if route.methods == {"GET"} or route.name in QUESTIONS:
        assert scope in (Scope.READ, Scope.ADMIN)
    else:
        assert route.methods == {"POST"}
        assert scope in (Scope.WRITE, Scope.SIGN, Scope.ADMIN)


@pytest.mark.parametrize("name", ["get_sampling_plan", "make_gauge_study"])
def test_what_is_reckoned_from_the_question_alone_is_for_everybody_signed_in(name: str) -> None:
    admit(PLATFORM, RULES[name])
    admit(ISSUER, RULES[name])


def test_the_platform_can_call_nothing_that_signs() -> None:
    for name, rule in RULES.items():
        if rule.scope is Scope.SIGN:
            assert rule.who is Who.PARTY, name


def test_every_code_has_a_status_and_titles_in_two_languages() -> None:
    assert list(STATUS) == list(Code)
    assert list(TITLES) == list(Code)
    for english, chinese in TITLES.values():
        assert english.isascii()
        assert re.search(r"[\u4e00-\u9fff]", chinese)


def test_codes_stand_in_order_of_precedence() -> None:
    order = [code.value for code in Code]
    assert order[:6] == [
        "unauthenticated",
        "rate_limited",
        "scope_missing",
        "role_missing",
        "other_party",
        "party_suspended",
    ]
    for earlier, later in (
        ("idempotency_key_missing", "body_too_large"),
        ("body_too_large", "media_type"),
        ("media_type", "malformed"),
        ("malformed", "invalid"),
        ("invalid", "not_found"),
        ("not_found", "idempotency_conflict"),
        ("idempotency_conflict", "state"),
    ):
        assert order.index(earlier) < order.index(later)


def test_refusals_of_the_contracts_are_conflicts_with_the_state_of_things() -> None:
    contracts = ("orders_", "directory_", "registry_", "documents_", "vouchers_", "desk_")
    for failure in Failure:
        if failure.startswith(contracts):
            assert LEDGER_STATUS.get(failure, 409) == 409, failure


ALL = Scope.READ | Scope.WRITE | Scope.SIGN
ISSUER = Actor("t", PartyId(1), ALL, Role.ISSUER)
PLATFORM = Actor("t", None, Scope.READ | Scope.WRITE | Scope.ADMIN)


@pytest.mark.parametrize(
    ("actor", "rule", "code"),
    [
        (ISSUER, Access(Scope.READ), None),
        (ISSUER, Access(Scope.SIGN, roles=Role.ISSUER | Role.SUPPLIER), None),
        (ISSUER, Access(Scope.ADMIN, Who.PLATFORM), Code.SCOPE_MISSING),
        (ISSUER, Access(Scope.READ, Who.PLATFORM), Code.ROLE_MISSING),
        (ISSUER, Access(Scope.READ, Who.OVERSIGHT), Code.ROLE_MISSING),
        (ISSUER, Access(Scope.SIGN, roles=Role.FUNDER), Code.ROLE_MISSING),
        (PLATFORM, Access(Scope.SIGN), Code.SCOPE_MISSING),
        (PLATFORM, Access(Scope.READ), Code.ROLE_MISSING),
        (PLATFORM, Access(Scope.READ, Who.ANY), None),
        (PLATFORM, Access(Scope.READ, Who.OVERSIGHT), None),
        (Actor("t", PartyId(1), ALL, Role.AUDITOR), Access(Scope.READ, Who.OVERSIGHT), None),
        (Actor("t", PartyId(1), ALL, Role.ISSUER, active=False), Access(Scope.READ), None),
        (
            Actor("t", PartyId(1), ALL, Role.ISSUER, active=False),
            Access(Scope.SIGN),
            Code.PARTY_SUSPENDED,
        ),
        (
            Actor("t", PartyId(1), Scope.READ, Role.ISSUER, active=False),
            Access(Scope.SIGN),
            Code.SCOPE_MISSING,
        ),
    ],
)
def test_admission_goes_by_scope_then_caller_then_role_then_status(
    actor: Actor, rule: Access, code: Code | None
) -> None:
    if code is None:
        admit(actor, rule)
    else:
        with pytest.raises(RefusedError) as refused:
            admit(actor, rule)
        assert refused.value.code is code
