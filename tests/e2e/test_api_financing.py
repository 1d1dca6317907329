"""The financing path through the API: quotes, lock, registration, money by bank files."""

from typing import Any

from xinlian.finance.adapters.banking.folder import FolderBank
from xinlian.finance.adapters.banking.sandbox import SandboxBank
from xinlian.finance.adapters.data_files import china_calendar
from xinlian.ledger.model.days import day_at

from tests.support.api import ApiNetwork, effect


def quote(api: ApiNetwork, rate: int, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "sale",
        "recourse": True,
        "rate_ppm": rate,
        "basis": "ACT/360",
        "disburse_day": api.day(),
        "bank": api.id("bank"),
        "fees": [{"name": "登记费", "amount_fen": 30, "when": "upfront"}],
        "expires_at": api.now + 3_600,
        **changes,
    }


def run_bank(api: ApiNetwork, bank: str = "bank") -> list[dict[str, Any]]:
    """Let the sandbox bank do the day's payments; upload what it tells."""
    folder = FolderBank(api.settings.data / "banks" / f"bank-{api.id(bank)}")
    SandboxBank(folder, china_calendar()).run(day_at(api.now))
    uploaded = []
    for inbound in folder.receive():
        files = {"file": ("camt.054.xml", inbound.content, "application/xml")}
        answer = api.call(bank).upload("/bank-messages", files)
        assert answer.status_code == 201, answer.text
        folder.done(inbound)
        uploaded.append(answer.json())
    return uploaded


def settled(api: ApiNetwork, caller: str, digest: str) -> dict[str, Any]:
    answer = api.call(caller).get(f"/orders/{digest}", wait="final", timeout=30)
    found: dict[str, Any] = answer.json()
    assert found["state"] == "final", found
    return found


def test_competing_quotes_are_taken_to_disbursement_and_redemption(api: ApiNetwork) -> None:
    piece = api.voucher(100_000, days=60)
    body = {"piece": piece, "amount_fen": 40_000, "closes_at": api.now + 3_600}
    asked = api.call("supplier").post("/quote-requests", body, key="ask-1")
    assert asked.status_code == 201, asked.text
    request = asked.json()["id"]
    again = api.call("supplier").post("/quote-requests", body, key="ask-1")
    assert (again.json()["id"], again.json()["exists"]) == (request, True)

    seen = [item["id"] for item in api.call("funder").get("/quote-requests").json()["items"]]
    assert request in seen
    lineage = api.call("funder").get(f"/quote-requests/{request}/lineage").json()
    assert lineage["document"]["usable_fen"] == 100_000
    assert api.call("outsider").get(f"/quote-requests/{request}/lineage").status_code == 404
    for name, rate in (("funder", 45_000), ("funder2", 40_000)):
        path = f"/quote-requests/{request}/quotes"
        answer = api.call(name).post(path, quote(api, rate))
        assert answer.status_code == 201, answer.text
    quotes = api.call("supplier").get(f"/quote-requests/{request}/quotes").json()["items"]
    assert [each["funder"] for each in quotes] == [api.id("funder2"), api.id("funder")]
    sealed = api.call("funder").get(f"/quote-requests/{request}/quotes").json()["items"]
    assert [each["funder"] for each in sealed] == [api.id("funder")]
    best = quotes[0]

    accepted = api.call("supplier").post(f"/quotes/{best['id']}/accept", wait="final", timeout=30)
    assert accepted.status_code == 200, accepted.text
    opened = effect(accepted.json()["order"], "FinancingOpened")
    number = opened["financing"]
    api.app.follower.round()
    registered = {"registration_number": "ZDW-2025-00000001"}
    api.call("funder2").done(f"/financings/{number}/register", registered)

    instruction = {
        "purpose": "disbursement",
        "pay_on": api.day(),
        "financings": [number],
    }
    told = api.call("funder2").post("/payments", instruction, key="pay-1")
    assert told.status_code == 201, told.text
    assert api.call("funder2").post("/payments", instruction, key="pay-1").json()["exists"]
    api.set_time(api.now + 3 * 86_400)
    (message,) = run_bank(api)
    (done,) = message["effects"]
    assert (done["effect"], done["amount_fen"]) == ("disbursed", best["price_fen"])
    settled(api, "bank", done["order"])
    financing = api.call("supplier").get(f"/financings/{number}").json()
    assert financing["state"] == "disbursed"
    sold = api.call("funder2").get(f"/pieces/{opened['piece']}").json()
    assert (sold["state"], sold["holder"]) == ("financed", api.id("funder2"))

    api.set_time(api.now + 60 * 86_400)
    due = {"purpose": "redemption", "pay_on": api.day(), "vouchers": [piece >> 16]}
    assert api.call("issuer").post("/payments", due).status_code == 201
    api.set_time(api.now + 4 * 86_400)
    (message,) = run_bank(api)
    assert {each["effect"] for each in message["effects"]} == {"redeemed"}
    for digest in {each["order"] for each in message["effects"]}:
        settled(api, "bank", digest)
    voucher = api.call("issuer").get(f"/vouchers/{piece >> 16}").json()
    assert (voucher["state"], voucher["unpaid_fen"]) == ("settled", 0)


def ask(api: ApiNetwork, piece: int, amount: int) -> str:
    body = {"piece": piece, "amount_fen": amount, "closes_at": api.now + 3_600}
    answer = api.call("supplier").post("/quote-requests", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def accepted(api: ApiNetwork, request: str, name: str = "funder", **changes: Any) -> dict[str, Any]:
    """Quote on a request and accept the quote; the answer."""
    given = api.call(name).post(f"/quote-requests/{request}/quotes", quote(api, 30_000, **changes))
    assert given.status_code == 201, given.text
    path = f"/quotes/{given.json()['id']}/accept"
    found: dict[str, Any] = api.call("supplier").post(path, wait="final", timeout=30).json()
    return found


def test_quotes_are_asked_for_on_what_one_holds(api: ApiNetwork) -> None:
    piece = api.voucher(5_000)
    body = {"piece": piece, "amount_fen": 5_001, "closes_at": api.now + 60}
    too_much = api.call("supplier").post("/quote-requests", body)
    assert (too_much.status_code, too_much.json()["fields"]["field"]) == (409, "amount_fen")
    stranger = api.call("outsider").post("/quote-requests", body)
    assert stranger.status_code == 404
    issuer = api.call("issuer").post("/quote-requests", {**body, "amount_fen": 1})
    assert (issuer.status_code, issuer.json()["fields"]["field"]) == (409, "piece")


def test_a_lock_that_fails_ends_the_financing(api: ApiNetwork) -> None:
    piece = api.voucher(5_000)
    request = ask(api, piece, 5_000)
    api.transfer(piece, "supplier", "supplier2", 5_000)
    found = accepted(api, request)
    assert found["order"]["failure"]["code"] == "vouchers_not_holder"
    api.app.follower.round()
    shown = api.call("supplier").get(f"/quote-requests/{request}").json()
    assert shown["accepted"] is True
    from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
    from xinlian.finance.model.financing.life import Stage
    from xinlian.services.app.sessions import unit_of_work

    with unit_of_work(api.app.engine) as session:
        financing = SqlFinancingStore(session).financing(found["financing_id"])
    assert financing is not None
    assert financing.stage is Stage.RELEASED


def test_nothing_is_paid_out_before_it_is_registered(api: ApiNetwork) -> None:
    found = accepted(api, ask(api, api.voucher(5_000), 4_000))
    number = effect(found["order"], "FinancingOpened")["financing"]
    api.app.follower.round()
    body = {"purpose": "disbursement", "pay_on": api.day(), "financings": [number]}
    early = api.call("funder").post("/payments", body)
    assert (early.status_code, early.json()["code"]) == (409, "state")
    assert api.call("funder2").post("/payments", body).status_code == 404
    foreign = {"registration_number": "ZDW-2025-00000077"}
    path = f"/financings/{number}/register"
    assert api.call("funder2").post(path, foreign).status_code == 404
    released = api.call("funder").done(f"/financings/{number}/release", {"reason": 4})
    assert effect(released, "FinancingReleased")["reason"] == 4
    api.app.follower.round()
    assert api.call("supplier").get(f"/financings/{number}").json()["state"] == "released"


def test_a_bank_tells_only_of_payments_that_go_through_it(api: ApiNetwork) -> None:
    piece = api.voucher(3_000, days=20)
    api.set_time(api.now + 20 * 86_400)
    body = {"purpose": "redemption", "pay_on": api.day(), "vouchers": [piece >> 16]}
    told = api.call("issuer").post("/payments", body)
    assert told.status_code == 201, told.text
    message = told.json()["message"]
    assert api.call("issuer").get(f"/bank-messages/out/{message}").status_code == 200
    assert api.call("bank").get(f"/bank-messages/out/{message}").status_code == 200
    assert api.call("supplier").get(f"/bank-messages/out/{message}").status_code == 404
    api.set_time(api.now + 4 * 86_400)
    folder = FolderBank(api.settings.data / "banks" / f"bank-{api.id('bank')}")
    SandboxBank(folder, china_calendar()).run(day_at(api.now))
    (inbound,) = folder.receive()
    files = {"file": ("camt.054.xml", inbound.content, "application/xml")}
    wrong = api.call("bank2").upload("/bank-messages", files)
    assert (wrong.status_code, wrong.json()["fields"]["field"]) == (422, "file")
    right = api.call("bank").upload("/bank-messages", files).json()
    settled(api, "bank", right["effects"][0]["order"])
    again = api.call("bank").upload("/bank-messages", files).json()
    assert (again["exists"], again["effects"]) == (True, right["effects"])
    assert api.call("bank").get("/bank-messages", limit=1).json()["items"]
