"""Orders through the API: signed by the client or by keys kept here, and how they are refused."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from sqlalchemy.exc import OperationalError
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.ids import to_checksum

from tests.support.api import ApiNetwork, Caller
from tests.support.network import key

KEYS = [key("client side", number) for number in range(3)]


def register(api: ApiNetwork, name: str, threshold: int, keys: list[LocalSigner]) -> Caller:
    """A party that keeps its keys to itself."""
    accounts = [to_checksum(signer.address) for signer in keys]
    api.join(name, ["supplier"], accounts=accounts, custody_keys=0, threshold=threshold)
    return api.call(name)


def prepare(caller: Caller, kind: str, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"content": {"kind": kind, "items": list(items)}, **more}
    answer = caller.post("/orders/prepare", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def signed(prepared: dict[str, Any], *signers: LocalSigner) -> dict[str, Any]:
    """The order as it is to be sent, signed by a stock Ethereum library from the typed data."""
    message = encode_typed_data(full_message=prepared["typed_data"])
    signatures = [
        "0x" + bytes(Account.sign_message(message, signer.secret()).signature).hex()
        for signer in signers
    ]
    fields = {name: prepared[name] for name in ("party", "nonce", "deadline", "content")}
    return {**fields, "signatures": signatures}


@pytest.fixture(scope="module")
def owner(api: ApiNetwork) -> Caller:
    return register(api, "owner", 1, KEYS[:1])


def test_a_client_signs_what_was_prepared_and_it_takes_effect(
    api: ApiNetwork, owner: Caller
) -> None:
    piece = api.voucher(500, payee="owner", accept=False)
    prepared = prepare(owner, "Accept", {"piece": piece})
    assert prepared["signatures_needed"] == 1
    body = signed(prepared, KEYS[0])
    first = owner.post("/orders", body, key="accept-1")
    assert (first.status_code, first.json()["state"]) == (202, "submitted")
    assert first.json()["digest"] == prepared["digest"]
    found = owner.get(f"/orders/{prepared['digest']}", wait="final", timeout=30).json()
    assert (found["state"], found["kind"]) == ("final", "Accept")
    assert [effect["name"] for effect in found["effects"]] == ["OfferAccepted"]
    again = owner.post("/orders", body, key="accept-1", wait="final")
    assert (again.status_code, again.json()["exists"]) == (200, True)


def test_what_was_prepared_under_a_key_is_prepared_once(owner: Caller) -> None:
    body = {"content": {"kind": "Withdraw", "items": [{"piece": 65_536}]}}
    first = owner.post("/orders/prepare", body, key="prepare-1").json()
    assert owner.post("/orders/prepare", body, key="prepare-1").json() == first
    other = {"content": {"kind": "Withdraw", "items": [{"piece": 65_537}]}}
    answer = owner.post("/orders/prepare", other, key="prepare-1")
    assert answer.json()["fields"]["field"] == "content"


def test_two_must_sign_where_the_party_says_so(api: ApiNetwork) -> None:
    careful = register(api, "careful", 2, KEYS[1:])
    piece = api.voucher(500, payee="careful", accept=False)
    prepared = prepare(careful, "Accept", {"piece": piece})
    assert prepared["signatures_needed"] == 2
    for signers in ([KEYS[1]], [KEYS[1], KEYS[1]], [KEYS[1], KEYS[0]]):
        answer = careful.post("/orders", signed(prepared, *signers))
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"].startswith("orders_")
    done = careful.done("/orders", signed(prepared, *KEYS[1:]))
    assert done["kind"] == "Accept"


def test_keys_that_are_not_here_cannot_sign_here(api: ApiNetwork, owner: Caller) -> None:
    answer = owner.post("/offers/accept", {"pieces": [65_536]})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_key_in_custody")
    # The key was given back: the same request may be tried another way.
    assert answer.json()["fields"] == {"needed": 1, "kept": 0}


@pytest.mark.parametrize("field", ["nonce", "deadline", "content", "signature"])
def test_an_order_that_was_changed_after_signing_is_refused(
    api: ApiNetwork, owner: Caller, field: str
) -> None:
    prepared = prepare(owner, "Withdraw", {"piece": 65_536})
    body = signed(prepared, KEYS[0])
    if field == "nonce":
        body["nonce"] = str(int(body["nonce"]) + 1_000_000)
    elif field == "deadline":
        body["deadline"] += 1
    elif field == "content":
        body["content"]["items"][0]["piece"] = 65_537
    else:
        last = body["signatures"][0]
        body["signatures"] = [last[:20] + ("0" if last[20] != "0" else "1") + last[21:]]
    answer = owner.post("/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "orders_bad_signature")


def test_an_expired_order_is_refused_at_the_door(api: ApiNetwork, owner: Caller) -> None:
    prepared = prepare(owner, "Withdraw", {"piece": 65_536}, deadline=api.now - 1)
    answer = owner.post("/orders", signed(prepared, KEYS[0]))
    assert (answer.status_code, answer.json()["code"]) == (409, "orders_expired")


def test_a_nonce_stands_for_one_order(owner: Caller) -> None:
    prepared = prepare(owner, "Withdraw", {"piece": 65_536})
    owner.order("/orders", signed(prepared, KEYS[0]))
    other = prepare(owner, "Withdraw", {"piece": 65_540})
    for source in (other, other["typed_data"]["message"]):
        source["nonce"] = prepared["nonce"]
    answer = owner.post("/orders", signed(other, KEYS[0]))
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_refusal_of_the_contracts_is_told_with_code_and_facts(api: ApiNetwork) -> None:
    piece = api.voucher(500)
    body = {"amount_fen": 501, "to": api.id("supplier2"), "purpose": 1}
    found = api.call("supplier").order(f"/pieces/{piece}/transfer", body)
    assert found["state"] == "failed"
    failure = found["failure"]
    assert failure["code"] == "vouchers_amount"
    assert failure["fields"] == {"amount": 501, "most": 500}
    assert failure["message"]
    assert failure["message_zh"]


def test_orders_are_listed_newest_first_in_their_states(owner: Caller) -> None:
    items = owner.get("/orders", limit=500).json()["items"]
    assert items
    assert {item["party"] for item in items} == {owner.party}
    digests = [item["digest"] for item in items]
    first = owner.get("/orders", limit=1).json()
    assert first["items"][0]["digest"] == digests[0]
    rest = owner.get("/orders", limit=500, cursor=first["next"]).json()["items"]
    assert [item["digest"] for item in rest] == digests[1:]


def test_many_items_share_one_signature_and_one_fate(api: ApiNetwork) -> None:
    pieces = [api.voucher(10, accept=False) for _ in range(3)]
    items = [{"piece": piece} for piece in (*pieces, 65_536 * 40_000)]
    body = {"content": {"kind": "Accept", "items": items}}
    assert api.call("supplier").order("/orders/sign", body)["state"] == "failed"
    body["content"]["items"] = items[:3]
    done = api.call("supplier").done("/orders/sign", body)
    assert [effect["args"]["piece"] for effect in done["effects"]] == pieces


def test_a_party_changes_its_own_accounts(api: ApiNetwork) -> None:
    turning = register(api, "turning", 1, [key("turning", 0)])
    fresh = key("turning", 1)
    account = to_checksum(fresh.address)
    added = prepare(turning, "AddAccount", {"account": account})
    turning.done("/orders", signed(added, key("turning", 0)))
    removed = prepare(turning, "RemoveAccount", {"account": to_checksum(key("turning", 0).address)})
    turning.done("/orders", signed(removed, fresh))
    assert turning.get(f"/parties/{turning.party}").json()["accounts"] == [account]
    late = prepare(turning, "Withdraw", {"piece": 65_536})
    body = signed(late, key("turning", 0))
    answer = turning.post("/orders", body, wait="final", timeout=30).json()
    # Refused at the door or by the contract, as far as the change has come round.
    assert (answer.get("failure") or answer)["code"] == "orders_bad_signature"


def test_the_operator_registers_a_company_once(api: ApiNetwork) -> None:
    operator = api.call("operator")
    body = {
        "name": "新公司",
        "social_credit_code": "91990000MA5D0CXP8G",
        "roles": ["supplier"],
        "custody_keys": 1,
    }
    wrong = operator.post("/parties", body)
    assert (wrong.status_code, wrong.json()["fields"]["field"]) == (422, "social_credit_code")
    both = {**body, "accounts": [to_checksum(KEYS[0].address)]}
    assert operator.post("/parties", both).json()["fields"]["field"] == "accounts"
    party = api.join("once", ["supplier"])
    view = operator.get(f"/parties/{party}").json()
    again = {
        "name": view["name"],
        "social_credit_code": view["social_credit_code"],
        "roles": ["supplier"],
        "custody_keys": 1,
        "bank_account": view["bank_account"],
        "bank_code": view["bank_code"],
    }
    for _ in range(2):
        answer = operator.post("/parties", again, key="again", wait="final", timeout=30)
        assert answer.status_code == 200
        told = [answer.json()[name] for name in ("state", "party", "exists", "failure")]
        assert told == ["registered", party, True, None]
    other = operator.post("/parties", {**again, "roles": ["funder"]})
    assert (other.status_code, other.json()["fields"]) == (409, {"field": "roles", "party": party})
    renamed = operator.post("/parties", {**again, "name": "另一家"})
    assert (renamed.status_code, renamed.json()["fields"]["field"]) == (409, "name")
    missing = operator.post("/parties/99999/limit", {"limit_fen": 1})
    assert missing.json()["code"] == "not_found"


def test_a_bank_account_is_set_by_the_operator_and_the_old_one_stays_in_the_log(
    api: ApiNetwork,
) -> None:
    operator = api.call("operator")
    party = api.join("unpaid", ["supplier"], bank_account=None, bank_code=None)
    path = f"/parties/{party}/bank-account"
    first = {"bank_account": "6222021001098550814", "bank_code": "102100099996"}
    second = {"bank_account": "6222021001098550815", "bank_code": "102100099997"}
    assert operator.post(path, first, key="set-1").json()["changed"] is True
    done = operator.post(path, second, key="set-2").json()
    assert (done["changed"], done["exists"]) == (True, False)
    assert (done["previous_account"], done["previous_code"]) == tuple(first.values())
    # The first request again changes nothing back.
    again = operator.post(path, first, key="set-1").json()
    shown = (again["bank_account"], again["changed"], again["exists"])
    assert shown == (second["bank_account"], False, True)
    view = operator.get(f"/parties/{party}").json()
    assert (view["bank_account"], view["bank_code"]) == tuple(second.values())
    log = [row["detail"] for row in operator.get("/audit-log", limit=3).json()["items"]]
    assert log == [
        None,
        "was 6222021001098550814 at 102100099996, is 6222021001098550815 at 102100099997",
        "was none, is 6222021001098550814 at 102100099996",
    ]
    own = api.call("unpaid").post(path, first)
    assert (own.status_code, own.json()["code"]) == (403, "scope_missing")
    half = operator.post(path, {"bank_account": "6222021001098550814"})
    assert half.status_code == 422
    assert operator.post("/parties/99999/bank-account", first).status_code == 404


def test_half_of_a_bank_account_registers_nobody(api: ApiNetwork) -> None:
    body = {
        "name": "半个账户",
        "social_credit_code": "91990000MA5D0CXP8G",
        "roles": ["supplier"],
        "custody_keys": 1,
        "bank_account": "6222021001098550814",
    }
    answer = api.call("operator").post("/parties", body)
    assert answer.status_code == 422
    assert answer.json()["fields"]["errors"][0]["field"] == "body.bank_code"


@pytest.mark.parametrize("blind", [False, True])
def test_an_order_that_was_kept_is_the_same_one_after_its_answer_was_lost(
    api: ApiNetwork, monkeypatch: pytest.MonkeyPatch, blind: bool
) -> None:
    piece, key, kept = api.voucher(100), f"lost-{blind}", api.app.submitter
    body = {"amount_fen": 10, "to": api.id("supplier2"), "purpose": 1}

    class Losing:
        """The real submitter, whose answer does not arrive."""

        def submit(self, *given: Any) -> None:
            kept.submit(*given)
            raise OperationalError("COMMIT", {}, Exception("the connection is lost"))

        def status(self, order: bytes) -> Any:
            if blind:
                raise OperationalError("SELECT", {}, Exception("the connection is lost"))
            return kept.status(order)

        def __getattr__(self, name: str) -> Any:
            return getattr(kept, name)

    with monkeypatch.context() as patched:
        patched.setattr(api.app.orders, "_submitter", Losing())
        lost = api.call("supplier").post(f"/pieces/{piece}/transfer", body, key=key)
        assert lost.status_code == 503
    again = api.call("supplier").done(f"/pieces/{piece}/transfer", body, key=key)
    assert again["exists"] is True
    assert api.call("supplier").get(f"/pieces/{piece}").json()["amount_fen"] == 90
