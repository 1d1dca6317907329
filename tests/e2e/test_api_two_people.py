"""Two signatures are two people: a server that keeps keys never signs twice for one token."""

from xinlian.ledger.model.ids import to_checksum

from tests.support.api import ApiNetwork
from tests.support.network import key

KEYS = [key("two people", number) for number in range(2)]


def test_keys_of_two_people_are_not_made_on_one_server(api: ApiNetwork) -> None:
    body = {
        "name": "双签公司",
        "social_credit_code": "91990000MA00000003",
        "roles": ["supplier"],
        "threshold": 2,
        "custody_keys": 2,
    }
    answer = api.call("operator").post("/parties", body)
    assert (answer.status_code, answer.json()["fields"]["field"]) == (422, "custody_keys")


def test_one_token_does_not_sign_for_two(api: ApiNetwork) -> None:
    accounts = [to_checksum(each.address) for each in KEYS]
    api.join("pair", ["supplier"], accounts=accounts, custody_keys=0, threshold=2)
    for each in KEYS:
        api.app.custody.add(each)
    piece = api.voucher(500, payee="pair", accept=False)
    answer = api.call("pair").post("/offers/accept", {"pieces": [piece]})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_key_in_custody")
    assert api.call("pair").get(f"/pieces/{piece}").json()["state"] == "issued"


def test_a_control_point_s_step_needs_both_people_too(api: ApiNetwork) -> None:
    caller, pair = api.call("pair"), api.id("pair")
    step = {
        "supplier": pair,
        "customer": api.id("issuer"),
        "point": "CP-pair",
        "step": "propose",
        "at_ms": 1000 * api.now,
        "characteristic": "bore",
    }
    answer = caller.post("/trace/control-points/signatures", step)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_key_in_custody")
    draft = caller.post("/trace/control-points/drafts", step).json()
    preimage = bytes.fromhex(draft["preimage"][2:])
    made = [{"party": pair, "signature": f"0x{each.sign(preimage).hex()}"} for each in KEYS]
    for signatures, status in (([made[0]], 409), ([made[0], made[0]], 409), (made, 200)):
        body = {**step, "signatures": signatures}
        answer = caller.post("/trace/control-points/steps", body)
        assert answer.status_code == status, answer.text
    records = caller.get(
        "/trace/control-points/steps",
        **{name: step[name] for name in ("supplier", "customer", "point")},
    ).json()["records"]
    assert len(records[0]["signatures"]) == 2
    assert records[0]["agreed"] == draft["digest"]
