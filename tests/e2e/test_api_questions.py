"""Questions that are asked by POST because they are long: they may change nothing at all."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import func, select, table
from xinlian.services.migrations import targets

from tests.services.test_tables_of_the_api import QUESTIONS
from tests.support.api import ApiNetwork
from tests.support.collected import frame, record

START_US = 1_790_000_000_000_000

# Every POST is noted in the audit log; what the workers do is nobody's question.
NOTED = {"api_audit_log"}


def _rows(api: ApiNetwork) -> dict[str, int]:
    names = sorted({name for metadata in targets() for name in metadata.tables} - NOTED)
    with api.app.engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
            for name in names
        }


@pytest.fixture(scope="module")
def asked(api: ApiNetwork) -> dict[str, tuple[str, dict[str, Any]]]:
    """Each question with a body that gets an answer."""
    caller = api.call("supplier")
    fact = {
        "type": "inspection",
        "inspection_id": "i1",
        "characteristic": "bore",
        "item": {"id": "PART-1", "type": "serial"},
        "result": "passed",
        "time": "2025-06-15T08:00:00.000+08:00",
    }
    taken = caller.post("/trace/facts", {"facts": [fact]})
    assert taken.json()["taken"], taken.text
    api.app.evidence.flush(60)
    receipt = caller.get(f"/trace/captures/{taken.json()['capture']}/receipt")
    log = caller.get("/evidence/logs").json()["items"][0]["log"]
    study = [
        {"part": part, "appraiser": who, "value": f"1{part}.{number}{at}"}
        for part in "123"
        for at, who in enumerate(("A", "B"))
        for number in range(2)
    ]
    supplier = int(api.id("supplier"))
    frames = [frame("meter-1", START_US + minute * 60_000_000, [105] * 30) for minute in range(4)]
    for each in frames:
        record(api.settings.telemetry_dir, supplier, [each])
    end = time.monotonic() + 30
    seen, count = -1, 0
    while (count == 0 or count != seen) and time.monotonic() < end:
        seen = count
        time.sleep(3)  # several rounds of the worker: all windows that close have closed
        count = api.app.telemetry.windows.count(supplier)
    assert count >= 3
    api.app.evidence.flush()
    claims = [{"kind": "delta", "device": "meter-1", "tag": "energy"}]
    span = {"since_ms": START_US // 1000, "until_ms": START_US // 1000 + 20_000}
    return {
        "make_telemetry_proof": ("/telemetry/proofs", {**span, "claims": claims}),
        "check_receipt": ("/evidence/receipts/check", receipt.json()),
        "make_proof_bundle": ("/evidence/proofs", {"logs": [{"log": log, "subjects": ["x"]}]}),
        "make_gauge_study": ("/trace/spc/gauge-studies", {"measurements": study}),
        "make_label_sheet": ("/trace/label-sheets", {"codes": ["PART-1"]}),
    }


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_a_question_leaves_every_table_as_it_was(
    api: ApiNetwork, asked: dict[str, tuple[str, dict[str, Any]]], name: str
) -> None:
    path, body = asked[name]
    before = _rows(api)
    answer = api.call("supplier").post(path, body)
    assert answer.status_code == 200, answer.text
    assert _rows(api) == before
