"""What is taken in all the same, but should be looked at, is told in the receipt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from xinlian.trace.model.facts import Fact, Inspection, Result
from xinlian.trace.model.items import ItemId, ItemType

from tests.trace.plant import NOW, Plant, item, link, serial, vehicle

CAR, PACK, CELL = vehicle("LSVAU2A37N2100001"), serial("P1"), serial("C1", 3)
INSPECTION = Inspection(
    *("i1", CELL, "voltage", Result.PASSED, NOW - 5_000, "3.70", "V", "3.7", "3.6", "3.8")
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("LXLBE2A90TH100114", ("check digit", "校验位")),
        ("LXLBE2A0ITH100114", ("'I'", "“I”")),
        ("OMAYSKEITUGNVVKKM", ("'O'", "“O”")),
    ],
)
def test_what_looks_like_a_vin_and_is_none_is_taken_in_with_a_note(
    plant: Plant, name: str, words: tuple[str, str]
) -> None:
    own = ItemId(1, ItemType.VEHICLE, name)
    said: list[Fact] = [item(own), link(PACK, own), item(CAR), item(PACK)]
    receipt = plant.take(*said)
    assert receipt.taken
    first, second, *plain = receipt.rows
    assert (first.field, second.field) == ("item", "parent")
    assert words[0] in first.why
    assert words[1] in first.why_zh
    assert [row.why for row in plain] == ["", ""]
    again = plant.take(*said)
    assert [row.why for row in again.rows] == [row.why for row in receipt.rows]


@pytest.mark.parametrize(
    ("result", "value", "noted"),
    [
        (Result.FAILED, "3.70", True),
        (Result.FAILED, "3.90", False),
        (Result.PASSED, "3.59", True),
        (Result.PASSED, "3.60", False),
    ],
)
def test_a_result_that_its_limits_contradict_is_noted(
    plant: Plant, result: Result, value: str, noted: bool
) -> None:
    receipt = plant.take(item(CELL), replace(INSPECTION, result=result, value=value))
    assert receipt.taken
    assert bool(receipt.rows[1].why and receipt.rows[1].why_zh) is noted
