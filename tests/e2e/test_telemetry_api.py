"""Stored telemetry over the API: what a collector wrote is found, by its own party alone."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import time
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from xinlian.services.app import telemetry_query

from tests.support.api import ApiNetwork, Caller
from tests.support.collected import frame, record

START_MS = 1_790_000_000_000
START_US = START_MS * 1_000
SPAN = {"since_ms": START_MS, "until_ms": START_MS + 60_000}


def told(caller: Caller, device: str, count: int) -> list[dict[str, object]]:
    """The readings of a device's power once they arrived in the store."""
    end = time.monotonic() + 30
    while True:
        answer = caller.get("/telemetry/readings", device=device, tag="power", **SPAN)
        items: list[dict[str, object]] = answer.json().get("items", [])
        if len(items) >= count:
            return items
        assert time.monotonic() < end, answer.text
        time.sleep(0.05)


def test_what_was_collected_is_found_by_its_party_alone(api: ApiNetwork) -> None:
    supplier, outsider = api.call("supplier"), api.call("outsider")
    early = supplier.get("/telemetry/devices")
    assert (early.status_code, early.json()["code"]) == (404, "not_found")
    folder = api.settings.telemetry_dir
    record(folder, int(api.id("supplier")), [frame("meter-1", START_US, [105, 110, 65_535])])
    items = told(supplier, "meter-1", 3)
    assert [item["reading"] for item in items] == [10.5, 11.0, 6553.5]
    assert items[0]["time_us"] == START_US

    listed = supplier.get("/telemetry/devices").json()["items"]
    assert [(each["device"], each["table"]) for each in listed] == [("meter-1", "test-meter")]
    assert listed[0]["tags"][0]["unit"] == "kW"
    latest = supplier.get("/telemetry/latest").json()["items"]
    assert {each["tag"]: each["reading"] for each in latest} == {"power": 6553.5, "energy": 1002.0}
    for path in ("/telemetry/devices", "/telemetry/latest", "/telemetry/live"):
        assert outsider.get(path).status_code == 404
    assert outsider.get("/telemetry/readings", device="meter-1", **SPAN).status_code == 404
    assert api.call("operator").get("/telemetry/devices").status_code == 403


def test_devices_and_tags_that_do_not_exist_are_named(api: ApiNetwork) -> None:
    supplier = api.call("supplier2")
    record(api.settings.telemetry_dir, int(api.id("supplier2")), [frame("meter-3", START_US, [1])])
    told(supplier, "meter-3", 1)
    asked = (
        ("/telemetry/latest", {"device": "nix"}, "device nix"),
        ("/telemetry/latest", {"tag": "nix"}, "tag nix"),
        ("/telemetry/live", {"device": "meter-3", "tag": "nix"}, "tag nix"),
        ("/telemetry/readings", {"device": "meter-3", "tag": "nix", **SPAN}, "tag nix"),
        (
            "/telemetry/steps",
            {"device": ["meter-3", "nix"], "tag": "power", "step_ms": 1_000, **SPAN},
            "device nix",
        ),
    )
    for path, query, named in asked:
        answer = supplier.get(path, **query)
        assert answer.status_code == 404
        assert named in answer.json()["detail"]
    (latest,) = supplier.get("/telemetry/latest", tag="power").json()["items"]
    assert latest["unit"] == "kW"


def test_steps_and_files(api: ApiNetwork) -> None:
    supplier = api.call("supplier2")
    folder, party = api.settings.telemetry_dir, int(api.id("supplier2"))
    record(folder, party, [frame("meter-2", START_US, [10] * 10 + [30] * 10)])
    told(supplier, "meter-2", 20)
    query = {"device": "meter-2", "tag": "power", **SPAN, "step_ms": 10_000}
    answer = supplier.get("/telemetry/steps", **query, aggregate=["avg", "count"])
    assert answer.status_code == 200, answer.text
    steps = answer.json()["items"]
    assert [each["aggregates"] for each in steps] == [
        {"avg": 1.0, "count": 10.0},
        {"avg": 3.0, "count": 10.0},
    ]
    text = supplier.get("/telemetry/export", device="meter-2", **SPAN).text
    assert len(list(csv.reader(io.StringIO(text)))) == 21
    data = supplier.get("/telemetry/export", device="meter-2", form="parquet", **SPAN).content
    assert pq.read_table(io.BytesIO(data)).num_rows == 20
    many = supplier.get("/telemetry/steps", **{**query, "step_ms": 1, "until_ms": START_MS + 10**8})
    assert (many.status_code, many.json()["code"]) == (422, "invalid")
    rows = supplier.get("/telemetry/readings", device="meter-2", limit=20_000, **SPAN)
    assert rows.status_code == 422
    assert "至多取 10000 行" in rows.json()["detail_zh"]
    own = supplier.get("/telemetry/readings", device="meter-2", tag="power", limit=5, **SPAN)
    assert (len(own.json()["items"]), own.json()["cut"]) == (5, True)
    far = {"since_ms": 0, "until_ms": 253_402_300_799_999}
    assert supplier.get("/telemetry/steps", **{**query, **far}).status_code == 422
    wide = supplier.get("/telemetry/readings", device="meter-2", **far)
    assert (wide.status_code, len(wide.json()["items"])) == (200, 40)
    gone = supplier.get("/telemetry/readings", device="meter-9", **SPAN)
    assert (gone.status_code, gone.json()["detail_zh"]) == (404, "贵方没有设备 meter-9")
    backwards = {"since_ms": SPAN["until_ms"], "until_ms": SPAN["since_ms"]}
    wrong = supplier.get("/telemetry/readings", device="meter-2", **backwards)
    assert wrong.status_code == 422
    assert "起点" in wrong.json()["detail_zh"]


def test_a_file_is_bounded_whole_and_leaves_nothing_behind(
    api: ApiNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplier = api.call("supplier2")
    folder, party = api.settings.telemetry_dir, int(api.id("supplier2"))
    record(folder, party, [frame("meter-4", START_US, list(range(50)))])
    told(supplier, "meter-4", 50)
    before = set(Path(tempfile.gettempdir()).glob("xinlian-export-*"))
    monkeypatch.setattr(telemetry_query, "EXPORT_VALUES_MAX", 102)
    whole = supplier.get("/telemetry/export", device="meter-4", **SPAN)
    assert len(whole.text.splitlines()) == 51
    assert whole.headers["content-disposition"] == 'attachment; filename="meter-4.csv"'
    monkeypatch.setattr(telemetry_query, "EXPORT_VALUES_MAX", 100)
    refused = supplier.get("/telemetry/export", device="meter-4", **SPAN)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert "fewer tags" in refused.json()["detail"]
    assert set(Path(tempfile.gettempdir()).glob("xinlian-export-*")) == before
    # Every place was given back: more files than places.
    for _ in range(telemetry_query.EXPORTS_AT_ONCE + 1):
        assert supplier.get("/telemetry/export", device="meter-4", tag="power", **SPAN).is_success


def test_new_values_are_streamed(api: ApiNetwork) -> None:
    funder = api.call("issuer2")
    folder, party = api.settings.telemetry_dir, int(api.id("issuer2"))
    record(folder, party, [frame("meter-3", START_US, [10])])
    told(funder, "meter-3", 1)
    seen: list[dict[str, object]] = []
    with httpx.stream(
        "GET",
        f"{funder.http.base_url}telemetry/live?tag=power&seconds=20",
        headers=dict(funder.http.headers),
        timeout=30,
        trust_env=False,
    ) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                seen += json.loads(line[5:])["items"]
                if len(seen) == 1:
                    record(folder, party, [frame("meter-3", START_US + 9_000_000, [20])])
                else:
                    break
    assert [item["reading"] for item in seen] == [1.0, 2.0]
