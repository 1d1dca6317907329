"""Attacks of one party on another: everything of others looks like nothing at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import ApiNetwork, Caller

STRANGERS = ["outsider", "issuer2", "funder", "bank2"]


@pytest.fixture(scope="module")
def secrets(api: ApiNetwork) -> dict[str, Any]:
    """Things of issuer, supplier, supplier2 and bank, by the paths under which they are read."""
    piece = api.voucher(50_000, days=60)
    passed = api.transfer(piece, "supplier", "supplier2", 20_000)
    open_offer = api.transfer(piece, "supplier", "supplier2", 1_000, accept=False)
    root = piece >> 16
    document = api.call("issuer").get(f"/vouchers/{root}").json()["document"]
    digest = api.call("supplier").get("/orders").json()["items"][0]["digest"]
    return {
        "pieces": [piece, passed, open_offer],
        "root": root,
        "document": document,
        "digest": digest,
    }


def paths(secrets: dict[str, Any]) -> list[str]:
    found = [f"/vouchers/{secrets['root']}", f"/vouchers/{secrets['root']}/pieces"]
    found += [f"/documents/{secrets['document']}", f"/orders/{secrets['digest']}"]
    for piece in secrets["pieces"]:
        found += [f"/pieces/{piece}", f"/pieces/{piece}/lineage", f"/pieces/{piece}/history"]
    return found


@pytest.mark.parametrize("stranger", STRANGERS)
def test_what_is_others_is_answered_like_what_does_not_exist(
    api: ApiNetwork, secrets: dict[str, Any], stranger: str
) -> None:
    caller = api.call(stranger)
    for path in paths(secrets):
        missing = path
        for number, nothing in (
            (secrets["root"], 9_000),
            *((piece, 9_000 << 16) for piece in secrets["pieces"]),
        ):
            missing = missing.replace(f"/{number}", f"/{nothing}")
        missing = missing.replace(secrets["document"], "0x" + "77" * 32)
        missing = missing.replace(secrets["digest"], "0x" + "77" * 32)
        assert shape(caller, path) == shape(caller, missing), path


def shape(caller: Caller, path: str) -> tuple[Any, ...]:
    """An answer without the number that was asked for and the id of the request."""
    answer = caller.get(path)
    body = answer.json()
    asked = [part for part in path.split("/") if part[:1].isdigit()]
    detail = body["detail"]
    for part in asked:
        detail = detail.replace(part, "#")
    names = sorted(set(answer.headers) - {"content-length", "date", "x-request-id"})
    return answer.status_code, body["code"], detail, body["fields"], names


@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_list_shows_what_is_others(
    api: ApiNetwork, secrets: dict[str, Any], stranger: str
) -> None:
    caller = api.call(stranger)
    for relation in ("any", "holder", "offeree", "former_holder", "issuer", "paying_bank"):
        assert all_items(caller, "/pieces", relation=relation) == []
        assert all_items(caller, "/vouchers", relation=relation) == []
    assert all_items(caller, "/pieces", root=secrets["root"]) == []
    assert all_items(caller, "/vouchers", document=secrets["document"]) == []
    assert all_items(caller, "/documents") == []
    assert all_items(caller, "/orders") == []
    for direction in ("incoming", "outgoing"):
        assert all_items(caller, "/offers", direction=direction) == []
    for report in ("exposure", "holdings", "maturity-ladder"):
        assert caller.get(f"/reports/{report}").json()["items"] == []
    for path in ("/pieces", "/vouchers", "/reports/exposure", "/reports/holdings"):
        answer = caller.get(path, party=api.id("supplier"))
        assert answer.json()["code"] == "not_found"


def all_items(caller: Caller, path: str, **query: Any) -> list[Any]:
    answer = caller.get(path, limit=500, **query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


def test_each_side_sees_its_own_and_no_more(api: ApiNetwork, secrets: dict[str, Any]) -> None:
    piece, passed, open_offer = secrets["pieces"]
    # supplier2 holds one part and is offered another; the sender's remaining piece is not its own.
    seen = {item["piece"] for item in all_items(api.call("supplier2"), "/pieces")}
    assert seen == {passed, open_offer}
    assert api.call("supplier2").get(f"/pieces/{piece}").status_code == 404
    # Who passed a part on still sees it; issuer and paying bank see the whole voucher.
    for name in ("supplier", "issuer", "bank"):
        mine = {item["piece"] for item in all_items(api.call(name), "/pieces")}
        assert {piece, passed, open_offer} <= mine
    lineage = api.call("supplier2").get(f"/pieces/{passed}/lineage").json()
    assert lineage["document"]["document"] == secrets["document"]
    assert lineage["voucher"]["face_fen"] == 50_000
    assert [each["piece"] for each in lineage["piece"]["sources"]] == [piece]


def test_auditor_and_regulator_see_everything_and_the_operator_nothing(
    api: ApiNetwork, secrets: dict[str, Any]
) -> None:
    for path in paths(secrets):
        for name in ("auditor", "regulator"):
            assert api.call(name).get(path).status_code == 200, path
        assert api.call("operator").get(path).json()["code"] == "role_missing", path
    view = all_items(api.call("auditor"), "/pieces", relation="holder", party=api.id("supplier2"))
    assert {item["piece"] for item in view} == {secrets["pieces"][1]}


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("transfer", {"amount_fen": 1, "to": 1, "purpose": 1}),
        ("merge", {"other": 65_536}),
        ("dishonour", {"evidence": "0x" + "01" * 32}),
        ("write-off", {"evidence": "0x" + "01" * 32}),
    ],
)
def test_a_stranger_moves_nothing_of_others(
    api: ApiNetwork, secrets: dict[str, Any], verb: str, body: dict[str, Any]
) -> None:
    piece = secrets["pieces"][0]
    before = api.call("supplier").get(f"/pieces/{piece}").json()
    found = api.call("outsider").order(f"/pieces/{piece}/{verb}", body)
    assert found["state"] == "failed"
    assert api.call("supplier").get(f"/pieces/{piece}").json() == before


def test_a_bank_redeems_only_what_is_paid_through_it(
    api: ApiNetwork, secrets: dict[str, Any]
) -> None:
    body = {"amount_fen": 1, "receipt": "0x" + "01" * 32}
    found = api.call("bank2").order(f"/pieces/{secrets['pieces'][0]}/redeem", body)
    assert found["failure"]["code"] == "vouchers_not_paying_bank"


def test_an_order_of_another_party_is_not_taken_even_if_well_signed(api: ApiNetwork) -> None:
    prepared = (
        api.call("supplier")
        .post("/orders/prepare", {"content": {"kind": "Withdraw", "items": [{"piece": 65_536}]}})
        .json()
    )
    body = {name: prepared[name] for name in ("party", "nonce", "deadline", "content")}
    body["signatures"] = ["0x" + "00" * 65]
    assert api.call("outsider").post("/orders", body).json()["code"] == "other_party"


def test_codes_and_accounts_of_companies_are_shown_to_themselves_and_oversight(
    api: ApiNetwork,
) -> None:
    path = f"/parties/{api.id('supplier')}"
    for name, shown in (
        ("supplier", True),
        ("auditor", True),
        ("operator", True),
        ("outsider", False),
        ("bank", False),
    ):
        view = api.call(name).get(path).json()
        assert view["name"] == "公司 supplier"
        for field in ("social_credit_code", "bank_account", "bank_code"):
            assert (view[field] is not None) is shown, (name, field)


def test_a_cursor_of_one_party_is_nothing_in_the_hands_of_another(api: ApiNetwork) -> None:
    for _ in range(2):
        api.voucher(100)
    cursor = api.call("supplier").get("/pieces", limit=1).json()["next"]
    assert cursor is not None
    assert api.call("supplier").get("/pieces", limit=1, cursor=cursor).status_code == 200
    assert api.call("issuer").get("/pieces", limit=1, cursor=cursor).json()["code"] == "cursor"
    assert api.call("supplier").get("/vouchers", cursor=cursor).json()["code"] == "cursor"
