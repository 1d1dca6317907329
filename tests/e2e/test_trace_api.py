"""Traceability over the API: taking in, EPCIS, rights, recalls."""

from __future__ import annotations

import json
from typing import Any

import httpx
from xinlian.services.app.actors import Scope
from xinlian.services.demo_trace.site import Site

from tests.support.trace_site import COIL, EXPECTED, SUSPECT, client, inspection, post

EVENT = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "ObjectEvent",
    "eventID": "urn:uuid:00000000-0000-4000-8000-00000000e001",
    "eventTime": "2026-10-01T08:00:00.000+08:00",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "bizStep": "inspecting",
    "epcList": ["urn:epc:id:sgtin:9521100.000017.TEST-1"],
}


def test_facts_are_taken_in_once_and_a_bad_one_takes_all_back(pack: httpx.Client) -> None:
    body = {"facts": [inspection("T-1"), inspection("T-2")]}
    first = post(pack, "/trace/facts", body)
    assert first.status_code == 201, first.text
    assert first.json()["counts"]["accepted"] == 2
    assert all(len(row["record_hash"]) == 64 for row in first.json()["rows"])
    again = post(pack, "/trace/facts", body)
    assert again.json()["counts"]["exists"] == 2
    mixed = {"facts": [inspection("T-3"), inspection("T-4", value="much")]}
    refused = post(pack, "/trace/facts", mixed)
    assert (refused.status_code, refused.json()["taken"]) == (200, False)
    told = {row["status"]: row for row in refused.json()["rows"]}
    assert told["invalid"]["field"].endswith("value")
    assert told["invalid"]["why_zh"]
    other = post(pack, "/trace/facts", {"facts": [inspection("T-1", value="541")]})
    assert other.json()["rows"][0]["status"] == "conflict"
    assert other.json()["rows"][0]["field"] == "value"
    assert post(pack, "/trace/facts", {"facts": [inspection("T-3")]}).status_code == 201


def test_a_proof_holds_each_record_for_its_item_and_what_withdrew_it(
    plant: Site, pack: httpx.Client
) -> None:
    gone = {"type": "correction", "target": "W-1", "kind": "inspection", "reason": "误录"}
    body = {"facts": [inspection("W-1"), {**gone, "time": "2026-10-03T08:00:00.000+08:00"}]}
    assert post(pack, "/trace/facts", body).json()["taken"]
    plant.anchor()
    answer = pack.get("/trace/proof", params={"code": inspection("W-1")["item"]["id"]})
    assert answer.status_code == 200, answer.text
    (part,) = (
        each for each in answer.json()["parts"] if each["log"]["party"] == plant.party["pack"]
    )
    said = [
        {each["path"]: each["value"] for each in record["fields"] if isinstance(each, dict)}
        for record in part["records"]
    ]
    assert [one["/facts/0/reason"] for one in said if "/facts/0/reason" in one] == ["误录"]
    assert sum(one.get("/facts/0/inspection_id") == "W-1" for one in said) == 1
    assert {each["id"] for each in part["subjects"]} >= {"correction:inspection:W-1"}


def test_a_key_gives_its_receipt_again_and_no_other(pack: httpx.Client) -> None:
    body = {"facts": [inspection("K-1")]}
    first = post(pack, "/trace/facts", body, key="same")
    again = post(pack, "/trace/facts", body, key="same")
    assert again.json()["capture"] == first.json()["capture"]
    clash = post(pack, "/trace/facts", {"facts": [inspection("K-2")]}, key="same")
    assert clash.json()["code"] == "idempotency_conflict"
    capture = first.json()["capture"]
    rows = pack.get(f"/trace/captures/{capture}/rows").json()["items"]
    assert [row["status"] for row in rows] == ["accepted"]


def test_a_file_that_cannot_be_read_leaves_nothing(pack: httpx.Client) -> None:
    for name, data, field in (
        ("broken.jsonld", b'{"type": "EPCISDocument", ', "file"),
        ("bomb.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><epcis:EPCISDocument/>', "file"),
        ("table.csv", b"a,b\r\n1,2\r\n", "mapping"),
    ):
        headers = {"Idempotency-Key": f"bad-{name}"}
        answer = pack.post("/trace/captures", files={"file": (name, data)}, headers=headers)
        assert answer.status_code == 422, answer.text
        assert answer.json()["fields"]["field"] == field
        assert answer.json()["detail_zh"]


def test_epcis_is_captured_and_queried_as_the_standard_says(pack: httpx.Client) -> None:
    headers = {"Content-Type": "application/ld+json"}
    taken = pack.post("/epcis/capture", content=json.dumps(EVENT), headers=headers)
    assert taken.status_code == 202, taken.text
    assert taken.headers["GS1-EPCIS-Version"] == "2.0.0"
    job = pack.get(taken.headers["Location"].removeprefix("/api/v1")).json()
    assert (job["running"], job["success"], job["errors"]) == (False, True, [])
    found = pack.get("/epcis/events", params={"EQ_bizStep": "inspecting"})
    assert found.headers["Content-Type"] == "application/ld+json"
    (event,) = found.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert event["eventID"] == EVENT["eventID"]
    assert event["bizStep"] == "inspecting"
    one = pack.get(f"/epcis/events/{EVENT['eventID']}")
    assert one.status_code == 200
    bad = {**EVENT, "eventID": "urn:uuid:00000000-0000-4000-8000-00000000e002", "eventTime": "now"}
    refused = pack.post("/epcis/capture", content=json.dumps(bad), headers=headers)
    job = pack.get(refused.headers["Location"].removeprefix("/api/v1")).json()
    assert job["success"] is False
    assert "eventTime" in job["errors"][0]["detail"]


def test_events_go_on_page_by_page_without_loss_or_repetition(pack: httpx.Client) -> None:
    query: dict[str, Any] | None = {"eventType": "ObjectEvent", "perPage": 7}
    seen: list[str] = []
    path = "/epcis/events"
    for _ in range(40):
        answer = pack.get(path, params=query)
        rows = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        seen += [row["eventID"] for row in rows]
        if "Link" not in answer.headers:
            break
        path = answer.headers["Link"].split(">")[0].removeprefix("</api/v1")
        query = None
    everything = pack.get("/epcis/events", params={"eventType": "ObjectEvent", "perPage": 1000})
    rows = everything.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert len(seen) == len(set(seen)) == len(rows) > 50
    refused = pack.get("/epcis/events", params={"EQ_colour": "red"})
    assert refused.status_code == 422
    assert "EQ_colour" in refused.json()["detail"]


def test_who_shares_nothing_shows_nothing(plant: Site, outsider: httpx.Client) -> None:
    for path in ("tree", "dossier", "proof", "label"):
        answer = outsider.get(f"/trace/{path}", params={"code": "0HLPB080A10001G9A0000714"})
        assert answer.json()["code"] in ("not_found", "conflict"), path
    assert outsider.get("/epcis/events").json()["epcisBody"]["queryResults"]["resultsBody"] == {
        "eventList": []
    }
    made = post(outsider, "/trace/recalls", {"causes": [{"kind": "items", "names": [COIL]}]})
    assert made.status_code in (404, 201)
    if made.status_code == 201:
        assert (made.json()["certain"], made.json()["possible"]) == (0, 0)


def test_a_share_works_once_it_is_accepted_and_until_it_is_closed(
    plant: Site, outsider: httpx.Client
) -> None:
    code = {"code": "LXLBE2A02TH100115"}
    reader, owner = plant.party["outsider"], plant.party["car"]
    with client(plant, "car") as car:
        offered = post(car, "/trace/shares", {"reader": reader, "open": True}).json()
        assert reader in offered["offered_to"]
        assert reader not in offered["readers"]
        assert outsider.get("/trace/tree", params=code).status_code == 404
        assert outsider.get("/trace/shares").json()["offers"] == [owner]
        answer = post(outsider, "/trace/shares/answer", {"owner": owner, "accept": True})
        assert answer.json()["owners"] == [owner]
        tree = outsider.get("/trace/tree", params=code).json()
        assert tree["nodes"][0]["id"] == code["code"]
        assert len(tree["nodes"]) < 10, "the pack plant's records stay closed"
        post(car, "/trace/shares", {"reader": reader, "open": False})
    assert outsider.get("/trace/tree", params=code).status_code == 404
    refused = post(outsider, "/trace/shares/answer", {"owner": owner, "accept": True})
    assert refused.json()["code"] == "not_found"


def test_publishing_needs_more_than_the_right_to_write(plant: Site) -> None:
    with client(plant, "cell", Scope.READ | Scope.WRITE) as http:
        policy = post(http, "/trace/page-policy", {"strangers": "all", "guessable": True})
        share = post(http, "/trace/shares", {"reader": plant.party["outsider"], "open": True})
    assert policy.json()["code"] == share.json()["code"] == "scope_missing"


def test_a_refused_epcis_document_can_be_sent_again(pack: httpx.Client) -> None:
    def aggregation(parent: str, child: str, number: int) -> dict[str, Any]:
        return {
            **{name: EVENT[name] for name in ("@context", "eventTime", "eventTimeZoneOffset")},
            "type": "AggregationEvent",
            "eventID": f"urn:uuid:00000000-0000-4000-8000-0000000000{number}",
            "action": "ADD",
            "parentID": f"urn:epc:id:sgtin:9521100.000017.{parent}",
            "childEPCs": [f"urn:epc:id:sgtin:9521100.000017.{child}"],
        }

    headers = {"Content-Type": "application/ld+json"}

    def succeeds(document: dict[str, Any]) -> bool:
        sent = pack.post("/epcis/capture", content=json.dumps(document), headers=headers)
        job = pack.get(sent.headers["Location"].removeprefix("/api/v1")).json()
        return bool(job["success"])

    first, back = aggregation("AGG-1", "AGG-2", 21), aggregation("AGG-2", "AGG-1", 22)
    assert succeeds(first)
    assert not succeeds(back), "a part inside itself"
    declared = {"declarationTime": "2026-10-02T08:00:00.000Z", "reason": "incorrect_data"}
    assert succeeds({**first, "errorDeclaration": declared})
    assert succeeds(back), "what stood in the way was withdrawn"


def test_a_recall_is_made_compared_told_and_handed_out(plant: Site, pack: httpx.Client) -> None:
    cause = {"kind": "items", "names": [COIL]}
    made = post(pack, "/trace/recalls", {"causes": [cause]}, key="recall-1")
    assert made.status_code == 201, made.text
    recall = made.json()
    wanted = EXPECTED["recall_coil"]
    assert (recall["certain"], recall["possible"]) == (
        len(wanted["certain"]),
        len(wanted["possible"]),
    )
    again = post(pack, "/trace/recalls", {"causes": [cause]}, key="recall-1").json()
    assert again["recall"] == recall["recall"]
    path = f"/trace/recalls/{recall['recall']}"
    lines = pack.get(f"{path}/vehicles", params={"finding": "certain"}).json()["items"]
    assert [line["id"] for line in lines] == wanted["certain"]
    assert all(line["why_zh"] and line["trail"] for line in lines)
    early = post(pack, f"{path}/notices", {"codes": [SUSPECT], "channel": "letter"})
    assert early.json()["code"] == "state", "nobody is told of a draft"
    post(pack, f"{path}/publish", None).raise_for_status()
    told = post(pack, f"{path}/notices", {"codes": [SUSPECT], "channel": "letter"})
    assert told.json() == {"told": 1}
    for shape, magic in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        file = pack.get(f"{path}/file", params={"shape": shape})
        assert file.content.startswith(magic), shape
    plant.anchor()
    proof = pack.get(f"{path}/file", params={"shape": "xlproof"}).json()
    assert proof["format"] == "xinlian-proof/1"
    drill = post(pack, "/trace/drills", {"causes": [cause]}).json()
    assert drill["findings"]["certain"] == recall["certain"]
    assert pack.get("/trace/drills").json()["items"][0]["drill"] == drill["drill"]


def test_a_recall_warns_from_its_publication_to_its_end(plant: Site, pack: httpx.Client) -> None:
    part = "0HLPB080A10001G980000707"

    def said(http: httpx.Client) -> str:
        answer = http.get("/trace/dossier", params={"code": part}).json()
        return str([answer["verdict"], answer["reasons"], answer["affected_by"]])

    with (
        client(plant, "car") as car,
        client(plant, "pack", Scope.READ | Scope.WRITE) as clerk,
        client(plant, "outsider") as outsider,
    ):
        cause = {"causes": [{"kind": "items", "names": [part]}], "title": "loose bolt"}
        before = said(car)
        made = post(clerk, "/trace/recalls", cause).json()
        path = f"/trace/recalls/{made['number']}"
        assert made["state"] == "draft"
        assert (said(car), "loose" in said(pack)) == (before, False)
        refused = post(clerk, f"{path}/publish", None)
        assert refused.json()["code"] == "scope_missing", "what warns the world is a signature"
        assert outsider.get(f"/trace/recalls/{made['recall']}").status_code == 404
        assert post(pack, f"{path}/publish", None).json()["state"] == "published"
        assert post(pack, f"{path}/publish", None).json()["state"] == "published"
        for http in (car, pack):
            assert "recall" in said(http)
            assert "(loose bolt)" in said(http)
        missing = post(pack, f"{path}/withdraw", {})
        assert missing.status_code == 422
        ended = post(pack, f"{path}/withdraw", {"reason": "wrong part"}).json()
        assert [step["state"] for step in ended["steps"]] == ["draft", "published", "withdrawn"]
        # Whose recall it is, the car maker is told with its name.
        assert "(loose bolt) of 衡岭动力电池有限公司 was withdrawn" in said(car)
        refused = post(pack, f"{path}/close", {"reason": "done"})
        assert refused.json()["code"] == "state"
        listed = pack.get("/trace/recalls").json()["items"][0]
        assert (listed["number"], listed["state"]) == (made["number"], "withdrawn")


def test_an_auditor_sees_what_all_recorded(plant: Site) -> None:
    with client(plant, "auditor", Scope.READ) as http:
        tree = http.get("/trace/tree", params={"code": SUSPECT}).json()
    assert len(tree["nodes"]) > 60


def test_labels_and_sheets_come_as_files(pack: httpx.Client) -> None:
    label = pack.get("/trace/label", params={"code": SUSPECT, "shape": "svg"})
    assert label.content.startswith(b"<svg") or b"<svg" in label.content[:200]
    sheet = post(pack, "/trace/label-sheets", {"codes": [SUSPECT, "0HLPB080A10001G9A0000714"]})
    assert sheet.content.startswith(b"%PDF")
    refused = pack.get("/trace/label", params={"code": SUSPECT, "link_kind": "gs1"})
    assert refused.json()["code"] == "invalid"
