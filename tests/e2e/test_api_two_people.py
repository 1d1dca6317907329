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
