"""Vouchers through the API on a real chain: from offer to redemption, refusals included."""

from tests.support.api import ApiNetwork, effect


def test_a_voucher_is_issued_accepted_passed_on_and_redeemed(api: ApiNetwork) -> None:
    piece = api.voucher(1000, days=30)
    assert api.call("supplier").get(f"/pieces/{piece}").json()["state"] == "held"
    passed = api.transfer(piece, "supplier", "supplier2", 400)
    found = api.call("supplier2").get(f"/pieces/{passed}").json()
    assert (found["state"], found["amount_fen"], found["hops"]) == ("held", 400, 2)
    api.set_time(api.now + 31 * 86_400)
    body = {"amount_fen": 400, "receipt": "0x" + "11" * 32}
    redeemed = api.call("bank").done(f"/pieces/{passed}/redeem", body)
    assert effect(redeemed, "PieceRedeemed")["amount"] == 400
    assert api.call("supplier2").get(f"/pieces/{passed}").json()["state"] == "redeemed"
