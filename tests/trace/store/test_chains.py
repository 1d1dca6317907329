"""What a row says stands in the chain of every item that it speaks of, and the proofs hold."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.usecases.evidence import Request
from xinlian.trace.model.capture import RowStatus
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Fact,
    Gap,
    GapKind,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.items import ItemId, ItemType
from xinlian.trace.model.records import facts_of, subjects_of
from xinlian.trace.usecases import capture_ready

from tests.support.repository import ROOT
from tests.trace.plant import NOW, Plant, batch, event, item, link, rows, serial, vehicle

A, B, LOT, CAR = serial("A"), serial("B"), batch("LOT", 7), vehicle("CAR")
BOX = ItemId(0, ItemType.PACKAGE, "BOX")


def proved(plant: Plant, path: Path, **wanted: Any) -> dict[str, Any]:
    """What a bundle of the log shows, after the auditors' file found no fault in it."""
    with begin_write(plant.engine) as conn:
        log = plant.logs.logs.logs(conn)[0].info.log_id
        plant.logs.logs.cut_head(conn, log)
    with begin_read(plant.engine) as conn:
        data = plant.logs.logs.prove(conn, {log: Request(**wanted)})
    (path / "made.xlproof").write_bytes(data)
    verifier = ROOT / "docs" / "xinlian_verify.py"
    done = subprocess.run(
        [sys.executable, verifier, path / "made.xlproof", "--json"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2, done.stdout  # nobody pinned a head; nothing else is open
    part: dict[str, Any] = json.loads(data)["parts"][0]
    return part


def said(record: dict[str, Any]) -> dict[str, Any]:
    return {each["path"]: each["value"] for each in record["fields"] if isinstance(each, dict)}


def test_no_item_of_an_event_can_be_proved_absent(plant: Plant, tmp_path: Path) -> None:
    plant.must(event("scrapped", A, B, disposition="non_conformant"))
    part = proved(plant, tmp_path, subjects=["A", "B"])
    assert [each["count"] for each in part["subjects"]] == [1, 1]
    first, second = map(said, part["records"])
    assert first["/subject"] == "A"
    assert "/subject" not in second
    assert {**second, "/subject": "A"} == first
    alone = proved(plant, tmp_path, subjects=["B"])
    assert said(alone["records"][0])["/facts/0/disposition"] == "non_conformant"


@pytest.mark.parametrize(
    ("facts", "subjects"),
    [
        ([item(LOT)], ["7:LOT"]),
        ([event("e", A, LOT, B)], ["A", "7:LOT", "B"]),
        ([Inspection("i", B, "torque", Result.PASSED, NOW)], ["B"]),
        ([ProcessRecord("p", B, "OP-1", NOW, NOW)], ["B"]),
        ([Claim("c", CAR, ClaimKind.FIELD, NOW)], ["CAR"]),
        ([Gap(CAR, GapKind.MISSING_CHILD, "seat")], ["CAR"]),
        ([link(A, CAR)], ["CAR", "A"]),
        ([link(LOT, CAR)], ["CAR"]),
        ([link(BOX, CAR)], ["CAR", "BOX"]),
        ([event("e", A, LOT, CAR), link(A, CAR), link(LOT, CAR)], ["CAR", "A", "7:LOT"]),
        ([link(A, CAR), link(B, BOX)], ["CAR", "A", "BOX", "B"]),
        ([Correction("i", "inspection", "", NOW)], ["correction:inspection:i"]),
        ([], ["row:row 1"]),
    ],
)
def test_subjects_of_a_row(facts: list[Fact], subjects: list[str]) -> None:
    (row,) = rows(facts)
    assert subjects_of(row) == subjects


def test_an_event_of_many_items_is_in_the_chain_of_each(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [serial(f"S{n}") for n in range(9_999)]
    plant.must(event("pallet", BOX, *many))
    part = proved(plant, tmp_path, subjects=["S4321"])
    assert part["subjects"][0]["count"] == 1
    assert len(part["records"][0]["fields"]) < 200
    (told,) = facts_of(plant.logs.records[0])
    assert told.items == (BOX, *many)  # type: ignore[union-attr]
    more = plant.take(event("pallets", BOX, A, *many))
    assert [(each.status, each.field) for each in more.rows] == [(RowStatus.INVALID, "items")]
    monkeypatch.setattr(capture_ready, "CHUNK_WEIGHT", 40)
    plant.must(*(event(f"box {k}", *many[30 * k : 30 * k + 30]) for k in range(5)))
    part = proved(plant, tmp_path, subjects=["S149"])
    assert part["subjects"][0]["count"] == 2


def test_the_record_of_a_row_is_its_first_leaf(plant: Plant) -> None:
    receipt = plant.must([event("e", A, CAR), link(A, CAR)], item(A), [])
    with plant.engine.connect() as conn:
        found = conn.exec_driver_sql("SELECT leaf, leaf_hash FROM trace_records ORDER BY record")
        stored = [(leaf, bytes(leaf_hash).hex()) for leaf, leaf_hash in found]
    assert [leaf for leaf, _ in stored] == [0, 2, 3]
    assert [each.record_hash for each in receipt.rows] == [leaf_hash for _, leaf_hash in stored]
