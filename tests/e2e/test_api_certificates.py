"""Certificates over the API: handed in by suppliers, reviewed by customers, closed to others."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.api import ApiNetwork
from tests.trace.certificates.test_reviews import pdf


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiNetwork]:
    made = ApiNetwork(tmp_path_factory.mktemp("certificates")).found()
    for name, roles in (("sender", ["supplier"]), ("buyer", ["issuer"]), ("other", ["supplier"])):
        made.join(name, roles)
    yield made
    made.stop()


def submit(net: ApiNetwork, content: bytes, key: str, **changes: Any) -> httpx.Response:
    header = {
        "to_party": net.id("buyer"),
        "number": "QC-1",
        "title": "出厂检验报告",
        "issuer": "质检部",
        "issued": "2026-03-01",
        "delivery": "DN-77",
        "items": [{"id": "LOT-1", "type": "batch"}],
    } | changes
    files = {
        "file": ("report.pdf", content),
        "header": ("header.json", json.dumps(header).encode()),
    }
    return net.call("sender").upload("/trace/certificates", files, key=key)


def test_a_certificate_is_handed_in_reviewed_and_shown(net: ApiNetwork) -> None:
    content = pdf()
    made = submit(net, content, "c-1")
    assert made.status_code == 201, made.text
    paper = made.json()
    assert (paper["review"], paper["sha256"]) == (
        "submitted",
        hashlib.sha256(content).hexdigest(),
    )
    assert submit(net, content, "c-1").json() == paper
    other = submit(net, content, "c-1", title="x")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    changed = submit(net, pdf("other"), "c-2")
    assert (changed.status_code, changed.json()["code"]) == (409, "conflict")
    path = f"/trace/certificates/{paper['certificate']}"
    buyer = net.call("buyer")
    assert [each["number"] for each in buyer.get("/trace/certificates").json()["items"]] == ["QC-1"]
    own = net.call("sender").post(f"{path}/decision", {"decision": "approve"})
    assert (own.status_code, own.json()["code"]) == (403, "other_party")
    assert buyer.post(f"{path}/take-up").json()["review"] == "under-review"
    bare = buyer.post(f"{path}/decision", {"decision": "reject"})
    assert (bare.status_code, bare.json()["code"]) == (422, "invalid")
    assert "退回须说明原因" in json.dumps(bare.json(), ensure_ascii=False)
    done = buyer.post(f"{path}/decision", {"decision": "reject", "reason": "缺少厚度"}).json()
    assert (done["review"], done["reason"]) == ("rejected", "缺少厚度")
    late = buyer.post(f"{path}/decision", {"decision": "approve"})
    assert (late.status_code, late.json()["code"]) == (409, "state")
    file = buyer.get(f"{path}/file")
    assert file.content == content
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["content-type"] == "application/octet-stream"
    rejected = buyer.get("/trace/certificates", review="rejected").json()["items"]
    assert [each["certificate"] for each in rejected] == [paper["certificate"]]
    seen = net.call("sender").get("/trace/dossier", code="LOT-1").json()
    assert [each["status"] for each in seen["certificates"]] == ["rejected"]


def test_others_see_nothing_of_it(net: ApiNetwork) -> None:
    paper = submit(net, pdf("quiet"), "c-3", number="QC-2").json()
    path = f"/trace/certificates/{paper['certificate']}"
    other = net.call("other")
    for answer in (other.get(path), other.get(f"{path}/file"), other.post(f"{path}/take-up")):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert other.get("/trace/certificates").json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": ""}, "number"),
        ({"to_party": "x"}, "to_party"),
        ({"items": []}, "items"),
        ({"items": ["https://id.gs1.org/01/04012345111118"]}, "items[0]"),
        ({"issued": "soon"}, "issued"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_header_is_named(net: ApiNetwork, changes: dict[str, Any], field: str) -> None:
    answer = submit(net, pdf(), f"b-{field}".replace("[", "").replace("]", ""), **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert field in answer.text


def test_a_file_that_is_no_paper_is_refused(net: ApiNetwork) -> None:
    answer = submit(net, b"<html>", "f-1", number="QC-9")
    assert answer.status_code == 422
    assert "no PDF, PNG or JPEG" in answer.text
    unknown = submit(net, pdf(), "f-2", to_party=999)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
