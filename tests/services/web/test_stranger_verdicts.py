"""The verdict that strangers are told: the party's own, asked cheaply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from xinlian.services.app.trace_dossier import Extent
from xinlian.services.app.trace_items import Eyes
from xinlian.services.app.trace_policy import Strangers
from xinlian.services.app.trace_wiring import TraceParts
from xinlian.trace.adapters.sql.reading import FactTable
from xinlian.trace.adapters.sql.specs import Spec
from xinlian.trace.model.dossier import Verdict
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Fact,
    Gap,
    GapKind,
    Result,
)
from xinlian.trace.usecases.ports import Seen

from tests.services.web.pages import (
    CAR,
    LOT,
    PACK,
    SQUATTER,
    SUPPLIER,
    VIN,
    built,
    failed,
    public,
    shares,
    shows,
)
from tests.trace.plant import NOW, Plant, batch, candidate, item, link, serial


@pytest.mark.parametrize("level", [Strangers.IDENTITY, Strangers.TREE])
def test_for_the_verdict_of_a_stranger_not_all_facts_are_read(
    plant: Plant, trace: TraceParts, level: Strangers, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(plant, trace)
    shows(trace, CAR, level)
    shows(trace, SUPPLIER, level)
    read: list[int] = []
    facts = FactTable.facts

    def counted(self: FactTable, spec: Spec, key: str, keys: Iterable[Any], seen: Seen) -> Any:
        wanted = list(keys)
        read.append(len(wanted) if spec.kind == "inspection" else 0)
        return facts(self, spec, key, wanted, seen)

    monkeypatch.setattr(FactTable, "facts", counted)
    monkeypatch.setattr(FactTable, "item_facts", None)
    _, _, page = public(trace, VIN.id)
    assert page.verdict is Verdict.SUSPECT
    assert len(page.tree.nodes) == (1 if level is Strangers.IDENTITY else 3)
    # Inspections of the pack alone, which failed one.
    assert sum(read) == 1


WEAK = Correction("i1", "inspection", "a slip", NOW - 1_000)
CASES: dict[str, tuple[Verdict, tuple[Fact, ...]]] = {
    "nothing": (Verdict.CONFORMING, ()),
    "failed": (Verdict.SUSPECT, (failed("i1", PACK),)),
    "key": (Verdict.AFFECTED, (failed("i1", LOT, key=True),)),
    "taken back": (Verdict.CONFORMING, (failed("i1", PACK), WEAK)),
    "looked at again": (
        Verdict.CONFORMING,
        (
            failed("i1", PACK),
            replace(failed("i2", PACK), characteristic="char i1", result=Result.PASSED,
                    time_ms=NOW - 4_000),
        ),
    ),
    "not measured": (
        Verdict.INCOMPLETE, (replace(failed("i1", PACK), result=Result.NOT_MEASURED),)
    ),
    "claim": (Verdict.SUSPECT, (Claim("c1", LOT, ClaimKind.FIELD, NOW - 3_000, "K1"),)),
    "gap": (Verdict.INCOMPLETE, (Gap(PACK, GapKind.MISSING_CERTIFICATE, "paper"),)),
    "undescribed": (Verdict.INCOMPLETE, (link(serial("nobody said"), PACK, NOW - 4_000),)),
    "candidate": (
        Verdict.INCOMPLETE,
        (item(batch("L2")), candidate(batch("L2"), PACK, "g", NOW - 4_000)),
    ),
    "replaced": (
        Verdict.CONFORMING,
        (
            *(item(serial(name), part_number="N") for name in ("old", "new")),
            link(serial("old"), PACK, NOW - 5_000, NOW - 4_000),
            link(serial("new"), PACK, NOW - 3_000),
            failed("i1", serial("new"), key=True),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_strangers_are_told_the_verdict_that_the_party_itself_sees(
    plant: Plant, trace: TraceParts, case: str
) -> None:
    verdict, facts = CASES[case]
    plant.must(item(VIN), link(PACK, VIN, NOW - 4_000), party=CAR)
    plant.must(item(PACK), item(LOT), link(LOT, PACK, NOW - 5_000), *facts, party=SUPPLIER)
    # What is not shared says nothing, but that a thing was described.
    plant.must(item(PACK), failed("x", PACK, key=True), party=SQUATTER)
    shares(plant, SUPPLIER, CAR)
    found, _, page = public(trace, VIN.id)
    own = trace.dossiers.of(found.item, Eyes(CAR, Strangers.ALL), found.address, Extent())
    assert own is not None
    assert (page.verdict, own.verdict) == (verdict, verdict)


def test_a_circle_of_two_parties_is_told_to_strangers(plant: Plant, trace: TraceParts) -> None:
    plant.must(item(VIN), item(PACK), link(PACK, VIN, NOW - 4_000), party=CAR)
    plant.must(link(VIN, PACK, NOW - 4_000), party=SUPPLIER)
    assert public(trace, VIN.id)[2].verdict is Verdict.CONFORMING
    shares(plant, SUPPLIER, CAR)
    assert public(trace, VIN.id)[2].verdict is Verdict.INCOMPLETE
