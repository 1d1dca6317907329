"""Mutual recognition over the API: both sides sign, captures suspend what breaks its terms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import ApiNetwork

PATH = "/trace/control-points"


def _at(api: ApiNetwork) -> int:
    return 1000 * api.now


def _step(api: ApiNetwork, action: str, **more: Any) -> dict[str, Any]:
    sides = {"supplier": api.id("supplier"), "customer": api.id("issuer")}
    return {**sides, "point": "CP-bore", "step": action, "at_ms": _at(api), **more}


def _signed(api: ApiNetwork, body: dict[str, Any], *names: str) -> list[dict[str, Any]]:
    made = []
    for name in names:
        answer = api.call(name).post(f"{PATH}/signatures", body)
        assert answer.status_code == 200, answer.text
        made.append({each: answer.json()[each] for each in ("party", "signature")})
    return made


def _take(api: ApiNetwork, body: dict[str, Any], *names: str) -> dict[str, Any]:
    signatures = _signed(api, body, *names)
    answer = api.call(names[0]).post(f"{PATH}/steps", {**body, "signatures": signatures})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _inspections(api: ApiNetwork, first: int, values: list[str]) -> None:
    moment = "2025-06-15T08:{:02}:00.000+08:00"
    facts = [
        {
            "type": "inspection",
            "inspection_id": f"i{first + at}",
            "characteristic": "bore",
            "item": {"id": f"p{first + at}", "type": "serial"},
            "result": "passed",
            "time": moment.format(first + at),
            "value": value,
            "unit": "mm",
            "lower": "9.0",
            "upper": "11.0",
        }
        for at, value in enumerate(values)
    ]
    answer = api.call("supplier").post("/trace/facts", {"facts": facts})
    assert answer.status_code in (200, 201), answer.text


def _points(api: ApiNetwork, name: str) -> list[dict[str, Any]]:
    return list(api.call(name).get(PATH).json()["items"])


@pytest.fixture(scope="module")
def recognised(api: ApiNetwork) -> ApiNetwork:
    terms = {"measurements_min": 10, "lots_min": 1}
    _take(api, _step(api, "propose", characteristic="bore", terms=terms), "supplier")
    assert _take(api, _step(api, "begin-trial"), "issuer", "supplier")["recognition"] == "trial"
    standing = {
        "measured_at_ms": _at(api),
        "cpk": "1.67",
        "measurement_count": 60,
        "lots": 20,
        "grr_figure": "12.5",
        "categories": 8,
        "calibrated_at_ms": _at(api),
    }
    done = _take(api, _step(api, "recognise", standing=standing), "supplier", "issuer")
    assert done["recognition"] == "recognised"
    return api


def test_one_signature_is_not_enough_and_a_foreign_one_is_none(api: ApiNetwork) -> None:
    body = {**_step(api, "propose", characteristic="x"), "point": "CP-2"}
    _take(api, body, "supplier")
    trial = {**_step(api, "begin-trial"), "point": "CP-2"}
    own = _signed(api, trial, "supplier")
    answer = api.call("supplier").post(f"{PATH}/steps", {**trial, "signatures": own})
    assert answer.status_code == 409
    assert "signature of both" in answer.json()["detail"]
    forged = [*own, {"party": api.id("issuer"), "signature": own[0]["signature"]}]
    answer = api.call("supplier").post(f"{PATH}/steps", {**trial, "signatures": forged})
    assert "did not sign this step" in answer.json()["detail"]


def _logs(api: ApiNetwork) -> list[int]:
    with api.app.engine.connect() as connection:
        rows = api.app.evidence.logs.logs(connection)
    return sorted(row.info.party for row in rows if row.info.stream == "quality")


def test_a_step_that_cannot_be_taken_leaves_nothing_behind(api: ApiNetwork) -> None:
    before = _logs(api)
    body = _step(api, "propose", characteristic="x")
    body |= {"supplier": api.id("supplier2"), "point": "CP-3"}
    nobody = {**body, "customer": 4_000_000_000}
    signed = [{"party": api.id("supplier2"), "signature": "0x" + "00" * 65}]
    for asked, status in ((nobody, 404), (body, 409), ({**body, "at_ms": 253402300799000}, 409)):
        answer = api.call("supplier2").post(f"{PATH}/steps", {**asked, "signatures": signed})
        assert answer.status_code == status, answer.text
    assert _logs(api) == before
    _take(api, body, "supplier2")
    assert _logs(api) == sorted([*before, api.id("supplier2")])


def test_a_stranger_neither_sees_nor_signs(recognised: ApiNetwork) -> None:
    api = recognised
    assert "CP-bore" not in {one["point"] for one in _points(api, "supplier2")}
    sides = {"supplier": api.id("supplier"), "customer": api.id("issuer"), "point": "CP-bore"}
    assert api.call("supplier2").get(f"{PATH}/steps", **sides).status_code == 404
    answer = api.call("supplier2").post(f"{PATH}/signatures", _step(api, "suspend", reason="x"))
    assert answer.status_code == 404


def test_a_capture_that_breaks_the_terms_suspends_the_point(recognised: ApiNetwork) -> None:
    api = recognised
    _inspections(api, 0, [f"10.0{at % 3}" for at in range(20)])
    (point,) = [one for one in _points(api, "issuer") if one["point"] == "CP-bore"]
    assert point["recognition"] == "recognised"
    _inspections(api, 20, ["10.9", "9.1", "10.8", "9.2", "10.9", "9.1"])
    (point,) = [one for one in _points(api, "supplier") if one["point"] == "CP-bore"]
    assert point["recognition"] == "suspended"
    sides = {name: point[name] for name in ("supplier", "customer", "point")}
    records = api.call("issuer").get(f"{PATH}/steps", **sides).json()["records"]
    assert [one["to"] for one in records] == ["proposed", "trial", "recognised", "suspended"]
    assert records[-1]["cause"] == "condition"
    assert [one["condition"] for one in records[-1]["breaches"]] == ["cpk"]
    assert records[-1]["schema"] == "mutual-recognition/1"
    assert len(records[2]["signatures"]) == 2
