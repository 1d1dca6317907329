"""The financing path through the API: quotes, lock, registration, money by bank files."""

from typing import Any

from xinlian.finance.adapters.bank_folder import FolderBank
from xinlian.finance.adapters.bank_sandbox import SandboxBank
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
