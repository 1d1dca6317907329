"""Things are found by what people type, and printed links lead to whose they are."""

from __future__ import annotations

import httpx
import pytest
from xinlian.services.app.trace_policy import PagePolicy, Strangers
from xinlian.services.demo_trace.site import Site

from tests.support.trace_site import COIL, EXPECTED, SUSPECT, client, post

LOT = "EL-260908-3"
SERIAL = "BMS26-030430"


def ids(http: httpx.Client, code: str) -> list[str]:
    answer = http.get("/trace/items", params={"code": code})
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (LOT, COIL),
        (LOT.lower(), COIL),
        (f"(01)09521100000024(10){LOT}", COIL),
        (f"(01) 09521100000024 (10) {LOT}", COIL),
        (f"0109521100000024 10{LOT}", COIL),
        (f"urn:epc:class:lgtin:9521100.000002.{LOT}", COIL),
        (COIL.replace("https://id.gs1.org", "http://pack.example/shop"), COIL),
        (SUSPECT.lower(), SUSPECT),
        (f" {SUSPECT[:3]} {SUSPECT[3:9].lower()} {SUSPECT[9:]}", SUSPECT),
        (f"urn:vin:{SUSPECT}", SUSPECT),
        (SERIAL.lower(), SERIAL),
        ("0hlpb080a10001g9a0000714", "0HLPB080A10001G9A0000714"),
    ],
)
def test_a_thing_is_found_as_people_type_it(plant: Site, typed: str, meant: str) -> None:
    with client(plant, "pack") as http:
        assert ids(http, typed) == [meant]
        assert http.get("/trace/tree", params={"code": typed}).status_code == 200
    with client(plant, "outsider") as http:
        assert ids(http, typed) == []


def test_a_recall_is_made_of_a_short_lot_number(plant: Site) -> None:
    with client(plant, "pack") as http:
        body = {"causes": [{"kind": "items", "names": [LOT]}]}
        made = post(http, "/trace/recalls", body)
        assert made.status_code == 201, made.text
        assert made.json()["certain"] == len(EXPECTED["recall_coil"]["certain"])


def test_a_number_of_several_lots_gives_them_to_choose_from(plant: Site) -> None:
    lots = [f"https://id.gs1.org/01/{gtin}/10/T-7" for gtin in ("09521100000017", "09521100000024")]
    facts = [{"type": "item", "item": {"id": lot, "type": "batch"}} for lot in lots]
    with client(plant, "pack") as http:
        assert post(http, "/trace/facts", {"facts": facts}).status_code == 201
        assert sorted(ids(http, "t-7")) == lots
        refused = http.get("/trace/tree", params={"code": "T-7"})
        assert refused.status_code == 409
        for told in (refused.json()["detail"], refused.json()["detail_zh"]):
            assert all(lot in told for lot in lots)
    page = httpx.post(f"{plant.url}/scan", data={"code": "t-7"}, timeout=60, trust_env=False)
    assert page.status_code == 200
    assert all(lot in page.text for lot in lots)


def test_a_printed_link_leads_to_whose_it_is(plant: Site) -> None:
    """Whatever others capture as scanned, or as a thing of another type."""
    link, other = ("https://id.gs1.org/01/09521100000024/21/" + name for name in ("P-1", "P-2"))
    pack, outsider = plant.party["pack"], plant.party["outsider"]
    plant.app.trace.policies.set(pack, PagePolicy(Strangers.IDENTITY, True))
    plant.app.trace.policies.set(outsider, PagePolicy(Strangers.ALL, True))
    for company, each, kind, name in (
        ("pack", {"id": link}, "serial", "ours"),
        ("outsider", {"id": link}, "package", "theirs"),
        ("pack", {"id": other}, "serial", "ours"),
        ("outsider", {"id": other}, "vehicle", "theirs"),
    ):
        fact = {"type": "item", "item": {**each, "type": kind}, "name": name}
        with client(plant, company) as http:
            assert post(http, "/trace/facts", {"facts": [fact]}).status_code == 201
    stranger = httpx.Client(base_url=plant.url, timeout=60, trust_env=False, follow_redirects=True)
    with stranger:
        page = stranger.get("/01/09521100000024/21/P-1", params={"lang": "en"})
        assert page.status_code == 200
        assert "ours" in page.text
        assert "theirs" not in page.text
        plant.app.trace.policies.set(pack, PagePolicy(Strangers.NOTHING, True))
        assert stranger.get("/01/09521100000024/21/P-2").status_code == 404
