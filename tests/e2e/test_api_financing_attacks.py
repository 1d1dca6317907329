"""What a party could try around a financing to be paid twice, too early, or for something else."""

from typing import Any

from xinlian.finance.adapters.banking.folder import FolderBank
from xinlian.finance.adapters.banking.sandbox import SandboxBank
from xinlian.finance.adapters.data_files import china_calendar
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.model.financing.life import Financing, Stage
from xinlian.ledger.model.days import day_at
from xinlian.services.app.sessions import unit_of_work

from tests.e2e.test_api_financing import ask, quote, run_bank, settled
from tests.support.api import ApiNetwork, effect

DAY = 86_400


def quoted(api: ApiNetwork, request: str) -> dict[str, Any]:
    path = f"/quote-requests/{request}/quotes"
    found: dict[str, Any] = api.call("funder").post(path, quote(api, 30_000)).json()
    return found


def in_books(api: ApiNetwork, financing: str) -> Financing:
    with unit_of_work(api.app.engine) as session:
        found = SqlFinancingStore(session).financing(financing)
    assert found is not None
    return found


def test_the_terms_of_a_quote_on_another_piece_are_no_lock(api: ApiNetwork) -> None:
    good = api.voucher(100_000, days=60)
    bad = api.voucher(100_000, days=60, issuer="issuer2")
    given = quoted(api, ask(api, good, 100_000))
    lock = {
        "piece": bad,
        "amount": 100_000,
        "back": False,
        "funder": api.id("funder"),
        "bank": api.id("bank"),
        "sale": True,
        "recourse": True,
        "price": given["price_fen"],
        "maturity_day": 30_000,
        "expiry": api.now + 6 * DAY,
        "terms": given["terms"],
    }
    order = {"content": {"kind": "OpenFinancing", "items": [lock]}}
    opened = api.call("supplier").done("/orders/sign", order)
    number = effect(opened, "FinancingOpened")["financing"]
    api.transfer(good, "supplier", "supplier2", 100_000)
    path = f"/quotes/{given['id']}/accept"
    accepted = api.call("supplier").post(path, wait="final", timeout=30).json()
    assert accepted["order"]["state"] == "failed"

    api.app.follower.round()
    assert in_books(api, accepted["financing_id"]).stage is Stage.RELEASED
    body = {"registration_number": "ZDW-2025-00009901"}
    assert api.call("funder").post(f"/financings/{number}/register", body).status_code == 404
    pay = {"purpose": "disbursement", "pay_on": api.day(), "financings": [number]}
    assert api.call("funder").post("/payments", pay).status_code == 404


def test_a_quote_accepted_under_two_keys_is_one_lock(api: ApiNetwork) -> None:
    piece = api.voucher(10_000)
    given = quoted(api, ask(api, piece, 4_000))
    path = f"/quotes/{given['id']}/accept"
    first = api.call("supplier").post(path, key="once", wait="final", timeout=30).json()
    second = api.call("supplier").post(path, key="twice", wait="final", timeout=30).json()
    assert first["order"]["digest"] == second["order"]["digest"]
    assert second["order"]["exists"]
    other = quoted(api, ask(api, piece, 1_000))
    clash = api.call("supplier").post(f"/quotes/{other['id']}/accept", key="once")
    assert (clash.status_code, clash.json()["code"]) == (409, "idempotency_conflict")


def test_money_leaves_on_the_agreed_day_at_the_earliest_and_once(api: ApiNetwork) -> None:
    piece = api.voucher(10_000)
    later = quote(api, 30_000, disburse_day=api.day(4))
    path = f"/quote-requests/{ask(api, piece, 4_000)}/quotes"
    given = api.call("funder").post(path, later).json()
    path = f"/quotes/{given['id']}/accept"
    done = api.call("supplier").post(path, wait="final", timeout=30).json()
    number = effect(done["order"], "FinancingOpened")["financing"]
    api.app.follower.round()
    body = {"registration_number": "ZDW-2025-00009902"}
    api.call("funder").done(f"/financings/{number}/register", body)
    pay = {"purpose": "disbursement", "financings": [number]}
    for day in (api.day(-1), api.day(), api.day(3)):
        early = api.call("funder").post("/payments", {**pay, "pay_on": day})
        assert (early.status_code, early.json()["code"]) == (409, "state"), day
    start = given["start_day"]
    assert api.call("funder").post("/payments", {**pay, "pay_on": start}).status_code == 201
    again = api.call("funder").post("/payments", {**pay, "pay_on": start})
    assert again.status_code == 409
    assert "wait for its answer" in again.json()["detail"]


def test_a_piece_is_paid_to_whom_it_will_belong(api: ApiNetwork) -> None:
    piece = api.voucher(50_000, days=20)
    due = {"purpose": "redemption", "pay_on": api.day(20), "vouchers": [piece >> 16]}
    early = api.call("issuer").post("/payments", due)
    assert (early.status_code, early.json()["code"]) == (409, "state")
    api.set_time(api.now + 20 * DAY)
    assert api.call("issuer").post("/payments", due).status_code == 201
    body = {"amount_fen": 50_000, "to": api.id("supplier2"), "purpose": 1}
    moved = api.call("supplier").order(f"/pieces/{piece}/transfer", body)
    assert moved["failure"]["code"] == "vouchers_root_state"
    api.set_time(api.now + 4 * DAY)
    for message in run_bank(api):
        for each in message["effects"]:
            if each["effect"] == "redeemed":
                settled(api, "bank", each["order"])
    assert api.call("issuer").get(f"/vouchers/{piece >> 16}").json()["state"] == "settled"


def test_a_piece_that_was_paid_is_not_paid_again(api: ApiNetwork) -> None:
    piece = api.voucher(7_000, days=20)
    api.set_time(api.now + 20 * DAY)
    due = {"purpose": "redemption", "vouchers": [piece >> 16]}
    assert api.call("issuer").post("/payments", {**due, "pay_on": api.day()}).status_code == 201
    api.set_time(api.now + 4 * DAY)
    folder = FolderBank(api.settings.data / "banks" / f"bank-{api.id('bank')}")
    SandboxBank(folder, china_calendar()).run(day_at(api.now))
    (inbound,) = folder.receive()
    # The receipt is in finance's books, its order not yet on chain: the piece still looks unpaid.
    kept, api.app.banking._order = api.app.banking._order, lambda *_: None  # type: ignore[method-assign]
    files = {"file": ("camt.054.xml", inbound.content, "application/xml")}
    assert api.call("bank").upload("/bank-messages", files).status_code == 201
    api.app.banking._order = kept  # type: ignore[method-assign]
    again = api.call("issuer").post("/payments", {**due, "pay_on": api.day()})
    assert (again.status_code, again.json()["code"]) == (409, "state")
    assert "was paid" in again.json()["detail"]
    # The same notification again goes on where it broke off.
    told = api.call("bank").upload("/bank-messages", files).json()
    settled(api, "bank", told["effects"][0]["order"])
    folder.done(inbound)


def test_banks_number_their_messages_without_each_other(api: ApiNetwork) -> None:
    pieces = [api.voucher(1_000, days=20, bank=bank) for bank in ("bank", "bank2")]
    api.set_time(api.now + 20 * DAY)
    for piece in pieces:
        due = {"purpose": "redemption", "pay_on": api.day(), "vouchers": [piece >> 16]}
        assert api.call("issuer").post("/payments", due).status_code == 201
    api.set_time(api.now + 4 * DAY)
    for bank in ("bank", "bank2"):
        folder = FolderBank(api.settings.data / "banks" / f"bank-{api.id(bank)}")
        SandboxBank(folder, china_calendar()).run(day_at(api.now))
        (inbound,) = folder.receive()
        given = inbound.notification.id.encode()
        content = inbound.content.replace(given, b"N-1")
        files = {"file": ("camt.054.xml", content, "application/xml")}
        answer = api.call(bank).upload("/bank-messages", files)
        assert answer.status_code == 201, answer.text
        assert answer.json()["id"] == f"{api.id(bank)}-N-1"
        settled(api, bank, answer.json()["effects"][0]["order"])
        folder.done(inbound)


def test_what_was_taken_back_is_not_accepted(api: ApiNetwork) -> None:
    request = ask(api, api.voucher(5_000), 4_000)
    given = quoted(api, request)
    stranger = api.call("funder2").post(f"/quotes/{given['id']}/withdraw")
    assert stranger.status_code == 404
    back = api.call("funder").post(f"/quotes/{given['id']}/withdraw")
    assert (back.status_code, back.json()["withdrawn"]) == (200, True)
    late = api.call("supplier").post(f"/quotes/{given['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "state")
    assert api.call("supplier2").post(f"/quote-requests/{request}/withdraw").status_code == 404
    gone = api.call("supplier").post(f"/quote-requests/{request}/withdraw")
    assert (gone.status_code, gone.json()["withdrawn"]) == (200, True)
    again = api.call("funder").post(f"/quote-requests/{request}/quotes", quote(api, 30_000))
    assert again.status_code == 409


def test_a_refused_acceptance_leaves_nothing_behind(api: ApiNetwork) -> None:
    """Else whoever has many quotes could fill the follower's desk for days."""
    piece = api.voucher(9_000)
    first, second = (quoted(api, ask(api, piece, amount)) for amount in (4_000, 1_000))
    path = f"/quotes/{first['id']}/accept"
    api.call("supplier").post(path, key="taken", wait="final", timeout=30)
    clash = api.call("supplier").post(f"/quotes/{second['id']}/accept", key="taken")
    assert (clash.status_code, clash.json()["code"]) == (409, "idempotency_conflict")
    with unit_of_work(api.app.engine) as session:
        assert SqlFinancingStore(session).financing(second["id"]) is None


def test_every_financing_has_its_turn(api: ApiNetwork, monkeypatch: Any) -> None:
    monkeypatch.setattr("xinlian.services.app.follower._ROUND_MAX", 2)
    piece = api.voucher(9_000)
    names = []
    for amount in range(100, 700, 100):
        given = quoted(api, ask(api, piece, amount))
        path = f"/quotes/{given['id']}/accept"
        done = api.call("supplier").post(path, wait="final", timeout=30).json()
        names.append(done["financing_id"])
    for _ in range(8):
        api.app.follower.round()
    assert {in_books(api, name).stage for name in names} == {Stage.LOCKED}
