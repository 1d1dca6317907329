"""What was observed has happened: a proof of a record from the future would fail for ever."""

from dataclasses import replace
from typing import Any

import pytest
from xinlian.trace.model.capture import RowStatus
from xinlian.trace.model.checks import AHEAD_MS_MAX, check_fact
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

from tests.trace.plant import NOW, Plant, event, item, link, serial, vehicle

A, CAR = serial("A"), vehicle("CAR")
LAST = NOW + AHEAD_MS_MAX

OBSERVED: list[tuple[str, str, Fact]] = [
    ("made_at", "made_at_ms", item(A, made_at_ms=LAST)),
    ("event_time", "event_time_ms", event("e", A, time_ms=LAST)),
    ("time", "time_ms", Inspection("i", A, "torque", Result.PASSED, LAST)),
    ("end", "end_ms", ProcessRecord("p", A, "OP", NOW, LAST)),
    ("time", "time_ms", Claim("c", CAR, ClaimKind.FIELD, LAST)),
    ("time", "time_ms", Correction("i", "inspection", "", LAST)),
    ("since", "since_ms", Gap(A, GapKind.MISSING_CHILD, "seat", LAST)),
    ("valid_from", "valid_from_ms", link(A, CAR, LAST)),
    ("valid_to", "valid_to_ms", link(A, CAR, None, LAST)),
]


@pytest.mark.parametrize(("field", "name", "fact"), OBSERVED)
def test_times_in_the_future_are_refused(field: str, name: str, fact: Fact) -> None:
    assert check_fact(fact, NOW) is None
    later: Any = {name: LAST + 1}
    problem = check_fact(replace(fact, **later), NOW)
    assert problem is not None
    assert problem.field == field
    assert "future" in problem.why


def test_the_end_of_a_link_may_be_planned() -> None:
    assert check_fact(link(A, CAR, NOW, NOW + 10**11), NOW) is None


def test_the_file_is_refused_and_the_row_named(plant: Plant) -> None:
    receipt = plant.take(item(A), item(CAR, made_at_ms=NOW + 10**11))
    assert not receipt.taken
    assert [(each.status, each.field) for each in receipt.rows] == [
        (RowStatus.NOT_TAKEN, ""),
        (RowStatus.INVALID, "made_at"),
    ]
